//! The values of one column in one batch, in the contract's layout.

use bulkhead_driver::{ColumnData, ColumnKind, Values, Varying};
use std::io::Write;

/// Values collected so far.
#[derive(Default)]
pub(super) struct Buffer {
    rows: usize,
    /// Which rows are NULL.
    nulls: Vec<usize>,
    values: Stored,
}

#[derive(Default)]
enum Stored {
    /// Only NULLs so far, and no kind to say what else could come.
    #[default]
    Undecided,
    Int64s(Vec<i64>),
    Float64s(Vec<f64>),
    Text(Ends),
    Bytes(Ends),
    Mixed(Ends),
}

/// Values end to end.
#[derive(Default)]
struct Ends {
    /// 0, then where each value ends; empty as long as there is none. A batch is far below 4 GiB: SQLite's own memory is.
    offsets: Vec<u32>,
    data: Vec<u8>,
}

impl Buffer {
    /// An empty one, for values of a kind.
    pub(super) fn of(kind: ColumnKind) -> Self {
        let values = match kind {
            ColumnKind::Int64 => Stored::Int64s(Vec::new()),
            ColumnKind::Float64 => Stored::Float64s(Vec::new()),
            ColumnKind::Text => Stored::Text(Ends::default()),
            ColumnKind::Bytes => Stored::Bytes(Ends::default()),
            _ => Stored::Mixed(Ends::default()),
        };
        Self { values, ..Self::default() }
    }

    #[inline]
    pub(super) fn push_int64(&mut self, value: i64) -> usize {
        self.rows += 1;
        match &mut self.values {
            Stored::Int64s(values) => values.push(value),
            Stored::Mixed(ends) => ends.push_int64(value),
            _ => {
                self.widen(|nulls| Stored::Int64s(vec![0; nulls]));
                return self.push_int64(value);
            }
        }
        size_of::<i64>()
    }

    #[inline]
    pub(super) fn push_float64(&mut self, value: f64) -> usize {
        self.rows += 1;
        match &mut self.values {
            Stored::Float64s(values) => values.push(value),
            Stored::Mixed(ends) => ends.push_float64(value),
            _ => {
                self.widen(|nulls| Stored::Float64s(vec![0.0; nulls]));
                return self.push_float64(value);
            }
        }
        size_of::<f64>()
    }

    #[inline]
    pub(super) fn push_text(&mut self, value: &[u8]) -> usize {
        self.rows += 1;
        match &mut self.values {
            Stored::Text(ends) => ends.push(value),
            Stored::Mixed(ends) => ends.push_tagged(text_tag(value), value),
            _ => {
                self.widen(|nulls| Stored::Text(Ends::empty(nulls)));
                return self.push_text(value);
            }
        }
        value.len()
    }

    #[inline]
    pub(super) fn push_blob(&mut self, value: &[u8]) -> usize {
        self.rows += 1;
        match &mut self.values {
            Stored::Bytes(ends) => ends.push(value),
            Stored::Mixed(ends) => ends.push_tagged(b'x', value),
            _ => {
                self.widen(|nulls| Stored::Bytes(Ends::empty(nulls)));
                return self.push_blob(value);
            }
        }
        value.len()
    }

    #[inline]
    pub(super) fn push_null(&mut self) -> usize {
        self.nulls.push(self.rows);
        self.rows += 1;
        match &mut self.values {
            Stored::Undecided => {}
            Stored::Int64s(values) => values.push(0),
            Stored::Float64s(values) => values.push(0.0),
            Stored::Text(ends) | Stored::Bytes(ends) | Stored::Mixed(ends) => ends.push(&[]),
        }
        1
    }

    /// Takes the last value back.
    pub(super) fn pop(&mut self) {
        self.rows = self.rows.saturating_sub(1);
        self.nulls.pop_if(|row| *row == self.rows);
        match &mut self.values {
            Stored::Undecided => {}
            Stored::Int64s(values) => drop(values.pop()),
            Stored::Float64s(values) => drop(values.pop()),
            Stored::Text(ends) | Stored::Bytes(ends) | Stored::Mixed(ends) => ends.pop(),
        }
    }

