//! Reading a row of a catalog query, column by column.

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

    /// A boolean.
    pub(super) fn flag(&mut self) -> bool {
        self.text().as_deref() == Some("t")
    }

    /// A count or size; none if it is negative, which is how "not known" is written.
    pub(super) fn count(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// A JSON array of names.
    pub(super) fn names(&mut self) -> Result<Vec<String>, Error> {
        let json = self.text().unwrap_or_else(|| "[]".to_owned());
        let names: Vec<Option<String>> =
            serde_json::from_str(&json).map_err(|error| Error::new(ErrorKind::Protocol, format!("a list of names: {error}")))?;
        Ok(names.into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// Reads every row.
pub(super) fn all<T>(rows: Vec<Vec<Option<String>>>, read: impl Fn(&mut Row) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    rows.into_iter().map(|columns| read(&mut Row::new(columns))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_turn() {
        let text = |text: &str| Some(text.to_owned());
        let mut row = Row::new(vec![text("a"), None, text("t"), text("-1"), text("7"), text(r#"["x\"y", "z"]"#), None]);
        assert_eq!(row.need().unwrap(), "a");
        assert_eq!(row.text(), None);
        assert!(row.flag());
        assert_eq!(row.count(), None);
        assert_eq!(row.count(), Some(7));
        assert_eq!(row.names().unwrap(), ["x\"y", "z"]);
        assert!(row.names().unwrap().is_empty());
        assert!(row.need().is_err());
    }
}
