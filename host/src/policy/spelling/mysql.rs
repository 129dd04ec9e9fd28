//! What of MySQL the parser doesn't know.

use sqlparser::tokenizer::Token;

use super::is_word;

/// Which words go, or become another, from the word at a place on.
pub(super) fn unknown(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    // Both reserved, so that they are no names.
    if is(0, "mod") && words.get(at + 1) != Some(&&Token::LParen) {
        return vec![(at, Some(Token::Mod))];
    }
    if UNITS.iter().any(|unit| is(0, unit)) {
        return vec![(at, Some(Token::make_keyword("DAY")))];
    }
    if words.get(at) == Some(&&Token::ExclamationMark) {
        return vec![(at, Some(Token::make_keyword("NOT")))];
    }
    Vec::new()
}

/// Units of two parts.
const UNITS: &[&str] = &[
    "day_hour",
    "day_microsecond",
    "day_minute",
    "day_second",
    "hour_microsecond",
    "hour_minute",
    "hour_second",
    "minute_microsecond",
    "minute_second",
    "second_microsecond",
    "year_month",
];
