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

    /// A number in as many digits as it has, `least` at least.
    pub(super) fn number(&mut self, mut number: u64, least: usize) {
        // 20 digits hold any u64.
        let mut digits = [b'0'; 20];
        let mut used = 0;
        for place in digits.iter_mut().rev() {
            if number == 0 && used >= least.max(1) {
                break;
            }
            *place = digit(number);
            number /= 10;
            used += 1;
        }
        self.extend(digits.get(digits.len().saturating_sub(used)..).unwrap_or_default());
    }

    /// `.` and so many digits without the zeros at their end; nothing for 0.
    pub(super) fn fraction(&mut self, mut units: u64, digits: u8) {
        if units == 0 {
            return;
        }
        self.push(b'.');
        let mut unit = 10_u64.pow(u32::from(digits.saturating_sub(1)));
        while units > 0 && unit > 0 {
            self.push(digit(units / unit));
            units %= unit;
            unit /= 10;
        }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The last digit.
#[inline]
fn digit(number: u64) -> u8 {
    // A remainder of 10 fits a byte.
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}
