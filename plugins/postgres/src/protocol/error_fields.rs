//! The fields of an ErrorResponse or a NoticeResponse.

use super::{Malformed, Reader};

/// What the server said, field by field ("Error and Notice Message Fields").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorFields {
    /// `ERROR`, `FATAL`, `NOTICE`, ...: never translated where the server says it so (9.6 and later).
    pub severity: String,
    /// SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What might help.
    pub hint: Option<String>,
    /// Where in the statement, 1-based, in characters.
    pub position: Option<u32>,
    /// The call stack.
    pub context: Option<String>,
    /// The table concerned.
    pub table: Option<String>,
    /// The column concerned.
    pub column: Option<String>,
    /// The constraint concerned.
    pub constraint: Option<String>,
}

impl ErrorFields {
    /// From a message's body.
    ///
    /// # Errors
    /// If a field isn't terminated.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let mut fields = Self::default();
        loop {
            let kind = reader.u8()?;
            if kind == 0 {
                return Ok(fields);
            }
            let text = reader.text()?;
            match kind {
                // `S` comes first and may be translated; `V` says the same in English.
                b'S' | b'V' => fields.severity = text,
                b'C' => fields.code = text,
                b'M' => fields.message = text,
                b'D' => fields.detail = Some(text),
                b'H' => fields.hint = Some(text),
                b'P' => fields.position = text.parse().ok(),
                b'W' => fields.context = Some(text),
                b't' => fields.table = Some(text),
                b'c' => fields.column = Some(text),
                b'n' => fields.constraint = Some(text),
                _ => {}
            }
        }
    }

    /// The server closes the connection after it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_unknown_ones_passed_over() {
        let fields = ErrorFields::parse(b"SFEHLER\0VERROR\0C42601\0Msyntax\0P8\0Xnew\0\0").unwrap();
        assert_eq!(fields.severity, "ERROR");
        assert_eq!(fields.code, "42601");
        assert_eq!(fields.position, Some(8));
    }

    #[test]
    fn a_cut_body_is_refused() {
        assert!(ErrorFields::parse(b"SERROR\0C42").is_err());
        assert!(ErrorFields::parse(b"").is_err());
    }
}
