//! A secret as it is now: it may be replaced while we run.
//!
//! What was fetched is used for new connections as long as it is good. One fetches for all who wait, and all of them get what it got. A
//! login that a server refused has the secret fetched anew, once: another value is tried, the same one isn't tried again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Credential, Fetched, Good};
use crate::config::SecretRef;

/// The longest that a provider may take: a service in another region answers in a second, and callers wait for it.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// A secret that is refused so soon after it was fetched isn't fetched anew: who has a wrong one mustn't have it fetched with each login.
const LEAST_AGE: Duration = Duration::from_secs(1);
/// How long what has run out is used on before its provider, which had no other, is asked again.
const QUIET: Duration = Duration::from_secs(10);

/// Where a secret is, and what was there last with all that was derived from it.
pub(crate) struct KeptSecret {
    reference: SecretRef,
    state: Mutex<State>,
    clock: Clock,
}

/// The time, which tests turn forward.
#[derive(Default)]
struct Clock {
    #[cfg(test)]
    ahead: std::sync::Mutex<Duration>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last try failed, and why.
    failed: Option<(Instant, String)>,
}

struct Held {
    credential: Arc<Credential>,
    good: Good,
    fetched: Instant,
    /// Not to be fetched anew before this.
    quiet_until: Option<Instant>,
    /// A server refused it.
    refused: bool,
}

impl KeptSecret {
    pub(crate) fn new(reference: SecretRef) -> KeptSecret {
        KeptSecret { reference, state: Mutex::default(), clock: Clock::default() }
    }

