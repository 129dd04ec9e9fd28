//! What a caller has between calls: a selected database, transactions and open results.
//!
//! A session is found in one of three ways: by its handle, which `open` gives and which works in every protocol version; by the
//! protocol's own session, where it has them; and otherwise each caller has one session of its own that holds what it began
//! without any. Everything that waits here is bound to the caller that began it, has an idle limit, and is rolled back, closed and
//! given back when it ends, however it ends.

mod connected;
mod connections;
mod find;
mod handle;
mod held;
mod limits;
mod reading;
mod sweep;
mod tool_call;
mod transaction;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

pub(crate) use connected::{NewConnection, NowConnected};
pub use find::{Place, Selection};
pub(crate) use handle::fresh as fresh_handle;
pub use held::Slot;
pub use tool_call::ToolCall;
pub use transaction::Began;

use crate::config::SessionsConfig;
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::dynamic::{Attached, Pools};
use crate::error::CallError;
use crate::registry::Registry;
use connected::Connected;

/// Who calls, as far as the host can tell: what was begun under one principal doesn't exist for another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The one client on standard input.
    Stdio,
    /// Anyone over HTTP: nobody has to say who they are.
    Anonymous,
}

/// One call's caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// The protocol's own session, in the protocol versions that have one.
    pub protocol_session: Option<Arc<str>>,
    /// The database that the call brings with it.
    pub attached: Option<Attached>,
}

/// All sessions of the process.
pub struct Sessions {
    registry: Arc<Registry>,
    config: SessionsConfig,
    state: Mutex<State>,
    numbers: AtomicU64,
    /// The databases that calls bring with them.
    pools: Pools,
}

#[derive(Default)]
struct State {
    /// Opened by `open`, by handle.
    explicit: HashMap<String, Arc<Session>>,
    /// By the protocol's session.
    implicit: HashMap<Arc<str>, Arc<Session>>,
    /// What is begun without a session, by caller.
    loose: HashMap<Principal, Arc<Session>>,
    /// Transactions and open results, by handle.
    slots: HashMap<String, Arc<Slot>>,
    /// Databases that callers connected to, by id.
    connected: HashMap<String, Connected>,
    /// Those that ended by themselves, and why, oldest first.
    ended: VecDeque<Ended>,
}

struct Ended {
    handle: String,
    owner: Principal,
    why: String,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    number: u64,
    handle: Option<String>,
    owner: Principal,
    opened_in: Option<Arc<str>>,
    began: Instant,
    life: Duration,
    idle: Duration,
    read_only: bool,
    /// Holds what its caller began without a session: it has no end of its own.
    loose: bool,
    /// What is left of the connections that it may have in use.
    connections: Arc<Semaphore>,
    selected: Mutex<Selected>,
}

#[derive(Debug)]
struct Selected {
    database: Option<String>,
    catalog: Option<String>,
    used: Instant,
}

/// What is asked of a new session.
#[derive(Debug, Default)]
pub struct NewSession {
    /// The database of calls that name none.
    pub database_id: Option<String>,
    /// The catalog on its server.
    pub database: Option<String>,
    /// Refuse writes, whatever the database allows.
    pub read_only: bool,
    /// How long it lives at most. None, or longer than the configured limit: that.
    pub life: Option<Duration>,
}

/// What is known of a session at one moment.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    /// None: the protocol's own session, or none at all.
    pub handle: Option<String>,
    /// The database of calls that name none; without one the default.
    pub database_id: Option<String>,
    /// The catalog on its server.
    pub database: Option<String>,
    /// Whether it refuses writes.
    pub read_only: bool,
    /// Until it ends unless it is used.
    pub idle_left: Duration,
    /// Until it ends in any case.
    pub life_left: Duration,
    /// Open transactions, by handle.
    pub transactions: Vec<String>,
    /// Open results, by handle.
    pub cursors: Vec<String>,
}

impl Sessions {
    /// None yet, on these databases.
    #[must_use]
    pub fn new(registry: Arc<Registry>, config: SessionsConfig) -> Arc<Sessions> {
        let sessions =
            Arc::new(Sessions { registry, config, state: Mutex::default(), numbers: AtomicU64::new(0), pools: Pools::new() });
        sweep::start(&sessions);
        sessions
    }

    /// How long things wait, and how many.
    #[must_use]
    pub fn config(&self) -> &SessionsConfig {
        &self.config
    }

    /// The databases.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Opens a session and gives its handle.
    ///
    /// # Errors
    /// The database is unknown, or one that the tool may not be used on; the catalog isn't allowed; or there are too many sessions.
    pub fn open(&self, call: ToolCall<'_>, new: NewSession) -> Result<SessionInfo, CallError> {
        if new.database_id.is_some() || new.database.is_some() {
            selects_nothing(call.caller)?;
            let database = self.registry.resolve(new.database_id.as_deref())?;
            call.permit(&database)?;
            database.in_catalog(new.database.as_deref())?;
        }
        let handle = handle::fresh("session")?;
        let session = Arc::new(Session {
            handle: Some(handle.clone()),
            read_only: new.read_only,
            life: new.life.map_or(self.config.max_lifetime, |life| life.min(self.config.max_lifetime)),
            selected: Mutex::new(Selected { database: new.database_id, catalog: new.database, used: Instant::now() }),
            ..self.blank(call.caller)
        });
        let mut state = self.lock();
        if state.explicit.len() >= limits::MAX_SESSIONS {
            return Err(CallError::new(ErrorKind::Resources, format!("{} sessions are open already", limits::MAX_SESSIONS))
                .hint("close one with close_session, or try again later")
                .retryable());
        }
        state.explicit.insert(handle, session.clone());
        Ok(state.info(&session))
    }

