//! Who keeps secrets: the interface, and who there is.

use std::path::Path;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use futures::future::BoxFuture;

use super::aws::AwsSecrets;
use super::environment::Environment;
use super::file::File;
use crate::config::{Reference, Secret};

/// Keeps secrets under a scheme.
///
/// Another one is a type with this that is given to [`register`] before a configuration is read. From then on `SCHEME:…` is a reference to it
/// wherever a password or an access token stands. It isn't asked on the way of a call: what it gave is used for new connections as long as it
/// is [`Good`], by all databases that name it alike, one asks for all who wait, and no longer than [`super::FETCH_TIMEOUT`]. What goes wrong is the trouble of its databases alone: they
/// are down with its words as the reason, and are tried again. None of its errors may hold a value, or what could be one.
pub trait SecretProvider: Send + Sync {
    /// What its references begin with, without the colon: lower-case letters, digits and hyphens.
    fn scheme(&self) -> &'static str;

    /// Whether a reference can be one. Asked when a configuration is read: it looks at the text alone.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, reference: &Reference) -> Result<(), String>;

    /// What follows the scheme, as it is meant in a configuration file in the folder `base`. None: as it stands.
    fn within(&self, _rest: &str, _base: &Path) -> Option<String> {
        None
    }

    /// The secret, where it is on this machine and nobody has to be waited for. None: it has to be fetched.
    fn at_once(&self, _reference: &Reference) -> Option<Result<Fetched, String>> {
        None
    }

    /// Fetches the secret. With `anew` a server has refused what was given last: what the provider itself keeps isn't good enough. It is
    /// dropped where it takes too long.
    ///
    /// # Errors
    /// Why there is none now.
    fn fetch(self: Arc<Self>, reference: Reference, anew: bool) -> BoxFuture<'static, Result<Fetched, String>>;
}

/// A secret that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The secret.
    pub secret: Secret,
    /// The user that it is for, where that is kept with it: used where the configuration names none.
    pub user: Option<String>,
    /// How long it is good.
    pub good: Good,
}

/// How long a secret is good. A refused login ends it in any case, but for [`Good::Always`].
#[derive(Clone)]
pub enum Good {
    /// As long as the process lives.
    Always,
    /// So long; after it, where another one can't be had, until that can be.
    For(Duration),
    /// As long as this says so, which is asked before each connection. It may look at a file.
    While(Arc<dyn Fn() -> bool + Send + Sync>),
}

impl std::fmt::Debug for Good {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Good::Always => "Always",
            Good::For(_) => "For",
            Good::While(_) => "While",
        })
    }
}

static PROVIDERS: LazyLock<RwLock<Vec<Arc<dyn SecretProvider>>>> =
    LazyLock::new(|| RwLock::new(vec![Arc::new(Environment), Arc::new(File), Arc::new(AwsSecrets::default())]));

/// Adds a provider. Configurations that were read before don't know it.
///
/// # Errors
/// Its scheme isn't one, or is another's.
pub fn register(provider: Arc<dyn SecretProvider>) -> Result<(), String> {
    let scheme = provider.scheme();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if scheme.is_empty() || !scheme.bytes().all(plain) || scheme == "plain" {
        return Err(format!("{scheme:?} is not a scheme of lower-case letters, digits and hyphens"));
    }
    let mut all = PROVIDERS.write().unwrap_or_else(PoisonError::into_inner);
    if all.iter().any(|known| known.scheme() == scheme) {
        return Err(format!("there is a provider for {scheme}: already"));
    }
    all.push(provider);
    Ok(())
}

/// The provider of a scheme.
pub(crate) fn provider(scheme: &str) -> Option<Arc<dyn SecretProvider>> {
    PROVIDERS.read().unwrap_or_else(PoisonError::into_inner).iter().find(|known| known.scheme() == scheme).cloned()
}

/// The schemes that there are, for a person.
pub(crate) fn schemes() -> String {
    let all = PROVIDERS.read().unwrap_or_else(PoisonError::into_inner);
    all.iter().map(|known| format!("{}:", known.scheme())).collect::<Vec<_>>().join(", ")
}
