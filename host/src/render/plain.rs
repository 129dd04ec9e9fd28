//! Values without JSON's clothes: for CSV, Markdown and the terminal.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::batch::Cell;

/// Writes a value; nothing for NULL.
pub(super) fn plain(out: &mut String, cell: Cell<'_>) {
    match cell {
        Cell::Null => {}
        Cell::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
        Cell::Int64(value) => out.push_str(itoa::Buffer::new().format(value)),
        Cell::Float64(value) if value.is_finite() => out.push_str(zmij::Buffer::new().format_finite(value)),
        Cell::Float64(value) => out.push_str(not_finite(value)),
        Cell::Text(text) => out.push_str(text),
        Cell::Bytes(bytes) => BASE64_STANDARD.encode_string(bytes, out),
    }
}

/// What there is no number for.
pub(super) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
