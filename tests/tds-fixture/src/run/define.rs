//! CREATE TABLE, ALTER TABLE, CREATE INDEX, CREATE SCHEMA, DROP: SQLite's tables and the catalog's rows, both or neither.

use std::rc::Rc;

use rusqlite::Connection;

use super::change::kept;
use super::drop::index_path;
use super::session::Session;
use crate::catalog::{Table, define};
use crate::error::SqlError;
use crate::sql::ast::{Change, ColumnDef, Constraint, Expr, Name};
use crate::sql::parser::Parser;
use crate::sql::scope::{Scope, Source, Visible, constant, quote};
use crate::tds::reply::Column;
use crate::types::{Kind, Type};

/// A column that is being made.
struct Made {
    kind: Type,
    nullable: bool,
    computed: Option<String>,
}

/// A key as the catalog lists it.
struct Key<'a> {
    name: Option<&'a String>,
    primary: bool,
    columns: &'a [(String, bool)],
    clustered: bool,
}

impl Session {
    /// All of it, or nothing.
    pub(crate) fn atomically(&mut self, run: impl FnOnce(&mut Session) -> Result<(), SqlError>) -> Result<(), SqlError> {
        // Outside a transaction it writes from the start: what it read can't be too old by then.
        let (begin, keep, undo) = if self.conn.is_autocommit() {
            ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        } else {
            ("SAVEPOINT definition", "RELEASE definition", "ROLLBACK TO definition; RELEASE definition")
        };
        self.conn.execute_batch(begin)?;
        let outcome = run(self);
        self.conn.execute_batch(if outcome.is_ok() { keep } else { undo })?;
        outcome
    }

    pub(crate) fn create_table(
        &mut self,
        name: &Name,
        columns: &[ColumnDef],
        constraints: &[Constraint],
    ) -> Result<(), SqlError> {
        let database = self.compile(|compiler| compiler.catalog.database(&compiler.database, name))?;
        let schema_name = name.schema().unwrap_or("dbo").to_owned();
        let schema = self.compile(|compiler| compiler.catalog.schema(&database, &schema_name))?;
        if columns.is_empty() {
            return Err(SqlError::syntax(")", 0));
        }
        let made = self.made(columns, constraints)?;
        let all: Vec<&Constraint> = columns.iter().flat_map(|column| &column.constraints).chain(constraints).collect();
        let table = format!("{schema_name}.{}", name.last());
        let mut parts: Vec<String> = columns.iter().zip(&made).map(|(column, made)| written(column, made)).collect();
        for constraint in &all {
            parts.extend(self.constraint(constraint, name, columns, &made)?);
        }
        let conn = Rc::clone(&self.conn);
        self.atomically(|session| {
            let sql = format!("CREATE TABLE {}.{} ({})", quote(&database), quote(&table), parts.join(", "));
            let id = define::object(&conn, &database, schema, name.last(), "U", 0, None)?;
            conn.execute_batch(&sql).map_err(|error| super::select::explained(&error, &sql))?;
            for ((column, made), number) in columns.iter().zip(&made).zip(1..) {
                catalog_column(&conn, &database, (schema, id, number), name.last(), column, made)?;
            }
            for constraint in all {
                session.catalog_constraint(&database, schema, id, name, columns, constraint)?;
            }
            session.server.set_identity(&format!("{}.{}", quote(&database), quote(&table)), None);
            Ok(())
        })
    }

