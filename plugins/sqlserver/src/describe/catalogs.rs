//! The server's databases, those that the login can open.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{CatalogInfo, Error};

const QUERY: &str = "\
SELECT d.name, SUSER_SNAME(d.owner_sid), d.collation_name FROM sys.databases AS d WHERE HAS_DBACCESS(d.name) = 1 ORDER BY d.name";

impl<W: Wire> Session<W> {
    pub(super) fn describe_catalogs(&mut self) -> Result<Vec<CatalogInfo>, Error> {
        let rows = self.lookup(QUERY, &[])?.next();
        let here = self.catalog().to_owned();
        all(rows, |row| {
            let name = row.need()?;
            let current = name.eq_ignore_ascii_case(&here);
            Ok(CatalogInfo { name, owner: row.text(), encoding: row.text(), size: None, comment: None, current })
        })
    }
}
