//! A table for a person at a terminal. Control characters are shown, not sent: a value can't move the cursor or rewrite what
//! was printed before it.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::plain::plain;
use crate::batch::Cell;
use crate::contract::ColumnKind;
use crate::database::ResultSet;

/// Writes a header and all rows of a result set, in columns.
pub fn terminal(out: &mut String, set: &ResultSet) {
    if set.columns.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = set
        .batches
        .iter()
        .flat_map(|batch| (0..batch.rows()).map(move |row| batch.columns().iter().map(|data| shown(data.cell(row))).collect()))
        .collect();
    let names: Vec<String> = set.columns.iter().map(|column| visible(&column.name)).collect();
    let mut widths: Vec<usize> = names.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    line(out, &names, &widths, |_| false);
    let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    out.push('─');
    out.push_str(&rules.join("─┼─"));
    out.push_str("─\n");
    let right: Vec<bool> = set.columns.iter().map(|column| is_numeric(column.kind)).collect();
    for row in &rows {
        line(out, row, &widths, |at| right.get(at).copied().unwrap_or_default());
    }
}

/// Kinds that are aligned to the right.
pub(super) fn is_numeric(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Int64 | ColumnKind::Float64 | ColumnKind::Decimal)
}

fn line(out: &mut String, cells: &[String], widths: &[usize], to_the_right: impl Fn(usize) -> bool) {
    let last = cells.len().saturating_sub(1);
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let padding = width.saturating_sub(cell.width());
        out.push_str(if at == 0 { " " } else { " │ " });
        if to_the_right(at) {
            out.extend(std::iter::repeat_n(' ', padding));
            out.push_str(cell);
        } else {
            out.push_str(cell);
            if at < last {
                out.extend(std::iter::repeat_n(' ', padding));
            }
        }
    }
    out.push('\n');
}

fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Text(text) => visible(text),
        Cell::Bytes(bytes) => bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
        other => {
            let mut text = String::new();
            plain(&mut text, other);
            text
        }
    }
}

fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Direction overrides reorder what stands beside them.
            other if other.is_control() || matches!(other, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out
}
