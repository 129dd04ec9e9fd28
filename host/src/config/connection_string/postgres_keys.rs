//! `host=… port=… dbname=…`, as libpq reads it (PostgreSQL's documentation, section 34.1.1.1): values with spaces stand in single
//! quotes, a backslash goes before a quote and a backslash.

use zeroize::Zeroizing;

use super::{ConnectionStringError, Entry, postgres_parameters, wrong};

/// Whether a text begins as such a list does.
pub(super) fn is_one(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, _)| postgres_parameters::is_known(key.trim()))
}

pub(super) fn read(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    entry.text(&["driver"], "postgres");
    let mut parameters = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| wrong("a key is followed by '=' and its value"))?;
        let (value, after) = value(after.trim_start())?;
        parameters.push((key.trim_end().to_owned(), value));
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(wrong("after a quoted value stands a space"));
        }
        rest = after.trim_start();
    }
    postgres_parameters::apply(parameters, entry)
}

/// A value, and what follows it.
fn value(text: &str) -> Result<(Zeroizing<String>, &str), ConnectionStringError> {
    let quoted = text.starts_with('\'');
    let mut value = Zeroizing::new(String::new());
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, escaped)) => value.push(escaped),
                None => return Err(wrong("a backslash goes before a character")),
            },
            '\'' if quoted => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            other if !quoted && other.is_whitespace() => return Ok((value, text.get(at..).unwrap_or_default())),
            other => value.push(other),
        }
    }
    if quoted { Err(wrong("a quoted value has no end")) } else { Ok((value, "")) }
}
