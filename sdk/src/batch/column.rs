//! One column of a batch in the making.

use super::BatchError;
use super::buffer::{Buffer, Fault, Form};
use crate::{ColumnData, ColumnKind, Values};
use std::fmt;

/// How a column's values are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Bits.
    Booleans,
    /// 64-bit integers.
    Int64s,
    /// 64-bit floats.
    Float64s,
    /// UTF-8, end to end.
    Text,
    /// Bytes, end to end.
    Bytes,
    /// Tagged values, end to end: `values.mixed`.
    Mixed,
}

impl Layout {
    /// The layout of a kind's values.
    #[must_use]
    pub fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Boolean => Self::Booleans,
            ColumnKind::Int64 => Self::Int64s,
            ColumnKind::Float64 => Self::Float64s,
            ColumnKind::Bytes => Self::Bytes,
            _ => Self::Text,
        }
    }
}

/// One column: push one value for each row.
#[derive(Debug)]
pub struct ColumnBuilder {
    store: Store,
    /// Positions of NULLs, ascending.
    nulls: Vec<u32>,
    /// A value was pushed that the layout can't hold.
    wrong: bool,
    /// What the last batch came to, to reserve as much: values and bytes.
    before: (usize, usize),
}

#[derive(Debug)]
enum Store {
    Booleans { bits: Vec<u8>, len: usize },
    Int64s(Vec<i64>),
    Float64s(Vec<f64>),
    Varying(Buffer),
}

impl ColumnBuilder {
    /// An empty column.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let varying = |form| Store::Varying(Buffer::new(form));
        let store = match layout {
            Layout::Booleans => Store::Booleans { bits: Vec::new(), len: 0 },
            Layout::Int64s => Store::Int64s(Vec::new()),
            Layout::Float64s => Store::Float64s(Vec::new()),
            Layout::Text => varying(Form::Text),
            Layout::Bytes => varying(Form::Bytes),
            Layout::Mixed => varying(Form::Mixed),
        };
        Self { store, nulls: Vec::new(), wrong: false, before: (0, 0) }
    }

    /// A NULL, in a column of any layout.
    #[inline]
    pub fn push_null(&mut self) {
        // A position past u32 can't be: `finish` refuses a column that isn't as long as the u32 count of rows.
        self.nulls.push(u32::try_from(self.len()).unwrap_or(u32::MAX));
        match &mut self.store {
            Store::Booleans { bits, len } => push_bit(bits, len, false),
            Store::Int64s(values) => values.push(0),
            Store::Float64s(values) => values.push(0.0),
            Store::Varying(buffer) => buffer.end_value(),
        }
    }

    /// Into `Layout::Booleans`.
    #[inline]
    pub fn push_bool(&mut self, value: bool) {
        match &mut self.store {
            Store::Booleans { bits, len } => push_bit(bits, len, value),
            _ => self.push_wrong(),
        }
    }

    /// Into `Layout::Int64s`; into `Layout::Mixed` as `i`.
    #[inline]
    pub fn push_int64(&mut self, value: i64) {
        match &mut self.store {
            Store::Int64s(values) => values.push(value),
            Store::Varying(buffer) if buffer.form == Form::Mixed => {
                buffer.data.push(b'i');
                let _ = fmt::Write::write_fmt(buffer, format_args!("{value}"));
                buffer.end_value();
            }
            _ => self.push_wrong(),
        }
    }

    /// Into `Layout::Float64s`; into `Layout::Mixed` as `f`, in the fewest digits that give the same value back, with
    /// `NaN`, `Infinity` and `-Infinity` for what has no digits.
    #[inline]
    pub fn push_float64(&mut self, value: f64) {
        match &mut self.store {
            Store::Float64s(values) => values.push(value),
            Store::Varying(buffer) if buffer.form == Form::Mixed => {
                buffer.data.push(b'f');
                buffer.extend_float64(value);
                buffer.end_value();
            }
            _ => self.push_wrong(),
        }
    }

    /// Into `Layout::Text`; into `Layout::Mixed` as `t`.
    #[inline]
    pub fn push_text(&mut self, value: &str) {
        match &mut self.store {
            Store::Varying(buffer) if buffer.form != Form::Bytes => {
                if buffer.form == Form::Mixed {
                    buffer.data.push(b't');
                }
                buffer.data.extend_from_slice(value.as_bytes());
                buffer.end_value();
            }
            _ => self.push_wrong(),
        }
    }

    /// Into `Layout::Bytes`; into `Layout::Mixed` as `x`.
    #[inline]
    pub fn push_bytes(&mut self, value: &[u8]) {
        match &mut self.store {
            Store::Varying(buffer) if matches!(buffer.form, Form::Bytes | Form::Mixed) => {
                if buffer.form == Form::Mixed {
                    buffer.data.push(b'x');
                }
                buffer.data.extend_from_slice(value);
                buffer.end_value();
            }
            _ => self.push_wrong(),
        }
    }

    /// Bytes that should be UTF-8 into `Layout::Text`: `finish` checks the whole column at once, which is cheaper.
    #[inline]
    pub fn push_utf8(&mut self, value: &[u8]) {
        match &mut self.store {
            Store::Varying(buffer) if matches!(buffer.form, Form::Text | Form::TextUnchecked) => {
                buffer.form = Form::TextUnchecked;
                buffer.data.extend_from_slice(value);
                buffer.end_value();
            }
            _ => self.push_wrong(),
        }
    }

    /// A value that `write` spells out in place, into `Layout::Text` or `Layout::Bytes`.
    ///
    /// # Errors
    /// Whatever `write` answers; the value is then a NULL.
    #[inline]
    pub fn push_with<E>(&mut self, write: impl FnOnce(&mut Buffer) -> Result<(), E>) -> Result<(), E> {
        match &mut self.store {
            Store::Varying(buffer) if buffer.form != Form::Mixed => {
                let start = buffer.data.len();
                let written = write(buffer);
                if written.is_err() {
                    buffer.data.truncate(start);
                    self.push_null();
                } else {
                    buffer.end_value();
                }
                written
            }
            _ => {
                self.push_wrong();
                Ok(())
            }
        }
    }

    /// Values so far, with NULLs.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.store {
            Store::Booleans { len, .. } => *len,
            Store::Int64s(values) => values.len(),
            Store::Float64s(values) => values.len(),
            Store::Varying(buffer) => buffer.offsets.len().saturating_sub(1),
        }
    }

    /// True if there is no value yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of values so far, offsets included.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.store {
            Store::Booleans { bits, .. } => bits.len(),
            Store::Int64s(values) => values.len().saturating_mul(8),
            Store::Float64s(values) => values.len().saturating_mul(8),
            Store::Varying(buffer) => buffer.data.len().saturating_add(buffer.offsets.len().saturating_mul(4)),
        }
    }

    #[cold]
    fn push_wrong(&mut self) {
        self.wrong = true;
        self.push_null();
    }

    /// Makes room for as much as the last batch held.
    pub(super) fn reserve_as_before(&mut self) {
        let (values, bytes) = self.before;
        match &mut self.store {
            Store::Booleans { bits, .. } => bits.reserve(values.div_ceil(8)),
            Store::Int64s(into) => into.reserve(values),
            Store::Float64s(into) => into.reserve(values),
            Store::Varying(buffer) => {
                buffer.offsets.reserve(values);
                buffer.data.reserve(bytes);
            }
        }
    }

    /// Takes what was pushed, and leaves the column empty.
    pub(super) fn finish(&mut self, column: usize, rows: u32) -> Result<ColumnData, BatchError> {
        let len = self.len();
        let nulls = std::mem::take(&mut self.nulls);
        let wrong = std::mem::take(&mut self.wrong);
        let bytes = if let Store::Varying(buffer) = &self.store { buffer.data.len() } else { 0 };
        self.before = (len, bytes);
        let values = self.store.take().map_err(|fault| fault.in_column(column))?;
        if wrong {
            return Err(BatchError::WrongLayout { column });
        }
        if usize::try_from(rows) != Ok(len) {
            return Err(BatchError::Ragged { column, values: len, rows });
        }
        Ok(ColumnData { validity: validity(&nulls, len), values })
    }
}

