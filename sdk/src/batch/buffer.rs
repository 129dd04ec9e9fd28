//! The bytes of a column whose values vary in length.

use super::BatchError;
use crate::Varying;
use std::fmt;

/// The bytes of a column of varying length: append-only, so that what was pushed before can't be changed.
#[derive(Debug)]
pub struct Buffer {
    /// rows + 1 of them, the first 0.
    pub(super) offsets: Vec<u32>,
    pub(super) data: Vec<u8>,
    pub(super) form: Form,
}

/// What is to be checked at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Only `&str` was pushed.
    Text,
    /// Bytes were pushed that should be UTF-8.
    TextUnchecked,
    Bytes,
    Mixed,
}

impl Buffer {
    pub(super) fn new(form: Form) -> Self {
        Self { offsets: vec![0], data: Vec::new(), form }
    }

    /// Appends text to the value being written.
    #[inline]
    pub fn extend_text(&mut self, text: &str) {
        self.data.extend_from_slice(text.as_bytes());
    }

    /// Appends bytes; in a column of text they are checked at the end.
    #[inline]
    pub fn extend_utf8(&mut self, bytes: &[u8]) {
        if self.form == Form::Text {
            self.form = Form::TextUnchecked;
        }
        self.data.extend_from_slice(bytes);
    }

    /// Appends one ASCII character (anything else is replaced by `?`).
    #[inline]
    pub fn push_ascii(&mut self, byte: u8) {
        self.data.push(if byte.is_ascii() { byte } else { b'?' });
    }

    /// Appends a float in the fewest digits that give the same value back.
    pub fn extend_float64(&mut self, value: f64) {
        if value.is_nan() {
            self.extend_text("NaN");
        } else if value.is_infinite() {
            self.extend_text(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else {
            // Debug and not Display: it uses an exponent for the very large and small.
            let _ = fmt::Write::write_fmt(self, format_args!("{value:?}"));
        }
    }

    /// Remembers where the value ends. An end past u32 is caught by `take`, from the whole length.
    #[inline]
    pub(super) fn end_value(&mut self) {
        self.offsets.push(u32::try_from(self.data.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn take(&mut self) -> Result<Varying, Fault> {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let data = std::mem::take(&mut self.data);
        if u32::try_from(data.len()).is_err() {
            return Err(Fault::TooLarge);
        }
        if self.form == Form::TextUnchecked {
            self.form = Form::Text;
            check_utf8(&offsets, &data)?;
        }
        Ok(Varying { offsets, data })
    }
}

impl fmt::Write for Buffer {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend_text(text);
        Ok(())
    }
}

/// The whole is UTF-8, and no value begins inside a character.
fn check_utf8(offsets: &[u32], data: &[u8]) -> Result<(), Fault> {
    let text = std::str::from_utf8(data).map_err(|_| Fault::NotUtf8)?;
    if text.is_ascii() {
        return Ok(());
    }
    let whole = offsets.iter().all(|offset| usize::try_from(*offset).is_ok_and(|offset| text.is_char_boundary(offset)));
    if whole { Ok(()) } else { Err(Fault::NotUtf8) }
}

/// What is wrong with a column of varying length.
pub(super) enum Fault {
    NotUtf8,
    TooLarge,
}

impl Fault {
    pub(super) fn in_column(self, column: usize) -> BatchError {
        match self {
            Self::NotUtf8 => BatchError::NotUtf8 { column },
            Self::TooLarge => BatchError::TooLarge { column },
        }
    }
}
