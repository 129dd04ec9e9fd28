//! A database's connections, pooled.
//!
//! The pool holds connected instances. One is handed out only if it is alive, young enough and, after a rest, answers a ping;
//! it is taken back only alive, reset and of a sensible size. Everything else is closed.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult, TimeoutType};

use crate::budget::Unused;
use crate::config::PoolConfig;
use crate::connection::Connection;
use crate::contract::call::Interruption;
use crate::contract::{ConnectOptions, ErrorKind};
use crate::driver::Driver;
use crate::error::CallError;
use crate::limits::{GRACE, Limits, PING_AFTER};
use crate::metrics::{Eviction, Measured};
use crate::signal::Signal;
use crate::state::Access;

/// How one database's connections are made.
pub(crate) struct Manager {
    pub(crate) driver: Arc<Driver>,
    pub(crate) access: Arc<Access>,
    pub(crate) database: Arc<str>,
    pub(crate) options: ConnectOptions,
    pub(crate) limits: Limits,
    pub(crate) settings: PoolConfig,
    pub(crate) measured: Arc<Measured>,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Unmade;

    async fn create(&self) -> Result<Connection, Unmade> {
        let budget = &self.driver.sandbox.budget;
        let Some(place) = budget.take(self.settings.acquire_timeout).await else {
            return Err(Unmade::NoPlace(
                CallError::new(
                    ErrorKind::Resources,
                    format!(
                        "no connection came free in {} ms: all {} of all databases together are in use (connections.max)",
                        self.settings.acquire_timeout.as_millis(),
                        budget.most()
                    ),
                )
                .hint("try again, or have connections.max or pool.acquire_timeout raised")
                .retryable(),
            ));
        };
        let mut connection = self.connect().await?;
        connection.keep(place);
        Ok(connection)
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<Unmade> {
        if !connection.alive() || !connection.clean() {
            return Err(RecycleError::message("not fit for use"));
        }
        if connection.born.elapsed() > self.settings.max_lifetime {
            self.measured.evicted(Eviction::Age);
            return Err(RecycleError::message("past its lifetime"));
        }
        // What the server has closed while it lay here: no statement is to find out.
        if connection.severed() {
            self.measured.evicted(Eviction::Closed);
            return Err(RecycleError::message("closed by the server"));
        }
        if metrics.last_used() > PING_AFTER {
            let signal = Arc::new(Signal::default());
            connection.begin(signal);
            match tokio::time::timeout(GRACE, connection.ping()).await {
                Ok(Ok(_)) => {}
                Ok(Err(why)) => {
                    self.measured.evicted(Eviction::Unfit);
                    return Err(RecycleError::Backend(why.into()));
                }
                Err(_) => {
                    self.measured.evicted(Eviction::Unfit);
                    return Err(RecycleError::message("no answer to a ping"));
                }
            }
        }
        Ok(())
    }
}

impl Manager {
    async fn connect(&self) -> Result<Connection, CallError> {
        let signal = Arc::new(Signal::default());
        let opening = Connection::open(
            self.driver.clone(),
            self.access.clone(),
            self.database.clone(),
            &self.options,
            self.limits,
            self.measured.clone(),
            signal.clone(),
        );
        tokio::pin!(opening);
        let limit = self.settings.connect_timeout;
        if let Ok(done) = tokio::time::timeout(limit, &mut opening).await {
            return done;
        }
        signal.raise(Interruption::Timeout);
        match tokio::time::timeout(GRACE, opening).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(why)) if !why.is_timeout() => Err(why),
            _ => Err(CallError::new(ErrorKind::Timeout, format!("connecting took longer than {limit:?} (pool.connect_timeout)"))
                .retryable()),
        }
    }
}

/// Why no connection was made.
pub(crate) enum Unmade {
    /// There is no place for it.
    NoPlace(CallError),
    /// The driver or the server said no.
    Failed(CallError),
}

impl From<CallError> for Unmade {
    fn from(why: CallError) -> Unmade {
        Unmade::Failed(why)
    }
}

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    inner: managed::Pool<Manager>,
    settings: PoolConfig,
    /// For the budget, which holds it weakly.
    _resting: Arc<Resting>,
}

/// What is known of a pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most connections.
    pub max: usize,
    /// Connections open.
    pub open: usize,
    /// Connections open and unused.
    pub idle: usize,
    /// Calls waiting for one.
    pub waiting: usize,
}

