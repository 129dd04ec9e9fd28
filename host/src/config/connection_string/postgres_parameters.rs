//! The parameters of PostgreSQL's connection strings, in whichever form they were written.

use zeroize::Zeroizing;

use super::{ConnectionStringError, Entry, port, wrong};

/// Those that are understood.
const KNOWN: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "options",
    "target_session_attrs",
];

/// Those that libpq has besides.
const OTHERS: &[&str] = &[
    "passfile",
    "require_auth",
    "client_encoding",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "replication",
    "gssencmode",
    "requiressl",
    "sslnegotiation",
    "sslcompression",
    "sslpassword",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "service",
    "load_balance_hosts",
];

pub(super) fn is_known(key: &str) -> bool {
    KNOWN.contains(&key) || OTHERS.contains(&key)
}

/// Writes them into the entry.
pub(super) fn apply(parameters: Vec<(String, Zeroizing<String>)>, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let mut seen: Vec<&str> = Vec::new();
    let mut mode = None;
    let (mut hosts, mut ports) = (None, None);
    for (name, value) in &parameters {
        if seen.contains(&name.as_str()) {
            return Err(wrong(format!("{} is there twice", shown(name))));
        }
        seen.push(name);
        let value = value.as_str();
        let once = |entry: &Entry, key: &str| {
            if entry.has(key) { Err(wrong(format!("{} is there twice", shown(name)))) } else { Ok(()) }
        };
        match name.as_str() {
            "host" | "hostaddr" => {
                once(entry, "host")?;
                if hosts.replace(value).is_some() {
                    return Err(wrong("host and hostaddr: one of them"));
                }
            }
            "port" => {
                once(entry, "port")?;
                ports = Some(value);
            }
            "dbname" => {
                once(entry, "catalog")?;
                entry.text(&["catalog"], value);
            }
            "user" => {
                once(entry, "user")?;
                entry.text(&["user"], value);
            }
            "password" => {
                once(entry, "password")?;
                entry.password(value);
            }
            "sslmode" => mode = Some(tls(value)?),
            "sslrootcert" if value == "system" => {}
            "sslrootcert" => entry.text(&["tls", "ca_file"], value),
            "sslcert" => entry.text(&["tls", "client_certificate"], value),
            "sslkey" => entry.text(&["tls", "client_key"], value),
            "channel_binding" if ["disable", "prefer", "require"].contains(&value) => {
                entry.text(&["options", "channel_binding"], value);
            }
            "channel_binding" => return Err(wrong("channel_binding: disable, prefer or require")),
            "connect_timeout" => entry.seconds(&["pool", "connect_timeout"], "connect_timeout", value)?,
            "application_name" => entry.text(&["options", "settings", "application_name"], value),
            "options" => settings(value, entry)?,
            "target_session_attrs" if value == "any" => {}
            "target_session_attrs" => return Err(wrong("target_session_attrs: only `any` is known here")),
            _ if OTHERS.contains(&name.as_str()) => return Err(wrong(format!("the parameter {name} isn't known here"))),
            _ => {
                return Err(wrong(format!(
                    "there is a parameter that isn't known{}; known are: {}",
                    near(name),
                    KNOWN.join(", ")
                )));
            }
        }
    }
    if let Some(hosts) = hosts {
        write_hosts(hosts, ports.take(), entry)?;
    } else if let Some(text) = ports {
        entry.plain(&["port"], port(text)?);
    }
    if !entry.has("host") {
        return Err(wrong("the host is missing: it has to be said, there is no default one"));
    }
    match mode {
        Some(mode) => entry.text(&["tls", "mode"], mode),
        None if entry.has("tls") => {}
        None => entry.tls_unsaid(),
    }
    Ok(())
}

/// `sslmode`. What libpq would send in the clear when it must (allow, prefer) is encrypted here or not sent at all.
fn tls(mode: &str) -> Result<&'static str, ConnectionStringError> {
    Ok(match mode {
        "disable" => "off",
        "allow" | "prefer" | "require" | "no-verify" => "require-unverified",
        "verify-ca" => "verify-ca",
        "verify-full" => "verify-full",
        _ => return Err(wrong("sslmode: disable, allow, prefer, require, verify-ca or verify-full")),
    })
}

fn write_hosts(hosts: &str, ports: Option<&str>, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let names: Vec<&str> = hosts.split(',').collect();
    let ports: Vec<Option<u16>> = match ports {
        Some(text) => text.split(',').map(|text| port(text).map(Some)).collect::<Result<_, _>>()?,
        None => vec![None],
    };
    if ports.len() != 1 && ports.len() != names.len() {
        return Err(wrong("port: one for all hosts, or one for each"));
    }
    let mut pairs = Vec::new();
    for (at, name) in names.iter().enumerate() {
        check_host(name)?;
        pairs.push(((*name).to_owned(), ports.get(at).or(ports.first()).copied().flatten()));
    }
    entry.hosts(&pairs);
    Ok(())
}

/// A name or an address of the network.
pub(super) fn check_host(host: &str) -> Result<(), ConnectionStringError> {
    if host.is_empty() {
        return Err(wrong("a host is missing: it has to be said, there is no default one"));
    }
    if host.starts_with(['/', '@']) {
        return Err(wrong("a host is a name or an address; sockets in the file system aren't used"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte) || !byte.is_ascii();
    if host.bytes().all(fits) { Ok(()) } else { Err(wrong("a host is a name or an address")) }
}

/// `options`: `-c name=value`, as often as one likes.
fn settings(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let malformed = || wrong("options: `-c name=value` is known, with no spaces in the value");
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c") {
            Some("") => words.next().ok_or_else(malformed)?,
            Some(joined) => joined,
            None => word.strip_prefix("--").ok_or_else(malformed)?,
        };
        let (name, value) = setting.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(malformed)?;
        entry.text(&["options", "settings", name], value);
    }
    Ok(())
}

/// The known one that was meant, if there is one.
fn near(name: &str) -> String {
    super::super::near::nearest(name, KNOWN.iter().copied()).map_or_else(String::new, |known| format!("; {known} may be meant"))
}

/// A name, where it is one that there is: what isn't may be a piece of a password.
fn shown(name: &str) -> &str {
    if is_known(name) { name } else { "a parameter" }
}
