//! Reads a message's fields, little-endian, never past its end.

use crate::convert::utf16;
use crate::error::SqlError;

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], SqlError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| {
            let message = "The incoming tabular data stream (TDS) protocol stream is incorrect. The stream ended unexpectedly.";
            SqlError::new(4002, 20, message)
        })?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], SqlError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, SqlError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, SqlError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, SqlError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, SqlError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn b_varchar(&mut self) -> Result<String, SqlError> {
        let units = usize::from(self.u8()?);
        Ok(utf16(self.take(units * 2)?))
    }
}
