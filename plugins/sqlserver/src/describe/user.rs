//! Who the server takes this connection for, and what it may do.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Privilege, UserInfo};

const USER: &str = "SELECT USER_NAME(), SUSER_SNAME(), IS_SRVROLEMEMBER('sysadmin')";

/// Through others as well.
const ROLES: &str =
    "SELECT r.name FROM sys.database_principals AS r WHERE r.type = 'R' AND IS_ROLEMEMBER(r.name) = 1 ORDER BY r.name";

const SERVER: &[&str] = &["CONTROL SERVER", "ALTER ANY DATABASE", "VIEW ANY DATABASE", "VIEW SERVER STATE"];
const DATABASE: &[&str] = &[
    "CONTROL",
    "ALTER",
    "CONNECT",
    "CREATE TABLE",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "EXECUTE",
    "SHOWPLAN",
    "VIEW DEFINITION",
    "VIEW DATABASE STATE",
];
const SCHEMA: &[&str] = &["ALTER", "SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE"];

/// More schemas than this are left out.
const MOST_SCHEMAS: u32 = 200;

/// Asks for each right whether it is held, by the securable and its class.
fn held(rights: &[&str], securable: &str, class: &str) -> String {
    let asked: Vec<String> = rights.iter().map(|right| format!("HAS_PERMS_BY_NAME({securable}, {class}, '{right}')")).collect();
    asked.join(", ")
}

impl<W: Wire> Session<W> {
    pub(super) fn describe_user(&mut self) -> Result<UserInfo, Error> {
        let (server, database) = (held(SERVER, "NULL", "NULL"), held(DATABASE, "DB_NAME()", "'DATABASE'"));
        let schema = held(SCHEMA, "QUOTENAME(s.name)", "'SCHEMA'");
        let query = format!(
            "{USER};\n{ROLES};\nSELECT N'server', {server};\nSELECT N'catalog ' + DB_NAME(), {database};\n\
             SELECT TOP ({MOST_SCHEMAS}) N'schema ' + s.name, {schema} FROM sys.schemas AS s WHERE s.schema_id < 16384 \
             AND s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') ORDER BY s.name"
        );
        let mut sets = self.lookup(&query, &[])?;
        let users = all(sets.next(), |row| Ok((row.need()?, row.text(), row.flag())))?;
        let (name, login, everything) =
            users.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Protocol, "the server names no user"))?;
        let mut roles = all(sets.next(), super::row::Row::need)?;
        if everything {
            roles.push("sysadmin".to_owned());
        }
        let mut privileges = Vec::new();
        for rights in [SERVER, DATABASE, SCHEMA] {
            privileges.extend(all(sets.next(), |row| {
                let on = row.need()?;
                let rights = rights.iter().filter(|_| row.flag()).map(|right| (*right).to_owned()).collect();
                Ok(Privilege { on, rights })
            })?);
        }
        privileges.retain(|privilege| !privilege.rights.is_empty());
        let login = login.filter(|login| *login != name);
        Ok(UserInfo { name, login, roles, privileges })
    }
}
