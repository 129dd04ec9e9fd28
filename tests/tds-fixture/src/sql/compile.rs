//! Queries into SQLite's SQL, with the columns that come of them.

use std::collections::HashMap;

use super::ast::{Body, Expr, Order, Query, Select, Table};
use super::casts::{cast, common_type, needs_cast};
use super::scope::{Emitted, Scope, Source, Visible, quote};
use crate::catalog::Catalog;
use crate::error::SqlError;
use crate::tds::reply::Column;
use crate::types::{Kind, Type};

/// What a statement may know of its session.
pub(crate) struct Compiler<'a> {
    pub(crate) catalog: &'a Catalog<'a>,
    /// The database in use.
    pub(crate) database: String,
    pub(crate) variables: &'a HashMap<String, Type>,
    /// What `@@…` and functions of the session give, as SQLite's SQL, by lower-case name.
    pub(crate) facts: &'a dyn Fn(&str, &str) -> Option<Emitted>,
    /// Common table expressions in sight, the innermost last.
    pub(crate) with: Vec<(String, Vec<Visible>)>,
    pub(crate) aliases: usize,
    /// Views within views.
    pub(crate) depth: u32,
}

/// SQL and what comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub(crate) sql: String,
    pub(crate) columns: Vec<Column>,
    /// The columns, from 1, that it is sorted by, as far as they are columns.
    pub(crate) order: Vec<u16>,
}

/// Views within views: more is a circle.
const DEEPEST: u32 = 32;

