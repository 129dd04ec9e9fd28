//! The statement's tokens, and what is refused before it is parsed: places where the parser here and a database's own might
//! disagree on where a string, a comment or a statement ends. Each rule stands for a way to hide a second statement.

use sqlparser::tokenizer::{Token, Tokenizer, Whitespace, Word};

use super::{Name, Refusal, tsql};

/// Reads a statement's tokens, whitespace and comments included.
pub(super) fn read(dialect: Name, reading: bool, sql: &str) -> Result<Vec<Token>, Refusal> {
    if sql.contains('\0') {
        return Err(Refusal::ambiguous("a NUL character ends the statement in some places and not in others"));
    }
    // The tokenizer puts what stands in it among the statement's tokens, whichever version it is for.
    if dialect == Name::MySql && sql.contains("/*!") {
        return Err(Refusal::ambiguous("a comment that MySQL runs or doesn't by its version (/*! ... */)"));
    }
    // Not unescaped: the rules below look at what was written.
    let tokens = Tokenizer::new(dialect.parser(), sql)
        .with_unescape(false)
        .tokenize()
        .map_err(|why| Refusal::unparsable(why.to_string()))?;
    for token in &tokens {
        unambiguous(dialect, token)?;
    }
    for pair in tokens.windows(2) {
        if let [first, second] = pair
            && begin_comment(dialect, first, second)
        {
            return Err(Refusal::ambiguous("a comment that begins inside an operator"));
        }
    }
    for three in tokens.windows(3) {
        if let [first, second, third] = three {
            unambiguous_together(dialect, first, second, third)?;
        }
    }
    if dialect == Name::SqlServer { tsql::check(tokens, reading) } else { Ok(tokens) }
}

fn unambiguous(dialect: Name, token: &Token) -> Result<(), Refusal> {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) if comment.trim_end_matches('\r').contains('\r') => {
            Err(Refusal::ambiguous("a carriage return inside a comment: some databases end the comment there"))
        }
        // MySQL asks for a blank or a control character after the dashes, and knows those of ASCII alone.
        Token::Whitespace(Whitespace::SingleLineComment { prefix, comment })
            if dialect == Name::MySql && prefix == "--" && !comment.starts_with(|first: char| first.is_ascii()) =>
        {
            Err(Refusal::ambiguous("two dashes and a blank that isn't ASCII's: no comment for MySQL"))
        }
        Token::Whitespace(Whitespace::MultiLineComment(text)) if runs_in_mysql(dialect, text) => {
            Err(Refusal::ambiguous("a comment that MySQL runs (/*! ... */)"))
        }
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) if backslash_may_escape(dialect) => {
            no_escaped_quote(text)
        }
        Token::DoubleQuotedString(text) if matches!(dialect, Name::MySql | Name::Generic) => no_escaped_quote(text),
        // The tokenizer lets a backslash escape the quote of X'...', and no database does; in T-SQL it isn't even one literal.
        Token::HexStringLiteral(digits) | Token::SingleQuotedByteStringLiteral(digits) if !digits.bytes().all(is_digit) => {
            Err(Refusal::ambiguous("X'...' or B'...' with something else than digits in it"))
        }
        Token::DoubleQuotedByteStringLiteral(_) => Err(Refusal::ambiguous("b\"...\": a name and a quote to some databases")),
        // SQLite skips it between tokens; elsewhere it is a letter.
        Token::Word(Word { value, quote_style: None, .. }) if value.contains(BYTE_ORDER_MARK) => {
            Err(Refusal::ambiguous("a byte order mark outside of quotes"))
        }
        // Part of a parameter's name there, with whatever stands in parentheses after it.
        Token::DoubleColon if dialect == Name::Sqlite => Err(Refusal::ambiguous("two colons: SQLite casts by CAST(... AS ...)")),
        // PostgreSQL ends an operator where a comment begins; the tokenizer here doesn't.
        Token::CustomBinaryOperator(text) if text.contains("--") || text.contains("/*") => {
            Err(Refusal::ambiguous("a comment that begins inside an operator"))
        }
        Token::DollarQuotedString(text) if text.tag.as_deref().is_some_and(|tag| !is_plain_tag(tag)) => {
            Err(Refusal::ambiguous("a dollar quote whose tag isn't plain letters and digits"))
        }
        Token::Placeholder(text) if dialect == Name::PostgreSql && !is_numbered(text) => {
            Err(Refusal::ambiguous(format!("{text:?} is neither a parameter ($1) nor a plain dollar quote")))
        }
        _ => Ok(()),
    }
}

fn unambiguous_together(dialect: Name, first: &Token, second: &Token, third: &Token) -> Result<(), Refusal> {
    match (first, second, third) {
        // U&"..." spells an identifier in code points: its name can't be checked here.
        (Token::Word(prefix), Token::Ampersand, Token::Word(Word { quote_style: Some(_), .. }))
            if prefix.quote_style.is_none() && prefix.value.eq_ignore_ascii_case("u") =>
        {
            Err(Refusal::ambiguous("an identifier with Unicode escapes (U&\"...\")"))
        }
        // SQLite reads $name(...) as one parameter, whatever is in the parentheses.
        (Token::Placeholder(text), Token::LParen | Token::Colon | Token::DoubleColon, _)
            if dialect == Name::Sqlite && text.starts_with('$') =>
        {
            Err(Refusal::ambiguous("a parameter with a suffix ($name(...), $name::x)"))
        }
        (Token::AtSign | Token::Colon, Token::Word(_), Token::LParen) if dialect == Name::Sqlite => {
            Err(Refusal::ambiguous("a parameter with a suffix (@name(...), :name(...))"))
        }
        _ => Ok(()),
    }
}

/// Whether what two tokens meet in begins a comment to a database, which looks for those before it looks for operators: `?--`, `|/*`.
fn begin_comment(dialect: Name, first: &Token, second: &Token) -> bool {
    let ends = |end| !matches!(first, Token::Whitespace(_)) && first.to_string().ends_with(end);
    match second {
        // Without a blank after them two dashes are operators to MySQL.
        Token::Minus | Token::Arrow | Token::LongArrow => dialect != Name::MySql && ends('-'),
        Token::Mul => ends('/'),
        Token::CustomBinaryOperator(text) if text.starts_with('-') => dialect != Name::MySql && ends('-'),
        Token::CustomBinaryOperator(text) if text.starts_with('*') => ends('/'),
        _ => false,
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'_'
}

/// Where a backslash in a plain string escapes or doesn't by a setting of the server's.
fn backslash_may_escape(dialect: Name) -> bool {
    matches!(dialect, Name::PostgreSql | Name::MySql | Name::Generic)
}

fn no_escaped_quote(text: &str) -> Result<(), Refusal> {
    if text.ends_with('\\') || text.contains("\\'") || text.contains("\\\"") {
        return Err(Refusal::ambiguous(
            "a backslash before a quote: whether it escapes depends on a setting (in PostgreSQL write E'...\\\\...')",
        ));
    }
    Ok(())
}

fn runs_in_mysql(dialect: Name, comment: &str) -> bool {
    matches!(dialect, Name::MySql | Name::Generic) && (comment.starts_with('!') || comment.starts_with("M!"))
}

fn is_plain_tag(tag: &str) -> bool {
    tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !tag.starts_with(|first: char| first.is_ascii_digit())
}

fn is_numbered(placeholder: &str) -> bool {
    placeholder.strip_prefix('$').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
