//! What was fetched of a secret, for all databases that name it alike.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{Reference, SecretRef};
use crate::secrets::{Credential, Fetched, Good};

/// The longest that a provider may take: a service in another region answers in a second, and callers wait for it.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// A secret that is refused so soon after it was fetched isn't fetched anew: who has a wrong one mustn't have it fetched with each login.
pub(super) const LEAST_AGE: Duration = Duration::from_secs(1);
/// How long what has run out is used on before its provider, which had no other, is asked again.
pub(super) const QUIET: Duration = Duration::from_secs(10);

/// Where a secret is, and what was there last with all that was derived from it.
pub(super) struct Shared {
    reference: SecretRef,
    state: Mutex<State>,
    /// Held by who fetches. What is good is had without it.
    turn: tokio::sync::Mutex<()>,
    pub(super) clock: Clock,
}

/// The time, which tests turn forward.
#[derive(Default)]
pub(super) struct Clock {
    #[cfg(test)]
    pub(super) ahead: Mutex<Duration>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last try failed, and why.
    failed: Option<(Instant, String)>,
}

#[derive(Clone)]
struct Held {
    credential: Arc<Credential>,
    good: Good,
    fetched: Instant,
    /// Used on until then, though it has run out.
    quiet_until: Option<Instant>,
}

/// What came of a refused login.
pub(super) enum Refusal {
    /// It isn't worth asking again.
    Stands,
    /// It was asked for and couldn't be had.
    Unanswered,
    /// What is there now. It may be the same.
    Other(Arc<Credential>),
}

/// What databases of this process name, as long as they do.
static ALL: LazyLock<Mutex<HashMap<Reference, Weak<Shared>>>> = LazyLock::new(Mutex::default);

/// That of a reference. References are alike where nothing in them differs: neither scheme, text and region, nor whether others may read the
/// file. What stands in a configuration itself is shared with nobody.
pub(super) fn of(reference: SecretRef) -> Arc<Shared> {
    let Some(key) = reference.kept().cloned() else { return Arc::new(Shared::new(reference)) };
    let mut all = lock(&ALL);
    if let Some(known) = all.get(&key).and_then(Weak::upgrade) {
        return known;
    }
    let shared = Arc::new(Shared::new(reference));
    all.insert(key, Arc::downgrade(&shared));
    shared
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(key) = self.reference.kept() else { return };
        let mut all = lock(&ALL);
        // Another may have taken its place meanwhile.
        if all.get(key).is_some_and(|known| known.strong_count() == 0) {
            all.remove(key);
        }
    }
}

impl Shared {
    fn new(reference: SecretRef) -> Shared {
        Shared { reference, state: Mutex::default(), turn: tokio::sync::Mutex::default(), clock: Clock::default() }
    }

    /// The secret now, which isn't what was `refused`, unless it was fetched anew since.
    pub(super) async fn now(&self, refused: Option<&Arc<Credential>>) -> Result<Arc<Credential>, String> {
        let asked = self.clock.now();
        if let Some(good) = self.good(refused).await {
            return Ok(good);
        }
        let _turn = self.turn.lock().await;
        // Who waited for another's try has its outcome.
        if let Some(good) = self.good(refused).await {
            return Ok(good);
        }
        let anew = self.held().is_some_and(|held| is(&held.credential, refused));
        let outcome = match self.failed_since(asked) {
            Some(why) => Err(why),
            None => self.fetch(anew).await,
        };
        outcome.or_else(|why| self.on(refused, &why).ok_or(why))
    }

    /// A server refused a login with this.
    pub(super) async fn refused(&self, credential: &Arc<Credential>) -> Refusal {
        let asked = self.clock.now();
        if let Some(known) = self.known_of(credential) {
            return known;
        }
        let _turn = self.turn.lock().await;
        if let Some(known) = self.known_of(credential) {
            return known;
        }
        if self.failed_since(asked).is_some() {
            return Refusal::Unanswered;
        }
        self.fetch(true).await.map_or(Refusal::Unanswered, Refusal::Other)
    }

    /// Whether it is another than what was `given`, as far as can be seen without asking anybody.
    pub(super) fn replaced(&self, given: Option<&Arc<Credential>>) -> bool {
        // Where it is being fetched now, who does so will know.
        let Ok(_turn) = self.turn.try_lock() else { return false };
        match self.held() {
            Some(held) if !is(&held.credential, given) => true,
            Some(Held { good: Good::While(same), .. }) => !same(),
            Some(_) => false,
            None => self.reference.resolve().is_ok(),
        }
    }

