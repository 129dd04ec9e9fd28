//! Exact numbers of up to 38 digits.

use std::cmp::Ordering;
use std::fmt;

/// A number and how many of its digits stand behind the point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    pub(crate) units: i128,
    pub(crate) scale: u8,
}

/// T-SQL's widest.
const DIGITS: u8 = 38;

impl Decimal {
    /// `-12.50`, `.5`, `1e3`; `None` where it isn't a number or has too many digits.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut units: i128 = 0;
        for digit in whole.chars().chain(fraction.chars()) {
            units = units.checked_mul(10)?.checked_add(i128::from(digit.to_digit(10)?))?;
        }
        let mut scale = i32::try_from(fraction.len()).ok()? - exponent;
        while scale < 0 {
            units = units.checked_mul(10)?;
            scale += 1;
        }
        while scale > i32::from(DIGITS) {
            units /= 10;
            scale -= 1;
        }
        Some(Decimal { units: sign * units, scale: u8::try_from(scale).ok()? })
    }

    /// With so many digits behind the point, rounded half away from zero.
    pub(crate) fn rescale(self, scale: u8) -> Option<Decimal> {
        let units = if scale >= self.scale {
            self.units.checked_mul(10_i128.checked_pow(u32::from(scale - self.scale))?)?
        } else {
            let by = 10_i128.checked_pow(u32::from(self.scale - scale))?;
            let half = by / 2 * self.units.signum();
            self.units.checked_add(half)? / by
        };
        Some(Decimal { units, scale })
    }

    /// Cut after so many digits.
    pub(crate) fn truncate(self, scale: u8) -> Option<Decimal> {
        if scale >= self.scale {
            return self.rescale(scale);
        }
        Some(Decimal { units: self.units / 10_i128.checked_pow(u32::from(self.scale - scale))?, scale })
    }

    /// Whether so many digits hold it.
    pub(crate) fn fits(self, precision: u8) -> bool {
        self.units.unsigned_abs() < 10_u128.pow(u32::from(precision.min(DIGITS)))
    }

    /// `+`, `-`, `*`, `/` or `%`, to a scale; `None` when it has too many digits or divides by zero.
    pub(crate) fn apply(self, operator: &str, other: Decimal, scale: u8) -> Option<Decimal> {
        match operator {
            "*" => {
                let exact = Decimal { units: self.units.checked_mul(other.units)?, scale: self.scale + other.scale };
                exact.rescale(scale)
            }
            "/" => self.divide(other, scale),
            _ => {
                let wide = self.scale.max(other.scale);
                let (left, right) = (self.rescale(wide)?.units, other.rescale(wide)?.units);
                let units = match operator {
                    "+" => left.checked_add(right)?,
                    "-" => left.checked_sub(right)?,
                    _ => left.checked_rem(right)?,
                };
                Decimal { units, scale: wide }.rescale(scale)
            }
        }
    }

    /// Digit by digit, cut at the scale, as the server does it.
    fn divide(self, other: Decimal, scale: u8) -> Option<Decimal> {
        let wide = self.scale.max(other.scale);
        let (left, right) = (self.rescale(wide)?.units, other.rescale(wide)?.units);
        if right == 0 {
            return None;
        }
        let (dividend, divisor) = (left.unsigned_abs(), right.unsigned_abs());
        let mut quotient = dividend / divisor;
        let mut rest = dividend % divisor;
        for _ in 0..scale {
            rest = rest.checked_mul(10)?;
            quotient = quotient.checked_mul(10)?.checked_add(rest / divisor)?;
            rest %= divisor;
        }
        let sign = left.signum() * right.signum();
        Some(Decimal { units: i128::try_from(quotient).ok()? * if sign < 0 { -1 } else { 1 }, scale })
    }

    pub(crate) fn compare(self, other: Decimal) -> Ordering {
        let wide = self.scale.max(other.scale);
        match (self.rescale(wide), other.rescale(wide)) {
            (Some(left), Some(right)) => left.units.cmp(&right.units),
            // One is too large for the other's scale: as floats they are far apart.
            _ => self.float().total_cmp(&other.float()),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a float is what is asked for")]
    pub(crate) fn float(self) -> f64 {
        self.to_string().parse().unwrap_or(self.units as f64)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0>1$}", self.units.unsigned_abs(), usize::from(self.scale) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.scale));
        let sign = if self.units < 0 { "-" } else { "" };
        match fraction {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}
