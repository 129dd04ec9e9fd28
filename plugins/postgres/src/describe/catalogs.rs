//! The server's databases.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{CatalogInfo, Error};

/// A size only where the user may ask for it: for others the server would refuse the whole query.
const QUERY: &str = "\
SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), \
       CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END, \
       pg_catalog.shobj_description(d.oid, 'pg_database'), d.datname = pg_catalog.current_database() \
FROM pg_catalog.pg_database d WHERE d.datallowconn ORDER BY d.datname";

impl<W: Wire> Session<W> {
    pub(super) fn describe_catalogs(&mut self) -> Result<Vec<CatalogInfo>, Error> {
        let [rows] = self.lookup([QUERY], &[])?;
        all(rows, |row| {
            Ok(CatalogInfo {
                name: row.need()?,
                owner: row.text(),
                encoding: row.text(),
                size: row.count(),
                comment: row.text(),
                current: row.flag(),
            })
        })
    }
}
