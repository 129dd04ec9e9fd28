//! Values: from the service's fields into a batch's columns, in the contract's spellings.

mod array;
mod datetime;

use crate::engine::Engine;
use crate::protocol::{ColumnMetadata, Executed, Field};
use crate::types;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bulkhead_driver::{Batch, BatchBuilder, Column, ColumnBuilder, ColumnKind, Error, ErrorKind, Layout};
use std::collections::VecDeque;

/// The rows of an answer that haven't been handed on.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Its columns.
    pub columns: Vec<Column>,
    elements: Vec<Option<ColumnKind>>,
    records: VecDeque<Vec<Field>>,
}

impl Rows {
    /// The rows of an answer. None: the statement gives none.
    #[must_use]
    pub fn of(engine: Engine, executed: Executed) -> Option<Rows> {
        let metadata = executed.column_metadata.filter(|columns| !columns.is_empty())?;
        let records: VecDeque<Vec<Field>> = executed.records.unwrap_or_default().into();
        let elements =
            metadata.iter().map(|column| if engine == Engine::PostgreSql { types::element(column) } else { None }).collect();
        let columns = metadata.iter().enumerate().map(|(at, column)| describe(engine, at, column, &records)).collect();
        Some(Rows { columns, elements, records })
    }

    /// More rows of the same columns.
    pub fn append(&mut self, more: Vec<Vec<Field>>) {
        self.records.extend(more);
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
        while let Some(record) = self.records.pop_front() {
            for (((field, column), element), builder) in
                record.iter().zip(&self.columns).zip(&self.elements).zip(builder.columns_mut())
            {
                push(builder, column, *element, field)?;
            }
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
    pub fn into_texts(self) -> Vec<Vec<Option<String>>> {
        self.records.into_iter().map(|record| record.into_iter().map(|field| text(&field)).collect()).collect()
    }
}

/// A column. Its kind is that of its type, unless the values that came aren't of it: then it is `other`.
fn describe(engine: Engine, at: usize, column: &ColumnMetadata, records: &VecDeque<Vec<Field>>) -> Column {
    let mut kind = types::kind(engine, column);
    if !records.iter().filter_map(|record| record.get(at)).all(|field| fits(kind, field)) {
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

fn fits(kind: ColumnKind, field: &Field) -> bool {
    use ColumnKind as Kind;
    match (kind, field) {
        (_, Field::Null) | (Kind::Other, _) => true,
        (Kind::Boolean, Field::Boolean(_))
        | (Kind::Int64, Field::Long(_))
        | (Kind::Float64, Field::Double(_))
        | (Kind::Decimal, Field::Long(_))
        | (Kind::Bytes, Field::Blob(_))
        | (Kind::Array, Field::Array(_)) => true,
        (Kind::Boolean, Field::Long(value)) => matches!(value, 0 | 1),
        (Kind::Int64, Field::Text(text)) => text.parse::<i64>().is_ok(),
        (Kind::Int64, Field::Boolean(_)) => true,
        (Kind::Decimal, Field::Text(text)) => is_decimal(text),
        (
            Kind::Text | Kind::Uuid | Kind::Json | Kind::Date | Kind::Time | Kind::Timestamp | Kind::TimestampTz,
            Field::Text(_),
        ) => true,
        _ => false,
    }
}

fn is_decimal(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
        || text.parse::<serde_json::Number>().is_ok()
        || text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn push(builder: &mut ColumnBuilder, column: &Column, element: Option<ColumnKind>, field: &Field) -> Result<(), Error> {
    if !fits(column.kind, field) {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("a value of the column {:?} is not a {}", column.name, column.native_type),
        ));
    }
    match (column.kind, field) {
        (_, Field::Null) => builder.push_null(),
        (ColumnKind::Boolean, Field::Boolean(value)) => builder.push_bool(*value),
        (ColumnKind::Boolean, Field::Long(value)) => builder.push_bool(*value != 0),
        (ColumnKind::Int64, Field::Long(value)) => builder.push_int64(*value),
        (ColumnKind::Int64, Field::Boolean(value)) => builder.push_int64((*value).into()),
        (ColumnKind::Int64, Field::Text(text)) => builder.push_int64(text.parse().unwrap_or_default()),
        (ColumnKind::Float64, Field::Double(value)) => builder.push_float64(*value),
        (ColumnKind::Bytes, Field::Blob(base64)) => builder.push_bytes(&blob(base64)?),
        (ColumnKind::Array, Field::Array(value)) => builder.push_text(&array::json(value, element)),
        (ColumnKind::Time, Field::Text(value)) => builder.push_text(&datetime::time(value)),
        (ColumnKind::Timestamp, Field::Text(value)) => builder.push_text(&datetime::timestamp(value)),
        (ColumnKind::TimestampTz, Field::Text(value)) => builder.push_text(&datetime::timestamp_tz(value)),
        (ColumnKind::Uuid, Field::Text(value)) => builder.push_text(&value.to_ascii_lowercase()),
        (_, Field::Text(value)) => builder.push_text(value),
        (_, other) => builder.push_text(&text(other).unwrap_or_default()),
    }
    Ok(())
}

fn blob(base64: &str) -> Result<Vec<u8>, Error> {
    BASE64_STANDARD.decode(base64).map_err(|why| Error::new(ErrorKind::Protocol, format!("a blob is not base64: {why}")))
}

/// A value as text. A blob as PostgreSQL writes bytes.
fn text(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => return None,
        Field::Boolean(value) => value.to_string(),
        Field::Long(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Text(value) => value.clone(),
        Field::Blob(base64) => match BASE64_STANDARD.decode(base64) {
            Ok(bytes) => bytes.iter().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
            Err(_) => base64.clone(),
        },
        Field::Array(value) => array::json(value, None),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use bulkhead_driver::Values;

    fn rows(type_name: &str, fields: Vec<Field>) -> Rows {
        let column = ColumnMetadata { name: "c".into(), type_name: type_name.into(), nullable: 1, ..ColumnMetadata::default() };
        let records = fields.into_iter().map(|field| vec![field]).collect();
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
        ints.append(vec![vec![Field::Text("one".into())]]);
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
