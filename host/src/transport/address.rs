//! Which addresses may be dialled.
//!
//! The operator names a host, so its address is trusted as far as its kind goes: a name that pointed to the public network
//! and now points to loopback, or the other way round, has been turned, and is refused. What no database listens on
//! (metadata services, multicast) is refused always.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// This machine.
    Loopback,
    /// A private network (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// Anywhere else.
    Public,
}

impl Reach {
    /// The reach of an address, or why it may not be dialled at all.
    pub(super) fn of(address: IpAddr) -> Result<Reach, &'static str> {
        match canonical(address) {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

/// An IPv4 address in IPv6 clothes is the IPv4 address.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn of_v4(address: Ipv4Addr) -> Result<Reach, &'static str> {
    let [a, b, ..] = address.octets();
    if address.is_loopback() {
        Ok(Reach::Loopback)
    } else if address.is_link_local() {
        Err("a link-local or metadata address")
    } else if a == 0 || address.is_broadcast() || address.is_multicast() || a >= 240 {
        Err("not the address of a host")
    } else if address.is_private() || (a == 100 && (64..128).contains(&b)) {
        Ok(Reach::Private)
    } else {
        Ok(Reach::Public)
    }
}

fn of_v6(address: Ipv6Addr) -> Result<Reach, &'static str> {
    /// The instance metadata address of one large cloud, in the unique local range.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let [first, ..] = address.segments();
    if address.is_loopback() {
        Ok(Reach::Loopback)
    } else if address.is_unicast_link_local() || address == METADATA {
        Err("a link-local or metadata address")
    } else if address.is_unspecified() || address.is_multicast() {
        Err("not the address of a host")
    } else if first & 0xfe00 == 0xfc00 {
        Ok(Reach::Private)
    } else {
        Ok(Reach::Public)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address() {
        for (text, reach) in [
            ("127.0.0.1", Ok(Reach::Loopback)),
            ("::1", Ok(Reach::Loopback)),
            ("::ffff:127.0.0.1", Ok(Reach::Loopback)),
            ("10.1.2.3", Ok(Reach::Private)),
            ("100.64.0.1", Ok(Reach::Private)),
            ("fd12::1", Ok(Reach::Private)),
            ("93.184.216.34", Ok(Reach::Public)),
            ("2600::1", Ok(Reach::Public)),
            ("169.254.169.254", Err(())),
            ("::ffff:169.254.169.254", Err(())),
            ("fe80::1", Err(())),
            ("fd00:ec2::254", Err(())),
            ("0.0.0.0", Err(())),
            ("224.0.0.1", Err(())),
            ("255.255.255.255", Err(())),
        ] {
            assert_eq!(Reach::of(text.parse().unwrap()).map_err(|_| ()), reach, "{text}");
        }
    }
}