    /// Types of columns, computed ones among them.
    fn made(&mut self, columns: &[ColumnDef], constraints: &[Constraint]) -> Result<Vec<Made>, SqlError> {
        let keyed = |column: &ColumnDef| {
            let own = column.constraints.iter().chain(constraints);
            own.into_iter().any(|constraint| match constraint {
                Constraint::Key { primary: true, columns, .. } => {
                    columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(&column.name))
                }
                _ => false,
            })
        };
        let mut made: Vec<Made> = columns
            .iter()
            .map(|column| Made {
                kind: column.kind.unwrap_or(Type::of(Kind::Int)),
                nullable: column.nullable.unwrap_or(!keyed(column) && column.identity.is_none())
                    && !keyed(column)
                    && column.identity.is_none(),
                computed: None,
            })
            .collect();
        for (index, column) in columns.iter().enumerate() {
            let Some((value, _, _)) = &column.computed else { continue };
            let scope = scope_of(columns, &made);
            let emitted = self.compile(|compiler| compiler.expr(value, &scope))?;
            made[index] = Made { kind: emitted.kind, nullable: emitted.nullable, computed: Some(emitted.sql) };
        }
        Ok(made)
    }

    /// A constraint in SQLite's words, if it is one of SQLite's.
    fn constraint(
        &mut self,
        constraint: &Constraint,
        table: &Name,
        columns: &[ColumnDef],
        made: &[Made],
    ) -> Result<Option<String>, SqlError> {
        Ok(match constraint {
            Constraint::Key { primary, columns, .. } => {
                let list: Vec<String> = columns.iter().map(|(column, _)| quote(column)).collect();
                Some(format!("{} ({})", if *primary { "PRIMARY KEY" } else { "UNIQUE" }, list.join(", ")))
            }
            Constraint::Check { name, condition, text } => {
                let scope = scope_of(columns, made);
                let sql = self.compile(|compiler| compiler.expr(condition, &scope))?.sql;
                let (name, _) = define::constraint_name(name.as_ref(), "CK", table.last(), text);
                Some(format!("CONSTRAINT {} CHECK ({sql})", quote(&name)))
            }
            Constraint::Foreign { columns, to, to_columns, on_delete, on_update, .. } => {
                let list = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
                let parent = quote(&format!("{}.{}", to.schema().unwrap_or("dbo"), to.last()));
                let named = if to_columns.is_empty() { String::new() } else { format!("({})", list(to_columns)) };
                Some(format!(
                    "FOREIGN KEY ({}) REFERENCES {parent} {named} ON DELETE {on_delete} ON UPDATE {on_update}",
                    list(columns)
                ))
            }
            Constraint::Default { .. } => None,
        })
    }

    fn catalog_constraint(
        &mut self,
        database: &str,
        schema: i64,
        table: i64,
        name: &Name,
        columns: &[ColumnDef],
        constraint: &Constraint,
    ) -> Result<(), SqlError> {
        let conn = Rc::clone(&self.conn);
        let number = |wanted: &str| column_number(columns, wanted, name);
        match constraint {
            Constraint::Key { name: given, primary, columns: keys, clustered } => {
                let key =
                    Key { name: given.as_ref(), primary: *primary, columns: keys, clustered: clustered.unwrap_or(*primary) };
                let numbers = keys.iter().map(|(key, _)| number(key)).collect::<Result<Vec<_>, _>>()?;
                catalog_key(&conn, database, schema, table, name.last(), &key, &numbers)
            }
            Constraint::Check { name: given, text, .. } => {
                let (called, system) = define::constraint_name(given.as_ref(), "CK", name.last(), text);
                let id = define::object(&conn, database, schema, &called, "C", table, Some(text))?;
                if system { define::system_named(&conn, database, id) } else { Ok(()) }
            }
            Constraint::Foreign { name: given, columns: from, to, to_columns, on_delete, on_update } => {
                let parent = if to.last().eq_ignore_ascii_case(name.last()) && to.schema() == name.schema() {
                    None
                } else {
                    Some(self.compile(|compiler| compiler.catalog.table(database, to))?)
                };
                let (called, system) = define::constraint_name(given.as_ref(), "FK", name.last(), &from.join(","));
                let id = define::object(&conn, database, schema, &called, "F", table, None)?;
                if system {
                    define::system_named(&conn, database, id)?;
                }
                let parent_id = parent.as_ref().map_or(table, |parent| parent.id);
                let db = quote(database);
                conn.execute(
                    &format!("INSERT INTO {db}._foreign_keys VALUES (?, ?, ?, ?, ?)"),
                    rusqlite::params![id, table, parent_id, on_delete, on_update],
                )?;
                let referenced = referenced(&conn, database, parent.as_ref(), to_columns, columns, name)?;
                for ((column, referenced), place) in from.iter().zip(referenced).zip(1_i64..) {
                    conn.execute(
                        &format!("INSERT INTO {db}._foreign_key_columns VALUES (?, ?, ?, ?, ?, ?)"),
                        rusqlite::params![id, place, table, number(column)?, parent_id, referenced],
                    )?;
                }
                Ok(())
            }
            Constraint::Default { name: given, column, text } => {
                let id = number(column)?;
                set_default(&conn, database, (schema, table, id), name.last(), (given.as_ref(), column, text)).map(drop)
            }
        }
    }

    pub(crate) fn create_index(
        &mut self,
        (name, table): (&str, &Name),
        columns: &[(String, bool)],
        include: &[String],
        (filter, filter_tree): (Option<&str>, Option<&Expr>),
        (unique, clustered): (bool, bool),
    ) -> Result<(), SqlError> {
        let found = self.compile(|compiler| compiler.catalog.table(&compiler.database, table))?;
        let id_of = |wanted: &str| {
            let found = found.columns.iter().find(|defined| defined.column.name.eq_ignore_ascii_case(wanted));
            found.map(|defined| defined.id).ok_or_else(|| {
                SqlError::new(1911, 16, format!("Column name '{wanted}' does not exist in the target table or view."))
            })
        };
        let keys = columns.iter().map(|(column, _)| id_of(column)).collect::<Result<Vec<_>, _>>()?;
        let included = include.iter().map(|column| id_of(column)).collect::<Result<Vec<_>, _>>()?;
        let condition = match filter_tree {
            Some(tree) => {
                let scope = plain_scope(&found);
                format!(" WHERE {}", self.compile(|compiler| compiler.expr(tree, &scope))?.sql)
            }
            None => String::new(),
        };
        let conn = Rc::clone(&self.conn);
        self.atomically(|_| {
            let list: Vec<String> =
                columns.iter().map(|(column, down)| format!("{}{}", quote(column), if *down { " DESC" } else { "" })).collect();
            let path = index_path(&found, name);
            let sql = format!(
                "CREATE {}INDEX {}.{} ON {} ({}){condition}",
                if unique { "UNIQUE " } else { "" },
                quote(&found.database),
                quote(&path),
                last_part(&found.path),
                list.join(", ")
            );
            conn.execute_batch(&sql).map_err(|error| super::select::explained(&error, &sql))?;
            let index = define::index(&conn, &found.database, found.id, name, clustered, unique, None, filter)?;
            let mut place = 0;
            for (key, (_, down)) in keys.iter().zip(columns) {
                place += 1;
                define::index_column(&conn, &found.database, (found.id, index), place, *key, *down, false)?;
            }
            for column in &included {
                place += 1;
                define::index_column(&conn, &found.database, (found.id, index), place, *column, false, true)?;
            }
            Ok(())
        })
    }

    pub(crate) fn create_schema(&mut self, name: &str) -> Result<(), SqlError> {
        let db = quote(&self.database);
        let sql = format!(
            "INSERT INTO {db}._schemas(name, schema_id) SELECT ?1, max(schema_id, 4) + 1 FROM (SELECT max(schema_id) AS schema_id FROM {db}._schemas)"
        );
        let taken = |_| SqlError::new(2714, 16, format!("There is already an object named '{name}' in the database.")).state(6);
        self.conn.execute(&sql, [name]).map(drop).map_err(taken)
    }

    pub(crate) fn alter_table(&mut self, name: &Name, change: &Change) -> Result<(), SqlError> {
        let table = self.compile(|compiler| compiler.catalog.table(&compiler.database, name))?;
        let conn = Rc::clone(&self.conn);
        let schema: i64 = conn.query_row(
            &format!("SELECT schema_id FROM {}._objects WHERE object_id = ?", quote(&table.database)),
            [table.id],
            |row| row.get(0),
        )?;
        match change {
            Change::Nothing => Ok(()),
            Change::Add(columns, constraints) => self.atomically(|session| {
                let made = session.made(columns, &[])?;
                let first = table.columns.iter().map(|defined| defined.id).max().unwrap_or(0) + 1;
                for ((column, made), number) in columns.iter().zip(&made).zip(first..) {
                    if !column.constraints.is_empty() {
                        return Err(SqlError::lacks("constraints with ALTER TABLE ADD of a column"));
                    }
                    let default = match &column.default {
                        Some((_, text)) => {
                            let (value, kind) = session.value(&Parser::new(text)?.expression()?)?;
                            let value = crate::convert::convert(value, &kind, &made.kind, crate::convert::Purpose::Assign, 0)?;
                            format!(" DEFAULT {}", constant(&value))
                        }
                        None => String::new(),
                    };
                    let sql = format!("ALTER TABLE {} ADD COLUMN {}{default}", table.path, written(column, made));
                    conn.execute_batch(&sql).map_err(|error| super::select::explained(&error, &sql))?;
                    catalog_column(&conn, &table.database, (schema, table.id, number), &table.name, column, made)?;
                }
                for constraint in constraints {
                    session.add_constraint(&table, schema, constraint)?;
                }
                Ok(())
            }),
            Change::DropColumn(names) => self.atomically(|_| {
                for column in names {
                    let sql = format!("ALTER TABLE {} DROP COLUMN {}", table.path, quote(column));
                    conn.execute_batch(&sql).map_err(|error| super::select::explained(&error, &sql))?;
                    let sql = format!("DELETE FROM {}._columns WHERE object_id = ?1 AND name = ?2", quote(&table.database));
                    conn.execute(&sql, rusqlite::params![table.id, column])?;
                }
                Ok(())
            }),
            Change::DropConstraint => Err(SqlError::lacks("DROP CONSTRAINT")),
            Change::Alter => Err(SqlError::lacks("ALTER COLUMN")),
        }
    }

    fn add_constraint(&mut self, table: &Table, schema: i64, constraint: &Constraint) -> Result<(), SqlError> {
        let conn = Rc::clone(&self.conn);
        let id_of = |wanted: &str| {
            let found = table.columns.iter().find(|defined| defined.column.name.eq_ignore_ascii_case(wanted));
            found.map(|defined| defined.id).ok_or_else(|| {
                SqlError::new(1911, 16, format!("Column name '{wanted}' does not exist in the target table or view."))
            })
        };
        match constraint {
            Constraint::Key { name, primary, columns, clustered } => {
                let key = Key { name: name.as_ref(), primary: *primary, columns, clustered: clustered.unwrap_or(*primary) };
                let numbers = columns.iter().map(|(column, _)| id_of(column)).collect::<Result<Vec<_>, _>>()?;
                let called = catalog_key_name(&table.name, &key);
                let list: Vec<String> = columns.iter().map(|(column, _)| quote(column)).collect();
                let (db, path) = (quote(&table.database), quote(&index_path(table, &called)));
                conn.execute_batch(&format!(
                    "CREATE UNIQUE INDEX {db}.{path} ON {} ({})",
                    last_part(&table.path),
                    list.join(", ")
                ))?;
                catalog_key(&conn, &table.database, schema, table.id, &table.name, &key, &numbers)
            }
            Constraint::Default { name, column, text } => set_default(
                &conn,
                &table.database,
                (schema, table.id, id_of(column)?),
                &table.name,
                (name.as_ref(), column, text),
            )
            .map(drop),
            _ => Err(SqlError::lacks("CHECK and FOREIGN KEY but in CREATE TABLE")),
        }
    }
}

