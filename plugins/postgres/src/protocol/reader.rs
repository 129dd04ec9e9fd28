//! Reading a message's body from front to back.

use super::Malformed;

/// What is left of a body.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

const SHORT: Malformed = Malformed("a message is shorter than its fields");

impl<'a> Reader<'a> {
    /// From the body's start.
    #[must_use]
    pub fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    /// One byte.
    ///
    /// # Errors
    /// If the body ends before; so with all of these.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        let ([byte], rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A 16-bit integer.
    #[inline]
    pub fn i16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    /// A 16-bit count.
    #[inline]
    pub fn count(&mut self) -> Result<usize, Malformed> {
        // The protocol's own counts are signed, but a row's may not be negative: taken as unsigned, as the server does.
        self.array().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
    }

    /// A 32-bit integer.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    /// A 32-bit unsigned integer: an OID.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// So many bytes, as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// So many bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A value with its length before it. None: NULL.
    #[inline]
    pub fn value(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.i32()? {
            -1 => Ok(None),
            len => self.take(usize::try_from(len).map_err(|_| Malformed("a value has a negative length"))?).map(Some),
        }
    }

    /// A zero-terminated string, without the zero.
    pub fn cstr(&mut self) -> Result<&'a [u8], Malformed> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(Malformed("a string isn't terminated"))?;
        let text = self.take(end)?;
        self.take(1)?;
        Ok(text)
    }

    /// A zero-terminated string as text. What isn't UTF-8 is replaced: these are names and messages, not values.
    pub fn text(&mut self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(self.cstr()?).into_owned())
    }

    /// All that is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// True at the body's end.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
