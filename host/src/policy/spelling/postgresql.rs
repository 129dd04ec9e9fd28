//! What of PostgreSQL the parser doesn't know.

use sqlparser::tokenizer::Token;

use super::super::types;
use super::is_word;

/// Which words go, or become another, from the word at a place on.
pub(super) fn unknown(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let opens = |offset: usize| words.get(at + offset) == Some(&&Token::LParen);
    let gone = |from: usize, to: usize| (at + from..=at + to).map(|at| (at, None)).collect();
    // A reserved word: no name can stand there unquoted.
    if is(0, "between") && is(1, "symmetric") {
        return gone(1, 1);
    }
    if is(0, "group") && is(1, "by") && is(2, "distinct") {
        return gone(2, 2);
    }
    // Reserved as well, but as the name of a function.
    if is(0, "isnull") && !opens(1) {
        return vec![(at, Some(Token::make_keyword("NOTNULL")))];
    }
    // An element's name, which names nothing but itself; what a text is to become.
    if (is(0, "xmlelement") || is(0, "xmlpi")) && opens(1) && is(2, "name") && matches!(words.get(at + 3), Some(Token::Word(_))) {
        return gone(2, 2);
    }
    if is(0, "collation") && is(1, "for") && opens(2) {
        return gone(1, 1);
    }
    if is(0, "xmlserialize") && opens(1) && (is(2, "document") || is(2, "content")) && !closes(words, at + 3) {
        return gone(2, 2);
    }
    if words.get(at) == Some(&&Token::RParen) {
        let length = search_clause(words, at + 1).or_else(|| cycle_clause(words, at + 1));
        return length.map_or(Vec::new(), |length| gone(1, length));
    }
    // A join's own name, for its columns alone.
    if is(0, "using") && opens(1) {
        let close = at + 2 + columns(words, at + 2);
        let named = closes(words, close) && words.get(close + 1).is_some_and(|token| is_word(token, "as"));
        return if named && is_name(words, close + 2) { vec![(close + 1, None), (close + 2, None)] } else { Vec::new() };
    }
    literal(words, at)
}

/// A string that goes on in another, one with an escape character of its own, and one of a type that is no table.
fn literal(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    match (words.get(at), words.get(at + 1), words.get(at + 2)) {
        (Some(first), Some(second), _) if is_string(first) && is_string(second) => vec![(at + 1, None)],
        (Some(Token::UnicodeStringLiteral(_)), Some(escape), Some(Token::SingleQuotedString(_)))
            if is_word(escape, "uescape") =>
        {
            vec![(at + 1, None), (at + 2, None)]
        }
        (Some(Token::Word(word)), Some(value), _) if is_string(value) && word.quote_style.is_none() => {
            let name = word.value.to_ascii_lowercase();
            // An interval's unit may follow, and a column's path is no type.
            let plain = types::is_known(&name) && name != "interval" && name != "path";
            let qualified = at.checked_sub(1).and_then(|before| words.get(before)) == Some(&&Token::Period);
            if plain && !qualified { vec![(at, None)] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// `SEARCH DEPTH FIRST BY a, b SET c`, after a common table expression. It names columns alone. How many words it has.
fn search_clause(words: &[&Token], at: usize) -> Option<usize> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    if !(is(0, "search") && (is(1, "depth") || is(1, "breadth")) && is(2, "first") && is(3, "by")) {
        return None;
    }
    let set = 4 + columns(words, at + 4);
    (is(set, "set") && is_name(words, at + set + 1)).then_some(set + 2)
}

/// `CYCLE a, b SET c TO 'x' DEFAULT 'y' USING d`, after a common table expression.
fn cycle_clause(words: &[&Token], at: usize) -> Option<usize> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    if !is(0, "cycle") {
        return None;
    }
    let set = 1 + columns(words, at + 1);
    if !(is(set, "set") && is_name(words, at + set + 1)) {
        return None;
    }
    let values = if is(set + 2, "to") && is(set + 4, "default") { 4 } else { 0 };
    let using = set + 2 + values;
    (is(using, "using") && is_name(words, at + using + 1)).then_some(using + 2)
}

/// How many words a list of columns has, commas included.
fn columns(words: &[&Token], at: usize) -> usize {
    let mut length = 0;
    while is_name(words, at + length) {
        length += 1;
        if words.get(at + length) != Some(&&Token::Comma) {
            break;
        }
        length += 1;
    }
    length
}

fn is_name(words: &[&Token], at: usize) -> bool {
    matches!(words.get(at), Some(Token::Word(_)))
}

fn closes(words: &[&Token], at: usize) -> bool {
    words.get(at) == Some(&&Token::RParen)
}

fn is_string(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::DollarQuotedString(_)
    )
}