/// A column in CREATE TABLE of SQLite.
fn written(column: &ColumnDef, made: &Made) -> String {
    let null = if made.nullable || made.computed.is_some() { "" } else { " NOT NULL" };
    match &made.computed {
        Some(sql) => format!("{} {} AS ({sql}){null}", quote(&column.name), kept(&made.kind)),
        None => format!("{} {}{null}", quote(&column.name), kept(&made.kind)),
    }
}

fn scope_of(columns: &[ColumnDef], made: &[Made]) -> Scope<'static> {
    let columns = columns
        .iter()
        .zip(made)
        .map(|(column, made)| Visible {
            column: Column {
                name: column.name.clone(),
                kind: made.kind,
                nullable: made.nullable,
                identity: false,
                computed: false,
            },
            sql: column.name.clone(),
        })
        .collect();
    Scope { sources: vec![Source { name: String::new(), alias: String::new(), columns, table: None }], outer: None }
}

fn plain_scope(table: &Table) -> Scope<'static> {
    Scope {
        sources: vec![Source { name: table.name.clone(), alias: String::new(), columns: table.visible(), table: None }],
        outer: None,
    }
}

fn column_number(columns: &[ColumnDef], wanted: &str, table: &Name) -> Result<i64, SqlError> {
    let found = columns.iter().position(|column| column.name.eq_ignore_ascii_case(wanted));
    let found = found.ok_or_else(|| {
        SqlError::new(1911, 16, format!("Column name '{wanted}' does not exist in the target table or view '{}'.", table.text()))
    })?;
    Ok(i64::try_from(found + 1).unwrap_or(0))
}

