//! CSV after RFC 4180, with a line feed as the line's end. NULL is an empty field, an empty text is `""`.

use super::plain::plain;
use crate::batch::Cell;
use crate::database::ResultSet;

/// Writes a header and all rows of a result set.
pub fn csv(out: &mut String, set: &ResultSet) {
    for (at, column) in set.columns.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        field(out, &column.name);
    }
    out.push('\n');
    for batch in &set.batches {
        for row in 0..batch.rows() {
            for (at, data) in batch.columns().iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                match data.cell(row) {
                    Cell::Text(text) => field(out, text),
                    other => plain(out, other),
                }
            }
            out.push('\n');
        }
    }
}

fn field(out: &mut String, text: &str) {
    if !text.is_empty() && !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.push_str(text);
        return;
    }
    out.push('"');
    let mut parts = text.split('"');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("\"\"");
        out.push_str(part);
    }
    out.push('"');
}
