//! Rows of the catalogs, read from left to right.

use bulkhead_driver::{Error, ErrorKind};

/// What is left of a row.
pub(super) struct Row(std::vec::IntoIter<Option<String>>);

impl Row {
    /// The next column.
    pub(super) fn text(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// The next column, which can't be NULL.
    pub(super) fn need(&mut self) -> Result<String, Error> {
        self.text().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server left out a name in its catalogs"))
    }

    /// The next column as a boolean: of either engine.
    pub(super) fn flag(&mut self) -> bool {
        self.text().is_some_and(|text| matches!(text.as_str(), "true" | "t" | "1" | "YES" | "ON" | "on"))
    }

    /// The next column as a count.
    pub(super) fn count(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }
}

/// Reads every row.
pub(super) fn all<T>(
    rows: Vec<Vec<Option<String>>>,
    mut read: impl FnMut(&mut Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    rows.into_iter().map(|row| read(&mut Row(row.into_iter()))).collect()
}
