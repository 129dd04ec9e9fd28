//! A table's name as a statement writes it, read by its dialect's rules.

use sqlparser::ast::{Ident, ObjectName};

use super::{Name, Refusal};

/// PostgreSQL cuts names off after this many bytes (`NAMEDATALEN` is 64).
const MAX_PG_NAME: usize = 63;

/// A table that a statement names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) catalog: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) table: String,
}

impl Reference {
    /// Of a name in a statement.
    pub(super) fn of(dialect: Name, name: &ObjectName) -> Result<Reference, Refusal> {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        let Some(parts) = parts else { return Err(Refusal::unparsable(format!("{name} is no plain name of a table"))) };
        let folded = |ident: &Ident| fold(dialect, ident);
        let (catalog, schema, table) = match parts.as_slice() {
            [table] => (None, None, folded(table)?),
            [schema, table] => (None, Some(folded(schema)?), folded(table)?),
            [catalog, schema, table] => (Some(folded(catalog)?), Some(folded(schema)?), folded(table)?),
            _ => return Err(Refusal::unparsable(format!("{name} has too many parts for the name of a table here"))),
        };
        // T-SQL's db..table: the schema is the user's default.
        Ok(Reference { catalog, schema: schema.filter(|schema| !schema.is_empty()), table })
    }

    /// As written for people.
    pub(super) fn shown(&self) -> String {
        let parts = [self.catalog.as_deref(), self.schema.as_deref(), Some(&self.table)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(".")
    }
}

/// A name in the case that the database compares it in.
pub(super) fn fold(dialect: Name, ident: &Ident) -> Result<String, Refusal> {
    if dialect == Name::PostgreSql {
        let text = if ident.quote_style.is_some() { written(ident) } else { plain(ident)? };
        return Ok(cut(text));
    }
    Ok(lower(dialect, &written(ident)))
}

/// A name as it hides a table, if it is a common table expression's. Where a setting of the server's says whether case counts, it does here:
/// one that differs in it is taken for a table's.
pub(super) fn hiding(dialect: Name, ident: &Ident) -> Result<String, Refusal> {
    match dialect {
        Name::PostgreSql | Name::Sqlite => fold(dialect, ident),
        Name::SqlServer | Name::MySql | Name::Generic => Ok(written(ident)),
    }
}

/// A name, or a pattern of one, in the case that the database compares it in: SQLite knows ASCII's alone.
pub(super) fn lower(dialect: Name, name: &str) -> String {
    match dialect {
        Name::PostgreSql => name.to_owned(),
        Name::Sqlite => name.to_ascii_lowercase(),
        Name::SqlServer | Name::MySql | Name::Generic => name.to_lowercase(),
    }
}

/// The name itself: what is read here isn't unescaped, and in a quoted name its quote stands twice.
fn written(ident: &Ident) -> String {
    let Some(begin) = ident.quote_style else { return ident.value.clone() };
    let end = if begin == '[' { ']' } else { begin };
    ident.value.replace(&format!("{end}{end}"), &end.to_string())
}

/// A name that comes from outside of a statement, exactly as the database has it.
pub(super) fn exact(dialect: Name, name: &str) -> String {
    if dialect == Name::PostgreSql { cut(name.to_owned()) } else { lower(dialect, name) }
}

/// Words that stand before a table's name in PostgreSQL, where the parser takes them for the name and the name for its alias.
const BEFORE_NAMES: &[&str] = &["only", "lateral", "table", "rows"];

fn plain(ident: &Ident) -> Result<String, Refusal> {
    let lower = ident.value.to_ascii_lowercase();
    if BEFORE_NAMES.contains(&lower.as_str()) {
        return Err(Refusal::unparsable(format!("{} before a table's name: write it without", ident.value.to_uppercase())));
    }
    Ok(lower)
}

fn cut(mut name: String) -> String {
    if name.len() > MAX_PG_NAME {
        let end = (0..=MAX_PG_NAME).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
        name.truncate(end);
    }
    name
}
