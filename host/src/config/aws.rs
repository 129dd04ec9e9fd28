//! A database that is reached by signed requests (AWS Signature Version 4) instead of a protocol of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatabaseConfig, TlsMode};

/// The longest region or service name: those there are have half of it.
const MAX_NAME: usize = 64;

/// Where requests go and what they are signed for. That a database has this grants its driver signed HTTP, to this endpoint alone.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsConfig {
    /// The service's name, as endpoints and signatures have it: `rds-data`.
    pub service: String,
    /// `eu-central-1`.
    pub region: String,
    /// The profile of the shared configuration to take credentials from. None: `AWS_PROFILE`, else the default one.
    #[serde(default)]
    pub profile: Option<String>,
    /// `https://HOST[:PORT]` in place of the region's own, as for a VPC endpoint.
    #[serde(default)]
    pub endpoint: Option<String>,
}

/// A host, a port, and whether it is reached under TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpEndpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

impl AwsConfig {
    /// The endpoint: the configured one, else the region's.
    pub(crate) fn endpoint(&self) -> Result<HttpEndpoint, String> {
        let Some(url) = &self.endpoint else {
            let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            return Ok(HttpEndpoint { host: format!("{}.{}.{domain}", self.service, self.region), port: 443, tls: true });
        };
        let wrong = || format!("aws.endpoint: {url:?} is not https://HOST or https://HOST:PORT");
        let (tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong()),
        };
        let authority: http::uri::Authority = rest.strip_suffix('/').unwrap_or(rest).parse().map_err(|_| wrong())?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(wrong());
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => {
                if tls {
                    443
                } else {
                    80
                }
            }
            _ => authority.port_u16().ok_or_else(wrong)?,
        };
        // In a URL an IPv6 address stands in brackets; to a resolver it doesn't.
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(HttpEndpoint { host, port, tls })
    }

    pub(super) fn check(&self, database: &DatabaseConfig) -> Result<(), String> {
        for (key, name) in [("service", &self.service), ("region", &self.region)] {
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if name.is_empty() || name.len() > MAX_NAME || !plain {
                return Err(format!("aws.{key}: {name:?} is not a name of lower-case letters, digits and hyphens"));
            }
        }
        let endpoint = self.endpoint()?;
        if !endpoint.tls && database.tls.mode != TlsMode::Off {
            return Err("aws.endpoint: http:// goes with tls.mode off; requests would cross in the clear".to_owned());
        }
        if endpoint.tls && database.tls.mode == TlsMode::Off {
            return Err("tls.mode: off goes with an aws.endpoint of http://".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn endpoint(region: &str, endpoint: Option<&str>) -> Result<HttpEndpoint, String> {
        AwsConfig { service: "rds-data".into(), region: region.into(), profile: None, endpoint: endpoint.map(str::to_owned) }
            .endpoint()
    }

    #[test]
    fn an_endpoint_is_derived_or_given() {
        for (region, given, host, port, tls) in [
            ("us-west-2", None, "rds-data.us-west-2.amazonaws.com", 443, true),
            ("cn-north-1", None, "rds-data.cn-north-1.amazonaws.com.cn", 443, true),
            (
                "us-west-2",
                Some("https://vpce-1.rds-data.us-west-2.vpce.amazonaws.com"),
                "vpce-1.rds-data.us-west-2.vpce.amazonaws.com",
                443,
                true,
            ),
            ("us-west-2", Some("https://localhost:8443/"), "localhost", 8443, true),
            ("us-west-2", Some("http://127.0.0.1:8000"), "127.0.0.1", 8000, false),
            ("us-west-2", Some("http://[::1]"), "::1", 80, false),
        ] {
            assert_eq!(endpoint(region, given).unwrap(), HttpEndpoint { host: host.to_owned(), port, tls });
        }
        for wrong in [
            "localhost",
            "ftp://h",
            "https://",
            "https://user@host",
            "https://host/path",
            "https://host:port",
            "https://host:70000",
        ] {
            endpoint("us-west-2", Some(wrong)).unwrap_err();
        }
    }
}
