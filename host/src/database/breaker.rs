//! Whether a database can be reached, as far as its connections tell, and who may try while it can't.
//!
//! Closed, calls go through and nothing is counted but failures to connect. It opens when no connection can be had, since only
//! that says that the server is gone: a connection that is lost in the middle of a call may have been ended by the call itself, and
//! what a caller can bring about mustn't shut out the others. Open, calls fail at once, and one trial at a time is let through when
//! its time has come. Any answer of the server's closes it. No I/O here; the time is passed in.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::health::{Health, State, Trouble};
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::metrics::Measured;

/// Failures to connect, one after the other and no answer between them, while other connections are open: one may be chance, and those
/// that are open may still work. With none open the first is enough, for then nothing can.
const FAILURES: u32 = 3;
/// From opening to the first trial: a server that is restarted is away for about a second.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest between two trials: who waits for a server to come back looks again every few seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The same where the login was refused: accounts are locked after a few wrong passwords in a row.
const FIRST_LOGIN_WAIT: Duration = Duration::from_secs(5);
/// As above.
const LONGEST_LOGIN_WAIT: Duration = Duration::from_secs(60);

/// The same for what somebody has to mend: a catalog that isn't there, a secret that can't be had, a driver that fails.
const FIRST_FAULT_WAIT: Duration = Duration::from_secs(1);
/// As above.
const LONGEST_FAULT_WAIT: Duration = Duration::from_secs(15);

/// Nothing was tried yet.
const UNUSED: u8 = 0;
/// The last that was heard was an answer.
const WELL: u8 = 1;
/// The last that was heard was a failure of a connection.
const TROUBLED: u8 = 2;
/// Calls fail at once.
const OPEN: u8 = 3;

/// A database's breaker.
pub(crate) struct Breaker {
    /// What every call looks at; changed under the lock.
    mood: AtomicU8,
    /// Whether it ever opens: an embedded database has no server to wait for, and fails as fast by itself.
    opens: bool,
    inner: Mutex<Inner>,
    measured: Arc<Measured>,
}

#[derive(Default)]
struct Inner {
    failures: u32,
    since: Option<SystemTime>,
    trouble: Option<Trouble>,
    /// Set while no connection can be had.
    down: Option<Down>,
}

struct Down {
    why: CallError,
    wait: Duration,
    next: Instant,
    trial: bool,
}

/// The leave to take or make a connection.
pub(super) struct Pass {
    trial: Option<Arc<Breaker>>,
}

impl Breaker {
    pub(super) fn new(opens: bool, measured: Arc<Measured>) -> Breaker {
        Breaker { mood: AtomicU8::new(UNUSED), opens, inner: Mutex::default(), measured }
    }

    /// Lets a call through, or says why not. Whoever is let through while it is open is the trial: `pressing` ones before their time.
    pub(super) fn enter(self: &Arc<Self>, id: &str, pressing: bool, now: Instant) -> Result<Pass, CallError> {
        if self.mood.load(Ordering::Acquire) != OPEN {
            return Ok(Pass { trial: None });
        }
        let mut inner = self.lock();
        let since = inner.since;
        let Some(down) = inner.down.as_mut().filter(|_| self.opens) else { return Ok(Pass { trial: None }) };
        if !down.trial && (pressing || down.next <= now) {
            down.trial = true;
            return Ok(Pass { trial: Some(self.clone()) });
        }
        Err(down.refusal(id, since, now))
    }

    /// Whether calls fail since the login was refused.
    pub(super) fn waits_for_login(&self) -> bool {
        self.mood.load(Ordering::Acquire) == OPEN
            && self.lock().down.as_ref().is_some_and(|down| down.why.record().kind == ErrorKind::Authentication)
    }

    /// The server answered: with rows, or with an error about a statement.
    pub(super) fn answered(&self) {
        if self.mood.load(Ordering::Acquire) == WELL {
            return;
        }
        let mut inner = self.lock();
        inner.failures = 0;
        inner.since = Some(SystemTime::now());
        if inner.down.take().is_some() && self.opens {
            self.measured.turned(false);
        }
        self.mood.store(WELL, Ordering::Release);
    }

    /// A connection was lost, or its driver failed, in the middle of a call.
    pub(super) fn lost(&self, why: &CallError) {
        let mut inner = self.lock();
        inner.trouble = Some(Trouble::of(why));
        if inner.down.is_none() {
            self.set(&mut inner, TROUBLED);
        }
    }

    /// No connection could be made, while `open` others were. True: with this it has opened.
    pub(super) fn refused(&self, why: &CallError, open: usize, now: Instant) -> bool {
        let mut inner = self.lock();
        inner.trouble = Some(Trouble::of(why));
        inner.failures = inner.failures.saturating_add(1);
        let (first, longest) = pace(why);
        if let Some(down) = &mut inner.down {
            down.wait = (down.wait * 2).clamp(first, longest);
            down.next = now + jittered(down.wait);
            down.why = why.clone();
            return false;
        }
        if open > 0 && inner.failures < FAILURES {
            self.set(&mut inner, TROUBLED);
            return false;
        }
        inner.since = Some(SystemTime::now());
        inner.down = Some(Down { why: why.clone(), wait: first, next: now + jittered(first), trial: false });
        self.mood.store(OPEN, Ordering::Release);
        if self.opens {
            self.measured.turned(true);
        }
        self.opens
    }

