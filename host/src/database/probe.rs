//! Looking whether databases that are down have come back: one task for each server that has some, as long as it has.
//!
//! A thousand databases on a server that is gone cost one dial every two seconds: first the host itself connects to the server,
//! without a driver, and only if that succeeds are a few of its databases tried in full. Once one of them gets through, the others that
//! went down with the server are let go: they connect when they are next used, and the server isn't met by a thousand logins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::breaker::jittered;
use super::line::Line;
use crate::connection::fetch_secrets;
use crate::pool::Lease;

/// Connections that are tried at once in the whole process: each is an instance and a login, some 7 ms of CPU.
const MAX_TRIALS: usize = 32;
/// Databases of one server that are tried in one round: enough that one with a trouble of its own doesn't stand for the others.
const TRIALS_A_ROUND: usize = 4;
/// How long a server gets to accept a connection before it counts as away.
const DIAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Between a server's first two rounds, and what it doubles to: as a single database's trials are.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// As above.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// A trial whose end isn't waited for is taken to be under way for so long, unless it says otherwise: longer than a secret and a login take.
const UNDER_WAY: Duration = Duration::from_secs(15);
/// Between two looks, whatever is due.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

static TRIALS: Semaphore = Semaphore::const_new(MAX_TRIALS);

/// The servers that have a task. The task alone keeps its server alive, so that with a runtime nothing of it is left.
fn servers() -> MutexGuard<'static, HashMap<String, Weak<Server>>> {
    static SERVERS: OnceLock<Mutex<HashMap<String, Weak<Server>>>> = OnceLock::new();
    SERVERS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server with databases that are down.
struct Server {
    name: String,
    down: Mutex<Vec<Weak<Line>>>,
    more: Notify,
}

/// Sees to it that a database whose breaker has just opened is tried until it closes, or is dropped.
pub(super) fn watch(line: &Arc<Line>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    // What no endpoint leads to stands alone.
    let name = line.access.endpoints.server().unwrap_or_else(|| format!("{:p}", Arc::as_ptr(line)));
    let mut servers = servers();
    if let Some(server) = servers.get(&name).and_then(Weak::upgrade) {
        server.lock().push(Arc::downgrade(line));
        server.more.notify_one();
        return;
    }
    let server = Arc::new(Server { name: name.clone(), down: Mutex::new(vec![Arc::downgrade(line)]), more: Notify::new() });
    servers.insert(name, Arc::downgrade(&server));
    runtime.spawn(server.watched());
}

impl Server {
    async fn watched(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            let Some(next) = self.next() else { return };
            // Where a caller's own trial is under way nothing is to be done, again and again.
            let next = next.max(Instant::now() + SHORTEST_WAIT);
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.more.notified() => continue,
            }
            wait = if self.round(wait).await { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
        }
    }

    /// When the first of its databases is due. None: none is down any more, and the server is forgotten.
    fn next(&self) -> Option<Instant> {
        let mut servers = servers();
        let mut down = self.lock();
        down.retain(|line| line.upgrade().is_some_and(|line| line.breaker.due().is_some() && !line.pool.is_closed()));
        let next = down.iter().filter_map(|line| Some(line.upgrade()?.breaker.due()?.0)).min();
        if next.is_none() {
            servers.remove(&self.name);
        }
        next
    }

    /// Tries what is due. True: the server is back.
    async fn round(&self, wait: Duration) -> bool {
        let now = Instant::now();
        let down: Vec<Arc<Line>> = self.lock().iter().filter_map(Weak::upgrade).collect();
        let (mut servers, mut own): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for line in down {
            match line.breaker.due() {
                Some((_, true)) => servers.push(line),
                Some((next, false)) if next <= now => own.push(line),
                _ => {}
            }
        }
        own.truncate(TRIALS_A_ROUND);
        let is_due = servers.iter().any(|line| line.breaker.due().is_some_and(|(next, _)| next <= now));
        let first = servers.first().filter(|_| is_due).cloned();
        let reached = match first {
            Some(line) => line.access.endpoints.answer_within(DIAL_TIMEOUT).await,
            None => false,
        };
        let chosen = if reached { sample(&servers) } else { Vec::new() };
        // Those that have a trouble of their own are nobody's to wait for: it may be that something hangs.
        for line in own {
            line.breaker.postpone(now + UNDER_WAY);
            tokio::spawn(trial(line));
        }
        let back = try_all(&chosen).await;
        if back {
            servers.iter().for_each(|line| line.breaker.release());
        } else if is_due {
            let next = Instant::now() + jittered(wait);
            servers.iter().for_each(|line| line.breaker.postpone(next));
        }
        back
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some of them, others each time.
fn sample(lines: &[Arc<Line>]) -> Vec<Arc<Line>> {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let start = usize::try_from(random % (lines.len().max(1) as u64)).unwrap_or(0);
    lines.iter().cycle().skip(start).take(TRIALS_A_ROUND.min(lines.len())).cloned().collect()
}

/// Connects to each. True once one has a connection; the others go on by themselves.
async fn try_all(lines: &[Arc<Line>]) -> bool {
    let mut trials: FuturesUnordered<_> = lines.iter().cloned().map(|line| tokio::spawn(trial(line))).collect();
    while let Some(tried) = trials.next().await {
        if matches!(tried, Ok(true)) {
            return true;
        }
    }
    false
}

/// One connection, left in the pool.
async fn trial(line: Arc<Line>) -> bool {
    // Before it takes a place: a secret that hangs would keep it from those that are well.
    if let Err(why) = fetch_secrets(&line.access).await {
        line.breaker.refused(&why, line.pool.status().open, Instant::now());
        return false;
    }
    let Ok(_permit) = TRIALS.acquire().await else { return false };
    let leased = line.lease(true).await;
    let came_back = leased.is_ok();
    if came_back {
        tracing::info!(database = %line.id, "the database is back");
    }
    if let Ok(lease) = leased {
        Lease::give_back(lease).await;
    }
    came_back
}
