//! Views of the server's state: tables of SQLite's `temp`, filled each time a statement names one.

use rusqlite::{Connection, params};

use super::views;
use crate::error::SqlError;
use crate::server::Server;
use crate::sql::scope::quote;
use crate::time::Stamp;
use crate::types::{Kind, Type};

/// Makes and fills one.
pub(crate) fn fill(conn: &Connection, server: &Server, database: &str, name: &str) -> Result<(), SqlError> {
    let Some(view) = views::all().iter().find(|view| view.name == name) else { return Ok(()) };
    conn.execute_batch(&format!("DROP TABLE IF EXISTS temp.{}; {}", quote(name), view.create("")))?;
    match name {
        "sys.databases" => databases(conn, server),
        "sys.dm_db_partition_stats" | "sys.partitions" => rows(conn, database, name),
        _ => sessions(conn, server, name),
    }
}

fn databases(conn: &Connection, server: &Server) -> Result<(), SqlError> {
    for (name, id) in server.databases().iter().zip(1_i64..) {
        conn.execute(
            "INSERT INTO temp.\"sys.databases\" VALUES (?, ?, NULL, x'01', '2024-01-01 00:00:00.000', 160, \
             'SQL_Latin1_General_CP1_CI_AS', 0, 'MULTI_USER', 0, 0, 'ONLINE', 0, 'SIMPLE')",
            params![name, id],
        )?;
    }
    Ok(())
}

fn rows(conn: &Connection, database: &str, view: &str) -> Result<(), SqlError> {
    let db = quote(database);
    let mut statement = conn.prepare(&format!(
        "SELECT o.object_id, s.name || '.' || o.name, coalesce(i.index_id, 0) FROM {db}._objects o JOIN {db}._schemas s ON s.schema_id = \
         o.schema_id LEFT JOIN {db}._indexes i ON i.object_id = o.object_id WHERE o.type = 'U'"
    ))?;
    let tables: Vec<(i64, String, i64)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    for (id, table, index) in tables {
        let count: i64 = conn.query_row(&format!("SELECT count(*) FROM {db}.{}", quote(&table)), [], |row| row.get(0))?;
        let columns = if view == "sys.partitions" { "?1, ?2, ?3, 1, ?4" } else { "?1, ?2, ?3, 1, 1, 2, 2, ?4" };
        conn.execute(
            &format!("INSERT INTO temp.{} VALUES ({columns})", quote(view)),
            params![id * 100 + index, id, index, count],
        )?;
    }
    Ok(())
}

fn sessions(conn: &Connection, server: &Server, name: &str) -> Result<(), SqlError> {
    let databases = server.databases();
    let moment = |stamp: Stamp| stamp.rounded(&Type::of(Kind::DateTime)).map(|stamp| stamp.text(&Type::of(Kind::DateTime)));
    for session in server.sessions() {
        let database = databases.iter().position(|known| *known == session.database).map_or(1, |index| index + 1);
        let database = i64::try_from(database).unwrap_or(1);
        let since = moment(session.since);
        match name {
            "sys.dm_exec_sessions" => conn.execute(
                "INSERT INTO temp.\"sys.dm_exec_sessions\" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'us_english', 1)",
                params![
                    session.id,
                    since,
                    session.host_name,
                    session.application,
                    session.login,
                    session.login,
                    if session.text.is_some() { "running" } else { "sleeping" },
                    database,
                    session.open_transactions,
                    session.isolation
                ],
            )?,
            "sys.dm_exec_requests" if session.text.is_some() => conn.execute(
                "INSERT INTO temp.\"sys.dm_exec_requests\" VALUES (?, 0, ?, 'running', 'SELECT', ?, NULL, NULL)",
                params![session.id, moment(session.started), database],
            )?,
            "sys.dm_exec_connections" => conn.execute(
                "INSERT INTO temp.\"sys.dm_exec_connections\" VALUES (?, 'TCP', 'TSQL', ?, ?, 'SQL', ?, '127.0.0.1')",
                params![
                    session.id,
                    session.tds_version,
                    if session.encryption == "none" || session.encryption == "login" { "FALSE" } else { "TRUE" },
                    session.packet_size
                ],
            )?,
            "fixture.sessions" => conn.execute(
                "INSERT INTO temp.\"fixture.sessions\" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    session.id,
                    session.login,
                    session.database,
                    session.text,
                    session.encryption,
                    session.resets,
                    session.read_only_intent,
                    session.fedauth,
                    session.attentions,
                    session.library
                ],
            )?,
            _ => 0,
        };
    }
    Ok(())
}
