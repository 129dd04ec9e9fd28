//! The server and the session.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, ServerInfo};

const QUERY: &str = "\
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('Edition') AS nvarchar(128)), DB_NAME(), \
SUSER_SNAME(), USER_NAME(), SCHEMA_NAME(), CAST(SERVERPROPERTY('Collation') AS nvarchar(128)), \
CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), @@SPID";

impl<W: Wire> Session<W> {
    pub(super) fn describe_server(&mut self) -> Result<ServerInfo, Error> {
        let rows = self.lookup(QUERY, &[])?.next();
        let tls = self.tls_version();
        let (program, [major, minor, build_high, build_low]) = self.program();
        let at_login = format!("{major}.{minor}.{}", u16::from_be_bytes([build_high, build_low]));
        let product = if program.is_empty() { "Microsoft SQL Server".to_owned() } else { program.to_owned() };
        let found = all(rows, |row| {
            let version = row.text().unwrap_or_else(|| at_login.clone());
            let edition = row.text();
            let catalog = row.text();
            let login = row.text();
            let user = row.text();
            let schema = row.text();
            let collation = row.text();
            let read_only = row.text().as_deref() == Some("READ_ONLY");
            let properties = [("edition", edition), ("login", login.clone()), ("session", row.text())];
            Ok(ServerInfo {
                product: product.clone(),
                version,
                catalog,
                user: user.or(login),
                search_path: schema.into_iter().collect(),
                encoding: collation,
                time_zone: None,
                read_only,
                tls: tls.clone(),
                properties: properties.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
            })
        })?;
        found.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server doesn't describe itself"))
    }
}