impl Compiler<'_> {
    /// A query. Its columns are called `c1`, `c2`, … in SQLite's SQL.
    pub(crate) fn query(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Result<Compiled, SqlError> {
        let depth = self.with.len();
        let mut with = Vec::new();
        for (name, names, inner) in &query.with {
            with.push(self.common(name, names, inner)?);
        }
        let result = self.after_with(query, outer);
        self.with.truncate(depth);
        let mut compiled = result?;
        if !with.is_empty() {
            compiled.sql = format!("WITH RECURSIVE {} {}", with.join(", "), compiled.sql);
        }
        Ok(compiled)
    }

    fn common(&mut self, name: &str, names: &[String], query: &Query) -> Result<String, SqlError> {
        let visible = |columns: &[Column]| -> Vec<Visible> {
            let named = columns.iter().enumerate().map(|(index, column)| {
                let name = names.get(index).cloned().unwrap_or_else(|| column.name.clone());
                Visible { column: Column { name, ..column.clone() }, sql: format!("c{}", index + 1) }
            });
            named.collect()
        };
        // A recursive one sees itself with the columns of its first part.
        let recursive = match &query.body {
            Body::Both { operator: "UNION ALL", left, .. } => {
                self.body(left, None, None).ok().map(|first| visible(&first.columns))
            }
            _ => None,
        };
        let pushed = recursive.is_some();
        if let Some(columns) = recursive {
            self.with.push((name.to_lowercase(), columns));
        }
        let compiled = self.query(query, None)?;
        if pushed {
            self.with.pop();
        }
        let columns = visible(&compiled.columns);
        let list: Vec<String> = columns.iter().map(|visible| visible.sql.clone()).collect();
        self.with.push((name.to_lowercase(), columns));
        Ok(format!("{}({}) AS ({})", quote(&name.to_lowercase()), list.join(","), compiled.sql))
    }

    fn after_with(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Result<Compiled, SqlError> {
        let mut compiled = match &query.body {
            Body::Select(select) => {
                let ordered = if query.order.is_empty() { None } else { Some(query.order.as_slice()) };
                self.select(select, outer, ordered)?
            }
            body => {
                let mut compiled = self.body(body, outer, None)?;
                let (order, columns) = self.order_of_columns(&query.order, &compiled.columns)?;
                compiled.sql += &order;
                compiled.order = columns;
                compiled
            }
        };
        if query.offset.is_some() || query.fetch.is_some() {
            let mut number = |value: &Option<Expr>| -> Result<String, SqlError> {
                match value {
                    Some(value) => Ok(self.expr(value, &Scope::default())?.sql),
                    None => Ok("-1".to_owned()),
                }
            };
            let (limit, offset) = (number(&query.fetch)?, number(&query.offset)?);
            compiled.sql = format!("{} LIMIT {limit} OFFSET {offset}", compiled.sql);
        }
        Ok(compiled)
    }

    fn body(&mut self, body: &Body, outer: Option<&Scope<'_>>, order: Option<&[Order]>) -> Result<Compiled, SqlError> {
        match body {
            Body::Select(select) => self.select(select, outer, order),
            Body::Nested(query) => {
                let inner = self.query(query, outer)?;
                Ok(Compiled { sql: format!("SELECT * FROM ({})", inner.sql), ..inner })
            }
            Body::Values(rows) => self.values(rows, outer),
            Body::Both { operator, left, right } => {
                let (left, right) = (self.body(left, outer, None)?, self.body(right, outer, None)?);
                if left.columns.len() != right.columns.len() {
                    let message = "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of \
                                   expressions in their target lists.";
                    return Err(SqlError::new(205, 16, message));
                }
                let columns: Vec<Column> = left
                    .columns
                    .iter()
                    .zip(&right.columns)
                    .map(|(left, right)| Column {
                        kind: common_type(&left.kind, &right.kind),
                        nullable: left.nullable || right.nullable,
                        identity: false,
                        ..left.clone()
                    })
                    .collect();
                let (left, right) = (cast_all(&left, &columns), cast_all(&right, &columns));
                Ok(Compiled { sql: format!("{left} {operator} {right}"), columns, order: Vec::new() })
            }
        }
    }

    fn values(&mut self, rows: &[Vec<Expr>], outer: Option<&Scope<'_>>) -> Result<Compiled, SqlError> {
        let scope = Scope { sources: Vec::new(), outer };
        let mut emitted: Vec<Vec<Emitted>> = Vec::new();
        for row in rows {
            emitted.push(row.iter().map(|value| self.expr(value, &scope)).collect::<Result<_, _>>()?);
        }
        let first = emitted.first().cloned().unwrap_or_default();
        let mut columns = Vec::new();
        for (index, value) in first.iter().enumerate() {
            let kind =
                emitted.iter().filter_map(|row| row.get(index)).fold(value.kind, |kind, value| common_type(&kind, &value.kind));
            columns.push(Column { name: String::new(), kind, nullable: true, identity: false, computed: false });
        }
        let rows: Vec<String> = emitted
            .iter()
            .map(|row| {
                let cells: Vec<String> = row.iter().zip(&columns).map(|(value, column)| cast(value, &column.kind)).collect();
                format!("({})", cells.join(","))
            })
            .collect();
        let names: Vec<String> = (1..=columns.len()).map(|index| format!("column{index} AS c{index}")).collect();
        Ok(Compiled { sql: format!("SELECT {} FROM (VALUES {})", names.join(","), rows.join(",")), columns, order: Vec::new() })
    }

    fn select(&mut self, select: &Select, outer: Option<&Scope<'_>>, order: Option<&[Order]>) -> Result<Compiled, SqlError> {
        let mut scope = Scope { sources: Vec::new(), outer };
        let mut from = Vec::new();
        for table in &select.from {
            from.push(self.table(table, &mut scope)?);
        }
        let mut items: Vec<(Emitted, Column)> = Vec::new();
        for item in &select.items {
            if let Expr::Star(qualifier) = &item.value {
                let before = items.len();
                let wanted = |source: &&Source| qualifier.as_ref().is_none_or(|name| source.is_called(name));
                for emitted in scope.sources.iter().filter(wanted).flat_map(Source::all) {
                    let column = output(&emitted, None);
                    items.push((emitted, column));
                }
                if items.len() == before {
                    let name = qualifier.clone().unwrap_or_default();
                    return Err(SqlError::new(
                        107,
                        15,
                        format!("The column prefix '{name}' does not match with a table name or alias name used in the query."),
                    ));
                }
                continue;
            }
            let emitted = self.expr(&item.value, &scope)?;
            let column = output(&emitted, item.alias.as_deref());
            items.push((emitted, column));
        }
        let columns: Vec<Column> = items.iter().map(|(_, column)| column.clone()).collect();
        let list: Vec<String> =
            items.iter().enumerate().map(|(index, (item, _))| format!("{} AS c{}", item.sql, index + 1)).collect();
        let mut sql = format!("SELECT {}{}", if select.distinct { "DISTINCT " } else { "" }, list.join(", "));
        if !from.is_empty() {
            sql += &format!(" FROM {}", from.join(", "));
        }
        if let Some(filter) = &select.filter {
            sql += &format!(" WHERE {}", self.expr(filter, &scope)?.sql);
        }
        if !select.group.is_empty() {
            let group: Vec<String> =
                select.group.iter().map(|value| self.expr(value, &scope).map(|value| value.sql)).collect::<Result<_, _>>()?;
            sql += &format!(" GROUP BY {}", group.join(", "));
        }
        if let Some(having) = &select.having {
            sql += &format!(" HAVING {}", self.expr(having, &scope)?.sql);
        }
        let mut sorted = Vec::new();
        if let Some(order) = order {
            let mut parts = Vec::new();
            for order in order {
                parts.push(self.order(order, &columns, &items, &scope, &mut sorted)?);
            }
            sql += &format!(" ORDER BY {}", parts.join(", "));
        }
        if let Some(top) = &select.top {
            let top = self.expr(top, &Scope::default())?.sql;
            sql = match order {
                Some(_) => format!("{sql} LIMIT {top}"),
                None => format!("SELECT * FROM ({sql} LIMIT {top})"),
            };
        }
        Ok(Compiled { sql, columns, order: sorted })
    }

    /// One key of ORDER BY: a position, an alias, an item again, or an expression of its own.
    fn order(
        &mut self,
        order: &Order,
        columns: &[Column],
        items: &[(Emitted, Column)],
        scope: &Scope<'_>,
        sorted: &mut Vec<u16>,
    ) -> Result<String, SqlError> {
        let direction = if order.descending { " DESC" } else { "" };
        let position = match position(&order.by, columns) {
            Some(position) => Some(position),
            None => {
                let emitted = match &order.by {
                    // Sorting by nothing in particular: `(SELECT NULL)`.
                    Expr::Subquery(_) | Expr::Null => return Ok("NULL".to_owned()),
                    by => self.expr(by, scope)?,
                };
                match items.iter().position(|(item, _)| item.sql == emitted.sql) {
                    Some(position) => Some(position),
                    None => return Ok(format!("{}{}{direction}", emitted.sql, collation(&emitted.kind))),
                }
            }
        };
        let position = position.unwrap_or(0);
        sorted.push(u16::try_from(position + 1).unwrap_or(0));
        let kind = columns.get(position).map_or(Type::of(Kind::Int), |column| column.kind);
        Ok(format!("{}{}{direction}", position + 1, collation(&kind)))
    }

    fn order_of_columns(&mut self, order: &[Order], columns: &[Column]) -> Result<(String, Vec<u16>), SqlError> {
        if order.is_empty() {
            return Ok((String::new(), Vec::new()));
        }
        let (mut parts, mut sorted) = (Vec::new(), Vec::new());
        for order in order {
            let position = position(&order.by, columns).ok_or_else(|| {
                SqlError::new(104, 16, "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.")
            })?;
            sorted.push(u16::try_from(position + 1).unwrap_or(0));
            let kind = columns.get(position).map_or(Type::of(Kind::Int), |column| column.kind);
            parts.push(format!("{}{}{}", position + 1, collation(&kind), if order.descending { " DESC" } else { "" }));
        }
        Ok((format!(" ORDER BY {}", parts.join(", ")), sorted))
    }

    /// Adds a table to a scope and gives what stands in FROM.
    pub(crate) fn table(&mut self, table: &Table, scope: &mut Scope<'_>) -> Result<String, SqlError> {
        self.aliases += 1;
        let alias = format!("t{}", self.aliases);
        match table {
            Table::Named { name, alias: called } => {
                let called = called.clone().unwrap_or_else(|| name.last().to_owned());
                if name.0.len() == 1
                    && let Some((found, columns)) =
                        self.with.iter().rev().find(|(found, _)| found.eq_ignore_ascii_case(name.last()))
                {
                    let sql = format!("{} AS {alias}", quote(found));
                    scope.sources.push(Source { name: called, alias, columns: columns.clone(), table: None });
                    return Ok(sql);
                }
                let found = self.catalog.table(&self.database, name)?;
                if let Some(view) = &found.view {
                    return self.view(view, &found.database, called, scope);
                }
                let columns = found.visible();
                scope.sources.push(Source { name: called, alias: alias.clone(), columns, table: Some(found.path.clone()) });
                Ok(format!("{} AS {alias}", found.path))
            }
            Table::Derived { query, alias: called, columns: names } => {
                let outer = scope.clone();
                let compiled = self.query(query, outer.outer)?;
                scope.sources.push(derived(called.clone(), alias.clone(), &compiled.columns, names));
                Ok(format!("({}) AS {alias}", compiled.sql))
            }
            Table::Function { name, arguments, alias: called } => {
                let (sql, column) = self.table_function(name, arguments, scope)?;
                let called = called.clone().unwrap_or_else(|| name.last().to_owned());
                scope.sources.push(derived(called, alias.clone(), &[column], &[]));
                Ok(format!("({sql}) AS {alias}"))
            }
            Table::Join { kind, left, right, on } => {
                let left = self.table(left, scope)?;
                let right = self.table(right, scope)?;
                match on {
                    Some(on) => Ok(format!("{left} {kind} {right} ON {}", self.expr(on, scope)?.sql)),
                    None => Ok(format!("{left} {kind} {right}")),
                }
            }
        }
    }

    fn view(&mut self, definition: &str, database: &str, called: String, scope: &mut Scope<'_>) -> Result<String, SqlError> {
        if self.depth > DEEPEST {
            return Err(SqlError::new(4429, 16, "View or function contains a self-reference."));
        }
        let statements = super::statements::batch(definition)?;
        let Some(super::ast::Statement::CreateModule { body, .. }) = statements.first().map(|placed| &placed.statement) else {
            return Err(SqlError::lacks("such views"));
        };
        let Some(super::ast::Statement::Query(query)) = body.first().map(|placed| &placed.statement) else {
            return Err(SqlError::lacks("such views"));
        };
        let before = std::mem::replace(&mut self.database, database.to_owned());
        self.depth += 1;
        let compiled = self.query(query, None);
        self.depth -= 1;
        self.database = before;
        let compiled = compiled?;
        self.aliases += 1;
        let alias = format!("t{}", self.aliases);
        scope.sources.push(derived(called, alias.clone(), &compiled.columns, &[]));
        Ok(format!("({}) AS {alias}", compiled.sql))
    }

    fn table_function(
        &mut self,
        name: &super::ast::Name,
        arguments: &[Expr],
        scope: &Scope<'_>,
    ) -> Result<(String, Column), SqlError> {
        let arguments: Vec<Emitted> = arguments.iter().map(|argument| self.expr(argument, scope)).collect::<Result<_, _>>()?;
        let column = |kind: Type| Column { name: "value".into(), kind, nullable: false, identity: false, computed: false };
        match (name.last().to_lowercase().as_str(), arguments.as_slice()) {
            ("generate_series", [start, stop, rest @ ..]) => {
                let step = rest.first().map_or("1", |step| &step.sql);
                let sql = format!(
                    "WITH RECURSIVE series(c1) AS (SELECT {start} WHERE {start} <= {stop} UNION ALL \
                     SELECT c1 + {step} FROM series WHERE c1 + {step} <= {stop}) SELECT c1 FROM series",
                    start = start.sql,
                    stop = stop.sql
                );
                Ok((sql, column(start.kind)))
            }
            ("string_split", [text, separator]) => {
                let sql = format!(
                    "WITH RECURSIVE parts(c1, rest) AS (SELECT NULL, {text} || {separator} UNION ALL SELECT \
                     substr(rest, 1, instr(rest, {separator}) - 1), substr(rest, instr(rest, {separator}) + 1) FROM parts WHERE rest <> '') \
                     SELECT c1 FROM parts WHERE c1 IS NOT NULL",
                    text = text.sql,
                    separator = separator.sql
                );
                Ok((sql, column(text.kind)))
            }
            _ => Err(SqlError::new(208, 16, format!("Invalid object name '{}'.", name.text()))),
        }
    }
}

fn derived(name: String, alias: String, columns: &[Column], names: &[String]) -> Source {
    let columns = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let name = names.get(index).cloned().unwrap_or_else(|| column.name.clone());
            Visible { column: Column { name, ..column.clone() }, sql: format!("c{}", index + 1) }
        })
        .collect();
    Source { name, alias, columns, table: None }
}

