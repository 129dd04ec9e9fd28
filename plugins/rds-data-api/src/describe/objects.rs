//! Finding objects, what is counted of a table, and who the server takes the caller for.

use super::row::{Row, all};
use super::table::missing;
use super::{Queries, info, number, text};
use crate::service::Service;
use crate::session::Session;
use bulkhead_driver::{Error, ErrorKind, FoundObject, ObjectKind, Privilege, SearchFilter, TableName, TableStatistics, UserInfo};

impl<S: Service> Session<S> {
    pub(super) fn search(&mut self, queries: &Queries, filter: &SearchFilter) -> Result<Vec<FoundObject>, Error> {
        let kinds: String =
            if filter.kinds.is_empty() { "tcr".to_owned() } else { filter.kinds.iter().copied().map(code).collect() };
        let parameters = [
            text("text", Some(filter.text.clone())),
            text("kinds", Some(kinds)),
            text("schema", filter.schema.clone()),
            number("skip", filter.offset),
            number("most", filter.limit),
        ];
        all(self.lookup(queries.search, &parameters)?, found)
    }

    pub(super) fn statistics(&mut self, queries: &Queries, table: &TableName) -> Result<TableStatistics, Error> {
        let parameters = [text("schema", table.schema.clone()), text("name", Some(table.name.clone()))];
        let found = all(self.lookup(queries.statistics, &parameters)?, |row| {
            let (info, last_analysed) = (info(row)?, row.text());
            let known = queries.counted.iter().map(|name| ((*name).to_owned(), row.text()));
            let properties = known.filter_map(|(name, value)| Some((name, value?))).collect();
            Ok(TableStatistics { info, last_analysed: last_analysed.as_deref().map(moment), properties })
        })?;
        found.into_iter().next().ok_or_else(|| missing(table))
    }

    pub(super) fn user(&mut self, queries: &Queries) -> Result<UserInfo, Error> {
        let users = all(self.lookup(queries.user, &[])?, |row| Ok((row.need()?, row.text())))?;
        let (name, login) =
            users.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server names no user"))?;
        let roles = all(self.lookup(queries.roles, &[])?, Row::need)?;
        let mut privileges: Vec<Privilege> = Vec::new();
        for (on, right) in all(self.lookup(queries.rights, &[])?, |row| Ok((row.need()?, row.need()?)))? {
            match privileges.last_mut().filter(|privilege| privilege.on == on) {
                Some(privilege) => privilege.rights.push(right),
                None => privileges.push(Privilege { on, rights: vec![right] }),
            }
        }
        Ok(UserInfo { name, login, roles, privileges })
    }
}

fn code(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Table => 't',
        ObjectKind::Column => 'c',
        ObjectKind::Routine => 'r',
    }
}

fn found(row: &mut Row) -> Result<FoundObject, Error> {
    let kind = match row.need()?.as_str() {
        "t" => ObjectKind::Table,
        "c" => ObjectKind::Column,
        _ => ObjectKind::Routine,
    };
    Ok(FoundObject { kind, schema: row.text(), table: row.text(), name: row.need()?, detail: row.text(), comment: row.text() })
}

/// `2024-02-29 10:00:00.5`, in UTC, as RFC 3339 to the second.
fn moment(text: &str) -> String {
    let whole = text.split('.').next().unwrap_or(text);
    format!("{}Z", whole.replacen(' ', "T", 1))
}
