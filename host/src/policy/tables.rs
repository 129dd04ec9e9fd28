//! Which tables and schemas may be used.
//!
//! A name without a schema is judged as in the default one. The system's own (`pg_catalog`, `information_schema`, `sys`, `sqlite_schema`
//! …) tell of every table there is: where tables or schemas are limited at all, they are refused unless they are listed by their own
//! names, for which no `*` stands.

use super::effective::{Policy, TablePattern};
use super::reference::{Reference, exact};
use super::refusal::Rule;
use super::{Name, Refusal, types};

/// Among `catalogs`: every one.
const ANY: &str = "*";

impl Policy {
    /// A table that a statement names.
    pub(super) fn judge(&self, reference: &Reference) -> Result<(), Refusal> {
        let own = |catalog: &str| self.catalog.as_deref() == Some(catalog);
        let listed = |catalog: &str| self.catalogs.iter().any(|listed| listed == ANY || exact(self.dialect, listed) == catalog);
        if let Some(catalog) = reference.catalog.as_deref().filter(|catalog| !own(catalog) && !listed(catalog)) {
            let what = format!("{}: the catalog {catalog:?} is not among those that may be used here", reference.shown());
            return Err(Refusal::outside(Rule::Catalogs, what));
        }
        if reference.schema.is_none() {
            self.leads_somewhere(&reference.table)?;
        }
        self.allow(reference.schema.as_deref(), &reference.table)
    }

    /// A type that a statement names: a table's name is one, and shows its columns, and so is an array of it.
    pub(super) fn judge_type(&self, reference: &Reference) -> Result<(), Refusal> {
        let known = types::is_known(&reference.table);
        if known && reference.schema.as_deref() == Some("pg_catalog") {
            return Ok(());
        }
        let denied = |name: &str| self.denies(reference.schema.as_deref().unwrap_or(&self.default_schema), name);
        let element = Reference { table: types::element(&reference.table).to_owned(), ..reference.clone() };
        if denied(&element.table) {
            return self.judge(&element);
        }
        match &reference.schema {
            Some(_) => self.judge(&element).or_else(|_| self.judge(reference)),
            None if denied(&reference.table) => self.judge(reference),
            None if self.tables.is_none() || known => Ok(()),
            None => self.judge(&element).or_else(|_| self.judge(reference)).map_err(|_| {
                let what = format!(
                    "the type {:?} may be a table's, and is neither PostgreSQL's own nor among those that may be used here (the policy's \
                     `tables`, which may list types)",
                    reference.table
                );
                Refusal::outside(Rule::Tables, what)
            }),
        }
    }

    /// Whether a table may be used, by the name that the database has for it.
    pub(crate) fn shows_table(&self, schema: Option<&str>, table: &str) -> bool {
        let schema = schema.map(|schema| exact(self.dialect, schema));
        !self.limits_tables() || self.allow(schema.as_deref(), &exact(self.dialect, table)).is_ok()
    }

    /// Whether a schema may have tables that may be used.
    pub(crate) fn shows_schema(&self, schema: &str) -> bool {
        if !self.limits_tables() {
            return true;
        }
        let schema = exact(self.dialect, schema);
        let of_table =
            |pattern: &TablePattern| self.is_of(pattern, &schema) && (!self.is_system(&schema) || names(pattern, &schema));
        self.allows_schema(&schema) && self.tables.as_ref().is_none_or(|tables| tables.iter().any(of_table))
    }

    /// Refuses a table by the name that a caller gives beside any statement.
    pub(super) fn judge_name(&self, schema: Option<&str>, table: &str) -> Result<(), Refusal> {
        if !self.limits_tables() {
            return Ok(());
        }
        let schema = schema.map(|schema| exact(self.dialect, schema));
        self.allow(schema.as_deref(), &exact(self.dialect, table))
    }

    /// Names as the database compares them.
    fn allow(&self, schema: Option<&str>, table: &str) -> Result<(), Refusal> {
        let shown = || schema.map_or_else(|| table.to_owned(), |schema| format!("{schema}.{table}"));
        if self.dialect == Name::SqlServer && table.starts_with('#') && !table.starts_with("##") {
            // A session's own, and a session is one caller's.
            return Ok(());
        }
        let system = self.system_schema(schema, table);
        // A name without a schema may be found in another than the default one: it isn't to be one that is denied in any.
        let anywhere = |pattern: &TablePattern| !pattern.table.is_all() && pattern.table.matches(table);
        let denied_somewhere = schema.is_none() && self.deny_tables.iter().any(anywhere);
        let schema = system.as_deref().or(schema).unwrap_or(&self.default_schema);
        let stored = self.stored_for(table).is_some_and(|virtual_table| self.denies(schema, virtual_table));
        if denied_somewhere || stored || self.denies(schema, table) {
            let what = format!("the table {} may not be used here (the policy's `deny_tables`)", shown());
            return Err(Refusal::outside(Rule::DenyTables, what));
        }
        if system.is_some() && self.schemas.is_none() && self.tables.is_none() {
            let what = format!("{} is the system's own and tells of every table, some of which may not be used here", shown());
            return Err(Refusal::outside(Rule::DenyTables, what));
        }
        if !self.allows_schema(schema) {
            let what =
                format!("{}: the schema {schema:?} is not among those that may be used here (the policy's `schemas`)", shown());
            return Err(Refusal::outside(Rule::Schemas, what));
        }
        let listed = |pattern: &TablePattern| {
            self.is_of(pattern, schema) && pattern.table.matches(table) && (system.is_none() || names(pattern, schema))
        };
        if self.tables.as_ref().is_some_and(|tables| !tables.iter().any(listed)) {
            let what = format!("the table {} is not among those that may be used here (the policy's `tables`)", shown());
            return Err(Refusal::outside(Rule::Tables, what));
        }
        Ok(())
    }

