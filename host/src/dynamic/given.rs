//! What a caller says of a database: a connection string, or its parts.

use serde_json::json;

use crate::config::{DatabaseConfig, Secret, SecretRef, TlsMode, parse_connection_string};
use crate::contract::ErrorKind;
use crate::error::CallError;

/// The longest connection string, and the longest of its parts: a dozen hosts and a token fit.
const MAX_BYTES: usize = 8 * 1024;

/// What a caller gave.
pub(crate) enum Given {
    /// A connection string.
    Text(Secret),
    /// Its parts.
    Parts(Box<Parts>),
}

/// The parts of a connection string.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) driver: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) database: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    /// None: the first that is allowed.
    pub(crate) tls: Option<TlsMode>,
}

impl Given {
    /// An entry of what was given, not held against any rule.
    ///
    /// # Errors
    /// What is wrong with it, without the password and without the whole string.
    pub(super) fn entry(self, default_tls: TlsMode) -> Result<DatabaseConfig, CallError> {
        match self {
            Given::Text(text) => {
                plain("the connection string", text.expose())?;
                parse_connection_string(text.expose()).map_err(|why| invalid(format!("the connection string: {why}")))
            }
            Given::Parts(parts) => {
                let password = parts.password.as_ref().map(Secret::expose);
                let texts =
                    [("driver", Some(parts.driver.as_str())), ("host", Some(parts.host.as_str())), ("password", password)];
                let others = [("database", parts.database.as_deref()), ("user", parts.user.as_deref())];
                for (name, text) in texts.into_iter().chain(others) {
                    text.map_or(Ok(()), |text| plain(name, text))?;
                }
                let mut entry = blank(&parts.driver)?;
                entry.host = Some(parts.host);
                entry.port = parts.port;
                entry.catalog = parts.database;
                entry.user = parts.user;
                entry.password = parts.password.map(SecretRef::Plain);
                entry.tls.mode = parts.tls.unwrap_or(default_tls);
                Ok(entry)
            }
        }
    }
}

/// An entry in which only the driver is said.
pub(super) fn blank(driver: &str) -> Result<DatabaseConfig, CallError> {
    serde_json::from_value(json!({"driver": driver})).map_err(|_| invalid("the driver's name isn't one".to_owned()))
}

pub(super) fn invalid(what: String) -> CallError {
    CallError::new(ErrorKind::InvalidValue, what)
}

/// Of a length that such things have, and without what ends one in some program on the way.
fn plain(name: &str, text: &str) -> Result<(), CallError> {
    if text.len() > MAX_BYTES {
        return Err(invalid(format!("{name} is {} bytes long; at most {MAX_BYTES} are taken", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(format!("{name} holds a control character, which is not taken")));
    }
    Ok(())
}
