//! One result column: which kind it has, and its values batch by batch.
//!
//! SQLite's columns hold values of any storage class. A column of one class goes out in that class's own layout; the first
//! value that doesn't fit turns the batch's column into `mixed`, in which each value says what it is.

mod affinity;
mod values;

use crate::sqlite::{Described, Statement, StorageClass};
use bulkhead_driver::{Column, ColumnData, ColumnKind};
use std::rc::Rc;
use values::Buffer;

/// A column of an open result.
pub(crate) struct ResultColumn {
    described: Rc<[Described]>,
    index: usize,
    /// None until the first batch has been seen, for a column whose declaration doesn't say.
    kind: Option<ColumnKind>,
    classes: Classes,
    buffer: Buffer,
    not_utf8: bool,
}

/// The storage classes seen so far, NULL aside.
#[derive(Debug, Clone, Copy, Default)]
struct Classes {
    integer: bool,
    real: bool,
    text: bool,
    blob: bool,
}

impl ResultColumn {
    /// The columns of a statement that has been stepped once: a change of the schema may have changed them until then.
    pub(crate) fn of(statement: &mut Statement) -> Vec<Self> {
        let described = statement.columns();
        described
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let kind = column.declared.as_deref().and_then(affinity::kind);
                Self {
                    described: Rc::clone(&described),
                    index,
                    kind,
                    classes: Classes::default(),
                    buffer: kind.map_or_else(Buffer::default, Buffer::of),
                    not_utf8: false,
                }
            })
            .collect()
    }

    /// Takes the current row's value; gives its size in bytes.
    #[inline]
    pub(crate) fn push(&mut self, statement: &Statement) -> usize {
        let index = self.index;
        match statement.storage_class(index) {
            StorageClass::Integer => {
                self.classes.integer = true;
                self.buffer.push_int64(statement.int64(index))
            }
            StorageClass::Real => {
                self.classes.real = true;
                self.buffer.push_float64(statement.float64(index))
            }
            StorageClass::Text => {
                self.classes.text = true;
                self.buffer.push_text(statement.text(index))
            }
            StorageClass::Blob => {
                self.classes.blob = true;
                self.buffer.push_blob(statement.blob(index))
            }
            StorageClass::Null => self.buffer.push_null(),
        }
    }

    /// Takes the last value back.
    pub(crate) fn pop(&mut self) {
        self.buffer.pop();
    }

    /// Ends the first batch: from here on the kind is fixed.
    pub(crate) fn settle(&mut self) {
        if self.kind.is_none() {
            self.kind = Some(self.classes.kind());
        }
    }

    /// How the column is announced, once it is settled.
    pub(crate) fn announce(&self) -> Column {
        let described = self.described.get(self.index);
        let declared = described.and_then(|column| column.declared.as_deref());
        Column {
            name: self.name().to_owned(),
            kind: self.kind.unwrap_or(ColumnKind::Text),
            native_type: declared.unwrap_or_else(|| self.classes.name()).to_owned(),
            // An outer join's columns can be NULL whatever their declaration says.
            nullable: None,
        }
    }

    /// The batch's values; the next batch begins.
    pub(crate) fn finish(&mut self) -> ColumnData {
        let kind = self.kind.unwrap_or(ColumnKind::Text);
        let next = Buffer::of(kind);
        let (data, not_utf8) = std::mem::replace(&mut self.buffer, next).finish(kind);
        self.not_utf8 |= not_utf8;
        data
    }

    fn name(&self) -> &str {
        self.described.get(self.index).map_or("", |column| &column.name)
    }

    /// The column's name, if it held text that isn't UTF-8.
    pub(crate) fn name_if_not_utf8(&self) -> Option<&str> {
        self.not_utf8.then(|| self.name())
    }
}

impl Classes {
    fn kind(self) -> ColumnKind {
        match (self.integer, self.real, self.text, self.blob) {
            (true, false, false, false) => ColumnKind::Int64,
            (_, true, false, false) => ColumnKind::Float64,
            (false, false, _, false) => ColumnKind::Text,
            (false, false, false, true) => ColumnKind::Bytes,
            _ => ColumnKind::Other,
        }
    }

    fn name(self) -> &'static str {
        match (self.integer, self.real, self.text, self.blob) {
            (false, false, false, false) => "NULL",
            (true, false, false, false) => "INTEGER",
            (false, true, false, false) => "REAL",
            (false, false, true, false) => "TEXT",
            (false, false, false, true) => "BLOB",
            _ => "ANY",
        }
    }
}
