//! Values: from the service's fields into a batch's columns, in the contract's spellings.

mod array;
mod datetime;

use crate::engine::Engine;
use crate::protocol::{Cell, ColumnMetadata, Executed, Records};
use crate::types;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bulkhead_driver::{Batch, BatchBuilder, Column, ColumnBuilder, ColumnKind, Error, ErrorKind, Layout};

/// The rows of an answer that haven't been handed on.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Its columns.
    pub columns: Vec<Column>,
    elements: Vec<Option<ColumnKind>>,
    records: Records,
}

impl Rows {
    /// The rows of an answer. None: the statement gives none.
    #[must_use]
    pub fn of(engine: Engine, executed: Executed) -> Option<Rows> {
        let metadata = executed.column_metadata.filter(|columns| !columns.is_empty())?;
        let records = executed.records.unwrap_or_default();
        let elements =
            metadata.iter().map(|column| if engine == Engine::PostgreSql { types::element(column) } else { None }).collect();
        let columns = metadata.iter().enumerate().map(|(at, column)| describe(engine, at, column, &records)).collect();
        Some(Rows { columns, elements, records })
    }

    /// More rows of the same columns, in place of those that were handed on.
    pub fn refill(&mut self, more: Records) {
        self.records = more;
    }

    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True if none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Keeps at most so many.
    pub fn truncate(&mut self, rows: u64) {
        self.records.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    }

    /// The next rows as a batch, at most so many and about so many bytes. None: there is none left.
    ///
    /// # Errors
    /// `protocol`: a value isn't of its column's type.
    pub fn batch(&mut self, rows: u32, bytes: u32) -> Result<Option<Batch>, Error> {
        if self.records.is_empty() || rows == 0 {
            return Ok(None);
        }
        let most = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut builder = BatchBuilder::new(self.columns.iter().map(|column| Layout::of(column.kind)));
        while !self.records.is_empty() {
            for (((cell, column), element), builder) in
                self.records.first().zip(&self.columns).zip(&self.elements).zip(builder.columns_mut())
            {
                push(builder, column, *element, cell)?;
            }
            self.records.advance();
            builder.end_row();
            if builder.rows() >= rows || builder.bytes() >= most {
                break;
            }
        }
        Ok(Some(builder.finish()?))
    }

    /// All rows as text, for the driver's own questions.
    ///
    /// # Errors
    /// As above.
    pub fn into_texts(mut self) -> Vec<Vec<Option<String>>> {
        let mut rows = Vec::with_capacity(self.records.len());
        while !self.records.is_empty() {
            rows.push(self.records.first().map(text).collect());
            self.records.advance();
        }
        rows
    }
}

/// A column. Its kind is that of its type, unless the values that came aren't of it: then it is `other`.
fn describe(engine: Engine, at: usize, column: &ColumnMetadata, records: &Records) -> Column {
    let mut kind = types::kind(engine, column);
    if !records.column(at).all(|cell| fits(kind, cell)) {
        kind = ColumnKind::Other;
    }
    let name = column.label.as_ref().filter(|label| !label.is_empty()).unwrap_or(&column.name).clone();
    let nullable = match column.nullable {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    Column { name, kind, native_type: types::native(engine, column), nullable }
}

fn fits(kind: ColumnKind, cell: Cell<'_>) -> bool {
    use ColumnKind as Kind;
    match (kind, cell) {
        (_, Cell::Null) | (Kind::Other, _) => true,
        (Kind::Boolean, Cell::Boolean(_))
        | (Kind::Int64, Cell::Long(_))
        | (Kind::Float64, Cell::Double(_))
        | (Kind::Decimal, Cell::Long(_))
        | (Kind::Bytes, Cell::Blob(_))
        | (Kind::Array, Cell::Array(_)) => true,
        (Kind::Boolean, Cell::Long(value)) => matches!(value, 0 | 1),
        (Kind::Int64, Cell::Text(text)) => text.parse::<i64>().is_ok(),
        (Kind::Int64, Cell::Boolean(_)) => true,
        (Kind::Decimal, Cell::Text(text)) => is_decimal(text),
        (Kind::Text | Kind::Uuid | Kind::Json | Kind::Date | Kind::Time | Kind::Timestamp | Kind::TimestampTz, Cell::Text(_)) => {
            true
        }
        _ => false,
    }
}

fn is_decimal(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
        || text.parse::<serde_json::Number>().is_ok()
        || text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn push(builder: &mut ColumnBuilder, column: &Column, element: Option<ColumnKind>, cell: Cell<'_>) -> Result<(), Error> {
    if !fits(column.kind, cell) {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("a value of the column {:?} is not a {}", column.name, column.native_type),
        ));
    }
    match (column.kind, cell) {
        (_, Cell::Null) => builder.push_null(),
        (ColumnKind::Boolean, Cell::Boolean(value)) => builder.push_bool(value),
        (ColumnKind::Boolean, Cell::Long(value)) => builder.push_bool(value != 0),
        (ColumnKind::Int64, Cell::Long(value)) => builder.push_int64(value),
        (ColumnKind::Int64, Cell::Boolean(value)) => builder.push_int64(value.into()),
        (ColumnKind::Int64, Cell::Text(text)) => builder.push_int64(text.parse().unwrap_or_default()),
        (ColumnKind::Float64, Cell::Double(value)) => builder.push_float64(value),
        (ColumnKind::Bytes, Cell::Blob(base64)) => builder.push_bytes(&blob(base64)?),
        (ColumnKind::Array, Cell::Array(value)) => builder.push_text(&array::json(value, element)),
        (ColumnKind::Time, Cell::Text(value)) => return spell(builder, datetime::time(value)),
        (ColumnKind::Timestamp, Cell::Text(value)) => return spell(builder, datetime::timestamp(value)),
        (ColumnKind::TimestampTz, Cell::Text(value)) => return spell(builder, datetime::timestamp_tz(value)),
        (ColumnKind::Uuid, Cell::Text(value)) => builder.push_text(&value.to_ascii_lowercase()),
        (_, Cell::Text(value)) => builder.push_text(value),
        (_, other) => builder.push_text(&text(other).unwrap_or_default()),
    }
    Ok(())
}

