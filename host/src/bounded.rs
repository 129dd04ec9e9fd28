//! Text of a driver's, cut to a length.

/// At most `most` bytes of a text, whole characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// In one line, as a log has it.
pub(crate) fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text itself, or its beginning and an ellipsis.
pub(crate) fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let end = cut(text, most).len();
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stay_whole() {
        assert_eq!(cut("aéb", 2), "a");
        assert_eq!(cut("aéb", 3), "aé");
        assert_eq!(cut("aéb", 9), "aéb");
        let mut text = "aéb".to_owned();
        shorten(&mut text, 4);
        assert_eq!(text, "aéb");
        shorten(&mut text, 2);
        assert_eq!(text, "a…");
    }
}