    /// Puts the next trial off: the server was asked, without a connection, and isn't there.
    pub(super) fn postpone(&self, until: Instant) {
        if let Some(down) = &mut self.lock().down {
            down.next = until;
        }
    }

    /// Another database of the same server has got through: whoever comes next may try.
    pub(super) fn release(&self) {
        let mut inner = self.lock();
        if inner.down.as_ref().is_some_and(|down| !down.trial) {
            inner.down = None;
            inner.failures = 0;
            inner.since = Some(SystemTime::now());
            self.measured.turned(false);
            self.mood.store(UNUSED, Ordering::Release);
        }
    }

    /// When the next trial is due, and whether it is the server itself that can't be reached. None: it isn't open.
    pub(super) fn due(&self) -> Option<(Instant, bool)> {
        let inner = self.lock();
        inner.down.as_ref().filter(|_| self.opens).map(|down| (down.next, is_the_servers(&down.why)))
    }

    /// How it stands; `connections` are open.
    pub(super) fn health(&self, connections: usize, now: Instant) -> Health {
        let inner = self.lock();
        let (state, next_try) = match &inner.down {
            Some(down) => (State::Down, self.opens.then(|| down.next.saturating_duration_since(now))),
            None if self.mood.load(Ordering::Acquire) == TROUBLED => (State::Degraded, None),
            None if connections > 0 => (State::Healthy, None),
            None => (State::Idle, None),
        };
        let since = inner.since.filter(|_| state != State::Idle);
        Health { state, since, last_error: inner.trouble.clone(), next_try }
    }

