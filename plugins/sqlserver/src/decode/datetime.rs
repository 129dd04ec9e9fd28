//! Dates and times, in the contract's ISO 8601 forms.

use super::short::{Text, pair};
use super::{WRONG_SIZE, calendar};
use crate::protocol::Malformed;

/// `0001-01-01T00:00:00.0000000+14:00` is the longest; a decimal has 40 characters.
pub(super) type Short = Text<48>;

const DAY_SECONDS: u64 = 86_400;
/// The largest offset from UTC that there is, in minutes: 14 hours.
const MOST_OFFSET: i64 = 14 * 60;

/// `datetime` or `smalldatetime`, by size (MS-TDS 2.2.5.5.1.8).
pub(super) fn datetime(bytes: &[u8], out: &mut Short) -> Result<(), Malformed> {
    match *bytes {
        [a, b, c, d] => {
            date(since_1900(u16::from_le_bytes([a, b]).into())?, out)?;
            out.push(b'T');
            clock(u64::from(u16::from_le_bytes([c, d])) * 60, 0, 0, out)
        }
        [a, b, c, d, e, f, g, h] => {
            date(since_1900(i32::from_le_bytes([a, b, c, d]))?, out)?;
            out.push(b'T');
            let ticks = u64::from(u32::from_le_bytes([e, f, g, h]));
            // A tick is a 300th of a second; the server itself shows the nearest millisecond.
            let millis = (ticks % 300 * 10 + 1) / 3;
            clock(ticks / 300, u32::try_from(millis).unwrap_or_default(), 3, out)
        }
        _ => Err(WRONG_SIZE),
    }
}

/// Three bytes of days.
pub(super) fn date_bytes(bytes: &[u8], out: &mut Short) -> Result<(), Malformed> {
    date(days(bytes)?, out)
}

/// A time of day.
pub(super) fn time(bytes: &[u8], scale: u8, out: &mut Short) -> Result<(), Malformed> {
    let (seconds, fraction) = split(units(bytes, scale)?, scale);
    clock(seconds, fraction, scale, out)
}

/// A time and a date.
pub(super) fn datetime2(bytes: &[u8], scale: u8, out: &mut Short) -> Result<(), Malformed> {
    let (clock, day) = bytes.split_at_checked(size(scale)).ok_or(WRONG_SIZE)?;
    date_bytes(day, out)?;
    out.push(b'T');
    time(clock, scale, out)
}

/// A time and a date in UTC, shown at their offset.
pub(super) fn offset(bytes: &[u8], scale: u8, out: &mut Short) -> Result<(), Malformed> {
    let (clock_bytes, rest) = bytes.split_at_checked(size(scale)).ok_or(WRONG_SIZE)?;
    let (day, minutes) = rest.split_at_checked(3).ok_or(WRONG_SIZE)?;
    let minutes = i64::from(i16::from_le_bytes(minutes.try_into().map_err(|_| WRONG_SIZE)?));
    let (seconds, fraction) = split(units(clock_bytes, scale)?, scale);
    if minutes.abs() > MOST_OFFSET {
        return Err(RANGE);
    }
    let day_seconds = i64::try_from(DAY_SECONDS).unwrap_or(i64::MAX);
    let seconds = i64::try_from(seconds).map_err(|_| RANGE)? + i64::from(days(day)?) * day_seconds + minutes * 60;
    let local = u64::try_from(seconds).map_err(|_| RANGE)?;
    date(u32::try_from(local / DAY_SECONDS).map_err(|_| RANGE)?, out)?;
    out.push(b'T');
    clock(local % DAY_SECONDS, fraction, scale, out)?;
    if minutes == 0 {
        out.push(b'Z');
        return Ok(());
    }
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let minutes = u32::try_from(minutes.unsigned_abs()).map_err(|_| RANGE)?;
    let ([a, b], [c, d]) = (pair(minutes / 60), pair(minutes % 60));
    out.array([a, b, b':', c, d]);
    Ok(())
}

const RANGE: Malformed = Malformed("a date or time out of its range");

/// Bytes of a time of so many digits.
fn size(scale: u8) -> usize {
    match scale {
        0..=2 => 3,
        3 | 4 => 4,
        _ => 5,
    }
}

/// Seconds, and what is left in units. By constants, since dividing by what isn't known costs more than all the rest.
#[inline]
fn split(units: u64, scale: u8) -> (u64, u32) {
    let (seconds, rest) = match scale {
        0 => (units, 0),
        1 => (units / 10, units % 10),
        2 => (units / 100, units % 100),
        3 => (units / 1_000, units % 1_000),
        4 => (units / 10_000, units % 10_000),
        5 => (units / 100_000, units % 100_000),
        6 => (units / 1_000_000, units % 1_000_000),
        _ => (units / 10_000_000, units % 10_000_000),
    };
    (seconds, u32::try_from(rest).unwrap_or_default())
}

fn units(bytes: &[u8], scale: u8) -> Result<u64, Malformed> {
    if bytes.len() != size(scale) {
        return Err(WRONG_SIZE);
    }
    Ok(little(bytes))
}

fn days(bytes: &[u8]) -> Result<u32, Malformed> {
    if bytes.len() != 3 {
        return Err(WRONG_SIZE);
    }
    u32::try_from(little(bytes)).map_err(|_| RANGE)
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn since_1900(days: i32) -> Result<u32, Malformed> {
    days.checked_add(calendar::YEAR_1900).and_then(|days| u32::try_from(days).ok()).ok_or(RANGE)
}

fn date(days: u32, out: &mut Short) -> Result<(), Malformed> {
    if days > calendar::LAST {
        return Err(RANGE);
    }
    let (year, month, day) = calendar::civil(days);
    let ([a, b], [c, d]) = (pair(year / 100), pair(year % 100));
    let ([e, f], [g, h]) = (pair(month), pair(day));
    out.array([a, b, c, d, b'-', e, f, b'-', g, h]);
    Ok(())
}

fn clock(seconds: u64, fraction: u32, digits: u8, out: &mut Short) -> Result<(), Malformed> {
    if seconds >= DAY_SECONDS {
        return Err(RANGE);
    }
    let seconds = u32::try_from(seconds).map_err(|_| RANGE)?;
    let ([a, b], [c, d], [e, f]) = (pair(seconds / 3_600), pair(seconds / 60 % 60), pair(seconds % 60));
    out.array([a, b, b':', c, d, b':', e, f]);
    out.fraction(fraction, digits);
    Ok(())
}
