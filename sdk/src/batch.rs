//! Building batches: values go in row by row or column by column, and what comes out has the layout of
//! `wit/types.wit`, or an error comes out in its place.
//!
//! Pushing is the hot path, so it only appends: NULLs are remembered by their positions and become a bitmap at the end;
//! text is checked for UTF-8 at the end, over a column at a time, and only where raw bytes were pushed; a value pushed
//! where it doesn't fit leaves a mark that `finish` turns into the error.

mod buffer;
mod column;

pub use buffer::Buffer;
pub use column::{ColumnBuilder, Layout};

use crate::Batch;
use std::fmt;

/// Collects rows into batches, one after the other.
///
/// ```
/// use bulkhead_driver::{BatchBuilder, Layout};
///
/// let mut builder = BatchBuilder::new([Layout::Int64s, Layout::Text]);
/// if let [id, name] = builder.columns_mut() {
///     id.push_int64(1);
///     name.push_text("Ada");
/// }
/// builder.end_row();
/// let batch = builder.finish()?;
/// assert_eq!(batch.rows, 1);
/// # Ok::<(), bulkhead_driver::BatchError>(())
/// ```
#[derive(Debug)]
pub struct BatchBuilder {
    columns: Vec<ColumnBuilder>,
    rows: u32,
}

impl BatchBuilder {
    /// An empty batch of columns of these layouts (`Layout::of(kind)`).
    pub fn new(layouts: impl IntoIterator<Item = Layout>) -> Self {
        Self { columns: layouts.into_iter().map(ColumnBuilder::new).collect(), rows: 0 }
    }

    /// The columns, to push the values of one row into.
    #[inline]
    pub fn columns_mut(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// Ends a row: every column has had one value more.
    #[inline]
    pub fn end_row(&mut self) {
        self.rows = self.rows.saturating_add(1);
        if self.rows == 1 {
            for column in &mut self.columns {
                column.reserve_as_before();
            }
        }
    }

    /// Rows ended so far.
    #[inline]
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// True if no row was ended yet.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes of values so far.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(ColumnBuilder::bytes).sum()
    }

    /// The batch of the rows so far; the builder is empty again afterwards, and remembers how large this one was.
    ///
    /// # Errors
    /// If a value was pushed into a column of another layout, text wasn't UTF-8, a column is longer or shorter than the
    /// others, or one holds more than 4 GiB. The rows are lost.
    pub fn finish(&mut self) -> Result<Batch, BatchError> {
        let rows = std::mem::take(&mut self.rows);
        let mut failed = None;
        let mut columns = Vec::with_capacity(self.columns.len());
        for (index, column) in self.columns.iter_mut().enumerate() {
            // Every column is emptied, also after a failure: the next batch starts clean.
            match column.finish(index, rows) {
                Ok(data) => columns.push(data),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(Batch { rows, columns }),
        }
    }
}

/// Why there is no batch. Columns are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// A value of another layout than the column's.
    WrongLayout {
        /// Which column.
        column: usize,
    },
    /// The column hasn't one value for each row.
    Ragged {
        /// Which column.
        column: usize,
        /// The values it has.
        values: usize,
        /// The rows it should have.
        rows: u32,
    },
    /// Text that isn't UTF-8.
    NotUtf8 {
        /// Which column.
        column: usize,
    },
    /// More bytes than an offset can name.
    TooLarge {
        /// Which column.
        column: usize,
    },
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongLayout { column } => write!(f, "a value was pushed into column {column}, whose layout is another"),
            Self::Ragged { column, values, rows } => write!(f, "column {column} has {values} values for {rows} rows"),
            Self::NotUtf8 { column } => {
                write!(f, "column {column} holds text that is not valid UTF-8")
            }
            Self::TooLarge { column } => {
                write!(f, "column {column} holds more than 4 GiB in one batch")
            }
        }
    }
}

impl std::error::Error for BatchError {}
