//! What the server says of itself, its counters, and the procedures that it has of its own.

use std::sync::Arc;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;

use super::modules::Given;
use super::session::Session;
use crate::convert::{Purpose, convert};
use crate::error::SqlError;
use crate::server::held;
use crate::sql::ast::Name;
use crate::sql::scope::quote;
use crate::types::{Kind, Type};

pub(crate) const VERSION: &str = "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64) - the test server of Bulkhead, on SQLite";
pub(crate) const NAME: &str = "FIXTURE";

/// The fact under which the last identity value is handed over.
const LAST_IDENTITY: &str = "identity.last";

impl Session {
    /// Functions that count: identity columns and row versions.
    pub(crate) fn register_counters(&self) -> Result<(), SqlError> {
        let (server, facts) = (Arc::clone(&self.server), Arc::clone(&self.facts));
        self.conn.create_scalar_function("tds_identity", 3, FunctionFlags::SQLITE_UTF8, move |ctx| {
            let value = server.next_identity(&ctx.get::<String>(0)?, ctx.get(1)?, ctx.get(2)?);
            held(&facts).insert(LAST_IDENTITY.to_owned(), Value::Integer(value));
            Ok(value)
        })?;
        let server = Arc::clone(&self.server);
        self.conn.create_scalar_function("tds_rowversion", 0, FunctionFlags::SQLITE_UTF8, move |_| {
            Ok(Value::Blob(server.next_row_version().to_be_bytes().to_vec()))
        })?;
        let (server, login) = (Arc::clone(&self.server), self.login.clone());
        self.conn.create_scalar_function("tds_has_dbaccess", 1, FunctionFlags::SQLITE_UTF8, move |ctx| {
            let wanted: Option<String> = ctx.get(0)?;
            let known = server
                .databases()
                .into_iter()
                .find(|known| wanted.as_ref().is_some_and(|wanted| known.eq_ignore_ascii_case(wanted)));
            let user = server.user(&login);
            Ok(known.map(|known| {
                !user.as_ref().is_some_and(|user| user.closed.iter().any(|closed| closed.eq_ignore_ascii_case(&known)))
            }))
        })?;
        Ok(())
    }

    /// The identity value that the last INSERT took, if it took one.
    pub(crate) fn taken_identity(&self) -> Option<i64> {
        match held(&self.facts).remove(LAST_IDENTITY) {
            Some(Value::Integer(value)) => Some(value),
            _ => None,
        }
    }

    /// SERVERPROPERTY and its like, as `sql_variant`.
    pub(crate) fn server_facts(&self) {
        let text = |text: &str| (Value::Text(text.to_owned()), Type::nvarchar(128));
        let int = |number: i64| (Value::Integer(number), Type::of(Kind::Int));
        let known = [
            ("server.productversion", text("16.0.1000.6")),
            ("server.productlevel", text("RTM")),
            ("server.productmajorversion", text("16")),
            ("server.edition", text("Developer Edition (64-bit)")),
            ("server.engineedition", int(3)),
            ("server.servername", text(NAME)),
            ("server.machinename", text(NAME)),
            ("server.instancename", (Value::Null, Type::nvarchar(128))),
            ("server.collation", text("SQL_Latin1_General_CP1_CI_AS")),
            ("server.ishadrenabled", int(0)),
            ("server.isclustered", int(0)),
            ("server.isintegratedsecurityonly", int(0)),
            ("connection.net_transport", text("TCP")),
            ("connection.protocol_type", text("TSQL")),
            ("connection.auth_scheme", text("SQL")),
            ("database.collation", text("SQL_Latin1_General_CP1_CI_AS")),
            ("database.status", text("ONLINE")),
            ("database.updateability", text("READ_WRITE")),
        ];
        let mut facts = held(&self.facts);
        for (key, (value, kind)) in known {
            let variant = convert(value, &kind, &Type::of(Kind::Variant), Purpose::Cast, 0).unwrap_or(Value::Null);
            facts.insert(key.to_owned(), variant);
        }
    }

    /// Locks of sp_getapplock end with the session.
    pub(crate) fn release_locks(&mut self) {
        for lock in self.locks.drain(..) {
            self.server.release_lock(&lock, self.id);
        }
    }

