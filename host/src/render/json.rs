//! Rows as JSON.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::inline::{self, Numbers};
use super::quoted;
use crate::batch::Cell;
use crate::contract::{Column, ColumnKind};
use crate::database::ResultSet;

/// What a row becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowShape {
    /// An array in the columns' order.
    Array,
    /// An object by [`column_keys`].
    Object,
}

/// The largest integer that a double, and with it JavaScript, holds exactly with all its neighbours.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes all rows of a result set as one JSON array.
pub fn rows(out: &mut String, set: &ResultSet, shape: RowShape) {
    let (open, close, keys) = match shape {
        RowShape::Array => ('[', ']', vec![String::new(); set.columns.len()]),
        RowShape::Object => ('{', '}', written_keys(&set.columns)),
    };
    let columns: Vec<(ColumnKind, String)> = set.columns.iter().map(|column| column.kind).zip(keys).collect();
    out.push('[');
    let mut first_row = true;
    for batch in &set.batches {
        for row in 0..batch.rows() {
            if !std::mem::take(&mut first_row) {
                out.push(',');
            }
            out.push(open);
            let mut first = true;
            for ((kind, key), data) in columns.iter().zip(batch.columns()) {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                out.push_str(key);
                cell(out, *kind, data.cell(row));
            }
            out.push(close);
        }
    }
    out.push(']');
}

/// The keys of rows as objects: the columns' names, made different from each other (`id`, `id_2`) and not empty (`column_3`).
#[must_use]
pub fn column_keys(columns: &[Column]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::with_capacity(columns.len());
    let mut taken = std::collections::HashSet::new();
    for (at, column) in columns.iter().enumerate() {
        let base = if column.name.is_empty() { format!("column_{}", at + 1) } else { column.name.clone() };
        let mut key = base.clone();
        let mut number = 2;
        while !taken.insert(key.clone()) {
            key = format!("{base}_{number}");
            number += 1;
        }
        keys.push(key);
    }
    keys
}

/// Each key as it stands before its value: quoted, with the colon.
fn written_keys(columns: &[Column]) -> Vec<String> {
    let written = |key: String| {
        let mut text = String::with_capacity(key.len() + 3);
        quoted(&mut text, &key);
        text.push(':');
        text
    };
    column_keys(columns).into_iter().map(written).collect()
}

fn cell(out: &mut String, kind: ColumnKind, cell: Cell<'_>) {
    match cell {
        Cell::Null => out.push_str("null"),
        Cell::Boolean(true) => out.push_str("true"),
        Cell::Boolean(false) => out.push_str("false"),
        Cell::Int64(value) => integer(out, value),
        Cell::Float64(value) => float(out, value),
        Cell::Text(text) => match kind {
            ColumnKind::Json => inline::json(out, text, Numbers::AsTheyAre),
            ColumnKind::Array => inline::json(out, text, Numbers::Exact),
            _ => quoted(out, text),
        },
        Cell::Bytes(bytes) if kind == ColumnKind::Bytes => base64(out, bytes),
        Cell::Bytes(bytes) => {
            out.push_str("{\"base64\":");
            base64(out, bytes);
            out.push('}');
        }
    }
}

/// Writes an integer: a number where a double holds it, else a string.
pub(crate) fn integer(out: &mut String, value: i64) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value);
    if value.unsigned_abs() <= MAX_SAFE_INTEGER {
        out.push_str(digits);
    } else {
        out.push('"');
        out.push_str(digits);
        out.push('"');
    }
}

/// Writes a float: a number where there is one for it, else a string.
pub(crate) fn float(out: &mut String, value: f64) {
    let mut digits = zmij::Buffer::new();
    if value.is_finite() {
        out.push_str(digits.format_finite(value));
    } else {
        quoted(out, super::plain::not_finite(value));
    }
}

/// Writes bytes as a string.
pub(crate) fn base64(out: &mut String, bytes: &[u8]) {
    out.push('"');
    BASE64_STANDARD.encode_string(bytes, out);
    out.push('"');
}