    /// Selects the database of a session's further calls.
    ///
    /// # Errors
    /// There is no such session, database or catalog; the tool may not be used on it; or there is nothing that lasts to select it for.
    pub fn select(&self, call: ToolCall<'_>, session: Option<&str>, to: Selection<'_>) -> Result<SessionInfo, CallError> {
        selects_nothing(call.caller)?;
        let session = self.session(call.caller, session)?;
        let id = match to.database_id {
            Some(id) => Some(id.to_owned()),
            None => session.selected().database.clone(),
        };
        self.database(call, &session, id.as_deref())?.in_catalog(to.database)?;
        find::lasts(&session)?;
        {
            let mut selected = session.selected();
            selected.database = id;
            selected.catalog = to.database.map(str::to_owned);
        }
        Ok(self.lock().info(&session))
    }

    /// What is known of a session.
    ///
    /// # Errors
    /// There is no such session.
    pub fn info(&self, caller: &Caller, session: Option<&str>) -> Result<SessionInfo, CallError> {
        let session = self.lasting(caller, session)?;
        Ok(self.lock().info(&session))
    }

    /// The caller's own sessions. Where callers can't be told apart, those that were opened in the same protocol session.
    #[must_use]
    pub fn list(&self, caller: &Caller) -> Vec<SessionInfo> {
        let state = self.lock();
        let told_apart = caller.principal != Principal::Anonymous;
        let own = |session: &&Arc<Session>| {
            session.owner == caller.principal
                && !session.over()
                && (told_apart || caller.protocol_session.is_some() && session.opened_in == caller.protocol_session)
        };
        let mut sessions: Vec<&Arc<Session>> = state.explicit.values().filter(own).collect();
        sessions.sort_by_key(|session| session.number);
        sessions.into_iter().map(|session| state.info(session)).collect()
    }

    /// Ends a session with all that it holds.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn close(&self, caller: &Caller, session: Option<&str>) -> Result<(), CallError> {
        let session = self.lasting(caller, session)?;
        self.end(&session).await;
        Ok(())
    }

    /// The protocol's session is over.
    pub async fn protocol_session_ended(&self, id: &str) {
        let session = self.lock().implicit.get(id).cloned();
        if let Some(session) = session {
            self.end(&session).await;
        }
    }

    /// Ends everything.
    pub async fn shutdown(&self) {
        let (slots, databases): (Vec<Arc<Slot>>, Vec<Arc<Database>>) = {
            let mut state = self.lock();
            state.explicit.clear();
            state.implicit.clear();
            state.loose.clear();
            (state.slots.drain().map(|(_, slot)| slot).collect(), state.take_connected_of(|_| true))
        };
        held::end_all(slots).await;
        connected::close_all(databases.into_iter().chain(self.pools.take()).collect()).await;
    }

    async fn end(&self, session: &Session) {
        let (slots, databases) = {
            let mut state = self.lock();
            state.explicit.retain(|_, open| open.number != session.number);
            state.implicit.retain(|_, open| open.number != session.number);
            state.loose.retain(|_, open| open.number != session.number);
            let databases = state.take_connected_of(|number| number == session.number);
            (state.take_slots(|slot| slot.session == session.number), databases)
        };
        held::end_all(slots).await;
        connected::close_all(databases).await;
    }

    fn blank(&self, caller: &Caller) -> Session {
        let now = Instant::now();
        Session {
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            handle: None,
            owner: caller.principal.clone(),
            opened_in: caller.protocol_session.clone(),
            began: now,
            life: self.config.max_lifetime,
            idle: self.config.idle_timeout,
            read_only: false,
            loose: false,
            connections: Arc::new(Semaphore::new(self.config.max_connections.min(Semaphore::MAX_PERMITS))),
            selected: Mutex::new(Selected { database: None, catalog: None, used: now }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn info(&self, session: &Session) -> SessionInfo {
        let slots = |transactions: bool| {
            let mut handles: Vec<String> = self
                .slots
                .iter()
                .filter(|(handle, slot)| {
                    slot.session == session.number && (slot.handle == **handle && slot.transaction) == transactions
                })
                .map(|(handle, _)| handle.clone())
                .collect();
            handles.sort();
            handles
        };
        let selected = session.selected();
        SessionInfo {
            handle: session.handle.clone(),
            database_id: selected.database.clone(),
            database: selected.catalog.clone(),
            read_only: session.read_only,
            idle_left: session.idle.saturating_sub(selected.used.elapsed()),
            life_left: session.life.saturating_sub(session.began.elapsed()),
            transactions: slots(true),
            cursors: slots(false),
        }
    }

    fn take_slots(&mut self, which: impl Fn(&Slot) -> bool) -> Vec<Arc<Slot>> {
        let handles: Vec<String> = self.slots.iter().filter(|(_, slot)| which(slot)).map(|(handle, _)| handle.clone()).collect();
        handles.iter().filter_map(|handle| self.slots.remove(handle)).collect()
    }
}

impl Session {
    /// Past a limit of its own.
    fn over(&self) -> bool {
        !self.loose && (self.began.elapsed() >= self.life || self.selected().used.elapsed() >= self.idle)
    }

    fn selected(&self) -> MutexGuard<'_, Selected> {
        self.selected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that brings its database with it selects none for others.
fn selects_nothing(caller: &Caller) -> Result<(), CallError> {
    if caller.attached.is_none() {
        return Ok(());
    }
    let what = "the request brings its own database in X-Database-Connection-String: there is nothing to select";
    Err(CallError::new(ErrorKind::InvalidValue, what).hint("send the request without the header"))
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("open", &self.lock().explicit.len()).finish_non_exhaustive()
    }
}