    /// As long as it is held nobody fetches.
    #[cfg(test)]
    pub(super) async fn fetching(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    async fn good(&self, refused: Option<&Arc<Credential>>) -> Option<Arc<Credential>> {
        let held = self.held().filter(|held| !is(&held.credential, refused))?;
        held.is_good(self.clock.now()).await.then_some(held.credential)
    }

    /// What has run out, where there is no other.
    fn on(&self, refused: Option<&Arc<Credential>>, why: &str) -> Option<Arc<Credential>> {
        let until = self.clock.now() + QUIET;
        let mut state = lock(&self.state);
        let held = state.held.as_mut().filter(|held| matches!(held.good, Good::For(_)) && !is(&held.credential, refused))?;
        tracing::warn!(secret = %self.reference, %why, "a secret can't be fetched anew; the last one is used on");
        held.quiet_until = Some(until);
        Some(held.credential.clone())
    }

    /// What can be said of a refused login without fetching.
    fn known_of(&self, credential: &Arc<Credential>) -> Option<Refusal> {
        let Some(held) = self.held() else { return Some(Refusal::Stands) };
        if !Arc::ptr_eq(&held.credential, credential) {
            // Somebody else has had it fetched meanwhile.
            return Some(Refusal::Other(held.credential));
        }
        let young = self.clock.now().duration_since(held.fetched) < LEAST_AGE;
        (young || matches!(held.good, Good::Always)).then_some(Refusal::Stands)
    }

    fn failed_since(&self, asked: Instant) -> Option<String> {
        lock(&self.state).failed.as_ref().filter(|(at, _)| *at >= asked).map(|(_, why)| why.clone())
    }

    fn held(&self) -> Option<Held> {
        lock(&self.state).held.clone()
    }

    async fn fetch(&self, anew: bool) -> Result<Arc<Credential>, String> {
        let fetched = fetched(&self.reference, anew).await;
        let now = self.clock.now();
        let mut state = lock(&self.state);
        match fetched {
            Ok(fetched) => Ok(state.hold(fetched, now)),
            Err(why) => {
                state.failed = Some((now, why.clone()));
                Err(why)
            }
        }
    }
}

async fn fetched(reference: &SecretRef, anew: bool) -> Result<Fetched, String> {
    let reference = match reference {
        SecretRef::Plain(secret) => return Ok(Fetched { secret: secret.clone(), user: None, good: Good::Always }),
        SecretRef::Kept(reference) => reference.clone(),
    };
    let (scheme, provider) = (reference.scheme(), reference.provider()?);
    // A task of its own: nobody waits longer even for one that blocks, and it ends in time when whoever waits is gone.
    let fetching = tokio::spawn(tokio::time::timeout(FETCH_TIMEOUT, provider.fetch(reference, anew)));
    match tokio::time::timeout(FETCH_TIMEOUT, fetching).await {
        Ok(Ok(Ok(outcome))) => outcome,
        Ok(Err(_)) => Err(format!("{scheme}: its provider failed")),
        Ok(Ok(Err(_))) | Err(_) => Err(format!("{scheme}: no answer within {} s", FETCH_TIMEOUT.as_secs())),
    }
}

fn is(credential: &Arc<Credential>, other: Option<&Arc<Credential>>) -> bool {
    other.is_some_and(|other| Arc::ptr_eq(credential, other))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clock {
    fn now(&self) -> Instant {
        #[cfg(test)]
        return Instant::now() + *lock(&self.ahead);
        #[cfg(not(test))]
        Instant::now()
    }
}

impl State {
    /// Keeps what was fetched. What was derived from a secret is used on while it is the same.
    fn hold(&mut self, fetched: Fetched, now: Instant) -> Arc<Credential> {
        let new = Arc::new(Credential::of_user(fetched.secret, fetched.user));
        let same = self.held.as_ref().map(|held| held.credential.clone()).filter(|known| known.is_like(&new));
        let credential = same.unwrap_or(new);
        let held = Held { credential: credential.clone(), good: fetched.good, fetched: now, quiet_until: None };
        (self.held, self.failed) = (Some(held), None);
        credential
    }
}

impl Held {
    async fn is_good(&self, now: Instant) -> bool {
        match &self.good {
            Good::Always => true,
            Good::For(time) => now.duration_since(self.fetched) < *time || self.quiet_until.is_some_and(|until| now < until),
            Good::While(same) => {
                let same = same.clone();
                let look = tokio::task::spawn_blocking(move || same());
                matches!(tokio::time::timeout(FETCH_TIMEOUT, look).await, Ok(Ok(true)))
            }
        }
    }
}
