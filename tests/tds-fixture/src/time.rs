//! Dates and times: read from T-SQL's spellings, kept as text that sorts, counted as the wire has them.

use crate::types::{Kind, Type};

/// A point in time without or with an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Days since 0001-01-01, local.
    pub(crate) days: i64,
    /// Ticks of 100 ns since midnight, local.
    pub(crate) ticks: i64,
    /// Minutes east of UTC.
    pub(crate) offset: i64,
}

pub(crate) const TICKS_A_SECOND: i64 = 10_000_000;
pub(crate) const TICKS_A_DAY: i64 = 86_400 * TICKS_A_SECOND;
/// 1900-01-01: where datetime counts from, and the date of a time alone.
pub(crate) const EPOCH_1900: i64 = 693_595;
/// 1970-01-01.
pub(crate) const EPOCH_1970: i64 = 719_162;
/// 9999-12-31.
const LAST_DAY: i64 = 3_652_058;

impl Stamp {
    /// `2024-02-29`, `20240229`, `2024-02-29T12:34:56.1234567+02:00`, `12:34`.
    pub(crate) fn parse(text: &str) -> Option<Stamp> {
        let text = text.trim();
        let (date, rest) = split_date(text)?;
        let days = match date {
            Some((year, month, day)) => days_of(year, month, day)?,
            None => EPOCH_1900,
        };
        let rest = rest.trim_start_matches(['T', ' ']);
        let (clock, offset) = split_offset(rest)?;
        let ticks = if clock.is_empty() { 0 } else { clock_of(clock)? };
        Some(Stamp { days, ticks, offset })
    }

    /// Rounded to what the type can hold; `None` outside its range.
    pub(crate) fn rounded(mut self, to: &Type) -> Option<Stamp> {
        match to.kind {
            Kind::Date => self.ticks = 0,
            Kind::Time | Kind::DateTime2 | Kind::DateTimeOffset => {
                let unit = 10_i64.pow(7 - u32::from(to.scale));
                self.ticks = (self.ticks + unit / 2) / unit * unit;
            }
            Kind::DateTime => {
                // Thirds of 10 ms.
                let thirds = (self.ticks * 300 + TICKS_A_SECOND / 2) / TICKS_A_SECOND;
                self.ticks = (thirds * 10 + 1) / 3 * 10_000;
            }
            _ => {
                let minute = 60 * TICKS_A_SECOND;
                self.ticks = (self.ticks + minute / 2) / minute * minute;
            }
        }
        if to.kind == Kind::Time {
            self.ticks %= TICKS_A_DAY;
        }
        self.days += self.ticks.div_euclid(TICKS_A_DAY);
        self.ticks = self.ticks.rem_euclid(TICKS_A_DAY);
        let range = match to.kind {
            Kind::DateTime => days_of(1753, 1, 1)?..=LAST_DAY,
            Kind::SmallDateTime => EPOCH_1900..=EPOCH_1900 + 65_535,
            _ => 0..=LAST_DAY,
        };
        range.contains(&self.days).then_some(self)
    }

    /// As kept: sorts as text within one type.
    pub(crate) fn text(&self, of: &Type) -> String {
        let (year, month, day) = date_of(self.days);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let clock = |digits: u8| {
            let seconds = self.ticks / TICKS_A_SECOND;
            let base = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            match digits {
                0 => base,
                digits => {
                    let fraction = format!("{:07}", self.ticks % TICKS_A_SECOND);
                    format!("{base}.{}", &fraction[..usize::from(digits)])
                }
            }
        };
        match of.kind {
            Kind::Date => date,
            Kind::Time => clock(of.scale),
            Kind::DateTime => format!("{date} {}", clock(3)),
            Kind::SmallDateTime => format!("{date} {}", clock(0)),
            Kind::DateTimeOffset => {
                let sign = if self.offset < 0 { '-' } else { '+' };
                let (hours, minutes) = (self.offset.abs() / 60, self.offset.abs() % 60);
                format!("{date} {} {sign}{hours:02}:{minutes:02}", clock(of.scale))
            }
            _ => format!("{date} {}", clock(of.scale)),
        }
    }

