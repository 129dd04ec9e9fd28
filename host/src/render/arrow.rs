//! A result set as an Arrow IPC stream, for programs that compute with it.
//!
//! A column gets the Arrow type of its kind where every one of its values fits it; else its values are text, spelled as in CSV, and
//! no digit is lost. The database's own type stands in the field's metadata, as `native_type`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMicrosecondArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DECIMAL128_MAX_PRECISION, Field, Schema};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::plain::plain;
use crate::batch::Cell;
use crate::contract::{Column, ColumnKind};
use crate::database::ResultSet;

/// Day 1 of Arrow's calendar, as chrono counts days.
const EPOCH_DAY: i32 = 719_163;

/// Writes a result set as one Arrow IPC stream: its schema and one record batch.
///
/// # Errors
/// Arrow's own; none is known to occur.
pub fn arrow(set: &ResultSet) -> Result<Vec<u8>, ArrowError> {
    let mut fields = Vec::with_capacity(set.columns.len());
    let mut arrays = Vec::with_capacity(set.columns.len());
    for (at, column) in set.columns.iter().enumerate() {
        let cells: Vec<Cell<'_>> =
            set.batches.iter().flat_map(|batch| (0..batch.rows()).map(move |row| batch.cell(at, row))).collect();
        let array = array(column, &cells);
        let metadata = HashMap::from([("native_type".to_owned(), column.native_type.clone())]);
        fields.push(Field::new(&column.name, array.data_type().clone(), true).with_metadata(metadata));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let rows = set.batches.iter().map(crate::batch::Batch::rows).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn array(column: &Column, cells: &[Cell<'_>]) -> ArrayRef {
    typed(column, cells).unwrap_or_else(|| text(cells))
}

/// None: some value doesn't fit the type.
fn typed(column: &Column, cells: &[Cell<'_>]) -> Option<ArrayRef> {
    Some(match column.kind {
        ColumnKind::Boolean => Arc::new(each(cells, boolean)?.into_iter().collect::<BooleanArray>()),
        ColumnKind::Int64 => Arc::new(Int64Array::from(each(cells, integer)?)),
        ColumnKind::Float64 => Arc::new(Float64Array::from(each(cells, float)?)),
        ColumnKind::Bytes => bytes(cells)?,
        ColumnKind::Date => Arc::new(Date32Array::from(each(cells, date)?)),
        ColumnKind::Timestamp => Arc::new(TimestampMicrosecondArray::from(each(cells, timestamp)?)),
        ColumnKind::TimestampTz => Arc::new(TimestampMicrosecondArray::from(each(cells, instant)?).with_timezone("UTC")),
        ColumnKind::Decimal => {
            let (precision, scale) = precision(&column.native_type)?;
            let values = each(cells, |cell| decimal(cell, precision, scale))?;
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, i8::try_from(scale).ok()?).ok()?)
        }
        // A database whose columns hold anything gives what it holds.
        ColumnKind::Other | ColumnKind::Text if cells.iter().all(|cell| matches!(cell, Cell::Null | Cell::Int64(_))) => {
            some(cells)?;
            Arc::new(Int64Array::from(each(cells, integer)?))
        }
        ColumnKind::Other | ColumnKind::Text if cells.iter().all(|cell| matches!(cell, Cell::Null | Cell::Float64(_))) => {
            some(cells)?;
            Arc::new(Float64Array::from(each(cells, float)?))
        }
        ColumnKind::Other | ColumnKind::Text if cells.iter().all(|cell| matches!(cell, Cell::Null | Cell::Bytes(_))) => {
            some(cells)?;
            bytes(cells)?
        }
        _ => return None,
    })
}

/// None: they are all NULL, and could be anything.
fn some(cells: &[Cell<'_>]) -> Option<()> {
    cells.iter().any(|cell| *cell != Cell::Null).then_some(())
}

fn each<T>(cells: &[Cell<'_>], read: impl Fn(Cell<'_>) -> Option<T>) -> Option<Vec<Option<T>>> {
    cells.iter().map(|cell| if *cell == Cell::Null { Some(None) } else { read(*cell).map(Some) }).collect()
}

fn boolean(cell: Cell<'_>) -> Option<bool> {
    if let Cell::Boolean(value) = cell { Some(value) } else { None }
}

fn integer(cell: Cell<'_>) -> Option<i64> {
    if let Cell::Int64(value) = cell { Some(value) } else { None }
}

fn float(cell: Cell<'_>) -> Option<f64> {
    if let Cell::Float64(value) = cell { Some(value) } else { None }
}

fn date(cell: Cell<'_>) -> Option<i32> {
    let Cell::Text(text) = cell else { return None };
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|date| date.num_days_from_ce() - EPOCH_DAY)
}

fn timestamp(cell: Cell<'_>) -> Option<i64> {
    let Cell::Text(text) = cell else { return None };
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?.and_utc();
    whole(at)
}

fn instant(cell: Cell<'_>) -> Option<i64> {
    let Cell::Text(text) = cell else { return None };
    whole(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// In microseconds, if that keeps every digit.
fn whole(at: DateTime<chrono::Utc>) -> Option<i64> {
    at.timestamp_subsec_nanos().is_multiple_of(1_000).then(|| at.timestamp_micros())
}

/// Of `numeric(10,2)`, where Arrow has room for it.
fn precision(native: &str) -> Option<(u8, u8)> {
    let inside = native.split_once('(')?.1.strip_suffix(')')?;
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    ((1..=DECIMAL128_MAX_PRECISION).contains(&precision) && scale <= precision).then_some((precision, scale))
}

/// The digits without the point, filled up to the scale.
fn decimal(cell: Cell<'_>, precision: u8, scale: u8) -> Option<i128> {
    let Cell::Text(text) = cell else { return None };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > usize::from(scale) {
        return None;
    }
    let all: i128 = format!("{whole}{fraction:0<width$}", width = usize::from(scale)).parse().ok()?;
    (all < 10i128.pow(u32::from(precision))).then_some(sign * all)
}

fn bytes(cells: &[Cell<'_>]) -> Option<ArrayRef> {
    let mut builder = BinaryBuilder::new();
    for cell in cells {
        match cell {
            Cell::Null => builder.append_null(),
            Cell::Bytes(bytes) => builder.append_value(bytes),
            _ => return None,
        }
    }
    Some(Arc::new(builder.finish()))
}

fn text(cells: &[Cell<'_>]) -> ArrayRef {
    let spelled = |cell: &Cell<'_>| {
        let mut out = String::new();
        plain(&mut out, *cell);
        out
    };
    Arc::new(cells.iter().map(|cell| (*cell != Cell::Null).then(|| spelled(cell))).collect::<StringArray>())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Decimal128Type, TimestampMicrosecondType};
    use arrow_ipc::reader::StreamReader;
    use arrow_schema::{DataType, TimeUnit};

    use super::*;
    use crate::render::tests::{column, texts};

    fn read(set: &ResultSet) -> RecordBatch {
        let bytes = arrow(set).unwrap();
        let mut reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert!(reader.next().is_none());
        batch
    }

    fn one(kind: ColumnKind, native: &str, values: &[Option<&str>]) -> ArrayRef {
        let column = Column { native_type: native.to_owned(), ..column("c", kind) };
        let rows: Vec<Vec<Option<&str>>> = values.iter().map(|value| vec![*value]).collect();
        let batch = read(&texts(vec![column], &rows));
        assert_eq!(batch.schema().field(0).metadata()["native_type"], native);
        batch.column(0).clone()
    }

    fn spelled(array: &ArrayRef) -> Vec<Option<&str>> {
        array.as_string::<i32>().iter().collect()
    }

    #[test]
    fn times_are_typed_where_they_fit() {
        let dates = one(ColumnKind::Date, "date", &[Some("1970-01-02"), None, Some("1969-12-31")]);
        assert_eq!(dates.as_primitive::<Date32Type>().iter().collect::<Vec<_>>(), [Some(1), None, Some(-1)]);
        let odd = [Some("0044-03-15 BC"), Some("2026-01-01"), None];
        assert_eq!(spelled(&one(ColumnKind::Date, "date", &odd)), odd);

        let local = one(ColumnKind::Timestamp, "timestamp", &[Some("1970-01-01T00:00:01.5"), Some("1970-01-01T00:00:00")]);
        assert_eq!(local.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(local.as_primitive::<TimestampMicrosecondType>().values(), &[1_500_000, 0]);
        let instants =
            one(ColumnKind::TimestampTz, "timestamptz", &[Some("1970-01-01T02:00:00+02:00"), Some("1970-01-01T00:00:01Z")]);
        assert_eq!(instants.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
        assert_eq!(instants.as_primitive::<TimestampMicrosecondType>().values(), &[0, 1_000_000]);
        let fine = [Some("2026-01-01T00:00:00.1234567")];
        assert_eq!(spelled(&one(ColumnKind::Timestamp, "datetime2(7)", &fine)), fine, "no digit is cut");
        let never = [Some("infinity")];
        assert_eq!(spelled(&one(ColumnKind::Timestamp, "timestamp", &never)), never);
    }

    #[test]
    fn decimals_keep_every_digit() {
        let sums = one(ColumnKind::Decimal, "numeric(10,2)", &[Some("-12.50"), Some("7"), None, Some("0.05")]);
        assert_eq!(sums.data_type(), &DataType::Decimal128(10, 2));
        assert_eq!(sums.as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(), [Some(-1250), Some(700), None, Some(5)]);
        let wide = format!("{}.5", "9".repeat(60));
        for (native, text) in [
            ("numeric", "1.25"),
            ("numeric(10,2)", "NaN"),
            ("numeric(10,2)", "1.255"),
            ("numeric(4,2)", "123.45"),
            ("numeric(10,2)", "1e5"),
            ("numeric(10,2)", ""),
            ("numeric(60,2)", "1.25"),
            ("numeric(38,2)", wide.as_str()),
            ("numeric(2,-3)", "12000"),
        ] {
            assert_eq!(spelled(&one(ColumnKind::Decimal, native, &[Some(text)])), [Some(text)], "{native} {text}");
        }
        let largest = "9".repeat(38);
        let kept = one(ColumnKind::Decimal, "decimal(38)", &[Some(&largest)]);
        assert_eq!(kept.as_primitive::<Decimal128Type>().value(0).to_string(), largest);
    }

    #[test]
    fn what_has_no_type_is_text() {
        let values = [Some("{\"a\":1}"), None, Some("")];
        for kind in [ColumnKind::Json, ColumnKind::Uuid, ColumnKind::Array, ColumnKind::Text, ColumnKind::Other] {
            assert_eq!(spelled(&one(kind, "x", &values)), values);
        }
        assert!(one(ColumnKind::Other, "x", &[None, None]).is_null(0));
    }

    #[test]
    fn a_result_without_rows_or_columns_is_a_stream_too() {
        let empty = read(&texts(vec![column("a", ColumnKind::Text), column("a", ColumnKind::Json)], &[]));
        assert_eq!((empty.num_rows(), empty.num_columns()), (0, 2));
        let none = ResultSet { columns: Vec::new(), batches: Vec::new(), rows: 0, truncated: None, completion: None };
        assert_eq!(read(&none).num_columns(), 0);
    }
}
