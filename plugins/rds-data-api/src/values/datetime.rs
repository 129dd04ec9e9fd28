//! Dates and times: from JDBC's spelling to ISO 8601.

/// A text in pieces, which are written one after the other.
pub(super) type Pieces<'a> = [&'a str; 6];

/// `12:00:00.50` as `12:00:00.5`.
pub(super) fn time(text: &str) -> Pieces<'_> {
    let (clock, offset) = split_offset(text);
    let (hours, minutes) = iso_offset(offset);
    ["", "", fraction(clock), hours, minutes, ""]
}

/// `2024-02-29 12:00:00.0` as `2024-02-29T12:00:00`. What isn't one (`infinity`) stays as it is.
pub(super) fn timestamp(text: &str) -> Pieces<'_> {
    match split(text) {
        Some((day, clock, era)) => [day, "T", fraction(clock), "", "", era],
        None => [text, "", "", "", "", ""],
    }
}

/// As [`timestamp`], with its offset. The service's sessions are in UTC: without an offset that is what it means.
pub(super) fn timestamp_tz(text: &str) -> Pieces<'_> {
    let Some((day, clock, era)) = split(text) else {
        return [text, "", "", "", "", ""];
    };
    let (clock, offset) = split_offset(clock);
    let (hours, minutes) = match iso_offset(offset) {
        ("" | "+00:00", "") | ("+00", ":00") => ("Z", ""),
        offset => offset,
    };
    [day, "T", fraction(clock), hours, minutes, era]
}

/// The day, the clock, and ` BC` if it is there.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (text, era) = match text.strip_suffix(" BC") {
        Some(text) => (text, " BC"),
        None => (text, ""),
    };
    let (day, clock) = text.split_once([' ', 'T'])?;
    let digits = |part: &str, between: char| part.bytes().all(|byte| byte.is_ascii_digit() || byte == between as u8);
    (digits(day, '-') && clock.starts_with(|first: char| first.is_ascii_digit())).then_some((day, clock, era))
}

fn split_offset(clock: &str) -> (&str, &str) {
    let at = clock.find(['+', '-', 'Z']).unwrap_or(clock.len());
    clock.split_at_checked(at).unwrap_or((clock, ""))
}

fn iso_offset(offset: &str) -> (&str, &str) {
    match offset {
        "Z" => ("+00:00", ""),
        hours if hours.len() == 3 => (hours, ":00"),
        other => (other, ""),
    }
}

fn fraction(clock: &str) -> &str {
    if clock.contains('.') { clock.trim_end_matches('0').trim_end_matches('.') } else { clock }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, plain, zoned) in [
            ("2024-02-29 12:00:00", "2024-02-29T12:00:00", "2024-02-29T12:00:00Z"),
            ("2024-02-29 12:00:00.0", "2024-02-29T12:00:00", "2024-02-29T12:00:00Z"),
            ("2024-02-29T12:00:00.123450", "2024-02-29T12:00:00.12345", "2024-02-29T12:00:00.12345Z"),
            ("0044-03-15 00:00:00 BC", "0044-03-15T00:00:00 BC", "0044-03-15T00:00:00Z BC"),
            ("10000-01-01 00:00:00", "10000-01-01T00:00:00", "10000-01-01T00:00:00Z"),
            ("infinity", "infinity", "infinity"),
            ("", "", ""),
        ] {
            assert_eq!(timestamp(text).concat(), plain);
            assert_eq!(timestamp_tz(text).concat(), zoned);
        }
        assert_eq!(timestamp_tz("2024-02-29 12:00:00.5+00").concat(), "2024-02-29T12:00:00.5Z");
        assert_eq!(timestamp_tz("2024-02-29 12:00:00-05:30").concat(), "2024-02-29T12:00:00-05:30");
        assert_eq!(time("12:00:00.500").concat(), "12:00:00.5");
        assert_eq!(time("24:00:00").concat(), "24:00:00");
        assert_eq!(time("12:00:00.10+02").concat(), "12:00:00.1+02:00");
    }
}
