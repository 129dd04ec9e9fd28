//! The server, its catalogs and schemas. The server is the library; a catalog is a file; a schema is `main` or `temp`.

use crate::session::{Catalog, Session};
use bulkhead_driver::error::Result;
use bulkhead_driver::{CatalogInfo, SchemaInfo, ServerInfo};

/// Pragmas whose values are worth knowing.
const PROPERTIES: [&str; 10] = [
    "journal_mode",
    "page_size",
    "page_count",
    "freelist_count",
    "auto_vacuum",
    "synchronous",
    "foreign_keys",
    "user_version",
    "application_id",
    "busy_timeout",
];

impl Session {
    pub(super) fn describe_server(&mut self) -> Result<ServerInfo> {
        let mut properties = Vec::new();
        for name in PROPERTIES {
            if let Some(value) = self.value(&format!("PRAGMA {name}"))? {
                properties.push((name.to_owned(), value));
            }
        }
        // The handle has a handler of ours in place of a timeout of its own.
        if let Some((_, value)) = properties.iter_mut().find(|(name, _)| name == "busy_timeout") {
            *value = self.settings.options.busy_timeout_ms.to_string();
        }
        Ok(ServerInfo {
            product: "SQLite".to_owned(),
            version: self.value("SELECT sqlite_version()")?.unwrap_or_default(),
            catalog: Some(self.settings.catalog.name().to_owned()),
            user: None,
            search_path: vec!["temp".to_owned(), "main".to_owned()],
            encoding: self.value("PRAGMA encoding")?,
            time_zone: None,
            read_only: self.settings.read_only,
            tls: None,
            properties,
        })
    }

    pub(super) fn describe_catalogs(&mut self) -> Result<Vec<CatalogInfo>> {
        let current = self.settings.catalog.name().to_owned();
        let mut all = match &self.settings.catalog {
            Catalog::Memory => vec![(current.clone(), 0)],
            Catalog::File(_) => Catalog::all(&self.environment)?,
        };
        if !all.iter().any(|(name, _)| *name == current) {
            all.push((current.clone(), self.database_bytes()?));
        }
        let encoding = self.value("PRAGMA encoding")?;
        Ok(all
            .into_iter()
            .map(|(name, size)| {
                let current = name == current;
                CatalogInfo {
                    name,
                    owner: None,
                    encoding: encoding.clone().filter(|_| current),
                    size: Some(size),
                    comment: None,
                    current,
                }
            })
            .collect())
    }

    pub(super) fn describe_schemas(&mut self) -> Result<Vec<SchemaInfo>> {
        Ok(["main", "temp"]
            .map(|name| SchemaInfo { name: name.to_owned(), owner: None, comment: None, system: name == "temp" })
            .to_vec())
    }

    /// The size of the database as SQLite counts it.
    pub(super) fn database_bytes(&mut self) -> Result<u64> {
        let mut size = 0;
        self.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &[], |row| {
            size = u64::try_from(row.int64(0)).unwrap_or(0);
        })?;
        Ok(size)
    }
}
