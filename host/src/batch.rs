//! Batches, checked.
//!
//! A driver is not trusted: what it calls a batch becomes a [`Batch`] only after every length, offset, bitmap and text has been
//! looked at once. Nothing behind this type can panic or read past an end on a driver's account.

use crate::contract::{ColumnKind, types};

/// Some rows of a result, by columns, known to be well-formed.
#[derive(Debug, Clone)]
pub struct Batch {
    rows: usize,
    columns: Vec<ColumnData>,
}

/// One column of a batch.
#[derive(Debug, Clone)]
pub struct ColumnData {
    validity: Option<Vec<u8>>,
    values: Values,
}

/// A column's values: as many as the batch has rows, NULLs included.
#[derive(Debug, Clone)]
pub enum Values {
    /// Bits, least significant first.
    Booleans(Vec<u8>),
    /// Integers.
    Int64s(Vec<i64>),
    /// Floats.
    Float64s(Vec<f64>),
    /// UTF-8 of any kind but bytes.
    Text(Text),
    /// Any bytes.
    Bytes(Varying),
    /// A tag byte and a value each: see `values.mixed` in the contract.
    Mixed(Varying),
}

/// Texts end to end.
#[derive(Debug, Clone)]
pub struct Text {
    offsets: Vec<u32>,
    data: String,
}

/// Byte strings end to end.
#[derive(Debug, Clone)]
pub struct Varying {
    offsets: Vec<u32>,
    data: Vec<u8>,
}

/// One value of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// SQL's NULL.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Int64(i64),
    /// A float.
    Float64(f64),
    /// Text of any kind but bytes.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// How a driver's batch broke the contract. For the host's own use: the caller sees a protocol error that names the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedBatch(String);

impl std::fmt::Display for MalformedBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MalformedBatch {}

impl Batch {
    /// Checks a driver's batch against the kinds of the result's columns and the number of rows that were asked for.
    ///
    /// # Errors
    /// The first departure from the contract, with the column's number.
    pub fn check(raw: types::Batch, kinds: &[ColumnKind], most_rows: u32) -> Result<Batch, MalformedBatch> {
        if raw.rows > most_rows {
            return Err(MalformedBatch(format!("a batch of {} rows where at most {most_rows} were asked for", raw.rows)));
        }
        if raw.columns.len() != kinds.len() {
            return Err(MalformedBatch(format!("a batch of {} columns in a result of {}", raw.columns.len(), kinds.len())));
        }
        let rows = raw.rows as usize;
        let columns = raw
            .columns
            .into_iter()
            .zip(kinds)
            .enumerate()
            .map(|(at, (column, kind))| {
                ColumnData::check(column, *kind, rows).map_err(|why| MalformedBatch(format!("column {}: {why}", at + 1)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Batch { rows, columns })
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in the result's order.
    #[must_use]
    pub fn columns(&self) -> &[ColumnData] {
        &self.columns
    }

    /// One value; NULL past the end.
    #[must_use]
    pub fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        self.columns.get(column).map_or(Cell::Null, |data| data.cell(row))
    }

    /// Drops all rows but the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
    }

    /// The rows from `first` on.
    #[must_use]
    pub fn after(&self, first: usize) -> Batch {
        let first = first.min(self.rows);
        Batch { rows: self.rows - first, columns: self.columns.iter().map(|column| column.after(first, self.rows)).collect() }
    }

    /// About how many bytes the values of its rows take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes_of(self.rows)
    }

    /// How many rows, from the first, take no more than so many bytes.
    #[must_use]
    pub fn rows_within(&self, bytes: u64) -> usize {
        let fits = |rows: usize| self.bytes_of(rows) as u64 <= bytes;
        if fits(self.rows) {
            return self.rows;
        }
        let (mut fit, mut over) = (0, self.rows);
        while over - fit > 1 {
            let middle = fit + (over - fit) / 2;
            if fits(middle) { fit = middle } else { over = middle }
        }
        fit
    }

    fn bytes_of(&self, rows: usize) -> usize {
        self.columns.iter().map(|column| column.bytes_of(rows)).sum()
    }
}

impl ColumnData {
    fn check(raw: types::ColumnData, kind: ColumnKind, rows: usize) -> Result<ColumnData, String> {
        if let Some(bitmap) = &raw.validity {
            bitmap_fits(bitmap, rows).map_err(|why| format!("validity: {why}"))?;
        }
        let values = match (raw.values, kind) {
            (types::Values::Booleans(bits), ColumnKind::Boolean) => {
                bitmap_fits(&bits, rows)?;
                Values::Booleans(bits)
            }
            (types::Values::Int64s(values), ColumnKind::Int64) => {
                length_fits(values.len(), rows)?;
                Values::Int64s(values)
            }
            (types::Values::Float64s(values), ColumnKind::Float64) => {
                length_fits(values.len(), rows)?;
                Values::Float64s(values)
            }
            (types::Values::Mixed(values), _) => {
                let values = Varying::check(values, rows)?;
                values.check_tags(raw.validity.as_deref())?;
                Values::Mixed(values)
            }
            (types::Values::Varying(raw), ColumnKind::Bytes) => Values::Bytes(Varying::check(raw, rows)?),
            (types::Values::Varying(raw), kind)
                if !matches!(kind, ColumnKind::Boolean | ColumnKind::Int64 | ColumnKind::Float64) =>
            {
                Values::Text(Text::check(raw, rows)?)
            }
            (_, kind) => {
                return Err(format!("values that are not of the column's kind, {kind:?}"));
            }
        };
        Ok(ColumnData { validity: raw.validity, values })
    }
}

impl ColumnData {
    /// The values, NULLs included.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Whether a row holds NULL.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.validity.as_deref().is_some_and(|bits| !bit(bits, row))
    }