    /// The same moment, its clock at another offset.
    pub(crate) fn at_offset(self, offset: i64) -> Stamp {
        let total = self.days * TICKS_A_DAY + self.ticks + (offset - self.offset) * 60 * TICKS_A_SECOND;
        Stamp { days: total.div_euclid(TICKS_A_DAY), ticks: total.rem_euclid(TICKS_A_DAY), offset }
    }

    /// Now, in UTC.
    pub(crate) fn now() -> Stamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let ticks = i64::try_from(since.as_nanos() / 100).unwrap_or(0);
        Stamp { days: EPOCH_1970 + ticks / TICKS_A_DAY, ticks: ticks % TICKS_A_DAY, offset: 0 }
    }

    /// Moved by so many ticks.
    pub(crate) fn plus(self, ticks: i64) -> Stamp {
        let total = self.ticks + ticks;
        Stamp { days: self.days + total.div_euclid(TICKS_A_DAY), ticks: total.rem_euclid(TICKS_A_DAY), offset: self.offset }
    }

    /// Moved by so many months, the day kept within its month.
    pub(crate) fn plus_months(self, months: i64) -> Option<Stamp> {
        let (year, month, day) = date_of(self.days);
        let total = year * 12 + month - 1 + months;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        let days = (0..4).find_map(|less| days_of(year, month, day - less))?;
        Some(Stamp { days, ..self })
    }
}

/// Year, month and day of a day since 0001-01-01.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that a leap day is a year's last.
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since 0001-01-01, if there is such a date.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let (era, in_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let shifted_month = (month + 9) % 12;
    let in_year = (153 * shifted_month + 2) / 5 + day - 1;
    let days = era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 306;
    (date_of(days) == (year, month, day)).then_some(days)
}

/// Year, month, day.
type Date = (i64, i64, i64);

/// The date in front, if there is one, and the rest.
fn split_date(text: &str) -> Option<(Option<Date>, &str)> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i64>().ok());
    if digits == 8 {
        return Some((Some((part(0, 4)?, part(4, 6)?, part(6, 8)?)), &text[8..]));
    }
    if digits == 4 && matches!(bytes.get(4), Some(b'-' | b'/')) {
        let end = text.len().min(10);
        return Some((Some((part(0, 4)?, part(5, 7)?, part(8, end)?)), &text[end..]));
    }
    (text.is_empty() || text.contains(':')).then_some((None, text))
}

/// A clock and the minutes of its offset.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, 0));
    };
    let (clock, zone) = text.split_at(at);
    let (hours, minutes) = zone[1..].split_once(':')?;
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    (minutes <= 14 * 60).then_some((clock.trim_end(), if zone.starts_with('-') { -minutes } else { minutes }))
}

fn clock_of(text: &str) -> Option<i64> {
    let (text, noon) = match text.to_ascii_uppercase() {
        upper if upper.ends_with("PM") => (text[..text.len() - 2].trim().to_owned(), Some(true)),
        upper if upper.ends_with("AM") => (text[..text.len() - 2].trim().to_owned(), Some(false)),
        _ => (text.to_owned(), None),
    };
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next().unwrap_or("0").parse().ok()?;
    let (seconds, fraction) = parts.next().map_or(("0", ""), |part| part.split_once('.').unwrap_or((part, "")));
    let seconds: i64 = seconds.parse().ok()?;
    let padded = format!("{fraction:0<7}");
    let ticks: i64 = padded.get(..7)?.parse().ok()?;
    let hours = match noon {
        Some(true) if hours < 12 => hours + 12,
        Some(false) if hours == 12 => 0,
        _ => hours,
    };
    let good = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none() && fraction.len() <= 9;
    good.then_some(((hours * 60 + minutes) * 60 + seconds) * TICKS_A_SECOND + ticks)
}