    /// The virtual table whose rows a table of SQLite's holds, by its name.
    fn stored_for<'a>(&self, table: &'a str) -> Option<&'a str> {
        let shadows = SQLITE_SHADOWS.iter().filter(|_| self.dialect == Name::Sqlite);
        shadows.filter_map(|ending| table.strip_suffix(ending)).next()
    }

    fn allows_schema(&self, schema: &str) -> bool {
        match &self.schemas {
            None => !self.is_system(schema) || self.tables.is_some(),
            Some(schemas) if self.is_system(schema) => schemas.names(schema),
            Some(schemas) => schemas.matches(schema),
        }
    }

    fn denies(&self, schema: &str, table: &str) -> bool {
        let denied = |pattern: &TablePattern| {
            pattern.schema.as_ref().is_none_or(|wanted| wanted.matches(schema)) && pattern.table.matches(table)
        };
        self.deny_tables.iter().any(denied)
    }

    /// Whether a pattern's schema is this one.
    fn is_of(&self, pattern: &TablePattern, schema: &str) -> bool {
        match &pattern.schema {
            Some(wanted) => wanted.matches(schema),
            None => schema == self.default_schema || (self.dialect == Name::Sqlite && schema == SQLITE_SYSTEM),
        }
    }

    /// The system's schema, if the table is in one.
    fn system_schema(&self, schema: Option<&str>, table: &str) -> Option<String> {
        if let Some(schema) = schema.filter(|schema| self.is_system(schema)) {
            return Some(schema.to_owned());
        }
        match self.dialect {
            // Looked for before any other.
            Name::PostgreSql if schema.is_none() && table.starts_with("pg_") => Some("pg_catalog".to_owned()),
            Name::Sqlite if SQLITE_PREFIXES.iter().any(|prefix| table.starts_with(prefix)) || table == "dbstat" => {
                Some(SQLITE_SYSTEM.to_owned())
            }
            // Names of old, whatever schema they are looked for in.
            Name::SqlServer if TSQL_VIEWS.contains(&table) || table.starts_with(TSQL_HISTORY) => Some("sys".to_owned()),
            _ => None,
        }
    }

    fn is_system(&self, schema: &str) -> bool {
        match self.dialect {
            Name::PostgreSql => schema.starts_with("pg_") || schema == "information_schema",
            Name::SqlServer => matches!(schema, "sys" | "information_schema" | "cdc"),
            Name::MySql => matches!(schema, "information_schema" | "mysql" | "performance_schema" | "sys"),
            Name::Sqlite => schema == SQLITE_SYSTEM,
            Name::Generic => schema == "information_schema" || schema.starts_with("pg_"),
        }
    }
}

/// Whether a pattern lists the system's own by name: without a `*` in its schema, or for SQLite, which has none for them, its table.
fn names(pattern: &TablePattern, schema: &str) -> bool {
    match &pattern.schema {
        Some(wanted) => wanted.is_plain() && wanted.matches(schema) && !wanted.is_all(),
        None => schema == SQLITE_SYSTEM && pattern.table.is_plain(),
    }
}

/// Stands for what SQLite has of its own, which is in no schema but its name.
const SQLITE_SYSTEM: &str = "sqlite";
const SQLITE_PREFIXES: &[&str] = &["sqlite_", "pragma_"];

/// How the tables are called in which full-text indexes (FTS3 to FTS5) and R-trees keep their rows.
const SQLITE_SHADOWS: &[&str] =
    &["_config", "_content", "_data", "_docsize", "_idx", "_node", "_parent", "_rowid", "_segdir", "_segments", "_stat"];

/// What a system-versioned table's rows of old are kept in, unless its maker gave that a name.
const TSQL_HISTORY: &str = "mssql_temporalhistoryfor_";

const TSQL_VIEWS: &[&str] = &[
    "sysaltfiles",
    "syscacheobjects",
    "syscharsets",
    "syscolumns",
    "syscomments",
    "sysconfigures",
    "sysconstraints",
    "syscurconfigs",
    "syscursors",
    "sysdatabases",
    "sysdepends",
    "sysdevices",
    "sysfilegroups",
    "sysfiles",
    "sysforeignkeys",
    "sysfulltextcatalogs",
    "sysindexes",
    "sysindexkeys",
    "syslanguages",
    "syslockinfo",
    "syslogins",
    "sysmembers",
    "sysmessages",
    "sysobjects",
    "sysoledbusers",
    "sysopentapes",
    "sysperfinfo",
    "syspermissions",
    "sysprocesses",
    "sysprotects",
    "sysreferences",
    "sysremotelogins",
    "sysservers",
    "systypes",
    "sysusers",
];