    /// True if there is no NULL in the batch's column.
    #[must_use]
    pub fn without_nulls(&self) -> bool {
        self.validity.is_none()
    }

    /// One value; NULL past the end.
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        if self.is_null(row) {
            return Cell::Null;
        }
        let cell = match &self.values {
            Values::Booleans(bits) => Some(Cell::Boolean(bit(bits, row))),
            Values::Int64s(values) => values.get(row).copied().map(Cell::Int64),
            Values::Float64s(values) => values.get(row).copied().map(Cell::Float64),
            Values::Text(values) => values.value(row).map(Cell::Text),
            Values::Bytes(values) => values.value(row).map(Cell::Bytes),
            Values::Mixed(values) => values.value(row).and_then(tagged),
        };
        cell.unwrap_or(Cell::Null)
    }

    fn after(&self, first: usize, rows: usize) -> ColumnData {
        let values = match &self.values {
            Values::Booleans(bits) => Values::Booleans(bits_after(bits, first, rows)),
            Values::Int64s(values) => Values::Int64s(values.get(first..rows).unwrap_or_default().to_vec()),
            Values::Float64s(values) => Values::Float64s(values.get(first..rows).unwrap_or_default().to_vec()),
            Values::Text(text) => {
                let (offsets, from, to) = offsets_after(&text.offsets, first, rows);
                Values::Text(Text { offsets, data: text.data.get(from..to).unwrap_or_default().to_owned() })
            }
            Values::Bytes(values) => Values::Bytes(values.after(first, rows)),
            Values::Mixed(values) => Values::Mixed(values.after(first, rows)),
        };
        ColumnData { validity: self.validity.as_deref().map(|bits| bits_after(bits, first, rows)), values }
    }

    fn bytes_of(&self, rows: usize) -> usize {
        let end = |offsets: &[u32]| offsets.get(rows).map_or(0, |end| *end as usize);
        match &self.values {
            Values::Booleans(_) => rows.div_ceil(8),
            Values::Int64s(_) | Values::Float64s(_) => rows * size_of::<i64>(),
            Values::Text(values) => end(&values.offsets),
            Values::Bytes(values) | Values::Mixed(values) => end(&values.offsets),
        }
    }
}

impl Text {
    fn check(raw: types::Varying, rows: usize) -> Result<Text, String> {
        offsets_fit(&raw.offsets, raw.data.len(), rows)?;
        let data = String::from_utf8(raw.data).map_err(|why| format!("not UTF-8 at byte {}", why.utf8_error().valid_up_to()))?;
        // ASCII has a boundary everywhere, and checking for it is much cheaper than looking at each offset.
        if !data.is_ascii() && raw.offsets.iter().any(|at| !data.is_char_boundary(*at as usize)) {
            return Err("an offset inside a character".to_owned());
        }
        Ok(Text { offsets: raw.offsets, data })
    }

    /// One text. None past the end.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<&str> {
        let (from, to) = span(&self.offsets, row)?;
        self.data.get(from..to)
    }
}

impl Varying {
    fn check(raw: types::Varying, rows: usize) -> Result<Varying, String> {
        offsets_fit(&raw.offsets, raw.data.len(), rows)?;
        Ok(Varying { offsets: raw.offsets, data: raw.data })
    }

