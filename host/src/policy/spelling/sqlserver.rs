//! What of T-SQL the parser doesn't know.

use sqlparser::tokenizer::Token;

use super::is_word;

/// Which words go, or become another, from the word at a place on.
pub(super) fn unknown(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let token = |offset: usize, token: &Token| words.get(at + offset) == Some(&token);
    let gone = |from: usize, to: usize| (at + from..=at + to).map(|at| (at, None)).collect();
    // A type's own function, called like any other.
    if token(0, &Token::DoubleColon) {
        return vec![(at, Some(Token::Period))];
    }
    if is(0, "grouping") && is(1, "sets") && token(2, &Token::LParen) {
        return gone(1, 1);
    }
    // The grand total among grouping sets.
    if token(0, &Token::Comma) && token(1, &Token::LParen) && token(2, &Token::RParen) {
        return gone(0, 2);
    }
    if is(0, "with") && (is(1, "rollup") || is(1, "cube")) {
        return gone(0, 1);
    }
    if is(0, "for") && is(1, "system_time") {
        return period(words, at).map_or(Vec::new(), |length| gone(0, length));
    }
    // A cast with a culture.
    if is(0, "parse") && token(1, &Token::LParen) {
        return vec![(at, Some(Token::make_keyword("CAST")))];
    }
    if is(0, "try_parse") && token(1, &Token::LParen) {
        return vec![(at, Some(Token::make_keyword("TRY_CAST")))];
    }
    if is(0, "using") && words.get(at + 1).is_some_and(|token| is_moment(token)) && token(2, &Token::RParen) {
        return gone(0, 1);
    }
    Vec::new()
}

/// Where the words of a span of a table's past end, beside one moment of it, which the parser knows.
fn period(words: &[&Token], at: usize) -> Option<usize> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let moment = |offset: usize| words.get(at + offset).is_some_and(|token| is_moment(token));
    if is(2, "all") {
        return Some(2);
    }
    let span = (is(2, "between") && is(4, "and")) || (is(2, "from") && is(4, "to"));
    (span && moment(3) && moment(5)).then_some(5)
}

/// A text or a parameter.
fn is_moment(token: &Token) -> bool {
    match token {
        Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => true,
        Token::Word(word) => word.quote_style.is_none() && word.value.starts_with('@'),
        _ => false,
    }
}
