//! Credentials: where they come from, and how long they are used.
//!
//! They are loaded when the first request is to be signed, by the provider chain of AWS's own configuration crate (environment,
//! profile, web identity, container, instance metadata), held for one database, and loaded anew before they expire. Requests of
//! that chain (to STS, to metadata services) are the host's own: they don't pass through a database's dial.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::HttpError;
use crate::config::AwsConfig;

/// Credentials that expire within this are loaded anew: a request that was signed is still to be checked in time.
const BEFORE_EXPIRY: Duration = Duration::from_secs(5 * 60);
/// After a failed reload, good credentials that are left are used this long before the next try.
const RETRY: Duration = Duration::from_secs(10);
/// Credentials that a service refused aren't loaded anew more often than this.
const DOUBT: Duration = Duration::from_secs(60);
/// How long the chain may take: instance metadata answers in a second or isn't there.
const LOADING: Duration = Duration::from_secs(10);

/// One database's credentials.
pub(super) struct CredentialsCache {
    profile: Option<String>,
    region: String,
    provider: OnceCell<SharedCredentialsProvider>,
    held: Mutex<Option<Held>>,
}

struct Held {
    credentials: Credentials,
    loaded: Instant,
    /// Not to be loaded anew before this.
    quiet_until: Option<Instant>,
    doubted: bool,
}

impl CredentialsCache {
    pub(super) fn new(aws: &AwsConfig) -> CredentialsCache {
        CredentialsCache {
            profile: aws.profile.clone(),
            region: aws.region.clone(),
            provider: OnceCell::new(),
            held: Mutex::new(None),
        }
    }

    /// Credentials that are good for a while. Callers that come while they are loaded wait for the same load.
    pub(super) async fn current(&self) -> Result<Credentials, HttpError> {
        let mut held = self.held.lock().await;
        if let Some(held) = &*held
            && !held.stale(SystemTime::now())
        {
            return Ok(held.credentials.clone());
        }
        match self.load().await {
            Ok(credentials) => {
                *held =
                    Some(Held { credentials: credentials.clone(), loaded: Instant::now(), quiet_until: None, doubted: false });
                Ok(credentials)
            }
            Err(why) => match &mut *held {
                Some(held) if !expires_within(&held.credentials, SystemTime::now(), Duration::ZERO) => {
                    tracing::warn!(%why, "AWS credentials can't be loaded anew; those that are held haven't expired yet");
                    held.quiet_until = Some(Instant::now() + RETRY);
                    Ok(held.credentials.clone())
                }
                _ => Err(HttpError::Credentials(why)),
            },
        }
    }

    /// The service refused a request signed with these: they may have been revoked.
    pub(super) async fn doubt(&self, refused: &Credentials) {
        if let Some(held) = &mut *self.held.lock().await
            && held.credentials.access_key_id() == refused.access_key_id()
            && held.loaded.elapsed() > DOUBT
        {
            held.doubted = true;
        }
    }

    async fn load(&self) -> Result<Credentials, String> {
        let provider = self.provider.get_or_init(|| provider(&self.region, self.profile.as_deref())).await;
        match tokio::time::timeout(LOADING, provider.provide_credentials()).await {
            Ok(Ok(credentials)) => Ok(credentials),
            // Of the chain's error only its outermost words: what is beneath may quote an answer of STS.
            Ok(Err(why)) => Err(format!("there are no AWS credentials: {why}")),
            Err(_) => Err(format!("there are no AWS credentials: nothing gave any within {} s", LOADING.as_secs())),
        }
    }
}

impl Held {
    fn stale(&self, now: SystemTime) -> bool {
        if self.quiet_until.is_some_and(|until| Instant::now() < until) {
            return expires_within(&self.credentials, now, Duration::ZERO);
        }
        self.doubted || expires_within(&self.credentials, now, BEFORE_EXPIRY)
    }
}

fn expires_within(credentials: &Credentials, now: SystemTime, time: Duration) -> bool {
    credentials.expiry().is_some_and(|expiry| expiry <= now + time)
}

/// The chain, with one HTTP client of its own under the TLS implementation that the host has.
async fn provider(region: &str, profile: Option<&str>) -> SharedCredentialsProvider {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http).region(aws_config::Region::new(region.to_owned()));
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    match config.credentials_provider() {
        Some(provider) => provider,
        None => SharedCredentialsProvider::new(NoProvider),
    }
}

/// In place of a chain that the crate doesn't give.
#[derive(Debug)]
struct NoProvider;

impl ProvideCredentials for NoProvider {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        use aws_credential_types::provider::error::CredentialsError;
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no provider")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn held(expires_in: Option<u64>) -> Held {
        let expiry = expires_in.map(|seconds| SystemTime::now() + Duration::from_secs(seconds));
        let credentials = Credentials::new("AKIDEXAMPLE", "secret-key-7163", Some("token-7163".into()), expiry, "test");
        Held { credentials, loaded: Instant::now(), quiet_until: None, doubted: false }
    }

    #[tokio::test]
    async fn credentials_are_loaded_anew_before_they_expire() {
        let now = SystemTime::now();
        assert!(!held(None).stale(now));
        assert!(!held(Some(3600)).stale(now));
        assert!(held(Some(299)).stale(now));
        assert!(Held { doubted: true, ..held(None) }.stale(now));
        // After a failed reload what is left is used for a while, but not past its end.
        let quiet = Some(Instant::now() + RETRY);
        assert!(!Held { quiet_until: quiet, ..held(Some(200)) }.stale(now));
        assert!(Held { quiet_until: quiet, ..held(Some(0)) }.stale(SystemTime::now()));
    }

    #[test]
    fn keys_are_not_in_a_debug_print() {
        let shown = format!("{:?}", held(None).credentials);
        assert!(!shown.contains("secret-key-7163") && !shown.contains("token-7163"), "{shown}");
    }
}
