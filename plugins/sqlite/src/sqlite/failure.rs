//! What SQLite says when something fails.

/// A result code that isn't success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The extended result code.
    pub(crate) code: i32,
    /// SQLite's message, in English.
    pub(crate) message: String,
    /// The byte of the statement's text that it is about.
    pub(crate) offset: Option<usize>,
}

impl Failure {
    /// The primary result code: the extended code's low byte.
    pub(crate) fn primary(&self) -> i32 {
        self.code & 0xff
    }
}