    fn set(&self, inner: &mut Inner, mood: u8) {
        if self.mood.swap(mood, Ordering::AcqRel) != mood {
            inner.since = Some(SystemTime::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Down {
    /// What a caller is told who isn't let through.
    fn refusal(&self, id: &str, since: Option<SystemTime>, now: Instant) -> CallError {
        let wait = self.next.saturating_duration_since(now);
        let record = self.why.record();
        // That connecting took too long is no reason to make the statement cheaper.
        let kind = if record.kind == ErrorKind::Timeout { ErrorKind::Connection } else { record.kind };
        let since = since.map(|since| format!(" since {}", humantime::format_rfc3339_seconds(since))).unwrap_or_default();
        let soon =
            if self.trial { "it is being tried now".to_owned() } else { format!("it is tried again in {} ms", wait.as_millis()) };
        CallError::new(kind, format!("the database is down{since}: {}; {soon}", record.message))
            .hint("no connection was tried for this call; health_check shows when there is one again")
            .retry_after(wait.max(FIRST_WAIT))
            .of(id)
    }
}

impl Pass {
    /// Whether this one is the trial.
    pub(super) fn is_trial(&self) -> bool {
        self.trial.is_some()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // However it ended, given up halfway included: the next one may try.
        if let Some(breaker) = self.trial.take()
            && let Some(down) = &mut breaker.lock().down
        {
            down.trial = false;
        }
    }
}

/// How long trials wait, at first and at most.
fn pace(why: &CallError) -> (Duration, Duration) {
    match why.record().kind {
        ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Resources => (FIRST_WAIT, LONGEST_WAIT),
        // One that may be tried again is of a secret that can't be had: no login was tried.
        ErrorKind::Authentication if !why.record().retryable => (FIRST_LOGIN_WAIT, LONGEST_LOGIN_WAIT),
        _ => (FIRST_FAULT_WAIT, LONGEST_FAULT_WAIT),
    }
}

/// Whether a failure says something of the server, rather than of one database on it.
fn is_the_servers(why: &CallError) -> bool {
    matches!(why.record().kind, ErrorKind::Connection | ErrorKind::Timeout)
}

/// Up to a fifth more or less, so that many databases don't come at once.
pub(super) fn jittered(wait: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish() % 401;
    wait * 4 / 5 + wait * u32::try_from(random).unwrap_or(200) / 1_000
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn gone() -> CallError {
        CallError::new(ErrorKind::Connection, "connection refused")
    }

    fn breaker() -> (Arc<Breaker>, Instant) {
        (Arc::new(Breaker::new(true, measured())), Instant::now())
    }

    fn measured() -> Arc<Measured> {
        Arc::new(Measured::new("a".into(), "b".into()))
    }

    fn state(breaker: &Breaker, now: Instant) -> State {
        breaker.health(1, now).state
    }

    #[test]
    fn with_nothing_open_the_first_failure_opens_it() {
        let (breaker, now) = breaker();
        assert_eq!(breaker.health(0, now).state, State::Idle);
        assert!(breaker.refused(&gone(), 0, now));
        let health = breaker.health(0, now);
        assert_eq!(health.state, State::Down);
        assert!(health.since.is_some() && health.next_try.is_some());
        let why = breaker.enter("main", false, now).err().unwrap();
        assert!(why.record().message.contains("connection refused"), "{why}");
        assert_eq!((why.record().kind, why.record().retryable), (ErrorKind::Connection, true));
        assert_eq!(why.record().database.as_deref(), Some("main"));
        assert!(why.record().retry_after.is_some());
    }

    #[test]
    fn while_others_are_open_it_takes_three_in_a_row() {
        let (breaker, now) = breaker();
        for _ in 0..5 {
            assert!(!breaker.refused(&gone(), 1, now));
            assert!(!breaker.refused(&gone(), 1, now));
            assert_eq!(state(&breaker, now), State::Degraded);
            breaker.answered();
            assert_eq!(state(&breaker, now), State::Healthy);
        }
        assert!(!breaker.refused(&gone(), 1, now));
        assert!(!breaker.refused(&gone(), 1, now));
        assert!(breaker.refused(&gone(), 1, now));
    }

    #[test]
    fn lost_connections_alone_never_open_it() {
        let (breaker, now) = breaker();
        for _ in 0..100 {
            breaker.lost(&gone());
        }
        assert_eq!(state(&breaker, now), State::Degraded);
        assert!(breaker.enter("main", false, now).is_ok_and(|pass| !pass.is_trial()));
    }

    #[test]
    fn one_trial_at_a_time_and_one_given_up_makes_room() {
        let (breaker, now) = breaker();
        breaker.refused(&gone(), 0, now);
        let due = breaker.due().unwrap().0;
        assert!(due > now && due <= now + FIRST_WAIT * 2);
        assert!(breaker.enter("main", false, now).is_err());
        let trial = breaker.enter("main", false, due).unwrap();
        assert!(trial.is_trial());
        let why = breaker.enter("main", false, due).err().unwrap();
        assert!(why.record().message.contains("being tried now"), "{why}");
        assert!(breaker.enter("main", true, due).is_err());
        drop(trial);
        assert!(breaker.enter("main", true, now).unwrap().is_trial());
    }

    #[test]
    fn trials_become_rarer_and_any_answer_closes_it() {
        let (breaker, mut now) = breaker();
        breaker.refused(&gone(), 0, now);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let due = breaker.due().unwrap().0;
            waits.push(due.duration_since(now));
            now = due;
            let trial = breaker.enter("main", false, now).unwrap();
            assert!(!breaker.refused(&gone(), 0, now));
            drop(trial);
        }
        assert!(waits[0] < Duration::from_millis(301), "{waits:?}");
        assert!(waits[7] > Duration::from_millis(1_599) && waits[7] < Duration::from_millis(2_401), "{waits:?}");
        breaker.answered();
        assert!(breaker.enter("main", false, now).is_ok_and(|pass| !pass.is_trial()));
        assert_eq!(state(&breaker, now), State::Healthy);
        assert!(breaker.health(1, now).last_error.is_some());
    }

    #[test]
    fn a_refused_login_is_tried_rarely() {
        let (breaker, now) = breaker();
        breaker.refused(&CallError::new(ErrorKind::Authentication, "wrong password"), 0, now);
        let (due, servers) = breaker.due().unwrap();
        assert!(due >= now + Duration::from_secs(4) && !servers && breaker.waits_for_login());
        assert_eq!(breaker.enter("main", false, now).err().unwrap().record().kind, ErrorKind::Authentication);
    }

    #[test]
    fn a_secret_that_cannot_be_had_is_asked_for_again_sooner() {
        let (breaker, now) = breaker();
        breaker.refused(&CallError::new(ErrorKind::Authentication, "password: no answer").retryable(), 0, now);
        let (due, servers) = breaker.due().unwrap();
        assert!(due <= now + Duration::from_secs(2) && !servers);
    }

    #[test]
    fn an_embedded_database_is_down_but_never_shut() {
        let breaker = Arc::new(Breaker::new(false, measured()));
        let now = Instant::now();
        assert!(!breaker.refused(&gone(), 0, now));
        assert_eq!(breaker.health(0, now).state, State::Down);
        assert!(breaker.enter("main", false, now).is_ok_and(|pass| !pass.is_trial()));
        assert_eq!(breaker.due(), None);
        breaker.answered();
        assert_eq!(breaker.health(0, now).state, State::Idle);
    }

    #[test]
    fn one_that_is_released_may_be_used_and_is_idle() {
        let (breaker, now) = breaker();
        breaker.refused(&gone(), 0, now);
        breaker.release();
        assert!(breaker.enter("main", false, now).is_ok() && !breaker.waits_for_login());
        assert_eq!(breaker.health(0, now).state, State::Idle);
    }
}
