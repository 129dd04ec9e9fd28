//! Short texts, put together on the stack.

/// At most N bytes of ASCII; what doesn't fit is left out, so N has to be the longest there can be.
#[derive(Debug)]
pub(super) struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    pub(super) fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    /// So many bytes in one go.
    #[inline]
    pub(super) fn array<const M: usize>(&mut self, bytes: [u8; M]) {
        let end = self.len + M;
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(&bytes);
            self.len = end;
        }
    }

    /// `.` and so many digits without the zeros at their end; nothing for 0.
    #[inline]
    pub(super) fn fraction(&mut self, mut units: u32, digits: u8) {
        if units == 0 {
            return;
        }
        let mut left = digits;
        while left > 1 && units.is_multiple_of(10) {
            units /= 10;
            left -= 1;
        }
        // A `u32` has ten digits.
        let mut text = [b'0'; 10];
        for place in text.iter_mut().rev().take(usize::from(left)) {
            *place = digit(units);
            units /= 10;
        }
        self.push(b'.');
        self.extend(text.get(text.len().saturating_sub(usize::from(left))..).unwrap_or_default());
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Two digits of a number below 100.
#[inline]
pub(super) fn pair(number: u32) -> [u8; 2] {
    [digit(number / 10), digit(number)]
}

/// The last digit.
#[inline]
fn digit(number: u32) -> u8 {
    // A remainder of 10 fits a byte.
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}
