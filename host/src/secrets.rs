//! `secrets`: credentials used without being seen.
//!
//! A driver gets proofs, never the password. What it could do with an oracle is kept small: few and costly iterations are
//! refused, and the password itself goes only onto an encrypted stream, once, and on no stream of a connection that has
//! already authenticated in another way (a server that echoes what it is sent would give it back).

mod host;
mod kept;
mod scram;

use std::sync::Arc;

pub(crate) use kept::KeptSecret;
pub(crate) use scram::SaltedPasswords;

use crate::config::Secret;

/// A driver's handle to one secret.
pub struct SecretHandle(Arc<Credential>);

/// A secret and what was derived from it.
pub(crate) struct Credential {
    secret: Secret,
    salted: SaltedPasswords,
}

impl Credential {
    pub(crate) fn new(secret: Secret) -> Credential {
        Credential { secret, salted: SaltedPasswords::default() }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.secret.is_empty()
    }
}