fn catalog_column(
    conn: &Connection,
    database: &str,
    (schema, table, number): (i64, i64, i64),
    table_name: &str,
    column: &ColumnDef,
    made: &Made,
) -> Result<(), SqlError> {
    let computed = column.computed.as_ref().map(|(_, text, persisted)| (text.as_str(), *persisted));
    let new = define::NewColumn {
        table,
        id: number,
        name: &column.name,
        kind: made.kind,
        nullable: made.nullable,
        identity: column.identity,
        computed,
        default: None,
    };
    define::column(conn, database, &new)?;
    if let Some((name, text)) = &column.default {
        set_default(conn, database, (schema, table, number), table_name, (name.as_ref(), &column.name, text))?;
    }
    Ok(())
}

/// A column's DEFAULT: the object and its text.
fn set_default(
    conn: &Connection,
    database: &str,
    (schema, table, number): (i64, i64, i64),
    table_name: &str,
    (given, column, text): (Option<&String>, &str, &str),
) -> Result<i64, SqlError> {
    let (called, system) = define::constraint_name(given, "DF", table_name, column);
    let id = define::object(conn, database, schema, &called, "D", table, Some(text))?;
    if system {
        define::system_named(conn, database, id)?;
    }
    let sql = format!(
        "UPDATE {}._columns SET default_object_id = ?, default_definition = ? WHERE object_id = ? AND column_id = ?",
        quote(database)
    );
    conn.execute(&sql, rusqlite::params![id, text, table, number])?;
    Ok(id)
}

