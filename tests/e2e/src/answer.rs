//! What a tool answered, and short ways to look at it.

use serde_json::Value;

/// A tool's result, as it came over the wire.
#[derive(Debug, Clone)]
pub struct Answer {
    raw: Value,
}

impl Answer {
    /// Takes a `CallToolResult`.
    #[must_use]
    pub fn new(raw: Value) -> Answer {
        Answer { raw }
    }

    /// The whole result.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// Whether the tool failed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.raw["isError"] == true
    }

    /// The structured content.
    #[must_use]
    pub fn structured(&self) -> &Value {
        &self.raw["structuredContent"]
    }

    /// The text content, its parts joined.
    #[must_use]
    pub fn text(&self) -> String {
        let parts = self.raw["content"].as_array().into_iter().flatten();
        parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The answer, which has to be a success.
    ///
    /// # Panics
    /// If it is an error.
    #[must_use]
    pub fn ok(self) -> Answer {
        assert!(!self.is_error(), "an error: {}", self.raw);
        self
    }

    /// The structured error, which the answer has to be.
    ///
    /// # Panics
    /// If it is a success.
    #[must_use]
    pub fn error(&self) -> &Value {
        assert!(self.is_error(), "not an error: {}", self.raw);
        let structured = self.structured();
        if structured["error"].is_object() { &structured["error"] } else { structured }
    }

    /// The rows, each an array of cells.
    ///
    /// # Panics
    /// If it is an error.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<Value>> {
        assert!(!self.is_error(), "an error: {}", self.raw);
        let rows = self.structured()["rows"].as_array().unwrap_or_else(|| panic!("no rows: {}", self.raw));
        rows.iter().map(|row| row.as_array().expect("a row is an array").clone()).collect()
    }

    /// The only cell of the only row.
    ///
    /// # Panics
    /// If there isn't exactly one.
    #[must_use]
    pub fn cell(&self) -> Value {
        let rows = self.rows();
        assert!(rows.len() == 1 && rows[0].len() == 1, "not one cell: {}", self.raw);
        rows[0][0].clone()
    }

    /// The only cell's text; a number's or boolean's spelling.
    ///
    /// # Panics
    /// If there isn't exactly one cell.
    #[must_use]
    pub fn cell_text(&self) -> String {
        match self.cell() {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}
