//! The known word that somebody may have meant.

/// How much of a word may differ: two letters of a short one, a third of a long one.
const LEAST_DIFFERENCE: usize = 2;

/// Words for what other programs call otherwise.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("username", "user"),
    ("passwd", "password"),
    ("pwd", "password"),
    ("dbname", "catalog"),
    ("ssl", "tls"),
    ("sslmode", "tls"),
    ("hosts", "endpoints"),
    ("path", "directory"),
    ("timeout", "statement_timeout"),
];

/// The nearest of the known words, if one is near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let word = word.to_lowercase();
    if let Some((_, other)) = OTHER_NAMES.iter().find(|(name, _)| *name == word)
        && let Some(found) = known.clone().find(|name| name == other)
    {
        return Some(found);
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    let close = LEAST_DIFFERENCE.max(word.len() / 3);
    known
        .map(|name| (strsim::damerau_levenshtein(&plain(name), &plain(&word)), name))
        .filter(|(distance, name)| *distance <= close && *distance < name.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
