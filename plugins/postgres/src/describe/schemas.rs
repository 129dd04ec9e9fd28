//! The schemas of this database, without the ones that hold temporary tables and oversized values.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, SchemaInfo};

const QUERY: &str = "\
SELECT n.nspname, pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.obj_description(n.oid, 'pg_namespace'), \
       n.nspname LIKE 'pg\\_%' OR n.nspname = 'information_schema' \
FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)' ORDER BY 4, 1";

impl<W: Wire> Session<W> {
    pub(super) fn describe_schemas(&mut self) -> Result<Vec<SchemaInfo>, Error> {
        let [rows] = self.lookup([QUERY], &[])?;
        all(rows, |row| Ok(SchemaInfo { name: row.need()?, owner: row.text(), comment: row.text(), system: row.flag() }))
    }
}
