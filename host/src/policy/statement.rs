//! The statement as a tree: exactly one, of a kind that only reads, and nothing in it that doesn't.

use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Select, SetExpr, Statement, Visit, Visitor};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::relations::has_table_command;
use super::{Name, Refusal, pragma, spelling};

/// Deeper nesting is refused: the parser calls itself for each level.
const MAX_DEPTH: usize = 64;

/// A chain of operators (`a OR b OR ...`) is a tree as deep as the chain is long, and dropping it calls itself for each level:
/// this many fit a thread's stack of 2 MiB many times over.
const MAX_OPERATORS: usize = 4_000;

/// The one statement that the tokens are.
pub(super) fn parse(dialect: Name, mut tokens: Vec<Token>) -> Result<Statement, Refusal> {
    let operators = tokens.iter().filter(|token| chains(token)).count();
    if operators > MAX_OPERATORS {
        return Err(Refusal::unparsable(format!("{operators} operators; the limit is {MAX_OPERATORS}")));
    }
    alone(&tokens)?;
    spelling::spell_out(dialect, &mut tokens);
    let mut parser = Parser::new(dialect.parser()).with_recursion_limit(MAX_DEPTH).with_tokens(tokens);
    end_of_statement(&mut parser);
    if parser.peek_token_ref().token == Token::EOF {
        return Err(Refusal::unparsable("there is no statement"));
    }
    let statement = parser.parse_statement().map_err(|why| Refusal::unparsable(explain(&why)))?;
    end_of_statement(&mut parser);
    // Not the parser's own loop over statements: that ends at the word END as well as at the end of the text.
    let next = &parser.peek_token_ref().token;
    if *next != Token::EOF {
        return Err(another(next));
    }
    Ok(statement)
}

/// Whether it only reads.
pub(super) fn reads(dialect: Name, statement: &Statement) -> Result<(), Refusal> {
    // There its first word would be taken for a procedure's name.
    if dialect == Name::SqlServer && !matches!(statement, Statement::Query(_)) {
        return Err(Refusal::write(format!("{} is not a read", verb(statement))));
    }
    match statement.visit(&mut Reading(dialect)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// Nothing comes after a semicolon. Looked for among the tokens as well as after the statement: the parser takes whatever follows some
/// words for theirs.
fn alone(tokens: &[Token]) -> Result<(), Refusal> {
    let mut ended = false;
    let mut begun = false;
    for token in tokens {
        match token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon => ended = begun,
            next if ended => return Err(another(next)),
            _ => begun = true,
        }
    }
    Ok(())
}

fn another(next: &Token) -> Refusal {
    Refusal::write(format!("another statement, at {next:?}; send one at a time", next = next.to_string()))
}

fn end_of_statement(parser: &mut Parser<'_>) {
    while parser.consume_token(&Token::SemiColon) {}
}

/// Whether a token may join two things into one. Commas, parentheses, dots, names and literals don't.
fn chains(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            word.quote_style.is_none()
                && matches!(
                    word.keyword,
                    Keyword::AND
                        | Keyword::OR
                        | Keyword::XOR
                        | Keyword::NOT
                        | Keyword::UNION
                        | Keyword::EXCEPT
                        | Keyword::INTERSECT
                        | Keyword::MINUS
                        | Keyword::DIV
                        | Keyword::MOD
                        | Keyword::LIKE
                        | Keyword::ILIKE
                        | Keyword::IN
                        | Keyword::IS
                        | Keyword::BETWEEN
                        | Keyword::COLLATE
                        | Keyword::AT
                )
        }
        Token::Whitespace(_)
        | Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::SemiColon
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Placeholder(_) => false,
        _ => true,
    }
}

fn explain(why: &ParserError) -> String {
    match why {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => format!("it nests deeper than {MAX_DEPTH} levels"),
    }
}

/// Walks all of a statement, statements and queries within it included, and stops at the first thing that isn't a read.
struct Reading(Name);

impl Visitor for Reading {
    type Break = Refusal;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Refusal> {
        match statement {
            Statement::Query(_)
            | Statement::Explain { .. }
            | Statement::ExplainTable { .. }
            | Statement::ShowFunctions { .. }
            | Statement::ShowVariable { .. }
            | Statement::ShowStatus { .. }
            | Statement::ShowVariables { .. }
            | Statement::ShowCreate { .. }
            | Statement::ShowColumns { .. }
            | Statement::ShowCatalogs { .. }
            | Statement::ShowDatabases { .. }
            | Statement::ShowProcessList { .. }
            | Statement::ShowSchemas { .. }
            | Statement::ShowCharset(_)
            | Statement::ShowObjects(_)
            | Statement::ShowTables { .. }
            | Statement::ShowViews { .. }
            | Statement::ShowCollation { .. } => ControlFlow::Continue(()),
            other => ControlFlow::Break(Refusal::write(format!("{} is not a read", verb(other)))),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        if let Some(lock) = query.locks.first() {
            return ControlFlow::Break(Refusal::write(format!("{lock} takes locks")));
        }
        if !query.pipe_operators.is_empty() || query.settings.is_some() || query.format_clause.is_some() {
            return ControlFlow::Break(Refusal::unparsable("a query in another database's dialect"));
        }
        if has_table_command(&query.body) {
            return ControlFlow::Break(Refusal::unparsable("TABLE here: write SELECT * FROM"));
        }
        match query.body.as_ref() {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                ControlFlow::Break(Refusal::write("a query that changes data"))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// SQLite runs a pragma that is read from as a table: `pragma_optimize` writes.
    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Refusal> {
        let ident = name.0.last().and_then(|part| part.as_ident()).filter(|_| self.0 == Name::Sqlite);
        let Some(name) = ident.map(|ident| ident.value.to_lowercase()) else { return ControlFlow::Continue(()) };
        match name.strip_prefix("pragma_") {
            Some(pragma) if !pragma::reads_as_table(pragma) => {
                ControlFlow::Break(Refusal::write(format!("{name} may change something")))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return ControlFlow::Break(Refusal::write("SELECT INTO makes a table, sets a variable or writes a file"));
        }
        ControlFlow::Continue(())
    }
}

/// The statement's first word or two.
pub(super) fn verb(statement: &Statement) -> String {
    let text = statement.to_string();
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_uppercase();
    match first.as_str() {
        "CREATE" | "DROP" | "ALTER" | "SET" => format!("{first} {}", words.next().unwrap_or_default().to_uppercase()),
        _ => first,
    }
}
