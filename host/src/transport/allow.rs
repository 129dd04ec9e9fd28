//! Where a database may be that a remote caller named: the operator's list, held against every name and every address of every dial.
//!
//! A name that isn't listed isn't even resolved. Of a name that is, each address is judged as it is dialled: what isn't public has to
//! be listed as an address, so that a name that is turned towards the inside leads nowhere. Metadata services are never dialled,
//! whatever is listed.

use std::net::IpAddr;

use super::kind::Kind;
use crate::config::{HostRule, host_name};

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowed {
    hosts: Vec<HostRule>,
    ports: Vec<u16>,
}

/// The one name whose addresses are known.
const LOCALHOST: &str = "localhost";

impl Allowed {
    /// These hosts at these ports.
    pub(crate) fn new(hosts: Vec<HostRule>, ports: Vec<u16>) -> Allowed {
        Allowed { hosts, ports }
    }

    /// A host as it is dialled: a listed name in its plain form, or a listed address.
    ///
    /// # Errors
    /// It isn't listed, or it is neither a name nor an address.
    pub(crate) fn host(&self, host: &str) -> Result<String, String> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            self.address(bare, address).map_err(|why| format!("the host {address} is {why}"))?;
            if !self.networks().any(|network| network.contains(address)) {
                return Err(format!("the host {address} is not among those that may be connected to (dynamic.hosts)"));
            }
            return Ok(address.to_string());
        }
        let name = host_name(host).ok_or("the host is neither a name nor an address in its usual form")?;
        let listed = self.hosts.iter().any(|rule| match rule {
            HostRule::Name(listed) => *listed == name,
            HostRule::Under(domain) => {
                name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            HostRule::Network(_) => false,
        });
        if listed {
            Ok(name)
        } else {
            Err(format!("the host {name:?} is not among those that may be connected to (dynamic.hosts)"))
        }
    }

    /// Whether a port may be connected to.
    ///
    /// # Errors
    /// It isn't listed.
    pub(crate) fn port(&self, port: u16) -> Result<(), String> {
        if self.ports.contains(&port) {
            return Ok(());
        }
        let listed: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        Err(format!("the port {port} is not among those that may be connected to (dynamic.ports): {}", listed.join(", ")))
    }

    /// Whether an address that a host led to may be dialled.
    ///
    /// # Errors
    /// Why not, as the end of "this is …".
    pub(super) fn address(&self, host: &str, address: IpAddr) -> Result<(), String> {
        let kind = Kind::of(address);
        if host == LOCALHOST {
            // It can't lead anywhere else unless somebody has turned it.
            return if kind == Kind::Loopback { Ok(()) } else { Err(format!("{}, where localhost doesn't lead", kind.name())) };
        }
        match kind {
            Kind::Public => Ok(()),
            Kind::Metadata | Kind::NoHost => Err(format!("{}, which is never dialled", kind.name())),
            Kind::Private | Kind::Loopback | Kind::LinkLocal => {
                // A network lists what isn't public only if it is of that kind from end to end: 0.0.0.0/0 doesn't list loopback.
                let whole = self.networks().filter(|network| network.ends().into_iter().all(|end| Kind::of(end) == kind));
                let listed = whole.into_iter().any(|network| network.contains(address));
                if listed { Ok(()) } else { Err(format!("{}, and not listed as one (dynamic.hosts)", kind.name())) }
            }
        }
    }

    fn networks(&self) -> impl Iterator<Item = &crate::config::Network> {
        self.hosts.iter().filter_map(|rule| match rule {
            HostRule::Network(network) => Some(network),
            HostRule::Name(_) | HostRule::Under(_) => None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn allowed(hosts: &[&str]) -> Allowed {
        let hosts = hosts.iter().map(|host| serde_json::from_value(serde_json::json!(host)).unwrap()).collect();
        Allowed::new(hosts, vec![5432])
    }

    #[test]
    fn a_host_is_listed_or_refused() {
        let list = allowed(&["db.example.com", "*.internal.example.com", "10.0.0.0/8", "127.0.0.1", "203.0.113.0/24"]);
        for (host, plain) in [
            ("db.example.com", "db.example.com"),
            ("DB.example.COM.", "db.example.com"),
            ("a.internal.example.com", "a.internal.example.com"),
            ("a.b.internal.example.com", "a.b.internal.example.com"),
            ("10.1.2.3", "10.1.2.3"),
            ("127.0.0.1", "127.0.0.1"),
            ("203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(list.host(host).as_deref(), Ok(plain), "{host}");
        }
        for host in [
            "",
            ".",
            "example.com",
            "evil-db.example.com",
            "internal.example.com",
            "xinternal.example.com",
            ".internal.example.com",
            "db.example.com.evil.com",
            "db.example.com..",
            "localhost",
            "localhost.",
            "127.0.0.2",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "[::ffff:127.0.0.1]",
            "::ffff:10.0.0.1",
            "[::]",
            "[::1]",
            "0.0.0.0",
            "169.254.169.254",
            "8.8.8.8",
            "db.example.com\0",
            "db.example.com\n",
            "db.example.com#",
            "user@db.example.com",
            "db.example.com/x",
            "http://169.254.169.254",
            "/var/run/postgresql",
            "１２７.0.0.1",
            "fe80::1%eth0",
            "*.internal.example.com",
        ] {
            list.host(host).expect_err(host);
        }
        list.port(5432).unwrap();
        assert!(list.port(22).unwrap_err().contains("5432"));
    }

    #[test]
    fn what_is_not_public_is_listed_by_address() {
        let list =
            allowed(&["db.example.com", "10.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.1/8", "64:ff9b::c0a8:0/112"]);
        let judged = |address: &str| list.address("db.example.com", address.parse().unwrap());
        for address in ["93.184.216.34", "2600::1", "10.0.0.1", "127.0.0.9", "169.254.1.1", "64:ff9b::c0a8:1"] {
            judged(address).unwrap_or_else(|why| panic!("{address}: {why}"));
        }
        for address in [
            "192.168.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:0:5db8:d822::f5ff:fffe",
            "169.254.169.254",
            "100.100.100.200",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            judged(address).expect_err(address);
        }
        // Everything isn't this machine, nor the inside.
        let all = allowed(&["0.0.0.0/0", "::/0", "db.example.com"]);
        all.host("8.8.8.8").unwrap();
        for address in ["127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "fd00::1", "::ffff:127.0.0.1", "169.254.169.254"] {
            all.host(address).expect_err(address);
        }
    }

    #[test]
    fn localhost_is_this_machine_and_nothing_else() {
        let list = allowed(&["localhost", "10.0.0.0/8"]);
        assert_eq!(list.host("LOCALHOST."), Ok("localhost".to_owned()));
        for (address, fine) in
            [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false), ("8.8.8.8", false), ("169.254.169.254", false)]
        {
            assert_eq!(list.address("localhost", address.parse().unwrap()).is_ok(), fine, "{address}");
        }
        list.host("127.0.0.1").unwrap_err();
        list.address("db.example.com", "127.0.0.1".parse().unwrap()).unwrap_err();
    }
}
