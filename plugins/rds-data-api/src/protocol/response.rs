//! What is answered.

use super::{Field, Records};
use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;

/// The answer to ExecuteStatement.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Executed {
    /// The rows. None: the statement gives none.
    pub records: Option<Records>,
    /// The columns. None: the statement gives no rows.
    pub column_metadata: Option<Vec<ColumnMetadata>>,
    /// Rows changed.
    pub number_of_records_updated: Option<i64>,
    /// Keys that were generated (MySQL).
    pub generated_fields: Option<Vec<Field>>,
}

/// A column, as JDBC describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ColumnMetadata {
    /// The column's name in its table.
    pub name: String,
    /// Its name in the result.
    pub label: Option<String>,
    /// The engine's name of the type.
    pub type_name: String,
    /// Digits, or characters.
    pub precision: i64,
    /// Digits after the point.
    pub scale: i64,
    /// 0: no; 1: yes; 2: not known.
    pub nullable: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    transaction_id: String,
}

/// Reads the answer to ExecuteStatement.
///
/// # Errors
/// `protocol`: it isn't one, or its rows and columns don't fit each other.
pub fn executed(body: &[u8]) -> Result<Executed, Error> {
    let executed: Executed = object(body)?;
    let columns = executed.column_metadata.as_ref().map_or(0, Vec::len);
    let wrong = executed.records.as_ref().filter(|records| !records.is_empty() && records.width() != columns);
    match wrong {
        Some(records) => Err(protocol(&format!("a record of {} fields for {columns} columns", records.width()))),
        None => Ok(executed),
    }
}

/// Reads the answer to BeginTransaction.
///
/// # Errors
/// `protocol`: it isn't one.
pub fn transaction_id(body: &[u8]) -> Result<String, Error> {
    let begun: Begun = object(body)?;
    if begun.transaction_id.is_empty() { Err(protocol(&"an empty transaction id")) } else { Ok(begun.transaction_id) }
}

/// A JSON object. serde would take an array for one, too, and an empty one for an answer that says nothing.
fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(protocol(&"it is not a JSON object"));
    }
    // Looked through once, and not text by text.
    let body = std::str::from_utf8(body).map_err(|why| protocol(&why))?;
    serde_json::from_str(body).map_err(|why| protocol(&why))
}

fn protocol(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, format!("the service's answer can't be read: {why}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::protocol::Cell;

    #[test]
    fn answers() {
        let answer = br#"{"columnMetadata":[{"name":"a","label":"b","typeName":"int4","nullable":0,"type":4,"isSigned":true}],"records":[[{"longValue":1}]],"numberOfRecordsUpdated":0}"#;
        let executed = executed(answer).unwrap();
        assert_eq!(executed.column_metadata.unwrap()[0].label.as_deref(), Some("b"));
        assert_eq!(executed.records.unwrap().first().collect::<Vec<_>>(), [Cell::Long(1)]);
        assert_eq!(transaction_id(br#"{"transactionId":"t"}"#).unwrap(), "t");
    }

    #[test]
    fn what_does_not_fit() {
        for body in [
            &b""[..],
            b"[]",
            b"[]x",
            b"7",
            b"{\"records\":[[{\"longValue\":1}]]}",
            b"{\"columnMetadata\":[{}],\"records\":[[]]}",
            b"\xff",
        ] {
            assert_eq!(executed(body).unwrap_err().kind, ErrorKind::Protocol);
        }
        assert_eq!(transaction_id(b"{}").unwrap_err().kind, ErrorKind::Protocol);
    }
}
