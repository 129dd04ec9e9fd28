//! Reading a row of a catalog query, column by column.

use crate::session::Rows;
use bulkhead_driver::{Error, ErrorKind};

/// A row whose columns are taken from left to right.
#[derive(Debug)]
pub(super) struct Row(std::vec::IntoIter<Option<String>>);

impl Row {
    pub(super) fn new(columns: Vec<Option<String>>) -> Self {
        Self(columns.into_iter())
    }

    /// The next column. None: NULL.
    pub(super) fn text(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// One that isn't NULL.
    pub(super) fn need(&mut self) -> Result<String, Error> {
        self.text().ok_or_else(|| Error::new(ErrorKind::Protocol, "a catalog's row is incomplete"))
    }

    /// A bit.
    pub(super) fn flag(&mut self) -> bool {
        self.text().as_deref() == Some("1")
    }

    /// A count or size.
    pub(super) fn count(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// A small number; 0 for NULL.
    pub(super) fn number(&mut self) -> i32 {
        self.text().and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// Reads every row of a result. None: there was no such result.
pub(super) fn all<T>(rows: Option<Rows>, read: impl Fn(&mut Row) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let rows = rows.ok_or_else(|| Error::new(ErrorKind::Protocol, "a catalog query gave no result"))?;
    rows.into_iter().map(|columns| read(&mut Row::new(columns))).collect()
}

/// A LIKE pattern of `%` and `_` as T-SQL has it, where a bracket opens a set.
pub(super) fn pattern(like: &str) -> String {
    like.replace('[', "[[]")
}
