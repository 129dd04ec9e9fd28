//! T-SQL's own ways to hide a second statement, looked for among the tokens.
//!
//! T-SQL needs no semicolon between statements, so that one can look like an alias of what comes before it; but the words that begin
//! statements are reserved there, and unquoted never a name. A number ends where it can't go on, without a space (`1eSHUTDOWN` is `1e` and
//! a statement), and a currency's sign is a number of its own. Only tokens that read the same in T-SQL and in the parser go on to it.

use sqlparser::tokenizer::{Token, Whitespace, Word};

use super::Refusal;

#[cfg(test)]
mod tests;

/// Begin statements, or make a read more than one. Sorted.
const RESERVED: &[&str] = &[
    "ADD",
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BREAK",
    "BULK",
    "CHECKPOINT",
    "CLOSE",
    "COMMIT",
    "CONTINUE",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DISK",
    "DROP",
    "DUMP",
    "EXEC",
    "EXECUTE",
    "EXIT",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "INTO",
    "KILL",
    "LINENO",
    "LOAD",
    "MERGE",
    "OPEN",
    "OPENDATASOURCE",
    "OPENQUERY",
    "OPENROWSET",
    "OPENXML",
    "PRINT",
    "PROC",
    "PROCEDURE",
    "RAISERROR",
    "READTEXT",
    "RECONFIGURE",
    "RESTORE",
    "RETURN",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SET",
    "SETUSER",
    "SHUTDOWN",
    "TRAN",
    "TRANSACTION",
    "TRIGGER",
    "TRUNCATE",
    "UPDATE",
    "UPDATETEXT",
    "USE",
    "WAITFOR",
    "WHILE",
    "WRITETEXT",
];

/// Hints that take locks which others wait for. Not reserved: `t AS xlock` is refused with them.
const LOCKS: &[&str] = &["TABLOCKX", "UPDLOCK", "XLOCK"];

/// What may follow a currency's sign and be neither a number nor a statement.
const PSEUDO_COLUMNS: &[&str] = &["$ACTION", "$EDGE_ID", "$FROM_ID", "$IDENTITY", "$NODE_ID", "$PARTITION", "$ROWGUID", "$TO_ID"];

/// What an OPTION clause is made of. Sorted. What changes how a statement is run and not what it does.
const HINTS: &[&str] = &[
    "CONCAT",
    "EXPAND",
    "FAST",
    "FOR",
    "FORCE",
    "FORCED",
    "GROUP",
    "HASH",
    "HINT",
    "JOIN",
    "KEEP",
    "KEEPFIXED",
    "LABEL",
    "LOOP",
    "MAXDOP",
    "MAXRECURSION",
    "MAX_GRANT_PERCENT",
    "MERGE",
    "MIN_GRANT_PERCENT",
    "NO_PERFORMANCE_SPOOL",
    "OPTIMIZE",
    "ORDER",
    "PARAMETERIZATION",
    "PLAN",
    "RECOMPILE",
    "ROBUST",
    "SIMPLE",
    "UNION",
    "UNKNOWN",
    "USE",
    "VIEWS",
];

/// Refuses what hides, and gives the tokens for the parser: without the OPTION clause, which it doesn't know.
pub(super) fn check(mut tokens: Vec<Token>, reading: bool) -> Result<Vec<Token>, Refusal> {
    without_option(&mut tokens)?;
    without_join_hints(&mut tokens);
    let mut write = if reading { Write::NONE } else { Write::of(&tokens) };
    tokens.iter().try_for_each(|token| plain(token, &mut write))?;
    hide_the_count(&mut tokens);
    let mut before: Option<&Token> = None;
    let mut word = None;
    for token in &tokens {
        if let (Some(Token::Number(..) | Token::HexStringLiteral(_) | Token::Placeholder(_)), Token::Word(_)) = (before, token) {
            return Err(Refusal::ambiguous(format!("a number that goes over into a word, at {token}")));
        }
        before = Some(token);
        match token {
            Token::Whitespace(_) => {}
            Token::Word(found) => {
                if reading && unquoted(found, "VALUE") && word.is_some_and(|word| unquoted(word, "NEXT")) {
                    return Err(Refusal::write("NEXT VALUE FOR advances a sequence"));
                }
                word = Some(found);
            }
            _ => word = None,
        }
    }
    Ok(tokens)
}

