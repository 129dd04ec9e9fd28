//! What is on the server, from its catalogs: `information_schema`, and PostgreSQL's own where that has no room for it.
//!
//! Each question is one statement of its own, outside of a transaction. Columns come as text; NULL as none.

mod mysql;
mod objects;
mod postgresql;
mod row;
mod table;

use crate::engine::Engine;
use crate::protocol::{Field, SqlParameter};
use crate::service::Service;
use crate::session::Session;
use bulkhead_driver::{
    CatalogInfo, Description, Error, ErrorKind, Routine, RoutineFilter, SchemaInfo, ServerInfo, TableFilter, TableInfo,
    TableKind, Target,
};
use row::{Row, all};

/// The questions to one engine.
struct Queries {
    /// product version, catalog, user, search path (comma-separated), encoding, time zone, read-only
    server: &'static str,
    /// name, owner, encoding, size, comment, current
    catalogs: &'static str,
    /// name, owner, comment, system
    schemas: &'static str,
    /// schema, name, kind, comment, rows, size; then `:schema`, `:name`, `:kind`, `:skip`, `:most`
    tables: &'static str,
    /// schema, name, kind, arguments, returns, language, comment
    routines: &'static str,
    /// schema, name, kind, comment, rows, size, definition; then `:schema`, `:name`; so below
    table: &'static str,
    /// name, type, nullable, default, generated, identity, collation, comment
    columns: &'static str,
    /// key, primary, column
    keys: &'static str,
    /// outward, key, other schema, other table, on update, on delete, this column, other column
    foreign: &'static str,
    /// index, unique, primary, method, column, included, predicate, definition
    indexes: &'static str,
    /// what (`c` or `t`), name, text
    rules: &'static str,
    /// kind (`t`, `c`, `r`), schema, table, name, detail, comment; then `:text`, `:kinds`, `:schema`, `:skip`, `:most`
    search: &'static str,
    /// as `table` to its size, when it was analysed, and what `counted` names
    statistics: &'static str,
    counted: &'static [&'static str],
    /// whose rights hold, who logged in where that is another
    user: &'static str,
    /// name
    roles: &'static str,
    /// on what, which
    rights: &'static str,
}

impl<S: Service> Session<S> {
    /// Describes the server or something on it.
    ///
    /// # Errors
    /// `undefined` if there is no such table; else the service's.
    pub fn describe(&mut self, target: Target) -> Result<Description, Error> {
        let queries = match self.engine() {
            Engine::PostgreSql => &postgresql::QUERIES,
            Engine::MySql => &mysql::QUERIES,
        };
        Ok(match target {
            Target::Server => Description::Server(self.server(queries)?),
            Target::Catalogs => Description::Catalogs(all(self.lookup(queries.catalogs, &[])?, catalog)?),
            Target::Schemas => Description::Schemas(all(self.lookup(queries.schemas, &[])?, schema)?),
            Target::Tables(filter) => Description::Tables(self.tables(queries, &filter)?),
            Target::Table(name) => Description::Table(self.table(queries, &name)?),
            Target::Routines(filter) => Description::Routines(self.routines(queries, &filter)?),
            Target::Search(filter) => Description::Search(self.search(queries, &filter)?),
            Target::Statistics(name) => Description::Statistics(self.statistics(queries, &name)?),
            Target::User => Description::User(self.user(queries)?),
        })
    }

    fn server(&mut self, queries: &Queries) -> Result<ServerInfo, Error> {
        let product = self.engine().product();
        let mut rows = all(self.lookup(queries.server, &[])?, |row| {
            Ok(ServerInfo {
                product: product.to_owned(),
                version: row.need()?,
                catalog: row.text(),
                user: row.text(),
                search_path: row.text().map(|path| path.split(',').map(str::to_owned).collect()).unwrap_or_default(),
                encoding: row.text(),
                time_zone: row.text(),
                read_only: row.flag(),
                tls: None,
                properties: vec![("service".to_owned(), "RDS Data API".to_owned())],
            })
        })?;
        rows.pop().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server did not say what it is"))
    }

    fn tables(&mut self, queries: &Queries, filter: &TableFilter) -> Result<Vec<TableInfo>, Error> {
        let kind = filter.kind.map(|kind| kind_name(kind).to_owned());
        let parameters = [
            text("schema", filter.schema.clone()),
            text("name", filter.name.clone()),
            text("kind", kind),
            number("skip", filter.offset),
            number("most", filter.limit),
        ];
        all(self.lookup(queries.tables, &parameters)?, info)
    }

    fn routines(&mut self, queries: &Queries, filter: &RoutineFilter) -> Result<Vec<Routine>, Error> {
        let parameters = [
            text("schema", filter.schema.clone()),
            text("name", filter.name.clone()),
            number("skip", filter.offset),
            number("most", filter.limit),
        ];
        all(self.lookup(queries.routines, &parameters)?, |row| {
            Ok(Routine {
                schema: row.text(),
                name: row.need()?,
                kind: row.need()?.to_lowercase(),
                arguments: row.text().unwrap_or_default(),
                returns: row.text(),
                language: row.text(),
                comment: row.text(),
            })
        })
    }
}

fn catalog(row: &mut Row) -> Result<CatalogInfo, Error> {
    Ok(CatalogInfo {
        name: row.need()?,
        owner: row.text(),
        encoding: row.text(),
        size: row.count(),
        comment: row.text(),
        current: row.flag(),
    })
}

fn schema(row: &mut Row) -> Result<SchemaInfo, Error> {
    Ok(SchemaInfo { name: row.need()?, owner: row.text(), comment: row.text(), system: row.flag() })
}

fn info(row: &mut Row) -> Result<TableInfo, Error> {
    let (schema, name, kind) = (row.text(), row.need()?, row.need()?);
    Ok(TableInfo { schema, name, kind: kind_of(&kind), comment: row.text(), rows: row.count(), size: row.count() })
}

/// Kinds as PostgreSQL's `relkind` has them, and `s` for the system's.
fn kind_name(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "r",
        TableKind::View => "v",
        TableKind::MaterializedView => "m",
        TableKind::ForeignTable => "f",
        TableKind::PartitionedTable => "p",
        TableKind::System => "s",
        TableKind::VirtualTable => "none",
    }
}

fn kind_of(name: &str) -> TableKind {
    match name {
        "v" => TableKind::View,
        "m" => TableKind::MaterializedView,
        "f" => TableKind::ForeignTable,
        "p" => TableKind::PartitionedTable,
        "s" => TableKind::System,
        _ => TableKind::Table,
    }
}

fn text(name: &str, value: Option<String>) -> SqlParameter {
    SqlParameter { name: name.to_owned(), value: value.map_or(Field::Null, Field::Text), type_hint: None }
}

fn number(name: &str, value: u32) -> SqlParameter {
    SqlParameter { name: name.to_owned(), value: Field::Long(value.into()), type_hint: None }
}
