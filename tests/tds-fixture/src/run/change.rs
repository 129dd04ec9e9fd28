//! INSERT, UPDATE, DELETE, TRUNCATE.

use super::select::explained;
use super::session::Session;
use crate::catalog::{Defined, Table};
use crate::error::SqlError;
use crate::sql::ast::{self, Body, Expr, Item, Name, Source, Statement};
use crate::sql::compile::{Compiler, output};
use crate::sql::scope::{self, Emitted, Scope, quote};
use crate::tds::reply::Column;
use crate::types::{Kind, Type};

/// DONE's codes.
const INSERT: u16 = 0xC3;
const DELETE: u16 = 0xC4;
const UPDATE: u16 = 0xC5;

impl Session {
    pub(crate) fn insert(&mut self, name: &Name, columns: &[String], source: &Source, output: &[Item]) -> Result<(), SqlError> {
        if let Source::Execute(inner) = source {
            return match inner.as_ref() {
                Statement::Execute { .. } | Statement::ExecuteText(_) => Err(SqlError::lacks("INSERT … EXEC")),
                _ => Ok(()),
            };
        }
        self.begin_implicitly()?;
        let table = self.compile(|compiler| compiler.catalog.table(&compiler.database, name))?;
        changeable(&table, name)?;
        let explicit_identity = self.identity_insert.as_deref() == Some(table.path.as_str());
        let wanted = targets(&table, columns, explicit_identity)?;
        let sql = self.compile(|compiler| {
            let mut names: Vec<String> = wanted.iter().map(|target| quote(&target.column.name)).collect();
            let source = match source {
                Source::Query(query) => compiler.insert_source(query, &wanted)?,
                _ => format!(
                    "SELECT {}",
                    wanted.iter().map(|target| compiler.default_of(target)).collect::<Result<Vec<_>, _>>()?.join(", ")
                ),
            };
            // What wasn't named: identity, rowversion, defaults.
            let mut extra = Vec::new();
            for defined in &table.columns {
                let named = wanted.iter().any(|target| target.id == defined.id);
                if named || defined.column.computed {
                    continue;
                }
                let value = if defined.column.identity {
                    let (seed, increment) = compiler.catalog.identity(&table)?;
                    format!("tds_identity('{}', {seed}, {increment})", table.path.replace('\'', "''"))
                } else if defined.column.kind.kind == Kind::RowVersion {
                    "tds_rowversion()".to_owned()
                } else if defined.default.is_some() {
                    compiler.default_of(defined)?
                } else {
                    continue;
                };
                names.push(quote(&defined.column.name));
                extra.push(value);
            }
            let returning = compiler.returning(output, &table)?;
            let sql = if wanted.is_empty() && extra.is_empty() {
                format!("INSERT INTO {} DEFAULT VALUES", table.path)
            } else if wanted.is_empty() {
                format!("INSERT INTO {} ({}) SELECT {}", table.path, names.join(", "), extra.join(", "))
            } else if extra.is_empty() {
                format!("INSERT INTO {} ({}) {source}", table.path, names.join(", "))
            } else {
                format!(
                    "INSERT INTO {} ({}) SELECT source.*, {} FROM ({source}) AS source",
                    table.path,
                    names.join(", "),
                    extra.join(", ")
                )
            };
            Ok((sql, returning))
        })?;
        let count = self.change_returning(&sql.0, sql.1).map_err(|error| self.named(error, &table))?;
        if explicit_identity {
            self.learn_identity(&table)?;
        }
        if let Some(taken) = self.taken_identity() {
            self.identity = Some(taken);
        }
        self.changed(count, INSERT)
    }

    /// After values that were given by hand.
    fn learn_identity(&mut self, table: &Table) -> Result<(), SqlError> {
        if let Some(defined) = table.columns.iter().find(|defined| defined.column.identity) {
            let sql = format!("SELECT max({}) FROM {}", quote(&defined.column.name), table.path);
            if let rusqlite::types::Value::Integer(last) = self.first_value(&sql)? {
                self.server.set_identity(&table.path, Some(last + 1));
                self.identity = Some(last);
            }
        }
        Ok(())
    }

