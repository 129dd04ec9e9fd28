//! Connection strings, read strictly: PostgreSQL's URIs and `key=value` lists, SQL Server's ADO style, paths of SQLite.
//!
//! Whatever isn't understood is refused: a parameter that is passed over is one that somebody relied on. No error holds a value
//! of the string, since any part of it may be a piece of a password that wasn't quoted.

mod ado;
mod postgres_keys;
mod postgres_parameters;
mod postgres_uri;
mod sqlite;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

use super::tree::{self, Node};
use super::{DatabaseConfig, Origin};

/// Why a connection string can't be used. Doesn't repeat any of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionStringError(String);

fn wrong(message: impl Into<String>) -> ConnectionStringError {
    ConnectionStringError(message.into())
}

impl std::fmt::Display for ConnectionStringError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConnectionStringError {}

/// The longest connection string: several hosts and every parameter there is fit in a tenth of it.
const MAX_LENGTH: usize = 16 * 1024;

/// The database that a connection string names. Where it names files (`tls`'s, `directory`), whether they may be read is the caller's
/// to decide.
///
/// # Errors
/// What of it isn't understood, without any of its values.
pub fn parse(text: &str) -> Result<DatabaseConfig, ConnectionStringError> {
    let mut entry = entry(text, &Origin::Default)?;
    let mut faults = Vec::new();
    super::fit::entry(&mut entry, &mut faults);
    if let Some(fault) = faults.first() {
        return Err(wrong(fault.to_string()));
    }
    let config: DatabaseConfig = tree::deserialize(&entry).map_err(|why| wrong(why.message))?;
    match config.check().into_iter().next() {
        Some((key, why)) => Err(wrong(format!("{key}: {why}"))),
        None => Ok(config),
    }
}

/// The same as an entry's mapping, of which each value comes from `origin`.
pub(super) fn entry(text: &str, origin: &Origin) -> Result<Node, ConnectionStringError> {
    let text = Zeroizing::new(text.trim().to_owned());
    if text.is_empty() {
        return Err(wrong("it is empty"));
    }
    if text.len() > MAX_LENGTH || text.contains('\0') {
        return Err(wrong(format!("it is longer than {MAX_LENGTH} bytes, or holds a zero byte")));
    }
    let mut entry = Entry::new(origin);
    match scheme(&text) {
        Some((scheme, _)) if ["postgres", "postgresql"].contains(&scheme.as_str()) => postgres_uri::read(&text, &mut entry)?,
        Some((scheme, rest)) if scheme == "sqlite" => sqlite::read(rest, &mut entry)?,
        Some((scheme, _)) => return Err(wrong(other(&scheme))),
        None if sqlite::is_path(&text) => sqlite::read(&text, &mut entry)?,
        None if ado::is_one(&text) => ado::read(&text, &mut entry)?,
        None if postgres_keys::is_one(&text) => postgres_keys::read(&text, &mut entry)?,
        None => {
            return Err(wrong(
                "this is no connection string that is known: postgresql://…, host=… dbname=…, Server=…;Database=…, sqlite:///… or a \
                 path that ends in .db, .sqlite or .sqlite3",
            ));
        }
    }
    Ok(entry.node)
}

/// What to say of a URI of another kind.
fn other(scheme: &str) -> String {
    match scheme {
        "mongodb" | "mongodb+srv" => "there is no driver for MongoDB".to_owned(),
        "mysql" | "mariadb" => "there is no driver for MySQL and MariaDB".to_owned(),
        "sqlserver" | "mssql" | "jdbc:sqlserver" => {
            "for SQL Server a connection string is written in ADO style: Server=host,1433;Database=…;User ID=…;Password=…"
                .to_owned()
        }
        _ => "a URI of a scheme that isn't known; known are postgresql:// and sqlite:///".to_owned(),
    }
}

/// The scheme of a URI, in lower case, and what follows it.
fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once("://").or_else(|| text.strip_prefix("sqlite:").map(|rest| ("sqlite", rest)))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.:".contains(&byte);
    (!scheme.is_empty() && scheme.len() <= 16 && scheme.bytes().all(fits)).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// An entry in the making.
struct Entry {
    origin: Origin,
    node: Node,
}

impl Entry {
    fn new(origin: &Origin) -> Entry {
        Entry { origin: origin.clone(), node: Node::map(origin) }
    }

    fn text(&mut self, path: &[&str], value: &str) {
        self.node.set(path, Node::text(&self.origin, value));
    }

    fn plain(&mut self, path: &[&str], value: impl ToString) {
        self.node.set(path, Node::plain(&self.origin, value));
    }

    /// A password: never taken for a reference to one.
    fn password(&mut self, value: &str) {
        self.text(&["password"], &format!("{}{value}", super::secret::PLAIN));
    }

    fn seconds(&mut self, path: &[&str], parameter: &str, value: &str) -> Result<(), ConnectionStringError> {
        match value.parse::<u32>() {
            Ok(seconds) if seconds > 0 => self.text(path, &format!("{seconds}s")),
            _ => return Err(wrong(format!("{parameter}: a number of seconds from 1 on is wanted"))),
        }
        Ok(())
    }

    fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    /// Hosts and ports, the first of them the host.
    fn hosts(&mut self, hosts: &[(String, Option<u16>)]) {
        let mut others = Vec::new();
        for (at, (host, port)) in hosts.iter().enumerate() {
            if at == 0 {
                self.text(&["host"], host);
                if let Some(port) = port {
                    self.plain(&["port"], port);
                }
            } else {
                let port = port.unwrap_or(postgres_uri::PORT);
                let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
                others.push(Node::text(&self.origin, host));
            }
        }
        if !others.is_empty() {
            self.node.set(&["endpoints"], Node { origin: self.origin.clone(), value: tree::Value::List(others) });
        }
    }

    /// Where nothing was said of TLS: none on this machine, all of it anywhere else.
    fn tls_unsaid(&mut self) {
        let host = self.node.get("host").and_then(Node::as_text).unwrap_or_default();
        if super::is_loopback(host) && !self.has("endpoints") {
            self.text(&["tls", "mode"], "off");
        }
    }
}

/// A port, or what to say.
fn port(text: &str) -> Result<u16, ConnectionStringError> {
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| wrong("a port is a number from 1 to 65535"))
}
