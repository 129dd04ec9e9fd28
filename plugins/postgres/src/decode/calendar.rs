//! The proleptic Gregorian calendar.

/// Days from 0000-03-01 to 2000-01-01, the calendar being counted from a first of March (so that a leap day is a year's last).
const EPOCH: i64 = 730_425;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// What is added to have no negative numbers where 32 bits do: 12,000 years.
const SHIFT: u32 = 30;
/// The days since 2000 that are counted in 32 bits: from 8952 BC, which is before any day PostgreSQL has, to far after any
/// timestamp.
const SHORT: std::ops::Range<i64> = -4_000_000..200_000_000;

/// A day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// From 1 on, in its era.
    pub(super) year: u64,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) bc: bool,
}

/// The day so many days after 2000-01-01.
#[inline]
pub(super) fn civil(since_2000: i64) -> Day {
    let shifted = since_2000.wrapping_add(EPOCH).wrapping_add(ERA * 30);
    match u32::try_from(shifted) {
        Ok(days) if SHORT.contains(&since_2000) => short(days),
        _ => long(since_2000),
    }
}

/// In 32 bits, by multiplications (Neri and Schneider, "Euclidean affine functions and their application to calendar
/// algorithms", 2022, figure 12). `days` from a first of March, 12,000 years early.
#[inline]
fn short(days: u32) -> Day {
    let of_centuries = 4 * days + 3;
    let century = of_centuries / 146_097;
    let of_century = (of_centuries % 146_097) | 3;
    let product = 2_939_745 * u64::from(of_century);
    let (of_years, years) = (low(product), low(product >> 32));
    let of_year = of_years / 2_939_745 / 4;
    let packed = 2_141 * of_year + 197_913;
    let january_on = of_year >= 306;
    let month = (packed >> 16) - if january_on { 12 } else { 0 };
    let year = i64::from(100 * century + years) - i64::from(400 * SHIFT) + i64::from(january_on);
    Day::new(year, month, packed % 65_536 / 2_141 + 1)
}

/// The lower half.
#[inline]
fn low(number: u64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or_default()
}

/// The same in 64 bits, for days that no timestamp reaches.
fn long(since_2000: i64) -> Day {
    let days = since_2000.saturating_add(EPOCH);
    let era = days.div_euclid(ERA);
    let of_era = days.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March; 153 days are five of them.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era.saturating_mul(400) + i64::from(month <= 2);
    Day::new(year, u32::try_from(month).unwrap_or_default(), u32::try_from(day).unwrap_or_default())
}

impl Day {
    #[inline]
    fn new(year: i64, month: u32, day: u32) -> Self {
        // There is no year 0: 1 BC comes before 1.
        let bc = year <= 0;
        let year = if bc { 1_i64.saturating_sub(year) } else { year };
        Self { year: year.unsigned_abs(), month, day, bc }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same_day() {
        for since_2000 in (-3_999_999..4_000_000).step_by(7).chain((100_000_000..199_999_999).step_by(999_983)) {
            assert_eq!(civil(since_2000), long(since_2000), "{since_2000}");
        }
        for since_2000 in 0..146_097 * 2 {
            assert_eq!(civil(since_2000), long(since_2000), "{since_2000}");
        }
    }

    #[test]
    fn any_count_is_a_day() {
        for since_2000 in [i64::MIN, i64::MIN + 1, i64::from(i32::MIN), i64::from(i32::MAX), i64::MAX] {
            let day = civil(since_2000);
            assert!((1..=12).contains(&day.month) && (1..=31).contains(&day.day));
        }
    }
}
