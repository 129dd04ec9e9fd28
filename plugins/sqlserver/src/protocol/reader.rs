//! Reading from front to back, in little-endian order.

use super::{Stop, utf16};

/// What is left of some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// From the start.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    #[inline]
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// So many bytes, as an array.
    ///
    /// # Errors
    /// If the bytes end before; so with all of these.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let array = self.rest().first_chunk::<N>().ok_or(Stop::Short)?;
        self.at += N;
        Ok(*array)
    }

    /// So many bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let bytes = self.rest().get(..len).ok_or(Stop::Short)?;
        self.at += len;
        Ok(bytes)
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Stop> {
        self.array().map(u8::from_le_bytes)
    }

    /// 16 bits.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_le_bytes)
    }

    /// 32 bits.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    /// 32 bits with a sign.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, Stop> {
        self.array().map(i32::from_le_bytes)
    }

    /// 64 bits.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    /// Text with its length in characters before it, as a byte (`B_VARCHAR`). Names and messages: what isn't UTF-16 is replaced.
    pub fn short_text(&mut self) -> Result<String, Stop> {
        let characters = usize::from(self.u8()?);
        self.characters(characters)
    }

    /// The same with 16 bits of length (`US_VARCHAR`).
    pub fn text(&mut self) -> Result<String, Stop> {
        let characters = usize::from(self.u16()?);
        self.characters(characters)
    }

    fn characters(&mut self, characters: usize) -> Result<String, Stop> {
        self.take(characters.saturating_mul(2)).map(utf16::text)
    }

    /// Bytes with their length before them, as a byte (`B_VARBYTE`).
    pub fn short_bytes(&mut self) -> Result<&'a [u8], Stop> {
        let len = usize::from(self.u8()?);
        self.take(len)
    }

    /// All that is left; it stays there.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// True at the end.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }
}
