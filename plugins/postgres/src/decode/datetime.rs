//! Dates and times: counts from 2000-01-01, as their ISO 8601 text.

use super::short::Text;
use bulkhead_driver::Buffer;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days from 0000-03-01 to 2000-01-01, the calendar being counted from a first of March (so that a leap day is a year's last).
const EPOCH: i64 = 730_425;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// The longest is a timestamp of the year 294276, or 290000 BC: all of it stays below this.
const LONGEST: usize = 64;

/// `2024-02-29`, `0044-03-15 BC`, `infinity`.
pub(super) fn date(days: i32, out: &mut Buffer) {
    match days {
        i32::MAX => out.extend_text("infinity"),
        i32::MIN => out.extend_text("-infinity"),
        days => {
            let mut text = Text::<LONGEST>::new();
            let bc = day(days.into(), &mut text);
            era(bc, &mut text);
            out.extend_utf8(text.bytes());
        }
    }
}

/// `2024-02-29T13:00:00.5`, with `Z` after it if it is in UTC.
pub(super) fn timestamp(micros: i64, utc: bool, out: &mut Buffer) {
    match micros {
        i64::MAX => out.extend_text("infinity"),
        i64::MIN => out.extend_text("-infinity"),
        micros => {
            let mut text = Text::<LONGEST>::new();
            let bc = day(micros.div_euclid(MICROS_PER_DAY), &mut text);
            text.push(b'T');
            clock(micros.rem_euclid(MICROS_PER_DAY), &mut text);
            if utc {
                text.push(b'Z');
            }
            era(bc, &mut text);
            out.extend_utf8(text.bytes());
        }
    }
}

/// `13:00:00.5`, with its offset if it has a zone (given as seconds west of Greenwich).
pub(super) fn time(micros: i64, west: Option<i32>, out: &mut Buffer) {
    let mut text = Text::<LONGEST>::new();
    clock(micros, &mut text);
    if let Some(west) = west {
        text.push(if west > 0 { b'-' } else { b'+' });
        let seconds = u64::from(west.unsigned_abs());
        text.number(seconds / 3600, 2);
        text.push(b':');
        text.two(seconds / 60 % 60);
        if seconds % 60 != 0 {
            text.push(b':');
            text.two(seconds % 60);
        }
    }
    out.extend_utf8(text.bytes());
}

fn clock(micros: i64, text: &mut Text<LONGEST>) {
    // Negative is nothing a server sends: shown as midnight.
    let micros = u64::try_from(micros).unwrap_or_default();
    let seconds = micros / 1_000_000;
    text.number(seconds / 3600, 2);
    text.push(b':');
    text.two(seconds / 60 % 60);
    text.push(b':');
    text.two(seconds % 60);
    text.fraction(micros % 1_000_000);
}

/// Writes the day without its era; true if that is BC.
fn day(since_2000: i64, text: &mut Text<LONGEST>) -> bool {
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
    let bc = year <= 0;
    // There is no year 0: 1 BC comes before 1.
    let year = if bc { 1 - year } else { year };
    text.number(year.unsigned_abs(), 4);
    text.push(b'-');
    text.two(month.unsigned_abs());
    text.push(b'-');
    text.two(day.unsigned_abs());
    bc
}

fn era(bc: bool, text: &mut Text<LONGEST>) {
    if bc {
        text.extend(b" BC");
    }
}