impl Store {
    fn take(&mut self) -> Result<Values, Fault> {
        Ok(match self {
            Self::Booleans { bits, len } => {
                *len = 0;
                Values::Booleans(std::mem::take(bits))
            }
            Self::Int64s(values) => Values::Int64s(std::mem::take(values)),
            Self::Float64s(values) => Values::Float64s(std::mem::take(values)),
            Self::Varying(buffer) => {
                let form = buffer.form;
                let varying = buffer.take()?;
                if form == Form::Mixed { Values::Mixed(varying) } else { Values::Varying(varying) }
            }
        })
    }
}

#[inline]
fn push_bit(bits: &mut Vec<u8>, len: &mut usize, value: bool) {
    let bit = u8::from(value) << (*len % 8);
    if len.is_multiple_of(8) {
        bits.push(bit);
    } else if let Some(last) = bits.last_mut() {
        *last |= bit;
    }
    *len += 1;
}

/// The bitmap: ones but for the NULLs, and zeros past the end. None if there is no NULL.
fn validity(nulls: &[u32], len: usize) -> Option<Vec<u8>> {
    if nulls.is_empty() {
        return None;
    }
    let mut bits = vec![0xff_u8; len.div_ceil(8)];
    if let Some(last) = bits.last_mut().filter(|_| !len.is_multiple_of(8)) {
        *last = (1 << (len % 8)) - 1;
    }
    for &position in nulls {
        let byte = usize::try_from(position / 8).ok().and_then(|byte| bits.get_mut(byte));
        if let Some(byte) = byte {
            *byte &= !(1 << (position % 8));
        }
    }
    Some(bits)
}