    pub(crate) fn update(
        &mut self,
        name: &Name,
        set: &[(String, Expr)],
        from: &[ast::Table],
        filter: Option<&Expr>,
        output: &[Item],
        top: Option<&Expr>,
    ) -> Result<(), SqlError> {
        self.begin_implicitly()?;
        let (sql, returning, table) = self.compile(|compiler| {
            let (table, scope, joined) = compiler.target(name, from)?;
            let (mut keys, mut values) = (Vec::new(), Vec::new());
            for (column, value) in set {
                let defined = find(&table, column)?;
                if defined.column.identity {
                    return Err(SqlError::new(8102, 16, format!("Cannot update identity column '{column}'.")));
                }
                if defined.column.computed {
                    let message = format!("The column \"{column}\" cannot be modified because it is either a computed column or is the result of a UNION operator.");
                    return Err(SqlError::new(271, 16, message));
                }
                keys.push(quote(&defined.column.name));
                values.push(compiler.stored(value, defined, &scope)?);
            }
            for defined in table.columns.iter().filter(|defined| defined.column.kind.kind == Kind::RowVersion) {
                keys.push(quote(&defined.column.name));
                values.push("tds_rowversion()".to_owned());
            }
            let rest = compiler.rest(filter, top, &scope)?;
            let returning = compiler.returning(output, &table)?;
            let list: Vec<String> = values.iter().enumerate().map(|(index, value)| format!("{value} AS v{index}")).collect();
            let sets: Vec<String> = keys.iter().enumerate().map(|(index, key)| format!("{key} = changed.v{index}")).collect();
            let inner = format!("SELECT {}.rowid AS id, {} FROM {joined}{rest}", alias_of(&scope, &table), list.join(", "));
            let sql = format!("UPDATE {path} SET {} FROM ({inner}) AS changed WHERE {path}.rowid = changed.id", sets.join(", "), path = table.path);
            // SQLite wants the bare name there.
            let sql = sql.replace(&format!("WHERE {}.rowid", table.path), &format!("WHERE {}.rowid", bare(&table.path)));
            Ok((sql, returning, table))
        })?;
        let count = self.change_returning(&sql, returning).map_err(|error| self.named(error, &table))?;
        self.changed(count, UPDATE)
    }

    pub(crate) fn delete(
        &mut self,
        name: &Name,
        from: &[ast::Table],
        filter: Option<&Expr>,
        output: &[Item],
        top: Option<&Expr>,
    ) -> Result<(), SqlError> {
        self.begin_implicitly()?;
        let (sql, returning) = self.compile(|compiler| {
            let (table, scope, joined) = compiler.target(name, from)?;
            let rest = compiler.rest(filter, top, &scope)?;
            let returning = compiler.returning(output, &table)?;
            let alias = alias_of(&scope, &table);
            Ok((format!("DELETE FROM {} WHERE rowid IN (SELECT {alias}.rowid FROM {joined}{rest})", table.path), returning))
        })?;
        let count = self.change_returning(&sql, returning)?;
        self.changed(count, DELETE)
    }

    pub(crate) fn truncate(&mut self, name: &Name) -> Result<(), SqlError> {
        let table = self.compile(|compiler| compiler.catalog.table(&compiler.database, name))?;
        changeable(&table, name)?;
        self.change(&format!("DELETE FROM {}", table.path))?;
        self.server.set_identity(&table.path, None);
        Ok(())
    }

    /// Runs what changes rows; how many.
    pub(crate) fn change(&mut self, sql: &str) -> Result<u64, SqlError> {
        let mut statement = self.conn.prepare(sql).map_err(|error| explained(&error, sql))?;
        self.bind(&mut statement)?;
        Ok(u64::try_from(statement.raw_execute()?).unwrap_or(0))
    }

    fn change_returning(&mut self, sql: &str, returning: Option<(String, Vec<Column>)>) -> Result<u64, SqlError> {
        let Some((list, columns)) = returning else { return self.change(sql) };
        let sql = format!("{sql} RETURNING {list}");
        let conn = std::rc::Rc::clone(&self.conn);
        let mut statement = conn.prepare(&sql).map_err(|error| explained(&error, &sql))?;
        self.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        let mut count = 0;
        let mut announced = false;
        loop {
            let row = rows.next()?;
            if !announced {
                self.reply.columns(&columns)?;
                announced = true;
            }
            let Some(row) = row else { return Ok(count) };
            let values: Vec<_> = (0..columns.len()).map(|index| row.get_ref(index)).collect::<Result<_, _>>()?;
            self.reply.row(&columns, &values)?;
            count += 1;
        }
    }

    /// A violated key, by its name.
    fn named(&self, error: SqlError, table: &Table) -> SqlError {
        self.find_key(&error, table).unwrap_or(error)
    }

