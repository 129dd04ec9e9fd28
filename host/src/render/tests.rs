//! What is written is read back by someone else's parser, and must be the same values.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::batch::Batch;
use crate::contract::{Column, ColumnKind, types};
use crate::database::{QueryResult, ResultSet};

pub(crate) fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.to_owned(), kind, native_type: format!("{kind:?}").to_lowercase(), nullable: None }
}

/// A result set of text-like columns; `None` is NULL.
pub(crate) fn texts(columns: Vec<Column>, rows: &[Vec<Option<&str>>]) -> ResultSet {
    let data = (0..columns.len()).map(|at| varying(rows.iter().map(|row| row[at].map(str::as_bytes)))).collect();
    set(columns, rows.len(), data)
}

pub(crate) fn set(columns: Vec<Column>, rows: usize, data: Vec<types::ColumnData>) -> ResultSet {
    let kinds: Vec<ColumnKind> = columns.iter().map(|column| column.kind).collect();
    let rows = u32::try_from(rows).unwrap();
    let batch = Batch::check(types::Batch { rows, columns: data }, &kinds, rows).unwrap();
    ResultSet { columns, batches: vec![batch], rows: u64::from(rows), truncated: None, completion: None }
}

pub(crate) fn result(sets: Vec<ResultSet>) -> QueryResult {
    QueryResult { sets, elapsed: Duration::from_millis(3) }
}

fn varying<'a>(cells: impl Iterator<Item = Option<&'a [u8]>>) -> types::ColumnData {
    let (mut offsets, mut data, mut validity) = (vec![0], Vec::new(), Vec::new());
    for (at, cell) in cells.enumerate() {
        data.extend_from_slice(cell.unwrap_or_default());
        offsets.push(u32::try_from(data.len()).unwrap());
        mark(&mut validity, at, cell.is_some());
    }
    types::ColumnData { validity: Some(validity), values: types::Values::Varying(types::Varying { offsets, data }) }
}

fn mark(bits: &mut Vec<u8>, at: usize, bit: bool) {
    if at.is_multiple_of(8) {
        bits.push(0);
    }
    bits[at / 8] |= u8::from(bit) << (at % 8);
}

fn json(set: &ResultSet, shape: RowShape) -> Value {
    let mut out = String::new();
    rows(&mut out, set, shape);
    serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}"))
}

fn one(kind: ColumnKind, text: &str) -> String {
    let mut out = String::new();
    rows(&mut out, &texts(vec![column("a", kind)], &[vec![Some(text)]]), RowShape::Array);
    out.strip_prefix("[[").unwrap().strip_suffix("]]").unwrap().to_owned()
}

fn ints(values: Vec<i64>) -> ResultSet {
    set(
        vec![column("a", ColumnKind::Int64)],
        values.len(),
        vec![types::ColumnData { validity: None, values: types::Values::Int64s(values) }],
    )
}

