//! Tables and views, filtered.

use super::{quoted, string, text_param};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{Parameter, TableFilter, TableInfo, TableKind, Value};
use std::collections::HashMap;

/// `lower` on both sides, since a session can turn LIKE's disregard of case off.
const LIST: &str = "SELECT schema, name, type FROM pragma_table_list \
    WHERE (?1 IS NULL AND schema IN ('main', 'temp') OR lower(schema) = lower(?1)) \
      AND (?2 IS NULL OR lower(name) LIKE lower(?2)) \
    ORDER BY schema, name";

impl Session {
    pub(super) fn describe_tables(&mut self, filter: &TableFilter) -> Result<Vec<TableInfo>> {
        let mut found = Vec::new();
        self.rows(LIST, &[param(filter.schema.as_deref()), param(filter.name.as_deref())], |row| {
            let (schema, name) = (string(row, 0), string(row, 1));
            let kind = kind(&name, &string(row, 2));
            let wanted = filter.kind.map_or(kind != TableKind::System, |wanted| wanted == kind);
            if wanted {
                found.push(TableInfo { schema: Some(schema), name, kind, comment: None, rows: None, size: None });
            }
        })?;
        let estimates = self.estimates("main")?;
        let skip = usize::try_from(filter.offset).unwrap_or(usize::MAX);
        let take = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let mut page: Vec<_> = found.into_iter().skip(skip).take(take).collect();
        for table in page.iter_mut().filter(|table| table.schema.as_deref() == Some("main")) {
            table.rows = estimates.get(&table.name).copied();
        }
        Ok(page)
    }

    /// What the last ANALYZE counted, by table.
    pub(super) fn estimates(&mut self, schema: &str) -> Result<HashMap<String, u64>> {
        let mut found = HashMap::new();
        let schema = quoted(schema);
        if self.value(&format!("SELECT 1 FROM {schema}.sqlite_schema WHERE name = 'sqlite_stat1'"))?.is_none() {
            return Ok(found);
        }
        self.rows(&format!("SELECT tbl, stat FROM {schema}.sqlite_stat1"), &[], |row| {
            let rows = string(row, 1).split(' ').next().and_then(|count| count.parse().ok());
            if let Some(rows) = rows {
                // A partial index counts its own rows, which are fewer.
                let known: &mut u64 = found.entry(string(row, 0)).or_insert(0);
                *known = (*known).max(rows);
            }
        })?;
        Ok(found)
    }
}

/// What `pragma_table_list` calls a table, in the contract's words.
pub(super) fn kind(name: &str, kind: &str) -> TableKind {
    match kind {
        _ if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_")) => TableKind::System,
        "view" => TableKind::View,
        "virtual" => TableKind::VirtualTable,
        "shadow" => TableKind::System,
        _ => TableKind::Table,
    }
}

fn param(text: Option<&str>) -> Parameter {
    text.map_or(Parameter { name: None, value: Value::Null, type_hint: None }, text_param)
}