    fn find_key(&self, error: &SqlError, table: &Table) -> Option<SqlError> {
        if error.number != 2627 {
            return None;
        }
        let failed = error.message.split('\'').nth(1)?;
        let columns: Vec<&str> = failed.split(", ").filter_map(|column| column.rsplit('.').next()).collect();
        let (schema, _) = failed.split_once('.')?;
        let db = quote(&table.database);
        let sql = format!(
            "SELECT i.name, i.is_primary_key, i.is_unique_constraint FROM {db}._indexes i WHERE i.object_id = ?1 AND i.is_unique AND ?2 = \
             (SELECT group_concat(c.name, ',' ORDER BY k.index_column_id) FROM {db}._index_columns k JOIN {db}._columns c ON c.object_id = \
             k.object_id AND c.column_id = k.column_id WHERE k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0) COLLATE NOCASE"
        );
        let wanted = rusqlite::params![table.id, columns.join(",")];
        let (name, primary, unique): (String, bool, bool) =
            self.conn.query_row(&sql, wanted, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).ok()?;
        let object = format!("{schema}.{}", table.name);
        if !primary && !unique {
            let message = format!("Cannot insert duplicate key row in object '{object}' with unique index '{name}'.");
            return Some(SqlError::new(2601, 14, message));
        }
        let kind = if primary { "PRIMARY KEY" } else { "UNIQUE KEY" };
        let message = format!("Violation of {kind} constraint '{name}'. Cannot insert duplicate key in object '{object}'.");
        Some(SqlError::new(2627, 14, message))
    }

    /// DONE with the count, unless NOCOUNT is on.
    pub(crate) fn changed(&mut self, count: u64, command: u16) -> Result<(), SqlError> {
        self.row_count = i64::try_from(count).unwrap_or(i64::MAX);
        let open = self.transactions > 0;
        let said = (!self.options.no_count).then_some(count);
        self.reply.statement_done(self.done, false, open, said, command)
    }
}

impl Compiler<'_> {
    /// A column's DEFAULT, or NULL.
    fn default_of(&mut self, defined: &Defined) -> Result<String, SqlError> {
        let Some(text) = &defined.default else { return Ok("NULL".to_owned()) };
        let value = crate::sql::parser::Parser::new(text)?.expression()?;
        self.stored(&value, defined, &Scope::default())
    }

    /// A value as a column keeps it.
    fn stored(&mut self, value: &Expr, defined: &Defined, scope: &Scope<'_>) -> Result<String, SqlError> {
        if matches!(value, Expr::Column(name) if name.0.len() == 1 && name.last() == "default") {
            return self.default_of(defined);
        }
        let emitted = self.expr(value, scope)?;
        Ok(stored(&emitted, defined))
    }

    fn insert_source(&mut self, query: &ast::Query, wanted: &[&Defined]) -> Result<String, SqlError> {
        let wrong = |given: usize| {
            if given < wanted.len() {
                SqlError::new(
                    109,
                    15,
                    "There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
                )
            } else {
                SqlError::new(
                    110,
                    15,
                    "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
                )
            }
        };
        if let Body::Values(rows) = &query.body {
            let mut parts = Vec::new();
            for row in rows {
                if row.len() != wanted.len() {
                    return Err(wrong(row.len()));
                }
                let cells: Vec<String> = row
                    .iter()
                    .zip(wanted)
                    .map(|(value, defined)| self.stored(value, defined, &Scope::default()))
                    .collect::<Result<_, _>>()?;
                parts.push(format!("({})", cells.join(", ")));
            }
            return Ok(format!("VALUES {}", parts.join(", ")));
        }
        let compiled = self.query(query, None)?;
        if compiled.columns.len() != wanted.len() {
            return Err(wrong(compiled.columns.len()));
        }
        let cells: Vec<String> = compiled
            .columns
            .iter()
            .zip(wanted)
            .enumerate()
            .map(|(index, (column, defined))| stored(&Emitted::new(format!("c{}", index + 1), column.kind), defined))
            .collect();
        Ok(format!("SELECT {} FROM ({})", cells.join(", "), compiled.sql))
    }

    /// The table that a statement changes, and all that it reads.
    fn target(&mut self, name: &Name, from: &[ast::Table]) -> Result<(Table, Scope<'static>, String), SqlError> {
        let mut scope = Scope::default();
        let mut parts = Vec::new();
        let alone = [ast::Table::Named { name: name.clone(), alias: None }];
        for table in if from.is_empty() { &alone } else { from } {
            parts.push(self.table(table, &mut scope)?);
        }
        let found = scope.sources.iter().find(|source| source.is_called(name.last()) && source.table.is_some());
        let path = match found {
            Some(found) => found.table.clone(),
            None => None,
        };
        // An alias stands for a table; else the name itself does.
        let table = match (&path, aliased(from, name.last())) {
            (_, Some(real)) => self.catalog.table(&self.database, &real)?,
            _ => self.catalog.table(&self.database, name)?,
        };
        changeable(&table, name)?;
        if path.as_deref() != Some(table.path.as_str()) {
            return Err(SqlError::lacks("such a FROM in a change"));
        }
        Ok((table, scope, parts.join(", ")))
    }

    fn rest(&mut self, filter: Option<&Expr>, top: Option<&Expr>, scope: &Scope<'_>) -> Result<String, SqlError> {
        let mut rest = String::new();
        if let Some(filter) = filter {
            rest += &format!(" WHERE {}", self.expr(filter, scope)?.sql);
        }
        if let Some(top) = top {
            rest += &format!(" LIMIT {}", self.expr(top, scope)?.sql);
        }
        Ok(rest)
    }

    /// OUTPUT, as RETURNING.
    fn returning(&mut self, items: &[Item], table: &Table) -> Result<Option<(String, Vec<Column>)>, SqlError> {
        if items.is_empty() {
            return Ok(None);
        }
        let source =
            |name: &str| scope::Source { name: name.into(), alias: String::new(), columns: table.visible(), table: None };
        let scope = Scope { sources: vec![source("inserted"), source("deleted")], outer: None };
        let (mut list, mut columns) = (Vec::new(), Vec::new());
        for item in items {
            if let Expr::Star(_) = item.value {
                for emitted in scope.sources.iter().take(1).flat_map(scope::Source::all) {
                    columns.push(output(&emitted, None));
                    list.push(emitted.sql);
                }
                continue;
            }
            let emitted = self.expr(&item.value, &scope)?;
            columns.push(output(&emitted, item.alias.as_deref()));
            list.push(emitted.sql);
        }
        Ok(Some((list.join(", "), columns)))
    }
}