/// `FETCH NEXT @n ROWS`: the parser knows a number there, and no parameter.
fn hide_the_count(tokens: &mut [Token]) {
    let mut counts = false;
    for token in tokens.iter_mut().filter(|token| !matches!(token, Token::Whitespace(_))) {
        match token {
            Token::Word(word) if counts && word.quote_style.is_none() && word.value.starts_with('@') => {
                *token = Token::Number("1".to_owned(), false);
                counts = false;
            }
            Token::Word(word) => counts = unquoted(word, "NEXT") || unquoted(word, "FIRST"),
            _ => counts = false,
        }
    }
}

/// `INNER HASH JOIN`: how it is computed. All around it is reserved, so that MERGE begins no statement there.
fn without_join_hints(tokens: &mut [Token]) {
    let is = |at: usize, texts: &[&str]| match tokens.get(at) {
        Some(Token::Word(word)) => texts.iter().any(|text| unquoted(word, text)),
        _ => false,
    };
    let words: Vec<usize> =
        tokens.iter().enumerate().filter(|(_, token)| !matches!(token, Token::Whitespace(_))).map(|(at, _)| at).collect();
    let hints = words.windows(3).filter_map(|three| match three {
        [first, hint, last]
            if is(*first, &["INNER", "LEFT", "RIGHT", "FULL", "OUTER"])
                && is(*hint, &["HASH", "LOOP", "MERGE", "REMOTE"])
                && is(*last, &["JOIN"]) =>
        {
            Some(*hint)
        }
        _ => None,
    });
    for hint in hints.collect::<Vec<_>>() {
        if let Some(token) = tokens.get_mut(hint) {
            *token = Token::Whitespace(Whitespace::Space);
        }
    }
}

fn unquoted(word: &Word, text: &str) -> bool {
    word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text)
}

/// The reserved words that a single write is made of, each of them once.
struct Write(Vec<&'static str>);

impl Write {
    const NONE: Write = Write(Vec::new());

    /// By the statement's first word.
    fn of(tokens: &[Token]) -> Write {
        let mut words = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_)));
        let Some(Token::Word(word)) = words.next() else { return Write::NONE };
        if unquoted(word, "MERGE") {
            return Write::of_merge(words);
        }
        let made_of: &[&'static str] = match word.value.to_ascii_uppercase().as_str() {
            "SELECT" => &["INTO"],
            "WITH" => &["INTO", "INSERT", "UPDATE", "SET", "DELETE"],
            "INSERT" => &["INSERT", "INTO"],
            "UPDATE" => &["UPDATE", "SET"],
            "DELETE" => &["DELETE"],
            "TRUNCATE" => &["TRUNCATE"],
            "DROP" => &["DROP"],
            "CREATE" => &["CREATE"],
            "ALTER" => &["ALTER", "ADD", "DROP"],
            _ => &[],
        };
        Write(made_of.to_vec())
    }

    /// A MERGE has as many of them as it has WHEN … THEN before them.
    fn of_merge<'a>(words: impl Iterator<Item = &'a Token>) -> Write {
        let mut made_of = vec!["MERGE"];
        let (mut then, mut first) = (false, true);
        for token in words {
            let is = |text| matches!(token, Token::Word(word) if unquoted(word, text));
            if first && is("INTO") {
                made_of.push("INTO");
            }
            if then && is("UPDATE") {
                made_of.extend(["UPDATE", "SET"]);
            } else if then && is("INSERT") {
                made_of.push("INSERT");
            } else if then && is("DELETE") {
                made_of.push("DELETE");
            }
            (then, first) = (is("THEN"), false);
        }
        Write(made_of)
    }

    /// Whether it is one of them, and the first of its kind.
    fn takes(&mut self, word: &str) -> bool {
        let found = self.0.iter().position(|part| *part == word);
        found.map(|at| self.0.swap_remove(at)).is_some()
    }
}

