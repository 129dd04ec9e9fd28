//! Writes what CREATE and ALTER define into the catalog.

use rusqlite::{Connection, params};

use crate::error::SqlError;
use crate::sql::scope::quote;
use crate::types::Type;

/// The catalog's numbers are apart from each other as the server's are, so that none is taken for another's.
const STEP: i64 = 16_000_057;
const LAST: i64 = 2_147_483_647;

/// A new object; its number.
pub(crate) fn object(
    conn: &Connection,
    database: &str,
    schema: i64,
    name: &str,
    kind: &str,
    parent: i64,
    definition: Option<&str>,
) -> Result<i64, SqlError> {
    let db = quote(database);
    let taken: i64 = conn.query_row(
        &format!("SELECT count(*) FROM {db}._objects WHERE name = ?1 AND schema_id = ?2"),
        params![name, schema],
        |row| row.get(0),
    )?;
    if taken > 0 {
        return Err(SqlError::new(2714, 16, format!("There is already an object named '{name}' in the database.")).state(6));
    }
    let last: i64 =
        conn.query_row(&format!("SELECT object_id FROM {db}._objects ORDER BY rowid DESC LIMIT 1"), [], |row| row.get(0))?;
    let count: i64 = conn.query_row(&format!("SELECT count(*) FROM {db}._objects"), [], |row| row.get(0))?;
    let id = if last + STEP < LAST { last + STEP } else { 1_000 + count };
    conn.execute(
        &format!(
            "INSERT INTO {db}._objects(object_id, schema_id, name, type, parent_object_id, definition) VALUES (?, ?, ?, ?, ?, ?)"
        ),
        params![id, schema, name, kind, parent, definition],
    )?;
    Ok(id)
}

/// The name of a constraint that was given none, and whether it was.
pub(crate) fn constraint_name(given: Option<&String>, kind: &str, table: &str, detail: &str) -> (String, bool) {
    match given {
        Some(name) => (name.clone(), false),
        None => {
            let sum = table.bytes().chain(detail.bytes()).fold(0x0BAD_CAFE_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(byte));
            (format!("{kind}__{table}__{sum:08X}"), true)
        }
    }
}

pub(crate) fn system_named(conn: &Connection, database: &str, id: i64) -> Result<(), SqlError> {
    conn.execute(&format!("UPDATE {}._objects SET system_named = 1 WHERE object_id = ?", quote(database)), [id])?;
    Ok(())
}

/// A column's row.
pub(crate) struct NewColumn<'a> {
    pub(crate) table: i64,
    pub(crate) id: i64,
    pub(crate) name: &'a str,
    pub(crate) kind: Type,
    pub(crate) nullable: bool,
    pub(crate) identity: Option<(i64, i64)>,
    pub(crate) computed: Option<(&'a str, bool)>,
    pub(crate) default: Option<(i64, &'a str)>,
}

pub(crate) fn column(conn: &Connection, database: &str, new: &NewColumn<'_>) -> Result<(), SqlError> {
    let (length, precision, scale) = new.kind.dimensions();
    let (system, user) = new.kind.ids();
    let collation = new.kind.is_char().then(|| new.kind.collation.name());
    conn.execute(
        &format!(
            "INSERT INTO {}._columns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            quote(database)
        ),
        params![
            new.table,
            new.id,
            new.name,
            new.kind.to_string(),
            system,
            user,
            length,
            precision,
            scale,
            collation,
            new.nullable,
            new.identity.is_some(),
            new.identity.map(|(seed, _)| seed),
            new.identity.map(|(_, increment)| increment),
            new.computed.is_some(),
            new.computed.map(|(text, _)| text),
            new.computed.is_some_and(|(_, persisted)| persisted),
            new.default.map_or(0, |(id, _)| id),
            new.default.map(|(_, text)| text),
        ],
    )?;
    Ok(())
}

/// An index: its number on the table.
#[allow(clippy::too_many_arguments, reason = "the columns of sys.indexes")]
pub(crate) fn index(
    conn: &Connection,
    database: &str,
    table: i64,
    name: &str,
    clustered: bool,
    unique: bool,
    key: Option<bool>,
    filter: Option<&str>,
) -> Result<i64, SqlError> {
    let db = quote(database);
    let id: i64 = if clustered {
        1
    } else {
        conn.query_row(
            &format!("SELECT max(1, coalesce(max(index_id), 1)) + 1 FROM {db}._indexes WHERE object_id = ?"),
            [table],
            |row| row.get(0),
        )?
    };
    let filter = filter.map(|filter| format!("({filter})"));
    conn.execute(
        &format!("INSERT INTO {db}._indexes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        params![table, id, name, if clustered { 1 } else { 2 }, unique, key == Some(true), key == Some(false), filter],
    )?;
    Ok(id)
}

/// A column of an index: of its key in this order, or included.
pub(crate) fn index_column(
    conn: &Connection,
    database: &str,
    (table, index): (i64, i64),
    position: i64,
    column: i64,
    descending: bool,
    included: bool,
) -> Result<(), SqlError> {
    conn.execute(
        &format!("INSERT INTO {}._index_columns VALUES (?, ?, ?, ?, ?, ?, ?)", quote(database)),
        params![table, index, position, column, if included { 0 } else { position }, descending, included],
    )?;
    Ok(())
}

/// A parameter's row; number 0 is what a function returns.
pub(crate) fn parameter(
    conn: &Connection,
    database: &str,
    object: i64,
    id: i64,
    name: &str,
    kind: &Type,
    (output, has_default): (bool, bool),
) -> Result<(), SqlError> {
    let (length, precision, scale) = kind.dimensions();
    let (system, user) = kind.ids();
    conn.execute(
        &format!("INSERT INTO {}._parameters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", quote(database)),
        params![object, id, name, kind.to_string(), system, user, length, precision, scale, output, has_default],
    )?;
    Ok(())
}

/// Forgets an object and all that hangs on it.
pub(crate) fn forget(conn: &Connection, database: &str, id: i64) -> Result<(), SqlError> {
    let db = quote(database);
    for (table, column) in [
        ("_columns", "object_id"),
        ("_indexes", "object_id"),
        ("_index_columns", "object_id"),
        ("_foreign_keys", "parent_object_id"),
        ("_foreign_key_columns", "parent_object_id"),
        ("_parameters", "object_id"),
        ("_extended_properties", "major_id"),
        ("_objects", "parent_object_id"),
        ("_objects", "object_id"),
    ] {
        conn.execute(&format!("DELETE FROM {db}.{table} WHERE {column} = ?"), [id])?;
    }
    Ok(())
}