fn stored(value: &Emitted, defined: &Defined) -> String {
    let (from, to) = (value.kind, defined.column.kind);
    let same = from == to && !from.kind.is_sized();
    if same || from.kind == Kind::Null { value.sql.clone() } else { format!("tds_cast({}, '{from}', '{to}', 1, 0)", value.sql) }
}

fn changeable(table: &Table, name: &Name) -> Result<(), SqlError> {
    if table.view.is_some() {
        return Err(SqlError::lacks("changes through views"));
    }
    if table.id == 0 {
        return Err(SqlError::new(259, 16, format!("Ad hoc updates to system catalogs are not allowed ({}).", name.text())));
    }
    Ok(())
}

fn find<'a>(table: &'a Table, column: &str) -> Result<&'a Defined, SqlError> {
    let found = table.columns.iter().find(|defined| defined.column.name.eq_ignore_ascii_case(column));
    found.ok_or_else(|| SqlError::new(207, 16, format!("Invalid column name '{column}'.")))
}

/// The columns that INSERT fills, in its order.
fn targets<'a>(table: &'a Table, columns: &[String], explicit_identity: bool) -> Result<Vec<&'a Defined>, SqlError> {
    if columns.is_empty() {
        let automatic = |defined: &&Defined| {
            defined.column.computed
                || defined.column.kind.kind == Kind::RowVersion
                || (defined.column.identity && !explicit_identity)
        };
        return Ok(table.columns.iter().filter(|defined| !automatic(defined)).collect());
    }
    let mut found = Vec::new();
    for column in columns {
        let defined = find(table, column)?;
        if defined.column.identity && !explicit_identity {
            let message = format!(
                "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
                table.name
            );
            return Err(SqlError::new(544, 16, message));
        }
        if defined.column.computed {
            let message = format!(
                "The column \"{column}\" cannot be modified because it is either a computed column or is the result of a UNION operator."
            );
            return Err(SqlError::new(271, 16, message));
        }
        found.push(defined);
    }
    Ok(found)
}

/// The table that an alias in FROM stands for.
fn aliased(from: &[ast::Table], alias: &str) -> Option<Name> {
    from.iter().find_map(|table| match table {
        ast::Table::Named { name, alias: Some(found) } if found.eq_ignore_ascii_case(alias) => Some(name.clone()),
        ast::Table::Join { left, right, .. } => {
            aliased(std::slice::from_ref(left), alias).or_else(|| aliased(std::slice::from_ref(right), alias))
        }
        _ => None,
    })
}

fn alias_of(scope: &Scope<'_>, table: &Table) -> String {
    let found = scope.sources.iter().find(|source| source.table.as_deref() == Some(table.path.as_str()));
    found.map_or_else(String::new, |source| source.alias.clone())
}

/// The last part of a path in SQLite's SQL.
fn bare(path: &str) -> &str {
    path.find("\".\"").map_or_else(|| path.strip_prefix("temp.").unwrap_or(path), |at| &path[at + 2..])
}

/// A type's place among the kept ones, for a column without one.
pub(crate) fn kept(of: &Type) -> &'static str {
    match of.kind {
        // Not INTEGER: as a primary key that would be SQLite's row number, which takes NULL.
        kind if kind.is_integer() => "INT",
        kind if kind.is_float() => "REAL",
        kind if kind.is_exact() => "TEXT COLLATE tds_number",
        kind if kind.is_bytes() || kind == Kind::Vector => "BLOB",
        kind if kind.is_char() => "TEXT COLLATE NOCASE",
        _ => "TEXT",
    }
}
