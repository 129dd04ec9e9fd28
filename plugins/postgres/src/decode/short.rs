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

    /// `.` and six digits without the zeros at their end; nothing for 0.
    pub(super) fn fraction(&mut self, mut micros: u64) {
        if micros == 0 {
            return;
        }
        self.push(b'.');
        let mut unit = 100_000;
        while micros > 0 && unit > 0 {
            self.push(digit(micros / unit));
            micros %= unit;
            unit /= 10;
        }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// `00` to `99`.
const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// A number below 100 in two digits; `00` for what is above.
#[inline]
pub(super) fn two(number: u32) -> [u8; 2] {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    let (pairs, _) = PAIRS.as_chunks::<2>();
    pairs.get(at).copied().unwrap_or(*b"00")
}

/// The last digit.
#[inline]
fn digit(number: u64) -> u8 {
    // A remainder of 10 fits a byte.
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}
