//! The server and this connection's place on it.

use super::row::Row;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, ServerInfo};

const QUERY: &str = "\
SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(), CURRENT_USER::text, \
       pg_catalog.array_to_json(pg_catalog.current_schemas(false))::text, pg_catalog.current_setting('server_encoding'), \
       pg_catalog.current_setting('TimeZone'), \
       pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('transaction_read_only')::bool \
           OR pg_catalog.current_setting('default_transaction_read_only')::bool, \
       pg_catalog.version(), pg_catalog.current_setting('server_version_num'), pg_catalog.pg_is_in_recovery()::text, \
       (SELECT d.datcollate FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()), \
       pg_catalog.current_setting('max_connections'), pg_catalog.pg_postmaster_start_time()::text, \
       (SELECT pg_catalog.string_agg(e.extname || ' ' || e.extversion, ', ' ORDER BY e.extname) FROM pg_catalog.pg_extension e)";

/// What the query's last columns are, in their order.
const PROPERTIES: &[&str] =
    &["version", "server_version_num", "in_recovery", "collation", "max_connections", "started", "extensions"];

impl<W: Wire> Session<W> {
    pub(super) fn describe_server(&mut self) -> Result<ServerInfo, Error> {
        let [rows] = self.lookup([QUERY], &[])?;
        let row = rows.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server did not say what it is"))?;
        let mut row = Row::new(row);
        let mut info = ServerInfo {
            product: "PostgreSQL".to_owned(),
            version: row.need()?,
            catalog: row.text(),
            user: row.text(),
            search_path: row.names()?,
            encoding: row.text(),
            time_zone: row.text(),
            read_only: row.flag(),
            tls: self.tls_version(),
            properties: Vec::new(),
        };
        for name in PROPERTIES {
            if let Some(value) = row.text() {
                info.properties.push(((*name).to_owned(), value));
            }
        }
        Ok(info)
    }
}