fn plain(token: &Token, write: &mut Write) -> Result<(), Refusal> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => plain_word(&word.value, write),
        Token::Placeholder(text) if is_dollar_literal(text) => Ok(()),
        Token::Placeholder(text) => Err(Refusal::ambiguous(format!("{text:?}: a currency's sign is a number of its own"))),
        Token::Char(c) => Err(Refusal::ambiguous(format!("the character {c:?} outside of quotes"))),
        Token::LBrace | Token::RBrace => Err(Refusal::unparsable("an ODBC escape ({fn ...}): write it without")),
        Token::DollarQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::TripleSingleQuotedByteStringLiteral(_)
        | Token::TripleDoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::TripleSingleQuotedRawStringLiteral(_)
        | Token::TripleDoubleQuotedRawStringLiteral(_)
        | Token::QuoteDelimitedStringLiteral(_)
        | Token::NationalQuoteDelimitedStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::CustomBinaryOperator(_) => Err(Refusal::ambiguous("a quote or operator that SQL Server doesn't have")),
        _ => Ok(()),
    }
}

fn plain_word(word: &str, write: &mut Write) -> Result<(), Refusal> {
    // Letters of double width, which a server might take for the plain ones.
    if word.contains(|c: char| matches!(c, '\u{ff01}'..='\u{ff5e}')) {
        return Err(Refusal::ambiguous("letters of double width outside of quotes"));
    }
    // Not in ASCII alone: there are letters that become plain ones as capitals.
    let capitals = word.to_uppercase();
    if LOCKS.contains(&capitals.as_str()) {
        return Err(Refusal::write(format!("{capitals} takes locks")));
    }
    if RESERVED.binary_search(&capitals.as_str()).is_ok() && !write.takes(&capitals) {
        return Err(Refusal::write(format!("{capitals} begins a statement of its own, or is part of a write")));
    }
    Ok(())
}

/// `$12.50`, `$identity`; and `?`, which isn't a currency's.
fn is_dollar_literal(text: &str) -> bool {
    let number = text.strip_prefix('$').is_some_and(|number| {
        number.starts_with(|first: char| first.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    number || text == "?" || PSEUDO_COLUMNS.contains(&text.to_ascii_uppercase().as_str())
}

/// Takes a statement's last clause off: `OPTION (...)` and then nothing but a semicolon.
fn without_option(tokens: &mut Vec<Token>) -> Result<(), Refusal> {
    let is_filler = |token: &Token| matches!(token, Token::Whitespace(_) | Token::SemiColon | Token::EOF);
    let Some(last) = tokens.iter().rposition(|token| !is_filler(token)) else { return Ok(()) };
    if tokens.get(last) != Some(&Token::RParen) {
        return Ok(());
    }
    let mut depth = 0_usize;
    let mut open = None;
    for (at, token) in tokens.iter().enumerate().take(last + 1).rev() {
        match token {
            Token::RParen => depth += 1,
            Token::LParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            open = Some(at);
            break;
        }
    }
    let before = |end: usize| tokens.iter().take(end).rposition(|token| !matches!(token, Token::Whitespace(_)));
    let Some(start) = open.and_then(before) else { return Ok(()) };
    if !matches!(tokens.get(start), Some(Token::Word(word)) if unquoted(word, "OPTION")) {
        return Ok(());
    }
    tokens.iter().skip(start + 1).take(last - start).try_for_each(is_hint)?;
    tokens.drain(start..=last);
    Ok(())
}

fn is_hint(token: &Token) -> Result<(), Refusal> {
    let known = match token {
        Token::Word(word) if word.quote_style.is_none() => {
            word.value.starts_with('@') || HINTS.binary_search(&word.value.to_ascii_uppercase().as_str()).is_ok()
        }
        Token::Whitespace(_) | Token::LParen | Token::RParen | Token::Comma | Token::Eq => true,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => true,
        _ => false,
    };
    if known { Ok(()) } else { Err(Refusal::unparsable(format!("{token} in an OPTION clause"))) }
}
