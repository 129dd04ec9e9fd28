//! What a caller may do on a database, decided in one place: [`decide`], and for a database by its [`Judge`].
//!
//! A policy is an entry's own and the one it refers to (`effective`). A statement is read by the host itself, with a SQL parser, where the
//! policy asks for that: under read-only, where tables or schemas are limited, and where functions are denied. The order is
//!
//! 1. `lexical` (for T-SQL also `tsql`): what the parser and a database might read differently (a comment that ends elsewhere, a quote that is
//!    escaped in one and not in the other) is refused, so that both see the same statement;
//! 2. `functions`: those denied; under read-only those that write, lock, signal, or run SQL given as text; where names count those that
//!    are given names as values (`by_value`, and of sequences `sequences`);
//! 3. `statement` (for SQLite's PRAGMA: `pragma`): the statement as a tree, under read-only against a list of the kinds that only read, and
//!    where names count against one of those that name all they reach (`kinds`);
//! 4. `relations` and `tables`: every table that it names, against the lists.
//!
//! Read-only here is the third and outermost of its defences. The first is the database's (a role without rights, a READ ONLY transaction),
//! the second the driver's. None trusts another. The host can't see into a database: a view, an operator or a function made by a user may
//! reach anything, which is what rights in the database are for. What it can't parse it refuses.

mod by_value;
mod decide;
mod effective;
mod explanation;
mod extensions;
mod facts;
mod functions;
mod judge;
mod kinds;
mod lexical;
mod path;
mod pattern;
mod pragma;
mod reference;
mod refusal;
mod relations;
mod sequences;
mod spelling;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
mod tsql;
mod types;
mod visible;

use sqlparser::dialect::{Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};

pub use decide::{Request, Subject, Verdict, decide};
pub use effective::Policy;
pub use explanation::{Explanation, LimitsShown};
pub use facts::Facts;
pub use judge::Judge;
pub use refusal::{Refusal, Rule};

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
