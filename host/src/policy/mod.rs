//! What a caller may run: the host's own reading of a statement, the third and outermost of the read-only defences.
//!
//! The first is the database's (a role without rights, a READ ONLY transaction), the second the driver's. This one trusts
//! neither: it reads the statement with a SQL parser and lets through only what it knows to be a read. The order is
//!
//! 1. `lexical` (for T-SQL also `tsql`): what the parser and a database might read differently (a comment that ends elsewhere, a quote that is
//!    escaped in one and not in the other) is refused, so that both see the same statement;
//! 2. `functions`: calls of functions that write, lock, signal, or run SQL given as text;
//! 3. `statement` (for SQLite's PRAGMA: `pragma`): the statement as a tree, against a list of the kinds that only read.
//!
//! It can't see into a database: a view, an operator or a function made by a user may do anything, which is what the other two
//! defences are for. What it can't parse it refuses.

mod functions;
mod lexical;
mod pragma;
mod statement;
#[cfg(test)]
mod tests;
mod tsql;

use sqlparser::dialect::{Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};

/// What is known of an allowed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It only reads, as far as its text tells.
    Read,
    /// Writes are allowed, so it wasn't looked at.
    Unchecked,
}

/// Why a statement was refused under read-only. For the layer that runs statements; its text is meant for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    Unparsable,
    Ambiguous,
}

/// A longer statement isn't parsed: trees take some fifty times the text's size.
const MAX_CHECKED_BYTES: usize = 256 * 1024;

/// Whether a statement may run on a database with that dialect (the contract's `driver-manifest.dialect`).
///
/// # Errors
/// Under read-only: the statement writes, or it can't be seen that it doesn't.
pub fn check(dialect: &str, read_only: bool, sql: &str) -> Result<Verdict, Refusal> {
    if !read_only {
        return Ok(Verdict::Unchecked);
    }
    if sql.len() > MAX_CHECKED_BYTES {
        return Err(Refusal::unparsable(format!(
            "a statement of {} bytes is too long to be checked; the limit under read-only is {MAX_CHECKED_BYTES}",
            sql.len()
        )));
    }
    let name = Name::of(dialect);
    let tokens = lexical::read(name, sql)?;
    functions::check(&tokens)?;
    if name == Name::Sqlite && pragma::check(&tokens)? {
        return Ok(Verdict::Read);
    }
    statement::check(name, tokens)?;
    Ok(Verdict::Read)
}

/// How a database's dialect is read.
pub(crate) fn parser(dialect: &str) -> &'static dyn Dialect {
    Name::of(dialect).parser()
}

/// The dialects that are read differently. Any other is read as the generic one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    PostgreSql,
    Sqlite,
    SqlServer,
    MySql,
    Generic,
}

impl Name {
    fn of(dialect: &str) -> Name {
        match dialect {
            "postgresql" => Name::PostgreSql,
            "sqlite" => Name::Sqlite,
            "mssql" => Name::SqlServer,
            "mysql" => Name::MySql,
            _ => Name::Generic,
        }
    }

    fn parser(self) -> &'static dyn Dialect {
        match self {
            Name::PostgreSql => &PostgreSqlDialect {},
            Name::Sqlite => &SQLiteDialect {},
            Name::SqlServer => &MsSqlDialect {},
            Name::MySql => &MySqlDialect {},
            Name::Generic => &GenericDialect {},
        }
    }
}

impl Refusal {
    fn write(what: impl Into<String>) -> Refusal {
        Refusal { kind: Kind::Write, message: what.into() }
    }

    fn unparsable(why: impl Into<String>) -> Refusal {
        Refusal { kind: Kind::Unparsable, message: why.into() }
    }

    fn ambiguous(what: impl Into<String>) -> Refusal {
        Refusal { kind: Kind::Ambiguous, message: what.into() }
    }

    /// True if the statement writes, or might.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.kind == Kind::Write
    }

    /// What the caller can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.kind {
            Kind::Write => "the database is read-only here: send one statement that only reads (SELECT, VALUES, EXPLAIN, SHOW)",
            Kind::Unparsable => {
                "under read-only a statement has to be understood before it is run: check its syntax, or write it in a plainer way"
            }
            Kind::Ambiguous => "under read-only a statement has to read the same to everyone: write that part in another way",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Kind::Write => write!(f, "refused under read-only: {}", self.message),
            Kind::Unparsable => write!(f, "refused under read-only, since it can't be checked: {}", self.message),
            Kind::Ambiguous => write!(f, "refused under read-only, since it is ambiguous: {}", self.message),
        }
    }
}

impl std::error::Error for Refusal {}