impl Pool {
    /// A pool with no connection yet.
    pub(crate) fn new(manager: Manager) -> Result<Pool, String> {
        let settings = manager.settings.clone();
        let inner = managed::Pool::builder(manager)
            .max_size(settings.max)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(settings.acquire_timeout))
            .build()
            .map_err(|why| why.to_string())?;
        let resting = Arc::new(Resting(inner.clone()));
        let weak: Weak<dyn Unused> = Arc::downgrade(&resting) as Weak<dyn Unused>;
        inner.manager().driver.sandbox.budget.join(weak);
        Ok(Pool { inner, settings, _resting: resting })
    }

    /// A connection, waited for or made.
    ///
    /// # Errors
    /// None came free in time: says how many there are and how long the wait was. Or connecting failed.
    pub(crate) async fn get(&self) -> Result<Lease, NoLease> {
        let began = Instant::now();
        match self.inner.get().await {
            Ok(object) => Ok(Lease(object)),
            Err(PoolError::Backend(Unmade::Failed(why))) => Err(NoLease::NotConnected(why)),
            Err(PoolError::Backend(Unmade::NoPlace(why))) => Err(NoLease::Busy(why)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(NoLease::Busy(
                CallError::new(
                    ErrorKind::Resources,
                    format!(
                        "no connection came free in {} ms: all {} of the pool are in use (pool.max)",
                        began.elapsed().as_millis(),
                        self.settings.max
                    ),
                )
                .hint("try again, or have pool.max or pool.acquire_timeout raised")
                .retryable(),
            )),
            Err(PoolError::Closed) => Err(NoLease::Closed(CallError::new(ErrorKind::Connection, "the server is shutting down"))),
            Err(PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                Err(NoLease::NotConnected(CallError::new(ErrorKind::Connection, "no connection could be made")))
            }
        }
    }

    /// Closes what has been unused for too long, down to the minimum.
    pub(crate) async fn reap(&self) {
        let mut spare = self.inner.status().size.saturating_sub(self.settings.min);
        let (idle, life) = (self.settings.idle_timeout, self.settings.max_lifetime);
        let measured = &self.inner.manager().measured;
        let reaped = self.inner.retain(|connection, metrics| {
            let over = metrics.last_used() > idle || connection.born.elapsed() > life;
            let keep = !over || spare == 0;
            if !keep {
                measured.evicted(if metrics.last_used() > idle { Eviction::Idle } else { Eviction::Age });
                spare -= 1;
            }
            keep
        });
        close_all(reaped.removed).await;
    }

    /// How often [`Pool::reap`] is worth its while.
    pub(crate) fn reap_every(&self) -> Duration {
        (self.settings.idle_timeout / 4).clamp(Duration::from_millis(100), Duration::from_secs(30))
    }

    /// Takes no more callers and closes what is unused.
    pub(crate) async fn close(&self) {
        let unused = self.inner.retain(|_, _| false);
        self.inner.close();
        close_all(unused.removed).await;
    }

    /// Closes what is unused.
    pub(crate) async fn close_unused(&self) {
        close_all(self.inner.retain(|_, _| false).removed).await;
    }

    /// Closes what is unused, by itself: what uses it goes on.
    pub(crate) fn close_idle(&self) {
        let unused = self.inner.retain(|_, _| false).removed;
        if let (false, Ok(runtime)) = (unused.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(close_all(unused));
        }
    }

    /// Whether it takes no more callers.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// How it stands.
    pub(crate) fn status(&self) -> PoolStatus {
        let status = self.inner.status();
        PoolStatus { max: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }
}

/// A pool's unused connections.
struct Resting(managed::Pool<Manager>);

impl Unused for Resting {
    fn longest(&self) -> Option<Duration> {
        if self.0.status().available == 0 {
            return None;
        }
        let mut longest = None;
        self.0.retain(|_, metrics| {
            longest = longest.max(Some(metrics.last_used()));
            true
        });
        longest
    }

    fn close_longest(&self) {
        let Some(longest) = self.longest() else { return };
        let mut found = false;
        let removed = self.0.retain(|_, metrics| {
            let keep = found || metrics.last_used() < longest;
            found |= !keep;
            keep
        });
        self.0.manager().measured.evicted(Eviction::Room);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(close_all(removed.removed));
        }
    }
}

async fn close_all(connections: Vec<Connection>) {
    let signal = Arc::new(Signal::default());
    let closing = connections.into_iter().map(|mut connection| {
        connection.begin(signal.clone());
        tokio::spawn(tokio::time::timeout(GRACE, connection.close()))
    });
    for task in closing.collect::<Vec<_>>() {
        let _ = task.await;
    }
}

/// Why there is no connection.
pub(crate) enum NoLease {
    /// One was to be made and couldn't.
    NotConnected(CallError),
    /// All are in use.
    Busy(CallError),
    /// The pool has ended.
    Closed(CallError),
}

/// A connection in use.
pub(crate) struct Lease(Object<Manager>);

impl Lease {
    /// Whether it was made just now.
    pub(crate) fn is_new(&self) -> bool {
        Object::metrics(&self.0).recycle_count == 0
    }

    /// Gives the connection back, reset; or drops it.
    pub(crate) async fn give_back(mut self) {
        let wanted = self.0.is_wanted();
        if self.0.alive() && !self.0.bloated() && !wanted {
            self.0.begin(Arc::default());
            if let Ok(Ok(())) = tokio::time::timeout(GRACE, self.0.reset()).await {
                return;
            }
            self.0.condemn();
            self.0.measured().evicted(Eviction::Unfit);
        } else if self.0.alive() {
            self.0.measured().evicted(if wanted { Eviction::Room } else { Eviction::Size });
        }
        let mut connection = Object::take(self.0);
        if connection.alive() {
            connection.begin(Arc::default());
            let _ = tokio::time::timeout(GRACE, connection.close()).await;
        }
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lease")
    }
}

impl std::ops::Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl std::ops::DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
