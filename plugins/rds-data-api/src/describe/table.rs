//! One table: what it is made of, and what points to it.

use super::row::all;
use super::{Queries, info, text};
use crate::service::Service;
use crate::session::Session;
use bulkhead_driver::{Check, Error, ErrorKind, ForeignKey, Index, Key, TableColumn, TableDetail, TableName, Trigger};

impl<S: Service> Session<S> {
    pub(super) fn table(&mut self, queries: &Queries, table: &TableName) -> Result<TableDetail, Error> {
        let mut parameters = [text("schema", table.schema.clone()), text("name", Some(table.name.clone()))];
        let about = all(self.lookup(queries.table, &parameters)?, |row| Ok((info(row)?, row.text())))?;
        let Some((info, definition)) = about.into_iter().next() else {
            return Err(missing(table));
        };
        // From here on it is the one that was found.
        parameters[0] = text("schema", info.schema.clone());
        let mut ask = |sql: &str| self.lookup(sql, &parameters);
        let columns = all(ask(queries.columns)?, |row| {
            Ok(TableColumn {
                name: row.need()?,
                native_type: row.need()?,
                nullable: row.flag(),
                default: row.text(),
                generated: row.text(),
                identity: row.flag(),
                collation: row.text(),
                comment: row.text(),
            })
        })?;
        let mut keys: Vec<Key> = Vec::new();
        for (name, primary, column) in all(ask(queries.keys)?, |row| Ok((row.text(), row.flag(), row.need()?)))? {
            match keys.last_mut().filter(|key| key.name == name) {
                Some(key) => key.columns.push(column),
                None => keys.push(Key { name, primary, columns: vec![column] }),
            }
        }
        let (foreign_keys, referenced_by) = foreign(ask(queries.foreign)?)?;
        let indexes = indexes(ask(queries.indexes)?)?;
        let (mut checks, mut triggers) = (Vec::new(), Vec::new());
        for (what, name, text) in all(ask(queries.rules)?, |row| Ok((row.need()?, row.need()?, row.need()?)))? {
            if what == "c" {
                checks.push(Check { name: Some(name), expression: text });
            } else {
                triggers.push(Trigger { name, definition: text });
            }
        }
        Ok(TableDetail { info, columns, keys, foreign_keys, referenced_by, indexes, checks, triggers, definition })
    }
}

type Texts = Vec<Vec<Option<String>>>;

/// One row for each column of each key, in order.
fn foreign(rows: Texts) -> Result<(Vec<ForeignKey>, Vec<ForeignKey>), Error> {
    let mut keys: Vec<(bool, ForeignKey)> = Vec::new();
    let parts = all(rows, |row| {
        let outward = row.flag();
        let (name, referenced_schema, referenced_table) = (row.text(), row.text(), row.need()?);
        let (on_update, on_delete, here, there) = (row.need()?, row.need()?, row.need()?, row.need()?);
        let key = ForeignKey {
            name,
            columns: vec![here],
            referenced_schema,
            referenced_table,
            referenced_columns: vec![there],
            on_update,
            on_delete,
        };
        Ok((outward, key))
    })?;
    for (outward, part) in parts {
        let same = |(way, key): &&mut (bool, ForeignKey)| {
            *way == outward
                && key.name == part.name
                && key.referenced_table == part.referenced_table
                && key.referenced_schema == part.referenced_schema
        };
        match keys.last_mut().filter(same) {
            Some((_, key)) => {
                key.columns.extend(part.columns);
                key.referenced_columns.extend(part.referenced_columns);
            }
            None => keys.push((outward, part)),
        }
    }
    let (out, back): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(outward, _)| *outward);
    Ok((out.into_iter().map(|(_, key)| key).collect(), back.into_iter().map(|(_, key)| key).collect()))
}

/// One row for each column of each index, in order.
fn indexes(rows: Texts) -> Result<Vec<Index>, Error> {
    let mut indexes: Vec<Index> = Vec::new();
    for (index, column, included) in all(rows, |row| {
        let (name, unique, primary, method) = (row.need()?, row.flag(), row.flag(), row.text());
        let (column, included) = (row.text(), row.flag());
        let index = Index {
            name,
            unique,
            primary,
            method,
            columns: vec![],
            included: vec![],
            predicate: row.text(),
            definition: row.text(),
        };
        Ok((index, column, included))
    })? {
        if indexes.last().is_none_or(|last| last.name != index.name) {
            indexes.push(index);
        }
        if let (Some(last), Some(column)) = (indexes.last_mut(), column) {
            if included { &mut last.included } else { &mut last.columns }.push(column);
        }
    }
    Ok(indexes)
}

pub(super) fn missing(table: &TableName) -> Error {
    let name = match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    };
    Error::new(ErrorKind::Undefined, format!("there is no table or view `{}`", name.escape_debug()))
        .sqlstate("42P01")
        .hint("names are matched as they are stored, mostly in lower case; list the tables to see them")
}
