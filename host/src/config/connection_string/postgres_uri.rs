//! `postgresql://[user[:password]@][host[:port][,…]][/database][?parameter=value&…]`, as libpq reads it (PostgreSQL's documentation,
//! section 34.1.1.2), with every special character percent-encoded.

use zeroize::Zeroizing;

use super::{ConnectionStringError, Entry, port, postgres_parameters, wrong};

/// PostgreSQL's port.
pub(super) const PORT: u16 = 5432;

pub(super) fn read(text: &str, entry: &mut Entry) -> Result<(), ConnectionStringError> {
    let (_, rest) = text.split_once("://").ok_or_else(|| wrong("it isn't a URI"))?;
    if rest.contains(['#', '\\']) || rest.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(wrong("spaces, '#' and '\\' are written percent-encoded: %20, %23, %5C"));
    }
    let (before, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let (authority, database) = before.split_once('/').map_or((before, None), |(authority, path)| (authority, Some(path)));
    let outside = database.is_some_and(|name| name.contains(['@', '/'])) || query.is_some_and(|query| query.contains(['@', '?']));
    if outside || authority.matches('@').count() > 1 {
        return Err(wrong(
            "'@', '/', '?' and ':' in a user, a password, a name or a value are written percent-encoded: %40, %2F, %3F, %3A",
        ));
    }
    entry.text(&["driver"], "postgres");
    let (user, hosts) = authority.split_once('@').map_or((None, authority), |(user, hosts)| (Some(user), hosts));
    if let Some(user) = user {
        let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
        if user.is_empty() || password.is_some_and(|password| password.contains(':')) {
            return Err(wrong("before '@' stands user or user:password; a ':' in either is written %3A"));
        }
        entry.text(&["user"], &decode(user)?);
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            entry.password(&decode(password)?);
        }
    }
    if let Some(database) = database.filter(|database| !database.is_empty()) {
        entry.text(&["catalog"], &decode(database)?);
    }
    if !hosts.is_empty() {
        let hosts: Vec<_> = hosts.split(',').map(host).collect::<Result<_, _>>()?;
        entry.hosts(&hosts);
    }
    let mut parameters = Vec::new();
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| wrong("a parameter after '?' is name=value"))?;
        if value.contains('=') {
            return Err(wrong("an '=' in a value is written %3D"));
        }
        parameters.push((decode(name)?.to_string(), decode(value)?));
    }
    postgres_parameters::apply(parameters, entry)
}

/// `host`, `host:port`, `[address]:port`.
fn host(text: &str) -> Result<(String, Option<u16>), ConnectionStringError> {
    let (host, after) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or_else(|| wrong("an IPv6 address stands in brackets: [::1]"))?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(wrong("between brackets stands an IPv6 address"));
            }
            (address.to_owned(), after)
        }
        None => {
            let (host, after) = text.split_at(text.find(':').unwrap_or(text.len()));
            (decode(host)?.to_string(), after)
        }
    };
    super::postgres_parameters::check_host(&host)?;
    let port = match after.strip_prefix(':') {
        Some("") => None,
        Some(text) => Some(port(text)?),
        None if after.is_empty() => None,
        None => return Err(wrong("after a host stands :port")),
    };
    Ok((host, port))
}

/// Percent-decodes.
fn decode(text: &str) -> Result<Zeroizing<String>, ConnectionStringError> {
    let malformed = || wrong("a '%' is followed by two hexadecimal digits; '%' itself is written %25");
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else { return Err(malformed()) };
        let value = u8::try_from(high * 16 + low).map_err(|_| malformed())?;
        if value == 0 {
            return Err(wrong("%00 has no place in a connection string"));
        }
        bytes.push(value);
    }
    let decoded = String::from_utf8(std::mem::take(&mut bytes));
    decoded.map(Zeroizing::new).map_err(|_| wrong("what is percent-encoded isn't UTF-8"))
}