    fn after(&self, first: usize, rows: usize) -> Varying {
        let (offsets, from, to) = offsets_after(&self.offsets, first, rows);
        Varying { offsets, data: self.data.get(from..to).unwrap_or_default().to_vec() }
    }

    fn check_tags(&self, validity: Option<&[u8]>) -> Result<(), String> {
        for row in 0..self.offsets.len().saturating_sub(1) {
            let null = validity.is_some_and(|bits| !bit(bits, row));
            if !null && self.value(row).and_then(tagged).is_none() {
                return Err(format!("row {}: not a tagged value", row + 1));
            }
        }
        Ok(())
    }

    /// One byte string. None past the end.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<&[u8]> {
        let (from, to) = span(&self.offsets, row)?;
        self.data.get(from..to)
    }
}

/// Reads a value of `mixed`: a tag and what it says.
fn tagged(value: &[u8]) -> Option<Cell<'_>> {
    let (tag, rest) = value.split_first()?;
    let text = || std::str::from_utf8(rest).ok();
    match tag {
        b'i' => text()?.parse().ok().map(Cell::Int64),
        b'f' => text()?.parse().ok().map(Cell::Float64),
        b't' => text().map(Cell::Text),
        b'x' => Some(Cell::Bytes(rest)),
        _ => None,
    }
}

fn bit(bits: &[u8], at: usize) -> bool {
    bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}

fn bits_after(bits: &[u8], first: usize, rows: usize) -> Vec<u8> {
    let mut after = vec![0_u8; rows.saturating_sub(first).div_ceil(8)];
    for (at, row) in (first..rows).enumerate() {
        if let Some(byte) = after.get_mut(at / 8) {
            *byte |= u8::from(bit(bits, row)) << (at % 8);
        }
    }
    after
}

/// The offsets of some rows, from 0 on, and where their data is.
fn offsets_after(offsets: &[u32], first: usize, rows: usize) -> (Vec<u32>, usize, usize) {
    let kept = offsets.get(first..=rows).unwrap_or_default();
    let (from, to) = (kept.first().copied().unwrap_or(0), kept.last().copied().unwrap_or(0));
    (kept.iter().map(|at| at.saturating_sub(from)).collect(), from as usize, to as usize)
}

fn span(offsets: &[u32], row: usize) -> Option<(usize, usize)> {
    Some((*offsets.get(row)? as usize, *offsets.get(row + 1)? as usize))
}

fn length_fits(length: usize, rows: usize) -> Result<(), String> {
    if length == rows { Ok(()) } else { Err(format!("{length} values for {rows} rows")) }
}

fn bitmap_fits(bits: &[u8], rows: usize) -> Result<(), String> {
    let wanted = rows.div_ceil(8);
    if bits.len() == wanted { Ok(()) } else { Err(format!("a bitmap of {} bytes for {rows} rows", bits.len())) }
}

