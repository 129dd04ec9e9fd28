//! Which hosts a request may name: a page in a browser that has a name of its own point here (DNS rebinding) names another.

use std::net::SocketAddr;

/// Loopback names, the address listened on where it is one, and what is configured.
pub(crate) fn allowed(listen: SocketAddr, configured: &[String]) -> Vec<String> {
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !listen.ip().is_unspecified() && !listen.ip().is_loopback() {
        hosts.push(listen.ip().to_string());
    }
    hosts.extend(configured.iter().cloned());
    hosts
}

/// Whether a host is allowed beyond doubt: by its name with any port, or together with its port.
pub(crate) fn is_allowed(hosts: &[String], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address,
        // An IPv6 address without brackets isn't a host.
        None if name.contains(':') => return false,
        None => name,
    };
    hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name) || allowed.eq_ignore_ascii_case(host))
}