/// A text in pieces.
fn spell(builder: &mut ColumnBuilder, pieces: datetime::Pieces<'_>) -> Result<(), Error> {
    builder.push_with(|out| {
        pieces.iter().for_each(|piece| out.extend_text(piece));
        Ok(())
    })
}

fn blob(base64: &str) -> Result<Vec<u8>, Error> {
    BASE64_STANDARD.decode(base64).map_err(|why| Error::new(ErrorKind::Protocol, format!("a blob is not base64: {why}")))
}

/// A value as text. A blob as PostgreSQL writes bytes.
fn text(cell: Cell<'_>) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Boolean(value) => value.to_string(),
        Cell::Long(value) => value.to_string(),
        Cell::Double(value) => value.to_string(),
        Cell::Text(value) => value.to_owned(),
        Cell::Blob(base64) => match BASE64_STANDARD.decode(base64) {
            Ok(bytes) => bytes.iter().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
            Err(_) => base64.to_owned(),
        },
        Cell::Array(value) => array::json(value, None),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use bulkhead_driver::Values;

    use crate::protocol::Field;

    fn records(fields: Vec<Field>) -> Records {
        let records: Vec<[Field; 1]> = fields.into_iter().map(|field| [field]).collect();
        serde_json::from_str(&serde_json::to_string(&records).unwrap()).unwrap()
    }

    fn rows(type_name: &str, fields: Vec<Field>) -> Rows {
        let column = ColumnMetadata { name: "c".into(), type_name: type_name.into(), nullable: 1, ..ColumnMetadata::default() };
        let records = records(fields);
        Rows::of(
            Engine::PostgreSql,
            Executed { records: Some(records), column_metadata: Some(vec![column]), ..Executed::default() },
        )
        .unwrap()
    }

    fn texts(batch: &Batch) -> Vec<String> {
        let Values::Varying(varying) = &batch.columns[0].values else { panic!("{batch:?}") };
        let slice = |at: usize| varying.data[varying.offsets[at] as usize..varying.offsets[at + 1] as usize].to_vec();
        (0..batch.rows as usize).map(|at| String::from_utf8(slice(at)).unwrap()).collect()
    }

    #[test]
    fn values_keep_what_they_are() {
        let mut ints = rows("int8", vec![Field::Long(i64::MIN), Field::Null, Field::Text("7".into())]);
        assert_eq!(ints.columns[0].kind, ColumnKind::Int64);
        let batch = ints.batch(10, 1 << 20).unwrap().unwrap();
        assert_eq!(batch.columns[0].validity, Some(vec![0b101]));
        assert!(matches!(&batch.columns[0].values, Values::Int64s(values) if values[0] == i64::MIN && values[2] == 7));
        let mut decimals = rows("numeric", vec![Field::Text("1.500".into()), Field::Text("NaN".into()), Field::Long(3)]);
        assert_eq!(texts(&decimals.batch(10, 1 << 20).unwrap().unwrap()), ["1.500", "NaN", "3"]);
        let mut times = rows("timestamptz", vec![Field::Text("2024-02-29 10:00:00.50".into())]);
        assert_eq!(texts(&times.batch(10, 1 << 20).unwrap().unwrap()), ["2024-02-29T10:00:00.5Z"]);
    }

    #[test]
    fn a_type_that_is_not_what_it_says_is_other() {
        let mut odd = rows("int4", vec![Field::Long(1), Field::Text("one".into()), Field::Blob("AP8=".into())]);
        assert_eq!(odd.columns[0].kind, ColumnKind::Other);
        assert_eq!(texts(&odd.batch(10, 1 << 20).unwrap().unwrap()), ["1", "one", "\\x00ff"]);
        // Once the kind is told, it stays.
        let mut ints = rows("int4", vec![Field::Long(1)]);
        assert_eq!(ints.batch(10, 1 << 20).unwrap().unwrap().rows, 1);
        ints.refill(records(vec![Field::Text("one".into())]));
        assert_eq!(ints.batch(10, 1 << 20).unwrap_err().kind, ErrorKind::Protocol);
    }

    #[test]
    fn batches_are_as_large_as_they_may_be() {
        let mut all = rows("text", (0..10).map(|at| Field::Text(format!("{at}{}", "x".repeat(99)))).collect());
        assert_eq!(all.batch(3, 1 << 20).unwrap().unwrap().rows, 3);
        assert_eq!(all.batch(100, 150).unwrap().unwrap().rows, 2);
        assert_eq!(all.batch(100, 1).unwrap().unwrap().rows, 1);
        assert_eq!(all.batch(100, 1 << 20).unwrap().unwrap().rows, 4);
        assert!(all.batch(100, 1 << 20).unwrap().is_none());
    }
}
