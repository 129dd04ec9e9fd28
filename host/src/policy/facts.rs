//! What a statement is and names, for people who ask why it is decided as it is.

use sqlparser::ast::{SetExpr, Statement};

use super::functions::called;
use super::{Policy, lexical, relations, statement};

/// As far as the statement can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `SELECT`, `DROP TABLE`. None: it can't be read.
    pub kind: Option<String>,
    /// The tables that it names, as it names them but for their case.
    pub tables: Vec<String>,
    /// The functions that it calls.
    pub functions: Vec<String>,
}

impl Policy {
    /// What a statement is and names.
    #[must_use]
    pub fn facts(&self, sql: &str) -> Facts {
        let Ok(tokens) = lexical::read(self.dialect, false, sql) else { return Facts::default() };
        let functions = called(&tokens);
        let Ok(read) = statement::parse(self.dialect, tokens) else { return Facts { functions, ..Facts::default() } };
        let named = relations::of(self.dialect, &read).unwrap_or_default();
        let tables = named.tables.iter().map(|table| table.shown()).collect();
        Facts { kind: Some(kind(&read)), tables, functions }
    }
}

/// What it does, past a WITH.
fn kind(statement: &Statement) -> String {
    let Statement::Query(query) = statement else { return statement::verb(statement) };
    match query.body.as_ref() {
        SetExpr::Insert(write) | SetExpr::Update(write) | SetExpr::Delete(write) | SetExpr::Merge(write) => {
            statement::verb(write)
        }
        SetExpr::Values(_) => "VALUES".to_owned(),
        _ => "SELECT".to_owned(),
    }
}
