//! Batches that break one rule of the layout each (`wit/types.wit`), and are right in everything else.

use bulkhead_driver::{Batch, Column, ColumnData, ColumnKind, QueryOptions, Values, Varying};

use crate::fault::Fault;
use crate::healthy::{column, numbers, texts};

/// Columns for a result that no table could have.
const MILLION: usize = 1_000_000;

/// The malformed answer for the fault, or None if the fault isn't one of a batch.
#[allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]
pub(crate) fn lying_batch(fault: Fault, asked: &QueryOptions) -> Option<(Vec<Column>, Batch)> {
    let wrong = match fault {
        Fault::MoreRowsThanAsked => ints(numbers(0, u64::from(asked.batch_rows) + 1)),
        Fault::MoreBytesThanAsked => {
            let row = vec![b'x'; usize::try_from(asked.batch_bytes / 2).unwrap_or(0).clamp(1 << 20, 4 << 20)];
            text(texts(&[&row, &row, &row, &row]))
        }
        Fault::RowsLieHigh => ints(Batch { rows: u32::MAX, ..numbers(0, 3) }),
        Fault::RowsLieLow => ints(Batch { rows: 1, ..numbers(0, 3) }),
        Fault::RowsWithoutColumns => (vec![], Batch { rows: u32::MAX, columns: vec![] }),
        Fault::OffsetsDescending => varying(3, vec![0, 4, 2, 6], b"abcdef"),
        Fault::OffsetsPastEnd => varying(2, vec![0, 3, 1_000_000], b"abcdef"),
        Fault::OffsetsTooFew => varying(3, vec![0, 6], b"abcdef"),
        Fault::OffsetsTooMany => varying(1, vec![0, 2, 4, 6], b"abcdef"),
        Fault::OffsetsEmpty => varying(1, vec![], b"abcdef"),
        Fault::OffsetsNotFromZero => varying(2, vec![1, 3, 6], b"abcdef"),
        Fault::OffsetsStopShort => varying(2, vec![0, 2, 4], b"abcdef"),
        Fault::InvalidUtf8 => varying(2, vec![0, 2, 4], &[b'o', b'k', 0xC3, 0x28]),
        Fault::SplitUtf8 => varying(2, vec![0, 1, 2], "é".as_bytes()),
        Fault::ShortColumn => two(Values::Int64s(vec![1, 2, 3]), Values::Int64s(vec![1]), None),
        Fault::LongColumn => two(Values::Int64s(vec![1, 2, 3]), Values::Int64s(vec![1, 2, 3, 4]), None),
        Fault::ShortBitmap => nulls(9, &[0xFF]),
        Fault::LongBitmap => nulls(3, &[0xFF, 0xFF, 0xFF]),
        Fault::EmptyBitmap => nulls(3, &[]),
        Fault::ShortBooleans => {
            (vec![column("b", ColumnKind::Boolean)], Batch { rows: 9, columns: vec![plain(Values::Booleans(vec![0xFF]))] })
        }
        Fault::WrongKind => {
            (vec![column("t", ColumnKind::Text)], Batch { rows: 1, columns: vec![plain(Values::Float64s(vec![1.5]))] })
        }
        Fault::MissingColumn => ints(Batch { rows: 1, columns: vec![] }),
        Fault::SurplusColumn => {
            let (_, batch) = two(Values::Int64s(vec![1, 2, 3]), Values::Int64s(vec![1, 2, 3]), None);
            (vec![column("a", ColumnKind::Int64)], batch)
        }
        Fault::MillionColumns => (
            vec![column("", ColumnKind::Int64); MILLION],
            Batch { rows: 1, columns: vec![plain(Values::Int64s(vec![1])); MILLION] },
        ),
        Fault::HugeColumnName => (vec![column(&"n".repeat(8 << 20), ColumnKind::Int64)], numbers(0, 1)),
        Fault::MixedBadTag => mixed(b"?what"),
        Fault::MixedEmpty => mixed(b""),
        Fault::MixedBadInteger => mixed(b"i12x"),
        Fault::MixedBadUtf8 => mixed(&[b't', 0xFF, 0xFE]),
        Fault::InvalidJson => spelled(ColumnKind::Json, b"{\"a\": [1, 2"),
        Fault::InvalidDecimal => spelled(ColumnKind::Decimal, b"1.2.3\",\"forged\":\"yes"),
        Fault::InvalidUuid => spelled(ColumnKind::Uuid, b"not-a-uuid"),
        _ => return None,
    };
    Some(wrong)
}

fn ints(batch: Batch) -> (Vec<Column>, Batch) {
    (vec![column("n", ColumnKind::Int64)], batch)
}

fn text(batch: Batch) -> (Vec<Column>, Batch) {
    (vec![column("t", ColumnKind::Text)], batch)
}

fn varying(rows: u32, offsets: Vec<u32>, data: &[u8]) -> (Vec<Column>, Batch) {
    text(Batch { rows, columns: vec![plain(Values::Varying(Varying { offsets, data: data.to_vec() }))] })
}

fn plain(values: Values) -> ColumnData {
    ColumnData { validity: None, values }
}

fn two(first: Values, second: Values, validity: Option<Vec<u8>>) -> (Vec<Column>, Batch) {
    (
        vec![column("a", ColumnKind::Int64), column("b", ColumnKind::Int64)],
        Batch { rows: 3, columns: vec![plain(first), ColumnData { validity, values: second }] },
    )
}

fn nulls(rows: u32, bitmap: &[u8]) -> (Vec<Column>, Batch) {
    let batch = numbers(0, u64::from(rows));
    let columns =
        batch.columns.into_iter().map(|data| ColumnData { validity: Some(bitmap.to_vec()), values: data.values }).collect();
    ints(Batch { rows, columns })
}

fn mixed(value: &[u8]) -> (Vec<Column>, Batch) {
    let length = u32::try_from(value.len()).unwrap_or(0);
    let values = Values::Mixed(Varying { offsets: vec![0, length], data: value.to_vec() });
    (vec![column("m", ColumnKind::Other)], Batch { rows: 1, columns: vec![plain(values)] })
}

fn spelled(kind: ColumnKind, value: &[u8]) -> (Vec<Column>, Batch) {
    (vec![column("s", kind)], texts(&[value]))
}
