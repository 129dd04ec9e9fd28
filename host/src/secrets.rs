//! `secrets`: credentials used without being seen.
//!
//! A driver gets proofs, never the password. What it could do with an oracle is kept small: few and costly iterations are
//! refused, and the password itself goes only onto an encrypted stream, once, and on no stream of a connection that has
//! already authenticated in another way (a server that echoes what it is sent would give it back).
//!
//! Where a secret comes from is its provider's to know: see [`SecretProvider`], which also says how another one is added.

mod aws;
mod environment;
mod file;
mod host;
mod kept;
mod provider;
mod scram;

use std::sync::Arc;

pub use kept::FETCH_TIMEOUT;
pub use provider::{Fetched, Good, SecretProvider, register};

pub(crate) use aws::SCHEME as AWS;
pub(crate) use kept::KeptSecret;
pub(crate) use provider::{provider, schemes};
pub(crate) use scram::SaltedPasswords;

use crate::config::Secret;

/// A driver's handle to one secret.
pub struct SecretHandle(Arc<Credential>);

/// A secret and what was derived from it.
pub(crate) struct Credential {
    secret: Secret,
    user: Option<String>,
    salted: SaltedPasswords,
}

impl Credential {
    pub(crate) fn of_user(secret: Secret, user: Option<String>) -> Credential {
        Credential { secret, user, salted: SaltedPasswords::default() }
    }

    /// The user that it is for, where that is kept with it.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether a login with the other would be the same.
    fn is_like(&self, other: &Credential) -> bool {
        self.secret == other.secret && self.user == other.user
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.secret.is_empty()
    }
}