    /// The secret now.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn now(&self) -> Result<Arc<Credential>, String> {
        let asked = self.clock.now();
        let mut state = self.state.lock().await;
        let refused = match &state.held {
            Some(held) if held.is_good(self.clock.now()).await => return Ok(held.credential.clone()),
            Some(held) => held.refused,
            None => false,
        };
        // Who waited for another's try has its outcome.
        if let Some((_, why)) = state.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(why.clone());
        }
        match self.fetch(refused).await {
            Ok(fetched) => Ok(state.hold(fetched, self.clock.now())),
            Err(why) => match state.held.as_mut().filter(|held| matches!(held.good, Good::For(_)) && !held.refused) {
                Some(held) => {
                    tracing::warn!(secret = %self.reference, %why, "a secret can't be fetched anew; the last one is used on");
                    held.quiet_until = Some(self.clock.now() + QUIET);
                    Ok(held.credential.clone())
                }
                None => {
                    state.failed = Some((self.clock.now(), why.clone()));
                    Err(why)
                }
            },
        }
    }

    /// A server refused a login with this. Gives what is there instead by now, if it is another.
    pub(crate) async fn refused(&self, credential: &Arc<Credential>) -> Option<Arc<Credential>> {
        let mut state = self.state.lock().await;
        let held = state.held.as_mut()?;
        if !Arc::ptr_eq(&held.credential, credential) {
            // Somebody else has had it fetched meanwhile.
            return Some(held.credential.clone()).filter(|other| !other.is_like(credential));
        }
        if matches!(held.good, Good::Always) || self.clock.now().duration_since(held.fetched) < LEAST_AGE {
            return None;
        }
        held.refused = true;
        let fetched = self.fetch(true).await.ok()?;
        Some(state.hold(fetched, self.clock.now())).filter(|other| !other.is_like(credential))
    }

    /// Whether it is another than the one that was last fetched, or is there where there was none, as far as can be seen without asking
    /// anybody.
    pub(crate) fn replaced(&self) -> bool {
        // Where it is being fetched now, who does so will know.
        let Ok(state) = self.state.try_lock() else { return false };
        match &state.held {
            Some(Held { good: Good::While(same), .. }) => !same(),
            Some(_) => false,
            None => self.reference.resolve().is_ok(),
        }
    }

    async fn fetch(&self, anew: bool) -> Result<Fetched, String> {
        let reference = match &self.reference {
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
}

impl Clock {
    fn now(&self) -> Instant {
        #[cfg(test)]
        return Instant::now() + *self.ahead.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
        let held = Held { credential: credential.clone(), good: fetched.good, fetched: now, quiet_until: None, refused: false };
        (self.held, self.failed) = (Some(held), None);
        credential
    }
}

impl Held {
    async fn is_good(&self, now: Instant) -> bool {
        if self.refused {
            return false;
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex as Lock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::BoxFuture;

    use super::super::{SecretProvider, register};
    use super::*;
    use crate::config::{Reference, Secret};

    /// Gives what the test has it give.
    struct Scripted {
        scheme: &'static str,
        gives: Lock<Result<&'static str, &'static str>>,
        good: fn() -> Good,
        takes: Duration,
        asked: AtomicUsize,
        asked_anew: AtomicUsize,
    }

    impl SecretProvider for Scripted {
        fn scheme(&self) -> &'static str {
            self.scheme
        }

        fn check(&self, _: &Reference) -> Result<(), String> {
            Ok(())
        }

        fn fetch(self: Arc<Self>, _: Reference, anew: bool) -> BoxFuture<'static, Result<Fetched, String>> {
            Box::pin(async move {
                self.asked.fetch_add(1, Ordering::SeqCst);
                self.asked_anew.fetch_add(usize::from(anew), Ordering::SeqCst);
                tokio::time::sleep(self.takes).await;
                let given = *self.gives.lock().unwrap();
                let fetched = |text: &str| Fetched { secret: Secret::new(text.to_owned()), user: None, good: (self.good)() };
                given.map(fetched).map_err(str::to_owned)
            })
        }
    }

    fn scripted(scheme: &'static str, good: fn() -> Good, takes: Duration) -> (Arc<Scripted>, KeptSecret) {
        let (asked, asked_anew) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let provider = Arc::new(Scripted { scheme, gives: Lock::new(Ok("one")), good, takes, asked, asked_anew });
        register(provider.clone()).unwrap();
        (provider, KeptSecret::new(SecretRef::of(&format!("{scheme}:x"))))
    }

    const MINUTE: Duration = Duration::from_secs(60);

    fn minute() -> Good {
        Good::For(MINUTE)
    }

    fn always() -> Good {
        Good::Always
    }

    fn later(kept: &KeptSecret, by: Duration) {
        *kept.clock.ahead.lock().unwrap() += by;
    }

    async fn text(kept: &KeptSecret) -> Result<String, String> {
        kept.now().await.map(|credential| credential.secret.expose().to_owned())
    }

    fn write(path: &std::path::Path, text: &str) {
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    #[tokio::test]
    async fn a_file_is_read_anew_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let kept = KeptSecret::new(SecretRef::of(&format!("file:{}", path.display())));
        assert!(kept.now().await.is_err() && !kept.replaced());
        write(&path, "one\n");
        let first = kept.now().await.unwrap();
        assert_eq!(first.secret.expose(), "one");
        assert!(Arc::ptr_eq(&first, &kept.now().await.unwrap()), "what was derived is kept");
        assert!(!kept.replaced());
        write(&path, "two\n");
        assert!(kept.replaced());
        assert_eq!(text(&kept).await.unwrap(), "two");
        std::fs::remove_file(&path).unwrap();
        assert!(kept.now().await.is_err(), "what is gone isn't used");
    }

    #[tokio::test]
    async fn it_is_fetched_once_while_it_is_good() {
        let (provider, kept) = scripted("test-good", minute, Duration::from_millis(10));
        let all = futures::future::join_all((0..50).map(|_| text(&kept))).await;
        assert!(all.iter().all(|given| given.as_deref() == Ok("one")));
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
        *provider.gives.lock().unwrap() = Ok("two");
        assert_eq!(text(&kept).await.unwrap(), "one");
        later(&kept, MINUTE);
        assert_eq!(text(&kept).await.unwrap(), "two");
        assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_has_run_out_is_used_on_where_there_is_no_other() {
        let (provider, kept) = scripted("test-out", minute, Duration::ZERO);
        assert_eq!(text(&kept).await.unwrap(), "one");
        *provider.gives.lock().unwrap() = Err("away");
        later(&kept, MINUTE);
        for _ in 0..5 {
            assert_eq!(text(&kept).await.unwrap(), "one");
        }
        assert_eq!(provider.asked.load(Ordering::SeqCst), 2, "not with each connection");
        later(&kept, QUIET);
        *provider.gives.lock().unwrap() = Ok("two");
        assert_eq!(text(&kept).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn one_that_was_refused_is_fetched_anew_once() {
        let (provider, kept) = scripted("test-refused", minute, Duration::ZERO);
        let first = kept.now().await.unwrap();
        assert!(kept.refused(&first).await.is_none(), "it was fetched just now");
        later(&kept, LEAST_AGE);
        assert!(kept.refused(&first).await.is_none(), "it is still the same");
        assert!(Arc::ptr_eq(&first, &kept.now().await.unwrap()));
        *provider.gives.lock().unwrap() = Ok("two");
        later(&kept, LEAST_AGE);
        let (one, other) = tokio::join!(kept.refused(&first), kept.refused(&first));
        assert_eq!((one.unwrap().secret.expose(), other.unwrap().secret.expose()), ("two", "two"));
        assert_eq!((provider.asked.load(Ordering::SeqCst), provider.asked_anew.load(Ordering::SeqCst)), (3, 2));
        // Where there is none any more, the refused one isn't used on.
        *provider.gives.lock().unwrap() = Err("away");
        later(&kept, LEAST_AGE);
        let second = kept.now().await.unwrap();
        assert!(kept.refused(&second).await.is_none());
        assert_eq!(text(&kept).await.unwrap_err(), "away");
    }

    #[tokio::test]
    async fn one_that_never_changes_is_not_fetched_anew() {
        let (provider, kept) = scripted("test-always", always, Duration::ZERO);
        let first = kept.now().await.unwrap();
        later(&kept, MINUTE);
        assert!(kept.refused(&first).await.is_none());
        assert_eq!((text(&kept).await.as_deref(), provider.asked.load(Ordering::SeqCst)), (Ok("one"), 1));
    }

    #[tokio::test]
    async fn a_provider_that_hangs_is_not_waited_for() {
        let (provider, kept) = scripted("test-hangs", minute, MINUTE * 60);
        let began = Instant::now();
        let all = futures::future::join_all((0..50).map(|_| text(&kept))).await;
        assert!(all.iter().all(|given| given.as_ref().is_err_and(|why| why.contains("test-hangs: no answer within 5 s"))));
        assert!(began.elapsed() < FETCH_TIMEOUT * 2, "one waits for all: {:?}", began.elapsed());
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_scheme_has_one_provider() {
        let named = |scheme| {
            let (asked, asked_anew) = (AtomicUsize::new(0), AtomicUsize::new(0));
            register(Arc::new(Scripted {
                scheme,
                gives: Lock::new(Ok("one")),
                good: always,
                takes: Duration::ZERO,
                asked,
                asked_anew,
            }))
        };
        for taken in ["env", "file", "aws-secrets", "plain", "", "A b", "x:"] {
            assert!(named(taken).is_err(), "{taken}");
        }
        assert!(named("test-new").is_ok() && named("test-new").is_err());
    }
}
