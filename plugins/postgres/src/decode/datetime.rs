//! Dates and times: counts from 2000-01-01, as their ISO 8601 text.

use super::calendar::{Day, civil};
use super::short::{Text, two};
use bulkhead_driver::Buffer;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// The longest is a timestamp of the year 294276, or a date of the year 5881580: all of it stays below this.
const LONGEST: usize = 48;

/// `2024-02-29`, `0044-03-15 BC`, `infinity`.
pub(super) fn date(days: i32, out: &mut Buffer) {
    match days {
        i32::MAX => out.extend_text("infinity"),
        i32::MIN => out.extend_text("-infinity"),
        days => {
            let day = civil(days.into());
            write_day(&day, out);
            era(&day, out);
        }
    }
}

/// `2024-02-29T13:00:00.5`, with `Z` after it if it is in UTC.
pub(super) fn timestamp(micros: i64, utc: bool, out: &mut Buffer) {
    match micros {
        i64::MAX => out.extend_text("infinity"),
        i64::MIN => out.extend_text("-infinity"),
        micros => {
            let days = micros.div_euclid(MICROS_PER_DAY);
            let day = civil(days);
            write_day(&day, out);
            out.push_ascii(b'T');
            clock(micros.wrapping_sub(days.wrapping_mul(MICROS_PER_DAY)), out);
            if utc {
                out.push_ascii(b'Z');
            }
            era(&day, out);
        }
    }
}

/// `13:00:00.5`, with its offset if it has a zone (given as seconds west of Greenwich).
pub(super) fn time(micros: i64, west: Option<i32>, out: &mut Buffer) {
    clock(micros, out);
    if let Some(west) = west {
        let mut text = Text::<LONGEST>::new();
        text.push(if west > 0 { b'-' } else { b'+' });
        let seconds = west.unsigned_abs();
        text.number((seconds / 3600).into(), 2);
        text.push(b':');
        text.extend(&two(seconds / 60 % 60));
        if seconds % 60 != 0 {
            text.push(b':');
            text.extend(&two(seconds % 60));
        }
        out.extend_utf8(text.bytes());
    }
}

fn write_day(day: &Day, out: &mut Buffer) {
    let ([m, n], [d, e]) = (two(day.month), two(day.day));
    match u32::try_from(day.year) {
        Ok(year @ 0..=9_999) => {
            let ([a, b], [c, f]) = (two(year / 100), two(year % 100));
            out.extend_utf8(&[a, b, c, f, b'-', m, n, b'-', d, e]);
        }
        _ => {
            let mut text = Text::<LONGEST>::new();
            text.number(day.year, 4);
            out.extend_utf8(text.bytes());
            out.extend_utf8(&[b'-', m, n, b'-', d, e]);
        }
    }
}

fn clock(micros: i64, out: &mut Buffer) {
    // Negative is nothing a server sends: shown as midnight. Hours past 99 likewise.
    let micros = u64::try_from(micros).unwrap_or_default();
    let seconds = u32::try_from(micros / 1_000_000).unwrap_or_default();
    let ([a, b], [c, d], [e, f]) = (two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60));
    out.extend_utf8(&[a, b, b':', c, d, b':', e, f]);
    let fraction = micros.wrapping_sub(u64::from(seconds).wrapping_mul(1_000_000));
    if fraction != 0 {
        let mut text = Text::<LONGEST>::new();
        text.fraction(fraction);
        out.extend_utf8(text.bytes());
    }
}

fn era(day: &Day, out: &mut Buffer) {
    if day.bc {
        out.extend_text(" BC");
    }
}
