//! Dates and times: from JDBC's spelling to ISO 8601.

/// `12:00:00.50` as `12:00:00.5`.
pub(super) fn time(text: &str) -> String {
    let (clock, offset) = split_offset(text);
    format!("{}{}", fraction(clock), iso_offset(offset))
}

/// `2024-02-29 12:00:00.0` as `2024-02-29T12:00:00`. What isn't one (`infinity`) stays as it is.
pub(super) fn timestamp(text: &str) -> String {
    match split(text) {
        Some((day, clock, era)) => format!("{day}T{}{era}", fraction(clock)),
        None => text.to_owned(),
    }
}

/// As [`timestamp`], with its offset. The service's sessions are in UTC: without an offset that is what it means.
pub(super) fn timestamp_tz(text: &str) -> String {
    let Some((day, clock, era)) = split(text) else {
        return text.to_owned();
    };
    let (clock, offset) = split_offset(clock);
    let offset = match iso_offset(offset) {
        none if none.is_empty() || none == "+00:00" => "Z".to_owned(),
        offset => offset,
    };
    format!("{day}T{}{offset}{era}", fraction(clock))
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

fn iso_offset(offset: &str) -> String {
    match offset {
        "Z" => "+00:00".to_owned(),
        hours if hours.len() == 3 => format!("{hours}:00"),
        other => other.to_owned(),
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
            assert_eq!(timestamp(text), plain);
            assert_eq!(timestamp_tz(text), zoned);
        }
        assert_eq!(timestamp_tz("2024-02-29 12:00:00.5+00"), "2024-02-29T12:00:00.5Z");
        assert_eq!(timestamp_tz("2024-02-29 12:00:00-05:30"), "2024-02-29T12:00:00-05:30");
        assert_eq!(time("12:00:00.500"), "12:00:00.5");
        assert_eq!(time("24:00:00"), "24:00:00");
        assert_eq!(time("12:00:00.10+02"), "12:00:00.1+02:00");
    }
}
