//! `Server=host,1433;Database=…;User ID=…;Password=…`, as Microsoft.Data.SqlClient and ODBC write it for SQL Server.
//!
//! A value stands as it is, or in double or single quotes (doubled inside) or in braces (`}` doubled inside). Keys know no case.

use zeroize::Zeroizing;

use super::{ConnectionStringError, Entry, port, wrong};

/// The keys' own names, each with those that mean the same.
const KEYS: &[(&str, &[&str])] = &[
    ("server", &["data source", "addr", "address", "network address"]),
    ("database", &["initial catalog"]),
    ("user id", &["uid", "user", "userid"]),
    ("password", &["pwd"]),
    ("encrypt", &[]),
    ("trustservercertificate", &["trust server certificate"]),
    ("hostnameincertificate", &["host name in certificate"]),
    ("connect timeout", &["connection timeout", "timeout", "login timeout"]),
    ("command timeout", &[]),
    ("max pool size", &[]),
    ("min pool size", &[]),
    ("packet size", &["packetsize"]),
    ("current language", &["language"]),
    ("applicationintent", &["application intent"]),
    ("driver", &[]),
    ("pooling", &[]),
    ("persist security info", &["persistsecurityinfo"]),
    ("multipleactiveresultsets", &["multiple active result sets", "mars_connection"]),
    ("integrated security", &["trusted_connection"]),
    ("authentication", &[]),
];

/// Whether a text begins as such a string does, and holds what only they do.
pub(super) fn is_one(text: &str) -> bool {
    let Some((key, _)) = text.split_once('=') else { return false };
    let key = key.trim().to_ascii_lowercase();
    // `user` and `password` are keys of PostgreSQL's lists as well; those have no semicolons.
    canonical(&key)
        .is_some_and(|name| !["user id", "password"].contains(&name) || key != name && key != "user" || text.contains(';'))
}

pub(super) fn read(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    entry.text(&["driver"], "sqlserver");
    let mut said: Vec<(&'static str, Zeroizing<String>)> = Vec::new();
    for (key, value) in pairs(text)? {
        let name = canonical(&key).ok_or_else(|| {
            let near = super::super::near::nearest(&key, KEYS.iter().map(|(name, _)| *name));
            let near = near.map_or_else(String::new, |name| format!("; {name} may be meant"));
            wrong(format!("there is a key that isn't known{near}; known are: {}", names()))
        })?;
        if said.iter().any(|(other, _)| *other == name) {
            return Err(wrong(format!("{name} is there twice (perhaps by another of its names)")));
        }
        said.push((name, value));
    }
    let value = |name: &str| said.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str());
    server(value("server").ok_or_else(|| wrong("Server is missing"))?, entry)?;
    for (name, value) in &said {
        one(name, value, entry)?;
    }
    let trusted = value("trustservercertificate").map(|value| boolean("TrustServerCertificate", value)).transpose()?;
    let mode = encryption(value("encrypt"), trusted, entry)?;
    match mode {
        Some(mode) => entry.text(&["tls", "mode"], mode),
        None => entry.tls_unsaid(),
    }
    Ok(())
}

fn one(name: &str, value: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let number = |least: u32| {
        let number = value.parse::<u32>().ok().filter(|number| *number >= least);
        number.ok_or_else(|| wrong(format!("{name}: a number from {least} on is wanted")))
    };
    match name {
        "database" => entry.text(&["catalog"], value),
        "user id" => entry.text(&["user"], value),
        "password" if !value.is_empty() => entry.password(value),
        "hostnameincertificate" => entry.text(&["tls", "server_name"], value),
        "connect timeout" => entry.seconds(&["pool", "connect_timeout"], "Connect Timeout", value)?,
        "command timeout" => entry.seconds(&["statement_timeout"], "Command Timeout", value)?,
        "max pool size" => entry.plain(&["pool", "max"], number(1)?),
        "min pool size" => entry.plain(&["pool", "min"], number(0)?),
        "packet size" => entry.plain(&["options", "packet_size"], number(512)?),
        "current language" => entry.text(&["options", "language"], value),
        "applicationintent" => match value.to_ascii_lowercase().as_str() {
            "readonly" => entry.text(&["options", "application_intent"], "read-only"),
            "readwrite" => entry.text(&["options", "application_intent"], "read-write"),
            _ => return Err(wrong("ApplicationIntent: ReadOnly or ReadWrite")),
        },
        "multipleactiveresultsets" if boolean("MultipleActiveResultSets", value)? => {
            return Err(wrong("MultipleActiveResultSets isn't there; leave it out"));
        }
        "integrated security" if value.eq_ignore_ascii_case("sspi") || boolean("Integrated Security", value)? => {
            return Err(wrong("Integrated Security isn't there; give User ID and Password"));
        }
        "pooling" if !boolean("Pooling", value)? => return Err(wrong("Pooling=false isn't there; use Max Pool Size")),
        "persist security info" => drop(boolean("Persist Security Info", value)?),
        "authentication" if !["sqlpassword", "sql password"].contains(&value.to_ascii_lowercase().as_str()) => {
            return Err(wrong("Authentication: only SqlPassword is there; a token goes into access_token"));
        }
        _ => {}
    }
    Ok(())
}