proptest! {
    #[test]
    fn texts_read_back(cells in prop::collection::vec((prop::option::of(any::<String>()), prop::option::of(any::<String>())), 0..20)) {
        let given: Vec<Vec<Option<&str>>> = cells.iter().map(|(a, b)| vec![a.as_deref(), b.as_deref()]).collect();
        let set = texts(vec![column("a", ColumnKind::Text), column("b\"", ColumnKind::Decimal)], &given);
        let arrays = json(&set, RowShape::Array);
        let objects = json(&set, RowShape::Object);
        for (at, row) in given.iter().enumerate() {
            prop_assert_eq!(arrays[at][0].as_str(), row[0]);
            prop_assert_eq!(arrays[at][1].as_str(), row[1]);
            prop_assert_eq!(objects[at]["a"].as_str(), row[0]);
            prop_assert_eq!(objects[at]["b\""].as_str(), row[1]);
        }
        prop_assert_eq!(arrays.as_array().unwrap().len(), given.len());
    }

    #[test]
    fn integers_keep_every_digit(values in prop::collection::vec(any::<i64>(), 0..20)) {
        let read = json(&ints(values.clone()), RowShape::Array);
        for (at, value) in values.iter().enumerate() {
            let cell = &read[at][0];
            let safe = value.unsigned_abs() < 1 << 53;
            prop_assert_eq!(cell.is_number(), safe);
            let digits = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
            prop_assert_eq!(digits, value.to_string());
        }
    }

    #[test]
    fn floats_read_back_bit_by_bit(values in prop::collection::vec(any::<f64>(), 1..20)) {
        let data = types::ColumnData { validity: None, values: types::Values::Float64s(values.clone()) };
        let read = json(&set(vec![column("a", ColumnKind::Float64)], values.len(), vec![data]), RowShape::Array);
        for (at, value) in values.iter().enumerate() {
            if value.is_finite() {
                prop_assert_eq!(read[at][0].to_string().parse::<f64>().unwrap().to_bits(), value.to_bits());
            } else {
                let text = read[at][0].as_str().unwrap();
                prop_assert_eq!(text.parse::<f64>().unwrap().to_string(), value.to_string());
            }
        }
    }

    #[test]
    fn bytes_read_back(cells in prop::collection::vec(prop::option::of(any::<Vec<u8>>()), 0..10)) {
        let data = varying(cells.iter().map(|cell| cell.as_deref()));
        let read = json(&set(vec![column("a", ColumnKind::Bytes)], cells.len(), vec![data]), RowShape::Array);
        for (at, cell) in cells.iter().enumerate() {
            prop_assert_eq!(read[at][0].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap()), cell.clone());
        }
    }

    #[test]
    fn json_columns_read_back(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let written = one(ColumnKind::Json, &text);
        prop_assert_eq!(&written, &value.to_string());
    }

    #[test]
    fn whatever_a_json_column_holds_the_answer_is_json(text in r#"[\[\]{}",:\\u0-9dDa-f truefalsn.eE+-]{0,30}"#) {
        for kind in [ColumnKind::Json, ColumnKind::Array] {
            let read: Value = serde_json::from_str(&one(kind, &text)).unwrap();
            match serde_json::from_str::<Value>(&text) {
                Ok(value) if kind == ColumnKind::Json => prop_assert_eq!(read, value),
                Ok(_) => {}
                Err(_) => prop_assert_eq!(read, Value::String(text.clone())),
            }
        }
    }

    #[test]
    fn csv_reads_back(cells in prop::collection::vec((prop::option::of("[a,\"\n\r é]{0,6}"), prop::option::of("[a,\"\n]{0,4}")), 0..10)) {
        let given: Vec<Vec<Option<&str>>> = cells.iter().map(|(a, b)| vec![a.as_deref(), b.as_deref()]).collect();
        let mut out = String::new();
        csv(&mut out, &texts(vec![column("a", ColumnKind::Text), column("b", ColumnKind::Text)], &given));
        let read = read_csv(&out);
        prop_assert_eq!(&read[0], &vec![Some("a".to_owned()), Some("b".to_owned())]);
        let given: Vec<Vec<Option<String>>> = given.iter().map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect()).collect();
        prop_assert_eq!(&read[1..], given.as_slice());
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?".prop_map(|digits| serde_json::from_str(&digits).unwrap()),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// RFC 4180, with an unquoted empty field as NULL.
fn read_csv(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut inside = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if inside && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => {
                inside = !inside;
                quoted = true;
            }
            ',' | '\n' if !inside => {
                let value = std::mem::take(&mut field);
                row.push((!value.is_empty() || std::mem::take(&mut quoted)).then_some(value));
                quoted = false;
                if character == '\n' {
                    rows.push(std::mem::take(&mut row));
                }
            }
            other => field.push(other),
        }
    }
    rows
}

#[test]
fn unsafe_numbers_in_arrays_become_strings() {
    assert_eq!(one(ColumnKind::Array, "[1, 9007199254740993, [1.5, null]]"), r#"[1,"9007199254740993",[1.5,null]]"#);
    assert_eq!(one(ColumnKind::Array, "[0.1234567890123456789]"), r#"["0.1234567890123456789"]"#);
    assert_eq!(one(ColumnKind::Array, "[1.7976931348623157e308]"), "[1.7976931348623157e308]");
    assert_eq!(one(ColumnKind::Json, "[9007199254740993]"), "[9007199254740993]");
}

#[test]
fn json_that_would_break_the_answer_is_a_string() {
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    for text in [
        &deep,
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u+123\"",
        "01",
        "1 2",
        "{1:2}",
        "[1}",
        "nul",
        "\u{1}",
        "-",
    ] {
        assert_eq!(one(ColumnKind::Json, text), Value::from(text).to_string(), "{text}");
    }
    let fits = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(one(ColumnKind::Json, &fits), fits);
    assert_eq!(one(ColumnKind::Json, "{ \"\\ud83d\\ude00\" :\n[ ] , \"b\" : { } }"), "{\"\\ud83d\\ude00\":[],\"b\":{}}");
}

#[test]
fn bytes_in_a_column_of_another_kind_say_so() {
    let values = types::Values::Mixed(types::Varying { offsets: vec![0, 2, 5, 8, 13], data: b"i7xhitabf-0.5".to_vec() });
    let data = types::ColumnData { validity: None, values };
    let read = json(&set(vec![column("a", ColumnKind::Other)], 4, vec![data]), RowShape::Array);
    assert_eq!(read, serde_json::json!([[7], [{"base64": "aGk="}], ["ab"], [-0.5]]));
}

#[test]
fn names_of_columns_are_made_keys() {
    let columns: Vec<Column> = ["id", "id", "", "id_2", "id"].iter().map(|name| column(name, ColumnKind::Text)).collect();
    assert_eq!(column_keys(&columns), ["id", "id_2", "column_3", "id_2_2", "id_3"]);
}

#[test]
fn tables_for_people() {
    let columns = vec![column("id", ColumnKind::Decimal), column("na|me", ColumnKind::Text)];
    let set = texts(columns, &[vec![Some("1"), Some("a\n*b*|")], vec![Some("1000"), None], vec![None, Some("日本\u{1b}[2J")]]);
    let mut out = String::new();
    terminal(&mut out, &set);
    out.push('\n');
    markdown(&mut out, &set);
    out.push('\n');
    csv(&mut out, &set);
    insta::assert_snapshot!(out);
}
