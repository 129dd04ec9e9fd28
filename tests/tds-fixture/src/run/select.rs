//! Queries: compiled, run, their rows sent as they come.

use rusqlite::Statement;
use rusqlite::types::{Value, ValueRef};

use super::session::Session;
use crate::error::SqlError;
use crate::sql::ast::{Body, Name, Query};
use crate::sql::compile::Compiled;
use crate::sql::scope::quote;

/// DONE's code of a SELECT.
const SELECT: u16 = 0xC1;

impl Session {
    pub(crate) fn query(&mut self, query: &Query) -> Result<(), SqlError> {
        if let Body::Select(select) = &query.body {
            if select.items.iter().any(|item| item.assigns.is_some()) {
                return self.assigning(query);
            }
            if let Some(into) = &select.into {
                return self.select_into(query, into);
            }
            if !select.from.is_empty() {
                self.begin_implicitly()?;
            }
        }
        let compiled = self.compile(|compiler| compiler.query(query, None))?;
        self.send(&compiled)
    }

    /// Sends a result set.
    pub(crate) fn send(&mut self, compiled: &Compiled) -> Result<(), SqlError> {
        let conn = std::rc::Rc::clone(&self.conn);
        let mut statement = conn.prepare(&compiled.sql).map_err(|error| explained(&error, &compiled.sql))?;
        self.bind(&mut statement)?;
        self.reply.columns(&compiled.columns)?;
        if !compiled.order.is_empty() {
            self.reply.order(&compiled.order)?;
        }
        let mut sent: u64 = 0;
        if !self.options.format_only {
            let mut rows = statement.raw_query();
            let width = compiled.columns.len();
            while let Some(row) = rows.next()? {
                self.cancel.check()?;
                let values: Vec<ValueRef<'_>> = (0..width).map(|index| row.get_ref(index)).collect::<Result<_, _>>()?;
                self.reply.row(&compiled.columns, &values)?;
                sent += 1;
                if sent == self.options.rows {
                    break;
                }
            }
        }
        self.row_count = i64::try_from(sent).unwrap_or(i64::MAX);
        let open = self.transactions > 0;
        self.reply.statement_done(self.done, false, open, Some(sent), SELECT)
    }

    /// `SELECT @a = …`: the last row's values stay.
    fn assigning(&mut self, query: &Query) -> Result<(), SqlError> {
        let Body::Select(select) = &query.body else { return Ok(()) };
        let names: Vec<String> = select.items.iter().filter_map(|item| item.assigns.clone()).collect();
        if names.len() != select.items.len() {
            let message =
                "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.";
            return Err(SqlError::new(141, 15, message));
        }
        let compiled = self.compile(|compiler| compiler.query(query, None))?;
        let conn = std::rc::Rc::clone(&self.conn);
        let mut statement = conn.prepare(&compiled.sql).map_err(|error| explained(&error, &compiled.sql))?;
        self.bind(&mut statement)?;
        let mut last: Option<Vec<Value>> = None;
        let mut count = 0;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            self.cancel.check()?;
            last = Some((0..names.len()).map(|index| row.get(index)).collect::<Result<_, _>>()?);
            count += 1;
        }
        self.row_count = count;
        for ((name, value), column) in names.iter().zip(last.unwrap_or_default()).zip(&compiled.columns) {
            self.assign(name, value, &column.kind)?;
        }
        Ok(())
    }

    fn select_into(&mut self, query: &Query, into: &Name) -> Result<(), SqlError> {
        let compiled = self.compile(|compiler| compiler.query(query, None))?;
        let columns: Vec<crate::sql::ast::ColumnDef> = compiled
            .columns
            .iter()
            .map(|column| crate::sql::ast::ColumnDef {
                name: column.name.clone(),
                kind: Some(column.kind),
                computed: None,
                nullable: Some(column.nullable),
                identity: column.identity.then_some((1, 1)),
                default: None,
                constraints: Vec::new(),
            })
            .collect();
        self.create_table(into, &columns, &[])?;
        let table = self.compile(|compiler| compiler.catalog.table(&compiler.database, into))?;
        let names: Vec<String> = columns.iter().map(|column| quote(&column.name)).collect();
        let sql = format!("INSERT INTO {} ({}) {}", table.path, names.join(", "), compiled.sql);
        let count = self.change(&sql)?;
        self.changed(count, SELECT)
    }

    /// Gives a statement's variables their values.
    pub(crate) fn bind(&self, statement: &mut Statement<'_>) -> Result<(), SqlError> {
        for index in 1..=statement.parameter_count() {
            let name = statement.parameter_name(index).unwrap_or_default().to_owned();
            let value = self.variables.get(&name).map_or(&Value::Null, |variable| &variable.value);
            statement.raw_bind_parameter(index, value)?;
        }
        Ok(())
    }

    /// The first column of the first row; NULL without one.
    pub(crate) fn first_value(&self, sql: &str) -> Result<Value, SqlError> {
        let mut statement = self.conn.prepare(sql).map_err(|error| explained(&error, sql))?;
        self.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        match rows.next()? {
            Some(row) => Ok(row.get(0)?),
            None => Ok(Value::Null),
        }
    }
}

/// What SQLite makes of SQL of ours: shown whole, for whoever tests with this.
pub(crate) fn explained(error: &rusqlite::Error, sql: &str) -> SqlError {
    let known = SqlError::of_sqlite(error);
    if known.number == 50_991 { SqlError::new(50_991, 16, format!("{} ({sql})", known.message)) } else { known }
}