/// `[tcp:]host[\instance][,port]`
fn server(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let lower = text.trim().to_ascii_lowercase();
    if ["np:", "lpc:", "admin:", "(localdb)", r"\\"].iter().any(|other| lower.starts_with(other)) {
        return Err(wrong("Server: SQL Server is reached over TCP alone: tcp:host,port"));
    }
    let text = text.trim();
    let text = if lower.starts_with("tcp:") { text.get(4..).unwrap_or_default() } else { text };
    let (host, number) = text.rsplit_once(',').map_or((text, None), |(host, number)| (host, Some(number.trim())));
    let (host, instance) = host.split_once('\\').map_or((host, None), |(host, instance)| (host, Some(instance)));
    let host = match host.trim() {
        "." | "(local)" => "localhost",
        other => other,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    super::postgres_parameters::check_host(bare).map_err(|_| wrong("Server: host, host,port or host\\instance,port"))?;
    entry.text(&["host"], bare);
    if let Some(number) = number {
        entry.plain(&["port"], port(number)?);
    }
    if let Some(instance) = instance {
        if number.is_none() {
            return Err(wrong(r"Server: the port of a named instance has to be said: host\instance,port"));
        }
        entry.text(&["options", "instance"], instance.trim());
    }
    Ok(())
}

/// What is encrypted and who is believed. The login always is: what the clients of others do without a certificate that is valid
/// asks for TrustServerCertificate here.
fn encryption(
    encrypt: Option<&str>,
    trusted: Option<bool>,
    entry: &mut Entry,
) -> Result<Option<&'static str>, ConnectionStringError> {
    let trusted = trusted.unwrap_or(false);
    let all = if trusted { "require-unverified" } else { "verify-full" };
    Ok(match encrypt.map(str::to_ascii_lowercase).as_deref() {
        None => trusted.then_some(all),
        Some("true" | "yes" | "mandatory" | "1") => Some(all),
        Some("strict") => {
            entry.text(&["options", "encryption"], "strict");
            Some("verify-full")
        }
        Some("false" | "no" | "optional" | "0") => Some(if trusted { "login-only-unverified" } else { "login-only" }),
        Some(_) => return Err(wrong("Encrypt: true, false, mandatory, optional or strict")),
    })
}

fn boolean(key: &str, value: &str) -> Result<bool, ConnectionStringError> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(wrong(format!("{key}: true or false"))),
    }
}

fn canonical(key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(name, others)| *name == key || others.contains(&key)).map(|(name, _)| *name)
}

fn names() -> String {
    KEYS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Keys in lower case, and their values.
fn pairs(text: &str) -> Result<Vec<(String, Zeroizing<String>)>, ConnectionStringError> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|character: char| character == ';' || character.is_whitespace());
        if rest.is_empty() {
            return Ok(pairs);
        }
        let (key, after) = rest.split_once('=').ok_or_else(|| wrong("a key is followed by '=' and its value"))?;
        let (value, after) = value(after.trim_start())?;
        pairs.push((key.trim().to_ascii_lowercase(), value));
        rest = after;
    }
}

/// A value, and what follows its semicolon.
fn value(text: &str) -> Result<(Zeroizing<String>, &str), ConnectionStringError> {
    let end = match text.chars().next() {
        Some('"') => '"',
        Some('\'') => '\'',
        Some('{') => '}',
        _ => {
            let (value, after) = text.split_once(';').unwrap_or((text, ""));
            return Ok((Zeroizing::new(value.trim_end().to_owned()), after));
        }
    };
    let mut value = Zeroizing::new(String::new());
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != end {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == end).is_some() {
            value.push(end);
        } else {
            let after = text.get(at + end.len_utf8()..).unwrap_or_default().trim_start();
            return match after.strip_prefix(';') {
                Some(after) => Ok((value, after)),
                None if after.is_empty() => Ok((value, "")),
                None => Err(wrong("after a quoted value stands ';'; a quote in it is doubled")),
            };
        }
    }
    Err(wrong("a quoted value has no end"))
}
