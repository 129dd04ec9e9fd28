//! Dates and times, in the contract's ISO 8601 forms.

use super::short::Text;
use super::{WRONG_SIZE, calendar};
use crate::protocol::Malformed;

/// `0001-01-01T00:00:00.0000000+14:00` is the longest; a decimal has 40 characters.
pub(super) type Short = Text<48>;

const DAY_SECONDS: u64 = 86_400;

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
            clock(ticks / 300, millis, 3, out)
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
    let units = units(bytes, scale)?;
    let unit = 10_u64.pow(u32::from(scale));
    clock(units / unit, units % unit, scale, out)
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
    let unit = 10_u64.pow(u32::from(scale));
    let units = units(clock_bytes, scale)?;
    let day_seconds = i64::try_from(DAY_SECONDS).unwrap_or(i64::MAX);
    let seconds = i64::try_from(units / unit).map_err(|_| RANGE)? + i64::from(days(day)?) * day_seconds + minutes * 60;
    let local = u64::try_from(seconds).map_err(|_| RANGE)?;
    date(u32::try_from(local / DAY_SECONDS).map_err(|_| RANGE)?, out)?;
    out.push(b'T');
    clock(local % DAY_SECONDS, units % unit, scale, out)?;
    if minutes == 0 {
        out.push(b'Z');
        return Ok(());
    }
    out.push(if minutes < 0 { b'-' } else { b'+' });
    out.number(minutes.unsigned_abs() / 60, 2);
    out.push(b':');
    out.number(minutes.unsigned_abs() % 60, 2);
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
    out.number(year.into(), 4);
    out.push(b'-');
    out.number(month.into(), 2);
    out.push(b'-');
    out.number(day.into(), 2);
    Ok(())
}

fn clock(seconds: u64, fraction: u64, digits: u8, out: &mut Short) -> Result<(), Malformed> {
    if seconds >= DAY_SECONDS {
        return Err(RANGE);
    }
    out.number(seconds / 3_600, 2);
    out.push(b':');
    out.number(seconds / 60 % 60, 2);
    out.push(b':');
    out.number(seconds % 60, 2);
    out.fraction(fraction, digits);
    Ok(())
}
