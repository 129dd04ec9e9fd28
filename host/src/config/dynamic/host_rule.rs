//! A line of `dynamic.hosts`: a name, names under a domain, or addresses.

use std::borrow::Cow;
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The longest name (RFC 1035).
const MAX_NAME: usize = 253;
/// The longest part of one (RFC 1035).
const MAX_LABEL: usize = 63;

/// A host that may be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// One name.
    Name(String),
    /// Every name that ends in a dot and this: `*.internal.example.com`.
    Under(String),
    /// Addresses.
    Network(Network),
}

/// An address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl HostRule {
    fn parse(text: &str) -> Option<HostRule> {
        let trimmed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = trimmed.parse::<IpAddr>() {
            return Some(HostRule::Network(Network { address, prefix: bits(address) }));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits(address))?;
            return Some(HostRule::Network(Network { address, prefix }));
        }
        match text.strip_prefix("*.") {
            Some(domain) => host_name(domain).map(HostRule::Under),
            None => host_name(text).map(HostRule::Name),
        }
    }
}

impl<'de> Deserialize<'de> for HostRule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<HostRule, D::Error> {
        let text = String::deserialize(from)?;
        HostRule::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "{text:?} is no host: write db.example.com, *.internal.example.com, 10.1.2.3, 10.0.0.0/8 or ::1"
            ))
        })
    }
}

impl Serialize for HostRule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            HostRule::Name(name) => to.serialize_str(name),
            HostRule::Under(domain) => to.collect_str(&format_args!("*.{domain}")),
            HostRule::Network(network) => to.collect_str(&format_args!("{}/{}", network.address, network.prefix)),
        }
    }
}

impl JsonSchema for HostRule {
    fn schema_name() -> Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A host: a name, names under a domain, an address, or a network.",
            "examples": ["db.example.com", "*.internal.example.com", "10.1.2.3", "10.0.0.0/8", "::1"],
        })
    }
}

impl Network {
    /// Whether an address is in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                let (mask, own) = (self.mask(), whole(self.address));
                own & mask == whole(address) & mask
            }
            _ => false,
        }
    }

    /// Its lowest and its highest address.
    pub(crate) fn ends(&self) -> [IpAddr; 2] {
        let (mask, own) = (self.mask(), whole(self.address));
        [own & mask, own | !mask].map(|bits| match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits & u128::from(u32::MAX)).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        })
    }

    fn mask(&self) -> u128 {
        let all = match self.address {
            IpAddr::V4(_) => u128::from(u32::MAX),
            IpAddr::V6(_) => u128::MAX,
        };
        let free = u32::from(bits(self.address).saturating_sub(self.prefix));
        all & u128::MAX.checked_shl(free).unwrap_or(0)
    }
}

/// A host's name in its plain form: lower case, without a last dot. None: it is no name, or one that a resolver could take for an
/// address (`127.1`, `0x7f000001`, `2130706433`).
pub(crate) fn host_name(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        plain && !label.is_empty() && label.len() <= MAX_LABEL && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (name.len() <= MAX_NAME && name.split('.').all(is_label) && !number).then_some(name)
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn whole(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        match HostRule::parse(text) {
            Some(HostRule::Network(network)) => network,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn rules_are_read() {
        assert_eq!(HostRule::parse("DB.Example.com."), Some(HostRule::Name("db.example.com".to_owned())));
        assert_eq!(HostRule::parse("*.example.com"), Some(HostRule::Under("example.com".to_owned())));
        for wrong in [
            "",
            "*",
            "*.",
            "*.*.com",
            "a.*.com",
            "db..com",
            "-a.com",
            "a b",
            "http://db",
            "db:5432",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "127.1",
            "0x7f000001",
            "2130706433",
            "1.2.3.4.5",
            "db.0x10",
            "%",
            "::1%lo",
        ] {
            assert_eq!(HostRule::parse(wrong), None, "{wrong}");
        }
        assert!(host_name(&"a".repeat(64)).is_none() && host_name(&"a.".repeat(128)).is_none());
    }

    #[test]
    fn networks_contain_their_addresses() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("127.0.0.1/8", "127.8.9.1", "128.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "255.255.255.255", "::ffff:1.2.3.4"),
            ("::/0", "2600::1", "1.2.3.4"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("[::1]", "::1", "::2"),
            ("64:ff9b::a00:0/104", "64:ff9b::aff:ffff", "64:ff9b::b00:0"),
        ] {
            let network = network(text);
            assert!(network.contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{text} {outside}");
        }
        let ends = |text: &str| network(text).ends().map(|address| address.to_string());
        assert_eq!(ends("10.1.2.3/8"), ["10.0.0.0", "10.255.255.255"]);
        assert_eq!(ends("::1"), ["::1", "::1"]);
        assert_eq!(ends("0.0.0.0/0"), ["0.0.0.0", "255.255.255.255"]);
    }
}