fn offsets_fit(offsets: &[u32], data: usize, rows: usize) -> Result<(), String> {
    if offsets.len() != rows + 1 {
        return Err(format!("{} offsets for {rows} rows", offsets.len()));
    }
    if offsets.first() != Some(&0) {
        return Err("the first offset is not 0".to_owned());
    }
    if offsets.last().map(|last| *last as usize) != Some(data) {
        return Err("the last offset is not the data's length".to_owned());
    }
    if !offsets.is_sorted() {
        return Err("offsets out of order".to_owned());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn varying(offsets: &[u32], data: &[u8]) -> types::Values {
        types::Values::Varying(types::Varying { offsets: offsets.to_vec(), data: data.to_vec() })
    }

    fn one(rows: u32, validity: Option<Vec<u8>>, values: types::Values, kind: ColumnKind) -> Result<Batch, MalformedBatch> {
        Batch::check(types::Batch { rows, columns: vec![types::ColumnData { validity, values }] }, &[kind], 10)
    }

    #[test]
    fn a_good_batch_reads_back() {
        let batch = one(3, Some(vec![0b101]), varying(&[0, 2, 2, 4], "hié".as_bytes()), ColumnKind::Text).unwrap();
        assert_eq!(batch.cell(0, 0), Cell::Text("hi"));
        assert_eq!(batch.cell(0, 1), Cell::Null);
        assert_eq!(batch.cell(0, 2), Cell::Text("é"));
        assert_eq!(batch.cell(0, 3), Cell::Null);
        assert_eq!(batch.cell(9, 0), Cell::Null);
    }

    #[test]
    fn the_rows_after_some_are_the_same_rows() {
        let rows = 19_u32;
        let column = |values| types::ColumnData { validity: Some(vec![0b1011_0110, 0b0110_1101, 0b111]), values };
        let text: Vec<String> = (0..rows).map(|row| "é".repeat(row as usize % 3)).collect();
        let mut offsets = vec![0_u32];
        for value in &text {
            offsets.push(offsets.last().unwrap() + u32::try_from(value.len()).unwrap());
        }
        let varying = types::Varying { offsets, data: text.concat().into_bytes() };
        let batch = Batch::check(
            types::Batch {
                rows,
                columns: vec![
                    column(types::Values::Booleans(vec![0b1100_1010, 0b0101_0101, 0b101])),
                    column(types::Values::Int64s((0..rows.into()).collect())),
                    column(types::Values::Float64s((0..rows).map(f64::from).collect())),
                    column(types::Values::Varying(varying.clone())),
                    column(types::Values::Varying(varying)),
                ],
            },
            &[ColumnKind::Boolean, ColumnKind::Int64, ColumnKind::Float64, ColumnKind::Text, ColumnKind::Bytes],
            rows,
        )
        .unwrap();
        for first in 0..=20 {
            let after = batch.after(first);
            assert_eq!(after.rows(), 19_usize.saturating_sub(first));
            for row in 0..after.rows() {
                for column in 0..5 {
                    assert_eq!(after.cell(column, row), batch.cell(column, first + row), "column {column}, row {first}+{row}");
                }
            }
        }
    }

    #[test]
    fn mixed_values_read_back() {
        let data = b"i-9223372036854775808f1.5txyx\xff";
        let raw = types::Values::Mixed(types::Varying { offsets: vec![0, 21, 25, 28, 30], data: data.to_vec() });
        let batch = one(4, None, raw, ColumnKind::Int64).unwrap();
        assert_eq!(batch.cell(0, 0), Cell::Int64(i64::MIN));
        assert_eq!(batch.cell(0, 1), Cell::Float64(1.5));
        assert_eq!(batch.cell(0, 2), Cell::Text("xy"));
        assert_eq!(batch.cell(0, 3), Cell::Bytes(b"\xff"));
    }

    #[test]
    fn rows_are_counted_by_their_bytes() {
        let batch = one(4, None, varying(&[0, 2, 2, 6, 7], b"abcdefg"), ColumnKind::Text).unwrap();
        let within: Vec<usize> = (0..=8).map(|bytes| batch.rows_within(bytes)).collect();
        assert_eq!(within, [0, 0, 2, 2, 2, 2, 3, 4, 4]);
        assert_eq!(batch.bytes(), 7);
    }

    #[test]
    fn every_lie_is_an_error() {
        let text = ColumnKind::Text;
        let lies = [
            one(11, None, types::Values::Int64s(vec![0; 11]), ColumnKind::Int64),
            one(2, None, types::Values::Int64s(vec![0]), ColumnKind::Int64),
            one(2, None, types::Values::Float64s(vec![0.0]), ColumnKind::Float64),
            one(9, None, types::Values::Booleans(vec![0]), ColumnKind::Boolean),
            one(9, Some(vec![0]), types::Values::Int64s(vec![0; 9]), ColumnKind::Int64),
            one(1, None, types::Values::Int64s(vec![0]), text),
            one(1, None, varying(&[0, 1], b"1"), ColumnKind::Int64),
            one(2, None, varying(&[0, 2], b"ab"), text),
            one(2, None, varying(&[0, 2, 1], b"ab"), text),
            one(2, None, varying(&[0, 3, 2], b"ab"), text),
            one(2, None, varying(&[1, 1, 2], b"ab"), text),
            one(2, None, varying(&[0, 1, 1], b"ab"), text),
            one(1, None, varying(&[0, 9], b"ab"), text),
            one(1, None, varying(&[0, 2], b"\xff\xfe"), text),
            one(2, None, varying(&[0, 1, 2], "é".as_bytes()), text),
            one(1, None, types::Values::Mixed(types::Varying { offsets: vec![0, 0], data: vec![] }), text),
            one(1, None, types::Values::Mixed(types::Varying { offsets: vec![0, 2], data: b"q1".to_vec() }), text),
            one(1, None, types::Values::Mixed(types::Varying { offsets: vec![0, 3], data: b"i1x".to_vec() }), text),
            Batch::check(types::Batch { rows: 1, columns: vec![] }, &[text], 10),
        ];
        for (at, lie) in lies.into_iter().enumerate() {
            assert!(lie.is_err(), "lie {at} was believed");
        }
    }
}