    /// The column as the contract has it, for the kind that it was announced with; and whether it held text that isn't UTF-8.
    pub(super) fn finish(mut self, kind: ColumnKind) -> (ColumnData, bool) {
        if matches!(self.values, Stored::Undecided) {
            self.values = Self::of(kind).values;
            for _ in 0..self.rows {
                match &mut self.values {
                    Stored::Int64s(values) => values.push(0),
                    Stored::Float64s(values) => values.push(0.0),
                    Stored::Text(ends) | Stored::Bytes(ends) | Stored::Mixed(ends) => ends.push(&[]),
                    Stored::Undecided => {}
                }
            }
        }
        let mut not_utf8 = false;
        if let Stored::Text(ends) = &self.values
            && !ends.is_utf8()
        {
            not_utf8 = true;
            self.mix();
        }
        let validity = self.validity();
        let values = match self.values {
            Stored::Undecided => Values::Varying(Ends::default().varying()),
            Stored::Int64s(values) => Values::Int64s(values),
            Stored::Float64s(values) => Values::Float64s(values),
            Stored::Text(ends) | Stored::Bytes(ends) => Values::Varying(ends.varying()),
            Stored::Mixed(ends) => Values::Mixed(ends.varying()),
        };
        (ColumnData { validity, values }, not_utf8)
    }

    /// Makes room for a value of a class: the first one decides the layout, any other turns it into `mixed`.
    #[cold]
    fn widen(&mut self, first: impl FnOnce(usize) -> Stored) {
        // The row of the value in hand is counted, but not stored yet.
        self.rows -= 1;
        if matches!(self.values, Stored::Undecided) {
            self.values = first(self.rows);
        } else {
            self.mix();
        }
    }

    fn mix(&mut self) {
        let nulls = &self.nulls;
        let is_null = |row: &usize| nulls.binary_search(row).is_ok();
        let mut mixed = Ends::default();
        match &self.values {
            Stored::Undecided | Stored::Mixed(_) => return,
            Stored::Int64s(values) => {
                for (row, value) in values.iter().enumerate() {
                    if is_null(&row) { mixed.push(&[]) } else { mixed.push_int64(*value) }
                }
            }
            Stored::Float64s(values) => {
                for (row, value) in values.iter().enumerate() {
                    if is_null(&row) { mixed.push(&[]) } else { mixed.push_float64(*value) }
                }
            }
            Stored::Text(ends) => {
                for (row, value) in ends.values().enumerate() {
                    if is_null(&row) { mixed.push(&[]) } else { mixed.push_tagged(text_tag(value), value) }
                }
            }
            Stored::Bytes(ends) => {
                for (row, value) in ends.values().enumerate() {
                    if is_null(&row) { mixed.push(&[]) } else { mixed.push_tagged(b'x', value) }
                }
            }
        }
        self.values = Stored::Mixed(mixed);
    }

    fn validity(&self) -> Option<Vec<u8>> {
        if self.nulls.is_empty() {
            return None;
        }
        let mut bits = vec![0xff; self.rows.div_ceil(8)];
        for row in &self.nulls {
            if let Some(byte) = bits.get_mut(row / 8) {
                *byte &= !(1 << (row % 8));
            }
        }
        Some(bits)
    }
}

/// Text that isn't UTF-8 goes out as the bytes it is.
fn text_tag(value: &[u8]) -> u8 {
    if std::str::from_utf8(value).is_ok() { b't' } else { b'x' }
}

impl Ends {
    fn empty(rows: usize) -> Self {
        Self { offsets: vec![0; rows + 1], data: Vec::new() }
    }

