//! Intervals as ISO 8601 durations, the way PostgreSQL's own `IntervalStyle = iso_8601` writes them: each field has its sign.

use super::short::Text;
use bulkhead_driver::Buffer;

/// The longest is every field at its longest, with a sign: below this.
const LONGEST: usize = 128;

/// `P1Y2M3DT4H5M6.7S`, `P-1DT-2H`, `PT0S`.
pub(super) fn spell(micros: i64, days: i32, months: i32, out: &mut Buffer) {
    // PostgreSQL 17's infinities.
    match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => return out.extend_text("infinity"),
        (i64::MIN, i32::MIN, i32::MIN) => return out.extend_text("-infinity"),
        (0, 0, 0) => return out.extend_text("PT0S"),
        _ => {}
    }
    let mut text = Text::<LONGEST>::new();
    text.push(b'P');
    field((months / 12).into(), b'Y', &mut text);
    field((months % 12).into(), b'M', &mut text);
    field(days.into(), b'D', &mut text);
    if micros != 0 {
        text.push(b'T');
        field(micros / 3_600_000_000, b'H', &mut text);
        field(micros / 60_000_000 % 60, b'M', &mut text);
        let rest = micros % 60_000_000;
        if rest != 0 {
            if rest < 0 {
                text.push(b'-');
            }
            text.number(rest.unsigned_abs() / 1_000_000, 1);
            text.fraction(rest.unsigned_abs() % 1_000_000);
            text.push(b'S');
        }
    }
    out.extend_utf8(text.bytes());
}

fn field(value: i64, unit: u8, text: &mut Text<LONGEST>) {
    if value == 0 {
        return;
    }
    if value < 0 {
        text.push(b'-');
    }
    text.number(value.unsigned_abs(), 1);
    text.push(unit);
}