    /// One of the server's own procedures, by its name alone: its return code. `None`: there is none of that name.
    pub(crate) fn system_procedure(&mut self, name: &str, given: &mut [Given]) -> Result<Option<i32>, SqlError> {
        match name {
            "sp_executesql" => self.execute_sql(given)?,
            "sp_prepare" => self.prepare(given)?,
            "sp_execute" => self.execute_prepared(given)?,
            "sp_prepexec" => {
                self.prepare(given)?;
                self.run_handle(given, 0, 3)?;
            }
            "sp_unprepare" => {
                let handle = handle(given)?;
                self.prepared.remove(&handle).ok_or_else(|| no_handle(handle))?;
            }
            "sp_reset_connection" => self.reset(false)?,
            "sp_set_session_context" => self.set_context(given)?,
            "sp_getapplock" => return self.get_lock(given).map(Some),
            "sp_releaseapplock" => {
                let lock = argument_text(given, "@resource", 0);
                self.server.release_lock(&lock, self.id);
                self.locks.retain(|held| *held != lock);
            }
            "sp_addextendedproperty" => self.add_property(given)?,
            "sp_who" => self.batch(
                "SELECT session_id AS spid, CAST(0 AS smallint) AS ecid, status, login_name AS loginame, host_name AS hostname, \
                 DB_NAME(database_id) AS dbname FROM sys.dm_exec_sessions",
            )?,
            _ => return Ok(None),
        }
        Ok(Some(0))
    }

    fn set_context(&mut self, given: &[Given]) -> Result<(), SqlError> {
        let key = format!("context.{}", argument_text(given, "@key", 0).to_lowercase());
        let value = find(given, "@value", 1);
        let variant = match value {
            Some(given) => convert(given.value.clone(), &given.kind, &Type::of(Kind::Variant), Purpose::Cast, 0)?,
            None => Value::Null,
        };
        held(&self.facts).insert(key, variant);
        Ok(())
    }

    /// 0: taken. -1: somebody else has it.
    fn get_lock(&mut self, given: &[Given]) -> Result<i32, SqlError> {
        let lock = argument_text(given, "@resource", 0);
        if self.server.take_lock(&lock, self.id) {
            if !self.locks.contains(&lock) {
                self.locks.push(lock);
            }
            return Ok(0);
        }
        Ok(-1)
    }

    /// Comments on a schema, a table, a column.
    fn add_property(&mut self, given: &[Given]) -> Result<(), SqlError> {
        let (name, value) = (argument_text(given, "@name", 0), argument_text(given, "@value", 1));
        let schema = argument_text(given, "@level0name", 3);
        let object = argument_text(given, "@level1name", 5);
        let column = argument_text(given, "@level2name", 7);
        let database = self.database.clone();
        let missing = || {
            SqlError::new(15_135, 16, "Object is invalid. Extended properties are not permitted, or the object does not exist.")
                .state(8)
        };
        let (class, major, minor) = if schema.is_empty() {
            (0, 0, 0)
        } else if object.is_empty() {
            (3, self.compile(|compiler| compiler.catalog.schema(&database, &schema))?, 0)
        } else {
            let wanted = Name(vec![schema, object]);
            let table = self.compile(|compiler| compiler.catalog.find_table(&database, &wanted))?;
            let (id, columns) = match table {
                Some(table) => (table.id, table.columns),
                None => (
                    self.compile(|compiler| compiler.catalog.module(&database, &wanted, "P"))?.ok_or_else(missing)?.0,
                    Vec::new(),
                ),
            };
            let minor = if column.is_empty() {
                0
            } else {
                columns.iter().find(|known| known.column.name.eq_ignore_ascii_case(&column)).ok_or_else(missing)?.id
            };
            (1, id, minor)
        };
        let sql = format!("INSERT INTO {}._extended_properties VALUES (?, ?, ?, ?, ?)", quote(&database));
        self.conn.execute(&sql, rusqlite::params![class, major, minor, name, value])?;
        Ok(())
    }
}

/// An argument by its name, or by its place if none has a name.
pub(crate) fn find<'a>(given: &'a [Given], name: &str, place: usize) -> Option<&'a Given> {
    let named = given.iter().find(|given| given.name.eq_ignore_ascii_case(name));
    named.or_else(|| given.get(place).filter(|given| given.name.is_empty()))
}

fn argument_text(given: &[Given], name: &str, place: usize) -> String {
    match find(given, name, place) {
        Some(given) => crate::convert::spell(given.value.clone(), &given.kind, &Type::nvarchar(4000), 0),
        None => String::new(),
    }
}

/// The handle of a prepared statement.
pub(crate) fn handle(given: &[Given]) -> Result<i32, SqlError> {
    match given.first().map(|given| &given.value) {
        Some(Value::Integer(handle)) => i32::try_from(*handle).map_err(|_| no_handle(0)),
        _ => Err(no_handle(0)),
    }
}

pub(crate) fn no_handle(handle: i32) -> SqlError {
    SqlError::new(8179, 16, format!("Could not find prepared statement with handle {handle}.")).state(4)
}