fn catalog_key_name(table: &str, key: &Key<'_>) -> String {
    let detail: Vec<&str> = key.columns.iter().map(|(column, _)| column.as_str()).collect();
    define::constraint_name(key.name, if key.primary { "PK" } else { "UQ" }, table, &detail.join(",")).0
}

/// A key: its constraint and its index.
fn catalog_key(
    conn: &Connection,
    database: &str,
    schema: i64,
    table: i64,
    table_name: &str,
    key: &Key<'_>,
    numbers: &[i64],
) -> Result<(), SqlError> {
    let called = catalog_key_name(table_name, key);
    let id = define::object(conn, database, schema, &called, if key.primary { "PK" } else { "UQ" }, table, None)?;
    if key.name.is_none() {
        define::system_named(conn, database, id)?;
    }
    let index = define::index(conn, database, table, &called, key.clustered, true, Some(key.primary), None)?;
    for ((number, (_, down)), place) in numbers.iter().zip(key.columns).zip(1..) {
        define::index_column(conn, database, (table, index), place, *number, *down, false)?;
    }
    Ok(())
}

/// The numbers of the columns that a foreign key refers to: those named, or the parent's primary key.
fn referenced(
    conn: &Connection,
    database: &str,
    parent: Option<&Table>,
    named: &[String],
    own: &[ColumnDef],
    table: &Name,
) -> Result<Vec<i64>, SqlError> {
    match parent {
        None => named.iter().map(|name| column_number(own, name, table)).collect(),
        Some(parent) if !named.is_empty() => named
            .iter()
            .map(|name| {
                let found = parent.columns.iter().find(|defined| defined.column.name.eq_ignore_ascii_case(name));
                found.map(|defined| defined.id).ok_or_else(|| {
                    SqlError::new(
                        1770,
                        16,
                        format!("Foreign key references invalid column '{name}' in referenced table '{}'.", parent.name),
                    )
                })
            })
            .collect(),
        Some(parent) => {
            let db = quote(database);
            let mut statement = conn.prepare(&format!(
                "SELECT c.column_id FROM {db}._index_columns c JOIN {db}._indexes i ON i.object_id = c.object_id AND i.index_id = c.index_id \
                 WHERE i.object_id = ? AND i.is_primary_key ORDER BY c.index_column_id"
            ))?;
            Ok(statement.query_map([parent.id], |row| row.get(0))?.collect::<Result<_, _>>()?)
        }
    }
}

/// The table's own name in SQLite's SQL, without its database.
fn last_part(path: &str) -> &str {
    path.find("\".\"").map_or_else(|| path.strip_prefix("temp.").unwrap_or(path), |at| &path[at + 2..])
}
