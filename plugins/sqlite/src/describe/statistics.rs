//! What SQLite counts of a table: its last ANALYZE's estimates, and its pages.

use super::{quoted, string, text_param};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{TableName, TableStatistics};

const PAGES: &str = "\
    SELECT sum(pageno), sum(ncell), sum(payload), sum(unused), sum(pgsize) FROM dbstat \
    WHERE aggregate = TRUE AND name = ?1 AND schema = ?2";

const NAMES: [&str; 5] = ["pages", "cells", "payload_bytes", "unused_bytes", "page_bytes"];

impl Session {
    pub(super) fn describe_statistics(&mut self, table: &TableName) -> Result<TableStatistics> {
        let info = self.describe_table(table)?.info;
        let schema = info.schema.clone().unwrap_or_else(|| "main".to_owned());
        let mut properties = Vec::new();
        self.rows(PAGES, &[text_param(&info.name), text_param(&schema)], |row| {
            for (column, name) in NAMES.into_iter().enumerate() {
                let value = string(row, column);
                if !value.is_empty() {
                    properties.push((name.to_owned(), value));
                }
            }
        })?;
        let analysed =
            self.value(&format!("SELECT 1 FROM {}.sqlite_schema WHERE name = 'sqlite_stat1'", quoted(&schema)))?.is_some();
        if analysed {
            let stat = format!("SELECT idx, stat FROM {}.sqlite_stat1 WHERE tbl = ?1", quoted(&schema));
            self.rows(&stat, &[text_param(&info.name)], |row| {
                let index = string(row, 0);
                let name = if index.is_empty() { "rows".to_owned() } else { format!("index {index}") };
                properties.push((name, string(row, 1)));
            })?;
        }
        Ok(TableStatistics { info, last_analysed: None, properties })
    }
}
