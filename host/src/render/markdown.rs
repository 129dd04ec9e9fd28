//! A Markdown table. Text that would break a row or its formatting is escaped: the reader sees the value, not markup.

use super::plain::plain;
use crate::batch::Cell;
use crate::database::ResultSet;

/// Writes a header and all rows of a result set.
pub fn markdown(out: &mut String, set: &ResultSet) {
    if set.columns.is_empty() {
        return;
    }
    out.push('|');
    for column in &set.columns {
        out.push(' ');
        escaped(out, &column.name);
        out.push_str(" |");
    }
    out.push_str("\n|");
    for column in &set.columns {
        out.push_str(if super::terminal::is_numeric(column.kind) { " ---: |" } else { " --- |" });
    }
    out.push('\n');
    for batch in &set.batches {
        for row in 0..batch.rows() {
            out.push('|');
            for data in batch.columns() {
                out.push(' ');
                match data.cell(row) {
                    Cell::Null => out.push_str("NULL"),
                    Cell::Text(text) => escaped(out, text),
                    other => plain(out, other),
                }
                out.push_str(" |");
            }
            out.push('\n');
        }
    }
}

fn escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '|' => out.push_str("\\|"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("<br>"),
            '\r' => {}
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '`' | '*' | '_' | '[' | ']' | '~' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
}
