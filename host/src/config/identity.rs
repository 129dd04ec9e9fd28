//! What other servers' configurations say of callers: read and checked, and not enforced before there is identity. What depends on it
//! fails closed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretRef;

/// Who vouches for callers. Not enforced yet: with it the HTTP server listens on loopback alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// The identity providers whose tokens are to be believed.
    #[serde(default, alias = "trustedIDPs")]
    #[schemars(extend("x-aliases" = ["trustedIDPs"]))]
    pub trusted_idps: Vec<TrustedIdp>,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedIdp {
    /// By which it is called elsewhere in the configuration.
    pub name: String,
    /// For whom its tokens have to be.
    pub audience: String,
    /// What its tokens name as their issuer.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Where it is described (OpenID Connect Discovery).
    #[serde(default, alias = "discoveryUrl")]
    #[schemars(extend("x-aliases" = ["discoveryUrl"]))]
    pub discovery_url: Option<String>,
    /// Where its keys are.
    #[serde(default, alias = "jwksUri")]
    #[schemars(extend("x-aliases" = ["jwksUri"]))]
    pub jwks_uri: Option<String>,
    /// How its tokens may be signed.
    #[serde(default)]
    pub algorithms: Vec<String>,
    /// Which claims hold what.
    #[serde(default, alias = "claimMappings")]
    #[schemars(extend("x-aliases" = ["claimMappings"]))]
    pub claim_mappings: BTreeMap<String, String>,
    /// Our roles, each with those of the provider that give it.
    #[serde(default, alias = "roleMappings")]
    #[schemars(extend("x-aliases" = ["roleMappings"]))]
    pub role_mappings: BTreeMap<String, Vec<String>>,
}

/// A caller's token is exchanged for one of the database's (RFC 8693). Not done yet: without `accept_service_account` the database is
/// down.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// The identity provider of the tokens that it gives.
    #[serde(default, alias = "idpName")]
    #[schemars(extend("x-aliases" = ["idpName"]))]
    pub idp_name: Option<String>,
    /// Where tokens are exchanged.
    #[serde(alias = "tokenEndpoint")]
    #[schemars(extend("x-aliases" = ["tokenEndpoint"]))]
    pub token_endpoint: String,
    /// As whom.
    #[serde(alias = "clientId")]
    #[schemars(extend("x-aliases" = ["clientId"]))]
    pub client_id: String,
    /// The secret that goes with it.
    #[serde(alias = "clientSecret")]
    #[schemars(extend("x-aliases" = ["clientSecret"]))]
    pub client_secret: SecretRef,
    /// For whom the tokens are to be.
    #[serde(default)]
    pub audience: Option<String>,
    /// The scope to ask for.
    #[serde(default)]
    pub scope: Option<String>,
    /// A claim without which a token isn't used.
    #[serde(default, alias = "requiredClaim")]
    #[schemars(extend("x-aliases" = ["requiredClaim"]))]
    pub required_claim: Option<String>,
    /// How long tokens are kept.
    #[serde(default)]
    pub cache: TokenCache,
    /// Let every call be made as the service's own user as long as tokens aren't exchanged.
    #[serde(default, alias = "acceptServiceAccount")]
    #[schemars(extend("x-aliases" = ["acceptServiceAccount"]))]
    pub accept_service_account: bool,
}

/// Tokens that are kept.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenCache {
    /// Whether they are.
    pub enabled: bool,
    /// For how long, in seconds.
    #[serde(alias = "ttlSeconds")]
    #[schemars(extend("x-aliases" = ["ttlSeconds"]))]
    pub ttl_seconds: u32,
    /// How many of one caller.
    #[serde(alias = "maxEntriesPerSession")]
    #[schemars(extend("x-aliases" = ["maxEntriesPerSession"]))]
    pub max_entries_per_session: u32,
}

impl Default for TokenCache {
    fn default() -> Self {
        // Short, since a token that was withdrawn is good for as long.
        TokenCache { enabled: false, ttl_seconds: 60, max_entries_per_session: 10 }
    }
}

impl TokenExchange {
    pub(super) fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !is_url(&self.token_endpoint) {
            wrong.push(("token_exchange.token_endpoint", "https://HOST/PATH is wanted".to_owned()));
        }
        if self.client_id.is_empty() {
            wrong.push(("token_exchange.client_id", "is empty".to_owned()));
        }
        wrong
    }

    /// What would be sent without encryption to another machine.
    pub(super) fn cleartext(&self) -> Vec<&'static str> {
        let host = self.token_endpoint.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
        if host.is_some_and(|host| !super::is_loopback(host)) { vec!["token_endpoint"] } else { Vec::new() }
    }
}

impl AuthConfig {
    pub(super) fn check(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        for (at, idp) in self.trusted_idps.iter().enumerate() {
            let key = |name: &str| format!("auth.trusted_idps[{at}].{name}");
            for (name, value) in [("name", &idp.name), ("audience", &idp.audience)] {
                if value.is_empty() {
                    wrong.push((key(name), "is empty".to_owned()));
                }
            }
            for (name, url) in [("discovery_url", &idp.discovery_url), ("jwks_uri", &idp.jwks_uri), ("issuer", &idp.issuer)] {
                if url.as_ref().is_some_and(|url| !is_url(url)) {
                    wrong.push((key(name), "https://HOST/PATH is wanted".to_owned()));
                }
            }
            let same = self.trusted_idps.iter().take(at).any(|other| other.name == idp.name && other.audience == idp.audience);
            if same {
                wrong.push((key("name"), "a provider of this name and audience is there already".to_owned()));
            }
            for (role, of) in &idp.role_mappings {
                if of.is_empty() || of.iter().any(String::is_empty) {
                    wrong.push((key(&format!("role_mappings.{role}")), "a role is mapped from at least one name".to_owned()));
                }
            }
        }
        wrong
    }
}

fn is_url(text: &str) -> bool {
    let uri: Result<http::Uri, _> = text.parse();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()))
}