    #[inline]
    fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.end();
    }

    #[inline]
    fn end(&mut self) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self.offsets.push(u32::try_from(self.data.len()).unwrap_or(u32::MAX));
    }

    fn pop(&mut self) {
        self.offsets.pop();
        self.data.truncate(self.offsets.last().map_or(0, |end| index(*end)));
    }

    fn push_tagged(&mut self, tag: u8, value: &[u8]) {
        self.data.push(tag);
        self.push(value);
    }

    fn push_int64(&mut self, value: i64) {
        // Writing to a vector doesn't fail.
        let _ = write!(self.data, "i{value}");
        self.end();
    }

    fn push_float64(&mut self, value: f64) {
        let _ = if value.is_infinite() {
            write!(self.data, "f{}Infinity", if value < 0.0 { "-" } else { "" })
        } else {
            write!(self.data, "f{value:?}")
        };
        self.end();
    }

    fn values(&self) -> impl Iterator<Item = &[u8]> {
        let starts = self.offsets.iter().map(|at| index(*at));
        let ends = starts.clone().skip(1);
        starts.zip(ends).map(|(start, end)| self.data.get(start..end).unwrap_or_default())
    }

    /// Whether each value is UTF-8: all of them together are, and none ends inside a character.
    fn is_utf8(&self) -> bool {
        let Ok(text) = std::str::from_utf8(&self.data) else { return false };
        text.is_ascii() || self.offsets.iter().all(|at| text.is_char_boundary(index(*at)))
    }

    fn varying(mut self) -> Varying {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        Varying { offsets: self.offsets, data: self.data }
    }
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn mixed(data: &ColumnData) -> Vec<Vec<u8>> {
        let Values::Mixed(varying) = &data.values else { panic!("not mixed: {data:?}") };
        varying.offsets.windows(2).map(|pair| varying.data[pair[0] as usize..pair[1] as usize].to_vec()).collect()
    }

    #[test]
    fn one_class_keeps_its_layout() {
        let mut buffer = Buffer::default();
        buffer.push_null();
        buffer.push_int64(7);
        buffer.push_null();
        let (data, _) = buffer.finish(ColumnKind::Int64);
        assert!(matches!(&data.values, Values::Int64s(values) if *values == [0, 7, 0]));
        assert_eq!(data.validity.unwrap(), [0b1111_1010]);
    }

    #[test]
    fn several_classes_are_mixed() {
        let mut buffer = Buffer::of(ColumnKind::Int64);
        buffer.push_int64(i64::MIN);
        buffer.push_null();
        buffer.push_float64(-1e300);
        buffer.push_text("é".as_bytes());
        buffer.push_blob(&[0xff]);
        buffer.push_float64(f64::NEG_INFINITY);
        buffer.push_float64(0.1);
        let (data, not_utf8) = buffer.finish(ColumnKind::Int64);
        let wanted: [&[u8]; 7] = [b"i-9223372036854775808", b"", b"f-1e300", "té".as_bytes(), b"x\xff", b"f-Infinity", b"f0.1"];
        assert_eq!(mixed(&data), wanted);
        assert!(!not_utf8);
    }

    #[test]
    fn text_that_is_not_utf8_goes_out_as_bytes() {
        let mut buffer = Buffer::of(ColumnKind::Text);
        buffer.push_text(b"good");
        buffer.push_text(b"\xff\xfe");
        let (data, not_utf8) = buffer.finish(ColumnKind::Text);
        assert!(not_utf8);
        let wanted: [&[u8]; 2] = [b"tgood", b"x\xff\xfe"];
        assert_eq!(mixed(&data), wanted);
        // Halves of a character in two values make one together, but neither is text.
        let mut buffer = Buffer::of(ColumnKind::Text);
        buffer.push_text(b"\xc3");
        buffer.push_text(b"\xa9");
        assert!(buffer.finish(ColumnKind::Text).1);
    }

    #[test]
    fn only_nulls_have_the_kind_they_were_given() {
        for kind in [ColumnKind::Int64, ColumnKind::Float64, ColumnKind::Text, ColumnKind::Bytes, ColumnKind::Other] {
            let mut buffer = Buffer::default();
            buffer.push_null();
            let (data, _) = buffer.finish(kind);
            assert_eq!(data.validity.as_deref(), Some(&[0b1111_1110_u8][..]), "{kind:?}");
        }
    }
}
