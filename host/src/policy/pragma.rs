//! SQLite's PRAGMA, read from its tokens: the parser doesn't know `PRAGMA table_info(t)`, the form that everybody writes.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::Refusal;

/// Pragmas that answer something about their argument.
const ASKING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
];

/// Pragmas that answer when they have no argument, and set something when they have one.
const SHOWING: &[&str] = &[
    "application_id",
    "auto_vacuum",
    "busy_timeout",
    "cache_size",
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "function_list",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "query_only",
    "recursive_triggers",
    "schema_version",
    "secure_delete",
    "synchronous",
    "temp_store",
    "user_version",
    "wal_autocheckpoint",
];

/// Looks at a statement that is a PRAGMA. False: it is another statement.
pub(super) fn check(tokens: &[Token]) -> Result<bool, Refusal> {
    let mut words: Vec<&Token> = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    while words.last() == Some(&&Token::SemiColon) {
        words.pop();
    }
    let [Token::Word(first), rest @ ..] = words.as_slice() else {
        return Ok(false);
    };
    if first.quote_style.is_some() || first.keyword != Keyword::PRAGMA {
        return Ok(false);
    }
    let rest = match rest {
        [Token::Word(_), Token::Period, rest @ ..] => rest,
        rest => rest,
    };
    let [Token::Word(name), argument @ ..] = rest else {
        return Err(Refusal::unparsable("a PRAGMA without a name"));
    };
    let name = name.value.to_lowercase();
    let reads = match argument {
        [] => ASKING.contains(&name.as_str()) || SHOWING.contains(&name.as_str()),
        [Token::LParen, Token::Word(_) | Token::SingleQuotedString(_) | Token::Number(..), Token::RParen] => {
            ASKING.contains(&name.as_str())
        }
        _ => false,
    };
    if reads { Ok(true) } else { Err(Refusal::write(format!("PRAGMA {name} changes something here"))) }
}
