//! A secret as it is now: it may be replaced while we run.
//!
//! What was fetched is used for new connections as long as it is good. Databases that name a secret alike share what was fetched
//! ([`shared`]): one fetches for all who wait, and all of them get what it got. A login that a server refused has the secret fetched anew,
//! once: another value is tried, the same one isn't tried again. That it was refused is the trouble of that database alone: the others use
//! it on, and wait for nobody.

mod shared;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Credential;
use crate::config::SecretRef;
use shared::{Refusal, Shared};

pub use shared::FETCH_TIMEOUT;

/// One database's secret.
pub(crate) struct KeptSecret {
    shared: Arc<Shared>,
    own: Mutex<Own>,
}

#[derive(Default)]
struct Own {
    /// What this database had last.
    given: Option<Arc<Credential>>,
    /// That its server refused it, and no other could be had since.
    refused: bool,
}

impl KeptSecret {
    /// That of a reference, with what is known of it already.
    pub(crate) fn new(reference: SecretRef) -> KeptSecret {
        KeptSecret { shared: shared::of(reference), own: Mutex::default() }
    }

    /// The secret now.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn now(&self) -> Result<Arc<Credential>, String> {
        let refused = {
            let own = self.own();
            own.given.clone().filter(|_| own.refused)
        };
        self.shared.now(refused.as_ref()).await.map(|credential| self.give(credential))
    }

    /// A server refused a login with this. Gives what is there instead by now, if it is another.
    pub(crate) async fn refused(&self, credential: &Arc<Credential>) -> Option<Arc<Credential>> {
        let found = match self.shared.refused(credential).await {
            Refusal::Stands => return None,
            Refusal::Unanswered => {
                *self.own() = Own { given: Some(credential.clone()), refused: true };
                return None;
            }
            Refusal::Other(found) => self.give(found),
        };
        Some(found).filter(|other| !other.is_like(credential))
    }

    /// Whether it is another than this database had last, or is there where there was none, as far as can be seen without asking anybody.
    pub(crate) fn replaced(&self) -> bool {
        let given = self.own().given.clone();
        self.shared.replaced(given.as_ref())
    }

    fn give(&self, credential: Arc<Credential>) -> Arc<Credential> {
        *self.own() = Own { given: Some(credential.clone()), refused: false };
        credential
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
