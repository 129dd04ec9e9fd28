//! The current catalog's schemas.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, SchemaInfo};

/// Schemas of roles, `sys` and INFORMATION_SCHEMA are the system's: they are numbered so.
const QUERY: &str = "\
SELECT s.name, p.name, CAST(e.value AS nvarchar(4000)), \
CASE WHEN s.schema_id >= 16384 OR s.name IN (N'sys', N'INFORMATION_SCHEMA', N'guest') THEN 1 ELSE 0 END \
FROM sys.schemas AS s LEFT JOIN sys.database_principals AS p ON p.principal_id = s.principal_id \
LEFT JOIN sys.extended_properties AS e ON e.class = 3 AND e.major_id = s.schema_id AND e.minor_id = 0 AND e.name = N'MS_Description' \
ORDER BY s.name";

impl<W: Wire> Session<W> {
    pub(super) fn describe_schemas(&mut self) -> Result<Vec<SchemaInfo>, Error> {
        let rows = self.lookup(QUERY, &[])?.next();
        all(rows, |row| Ok(SchemaInfo { name: row.need()?, owner: row.text(), comment: row.text(), system: row.flag() }))
    }
}
