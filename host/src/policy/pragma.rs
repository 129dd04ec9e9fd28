//! SQLite's PRAGMA, read from its tokens: the parser doesn't know `PRAGMA table_info(t)`, the form that everybody writes.

use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token};

use super::reference::fold;
use super::{Name, Refusal};

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

/// Pragmas that tell of their argument, a table, and nothing else.
const OF_A_TABLE: &[&str] = &["table_info", "table_xinfo", "index_list", "foreign_key_list"];

/// Whether a pragma only reads as a table of its own (`pragma_table_info`).
pub(super) fn reads_as_table(name: &str) -> bool {
    ASKING.contains(&name) || SHOWING.contains(&name)
}

/// What a PRAGMA is about.
#[derive(Debug)]
pub(super) struct Pragma {
    pub(super) schema: Option<String>,
    /// The table that it names.
    pub(super) table: Option<String>,
}

/// Looks at a statement that is a PRAGMA: under `reading` it changes nothing, under `naming` it tells of the table that it names alone.
/// None: it is another statement.
pub(super) fn check(tokens: &[Token], reading: bool, naming: bool) -> Result<Option<Pragma>, Refusal> {
    let mut words: Vec<&Token> = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    while words.last() == Some(&&Token::SemiColon) {
        words.pop();
    }
    let [Token::Word(first), rest @ ..] = words.as_slice() else {
        return Ok(None);
    };
    if first.quote_style.is_some() || first.keyword != Keyword::PRAGMA {
        return Ok(None);
    }
    let (schema, rest) = match rest {
        [Token::Word(schema), Token::Period, rest @ ..] => (Some(schema.value.to_lowercase()), rest),
        rest => (None, rest),
    };
    let [Token::Word(name), argument @ ..] = rest else {
        return Err(Refusal::unparsable("a PRAGMA without a name"));
    };
    let name = name.value.to_lowercase();
    let name = name.as_str();
    let mut table = None;
    let reads = match argument {
        [] => ASKING.contains(&name) || SHOWING.contains(&name),
        [Token::LParen, argument, Token::RParen] => {
            table = match argument {
                Token::Word(word) => Some(fold(
                    Name::Sqlite,
                    &Ident { value: word.value.clone(), quote_style: word.quote_style, span: Span::empty() },
                )?),
                Token::SingleQuotedString(text) => Some(fold(Name::Sqlite, &Ident::with_quote('\'', text))?),
                Token::Number(..) => None,
                _ => return Err(Refusal::write(format!("PRAGMA {name} with {argument}"))),
            };
            ASKING.contains(&name)
        }
        _ => false,
    };
    if reading && !reads {
        return Err(Refusal::write(format!("PRAGMA {name} changes something here")));
    }
    let of_a_table = OF_A_TABLE.contains(&name) && table.is_some();
    if naming && !of_a_table && !(argument.is_empty() && SHOWING.contains(&name)) {
        return Err(Refusal::unparsable(format!("PRAGMA {name} may tell of other tables than it names")));
    }
    Ok(Some(Pragma { schema, table: table.filter(|_| of_a_table) }))
}
