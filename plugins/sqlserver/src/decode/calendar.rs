//! The proleptic Gregorian calendar, from 0001-01-01 on.

/// Days of 400 years.
const ERA: u32 = 146_097;
/// Days from 0000-03-01, from which the calendar is counted so that a leap day is a year's last, to 0001-01-01.
const SHIFT: u32 = 306;
/// 9999-12-31, the last day that SQL Server has.
pub(super) const LAST: u32 = 3_652_058;
/// 1900-01-01, from which `datetime` counts.
pub(super) const YEAR_1900: i32 = 693_595;

/// Year, month and day of so many days after 0001-01-01.
#[inline]
pub(super) fn civil(days: u32) -> (u32, u32, u32) {
    let days = days.min(LAST) + SHIFT;
    let era = days / ERA;
    let of_era = days % ERA;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March; 153 days are five of them.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u32::from(month <= 2), month, day)
}
