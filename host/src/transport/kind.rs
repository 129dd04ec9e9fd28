//! What kind of network an address leads to, for addresses that a remote caller had a say in: finer and stricter than what holds for
//! the operator's own (see [`super::address`]).
//!
//! An IPv6 address that carries an IPv4 one (mapped, translated, tunnelled) is of the worse of both kinds: where it leads depends on
//! a gateway that nobody here has looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads. The later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The public network.
    Public,
    /// A private network: RFC 1918, RFC 4193, RFC 6598, site-local, and those of protocols and benchmarks.
    Private,
    /// This machine.
    Loopback,
    /// The same wire.
    LinkLocal,
    /// No host at all: unspecified, multicast, broadcast, reserved.
    NoHost,
    /// Where clouds give credentials to whoever asks from inside. No database is there.
    Metadata,
}

/// The clouds' metadata and credential services, and what stands beside them: AWS and most others (with its containers' and pods'
/// credentials, resolver and clock), Alibaba, Azure, Oracle.
const METADATA_V4: [Ipv4Addr; 9] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 169, 253),
    Ipv4Addr::new(169, 254, 169, 123),
    Ipv4Addr::new(169, 254, 169, 249),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// The same over IPv6: AWS, its pods' credentials, Google.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl Kind {
    /// The kind of an address.
    pub(crate) fn of(address: IpAddr) -> Kind {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => carried(address).into_iter().map(of_v4).fold(of_v6(address), Kind::max),
        }
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Public => "a public address",
            Kind::Private => "an address of a private network",
            Kind::Loopback => "a loopback address",
            Kind::LinkLocal => "a link-local address",
            Kind::NoHost => "not the address of a host",
            Kind::Metadata => "a metadata address",
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Kind {
    let [a, b, c, _] = address.octets();
    if METADATA_V4.contains(&address) {
        Kind::Metadata
    } else if a == 0 || a >= 224 {
        Kind::NoHost
    } else if address.is_loopback() {
        Kind::Loopback
    } else if address.is_link_local() {
        Kind::LinkLocal
    } else if address.is_private()
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b))
    {
        Kind::Private
    } else {
        Kind::Public
    }
}

fn of_v6(address: Ipv6Addr) -> Kind {
    let [first, second, third, ..] = address.segments();
    if METADATA_V6.contains(&address) {
        Kind::Metadata
    } else if address.is_loopback() {
        Kind::Loopback
    } else if address.is_unspecified() || address.is_multicast() {
        Kind::NoHost
    } else if address.is_unicast_link_local() {
        Kind::LinkLocal
    // Unique local, site-local (RFC 3879), and prefixes for translation that an operator chose (RFC 8215).
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 || (first, second, third) == (0x64, 0xff9b, 1) {
        Kind::Private
    } else {
        Kind::Public
    }
}

/// The IPv4 addresses in an IPv6 one: mapped, compatible and translated (RFC 4291, RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4
/// (RFC 3056), Teredo's client and server (RFC 4380), ISATAP (RFC 5214).
fn carried(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    if address.is_loopback() || address.is_unspecified() {
        return Vec::new();
    }
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => vec![of(high, low)],
        [0x64, 0xff9b, 0 | 1, .., high, low] => vec![of(high, low)],
        [0x2002, high, low, ..] => vec![of(high, low)],
        [0x2001, 0, server_high, server_low, _, _, high, low] => vec![of(!high, !low), of(server_high, server_low)],
        [.., 0 | 0x200, 0x5efe, high, low] => vec![of(high, low)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn every_kind() {
        for (kind, addresses) in [
            (Kind::Public, ["93.184.216.34", "8.8.8.8", "2600::1", "2002:5db8:d822::1", "64:ff9b::5db8:d822"].as_slice()),
            (
                Kind::Private,
                &[
                    "10.1.2.3",
                    "172.16.0.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "192.0.0.8",
                    "198.18.0.1",
                    "198.19.255.255",
                    "fd12::1",
                    "fec0::1",
                ],
            ),
            (Kind::Loopback, &["127.0.0.1", "127.255.255.254", "::1"]),
            (Kind::LinkLocal, &["169.254.1.1", "fe80::1", "febf::1"]),
            (Kind::NoHost, &["0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "ff02::1"]),
            (
                Kind::Metadata,
                &[
                    "169.254.169.254",
                    "169.254.170.2",
                    "169.254.170.23",
                    "100.100.100.200",
                    "168.63.129.16",
                    "192.0.0.192",
                    "fd00:ec2::254",
                    "fd20:ce::254",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(Kind::of(address.parse().unwrap()), kind, "{address}");
            }
        }
    }

    /// However an address is dressed up, it is no better than it is.
    #[test]
    fn clothes_change_nothing() {
        let segments = |v4: Ipv4Addr| {
            let bits = u32::from(v4);
            (u16::try_from(bits >> 16).unwrap(), u16::try_from(bits & 0xffff).unwrap())
        };
        for (inner, kind) in [
            ("127.0.0.1", Kind::Loopback),
            ("10.0.0.1", Kind::Private),
            ("169.254.1.1", Kind::LinkLocal),
            ("169.254.169.254", Kind::Metadata),
            ("224.0.0.1", Kind::NoHost),
        ] {
            let (high, low) = segments(inner.parse().unwrap());
            let dressed = [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0x5db8, 0xd822, 0, 0, !high, !low),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !0x0808, !0x0808),
                Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2600, 0, 0, 0, 0x200, 0x5efe, high, low),
            ];
            for address in dressed {
                assert_eq!(Kind::of(address.into()), kind, "{address}");
            }
        }
    }
}