/// What a client is told of an item.
pub(crate) fn output(emitted: &Emitted, alias: Option<&str>) -> Column {
    let base = emitted.column.clone();
    let name = alias.map(str::to_owned).or_else(|| base.as_ref().map(|column| column.name.clone())).unwrap_or_default();
    Column {
        name,
        kind: emitted.kind,
        nullable: emitted.nullable,
        identity: base.as_ref().is_some_and(|column| column.identity),
        computed: base.as_ref().is_none_or(|column| column.computed),
    }
}

/// A position or an alias.
fn position(by: &Expr, columns: &[Column]) -> Option<usize> {
    match by {
        Expr::Number(text) => {
            text.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|&index| index < columns.len())
        }
        Expr::Column(name) if name.0.len() == 1 => {
            columns.iter().position(|column| column.name.eq_ignore_ascii_case(name.last()))
        }
        _ => None,
    }
}

/// Exact numbers are text: they sort by a collation of their own.
fn collation(kind: &Type) -> &'static str {
    if kind.kind.is_exact() { " COLLATE tds_number" } else { "" }
}

fn cast_all(compiled: &Compiled, columns: &[Column]) -> String {
    if compiled.columns.iter().zip(columns).all(|(from, to)| !needs_cast(&from.kind, &to.kind)) {
        return compiled.sql.clone();
    }
    let cells: Vec<String> = compiled
        .columns
        .iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (from, to))| {
            let name = format!("c{}", index + 1);
            format!("{} AS {name}", cast(&Emitted::new(name.clone(), from.kind), &to.kind))
        })
        .collect();
    format!("SELECT {} FROM ({})", cells.join(","), compiled.sql)
}
