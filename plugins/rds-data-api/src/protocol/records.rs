//! The rows of an answer: cells end to end, texts in one piece. A value of its own for each cell would cost more than reading it.

use super::field::{ArrayValue, Double};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// Records, all of as many fields.
#[derive(Debug, Clone, Default)]
pub struct Records {
    cells: Vec<Held>,
    texts: String,
    width: usize,
    /// Records in all, and those that were gone past.
    rows: usize,
    first: usize,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Cell<'a> {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(&'a str),
    /// In base64.
    Blob(&'a str),
    Array(&'a ArrayValue),
}

#[derive(Debug, Clone)]
enum Held {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
    Array(Box<ArrayValue>),
}

impl Records {
    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows - self.first
    }

    /// True if none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields of each.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The fields of the first that is left.
    pub fn first(&self) -> impl Iterator<Item = Cell<'_>> {
        let start = self.first.saturating_mul(self.width);
        let end = if self.is_empty() { start } else { start.saturating_add(self.width) };
        self.cells.get(start..end).unwrap_or_default().iter().map(|held| self.cell(held))
    }

    /// One column of all that are left.
    pub fn column(&self, at: usize) -> impl Iterator<Item = Cell<'_>> {
        let start = self.first.saturating_mul(self.width).saturating_add(at);
        self.cells.iter().skip(start).step_by(self.width.max(1)).take(self.len()).map(|held| self.cell(held))
    }

    /// Goes past the first.
    pub fn advance(&mut self) {
        self.first = self.rows.min(self.first + 1);
    }

    /// Keeps at most so many of what is left.
    pub fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(self.first.saturating_add(rows));
    }

    fn cell<'a>(&'a self, held: &'a Held) -> Cell<'a> {
        let text = |range: &Range<usize>| self.texts.get(range.clone()).unwrap_or_default();
        match held {
            Held::Null => Cell::Null,
            Held::Boolean(value) => Cell::Boolean(*value),
            Held::Long(value) => Cell::Long(*value),
            Held::Double(value) => Cell::Double(*value),
            Held::Text(range) => Cell::Text(text(range)),
            Held::Blob(range) => Cell::Blob(text(range)),
            Held::Array(value) => Cell::Array(value),
        }
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Records, D::Error> {
        let mut records = Records::default();
        from.deserialize_seq(All(&mut records))?;
        Ok(records)
    }
}

struct All<'a>(&'a mut Records);

impl<'de> Visitor<'de> for All<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(One(self.0))?.is_some() {}
        Ok(())
    }
}

struct One<'a>(&'a mut Records);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let before = self.0.cells.len();
        while seq.next_element_seed(Field(self.0))?.is_some() {}
        let width = self.0.cells.len() - before;
        if self.0.rows > 0 && width != self.0.width {
            return Err(A::Error::custom(format_args!("a record of {width} fields after one of {}", self.0.width)));
        }
        self.0.width = width;
        self.0.rows += 1;
        Ok(())
    }
}

/// The members of the union that a field is.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum Member {
    #[serde(rename = "isNull")]
    Null,
    #[serde(rename = "booleanValue")]
    Boolean,
    #[serde(rename = "longValue")]
    Long,
    #[serde(rename = "doubleValue")]
    Double,
    #[serde(rename = "stringValue")]
    Text,
    #[serde(rename = "blobValue")]
    Blob,
    #[serde(rename = "arrayValue")]
    Array,
}

struct Field<'a>(&'a mut Records);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let records = self.0;
        let member = map.next_key()?.ok_or_else(|| A::Error::custom("a field without a value"))?;
        let held = match member {
            Member::Null => {
                map.next_value::<bool>()?;
                Held::Null
            }
            Member::Boolean => Held::Boolean(map.next_value()?),
            Member::Long => Held::Long(map.next_value()?),
            Member::Double => Held::Double(map.next_value::<Double>()?.0),
            Member::Text => Held::Text(map.next_value_seed(Text(&mut records.texts))?),
            Member::Blob => Held::Blob(map.next_value_seed(Text(&mut records.texts))?),
            Member::Array => Held::Array(map.next_value()?),
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("a field with two values"));
        }
        records.cells.push(held);
        Ok(())
    }
}

/// Appends a text, and says where it is.
struct Text<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = Range<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Range<usize>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = Range<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Range<usize>, E> {
        let start = self.0.len();
        self.0.push_str(text);
        Ok(start..self.0.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn one(field: &str) -> Records {
        serde_json::from_str(&format!("[[{field}]]")).unwrap()
    }

    #[test]
    fn every_member() {
        for (json, cell) in [
            (r#"{"isNull":true}"#, Cell::Null),
            (r#"{"booleanValue":false}"#, Cell::Boolean(false)),
            (r#"{"longValue":-9223372036854775808}"#, Cell::Long(i64::MIN)),
            (r#"{"doubleValue":0.1}"#, Cell::Double(0.1)),
            (r#"{"doubleValue":7}"#, Cell::Double(7.0)),
            (r#"{"doubleValue":"-Infinity"}"#, Cell::Double(f64::NEG_INFINITY)),
            (r#"{"stringValue":"\u00e9\n"}"#, Cell::Text("é\n")),
            (r#"{"blobValue":"AA=="}"#, Cell::Blob("AA==")),
            (r#"{"arrayValue":{"longValues":[1,null]}}"#, Cell::Array(&ArrayValue::Longs(vec![Some(1), None]))),
        ] {
            let records = one(json);
            assert_eq!(records.first().collect::<Vec<_>>(), [cell], "{json}");
            assert_eq!((records.len(), records.width()), (1, 1));
        }
    }

    #[test]
    fn what_is_no_record() {
        for wrong in [
            "{}",
            "[{}]",
            "[[{}]]",
            "[[7]]",
            r#"[[{"longValue":1.5}]]"#,
            r#"[[{"longValue":9223372036854775808}]]"#,
            r#"[[{"doubleValue":"much"}]]"#,
            r#"[[{"manyValue":1}]]"#,
            r#"[[{"longValue":1,"isNull":true}]]"#,
            r#"[[{"longValue":1}],[]]"#,
            r#"[[],[{"longValue":1}]]"#,
        ] {
            serde_json::from_str::<Records>(wrong).unwrap_err();
        }
    }

    #[test]
    fn rows_and_columns() {
        let mut records: Records = serde_json::from_str(
            r#"[[{"longValue":1},{"stringValue":"a"}],[{"longValue":2},{"stringValue":"b"}],[{"longValue":3},{"isNull":true}]]"#,
        )
        .unwrap();
        let column = |records: &Records| records.column(1).map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(" ");
        assert_eq!(column(&records), r#"Text("a") Text("b") Null"#);
        records.advance();
        assert_eq!(records.first().collect::<Vec<_>>(), [Cell::Long(2), Cell::Text("b")]);
        assert_eq!(column(&records), r#"Text("b") Null"#);
        records.truncate(1);
        assert_eq!((records.len(), column(&records).as_str()), (1, r#"Text("b")"#));
        records.advance();
        records.advance();
        assert!(records.is_empty());
        assert_eq!(records.first().count(), 0);
    }
}
