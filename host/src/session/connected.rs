//! Databases that a caller connected to itself: each is its session's alone, and ends with it.
//!
//! A place is taken first, under the limits; then the database is asked whether it answers; and only then can it be found. Whatever goes
//! wrong on the way, or whoever goes away, nothing is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::find::Place;
use super::held::end_all;
use super::{Caller, NewSession, Principal, Session, SessionInfo, Sessions, State, ToolCall, handle};
use crate::config::{ATTACHED, DYNAMIC, DynamicConfig, Secret};
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::dynamic::{Attached, Given, Rules};
use crate::error::CallError;

/// One that is connected, or about to be.
pub(super) struct Connected {
    session: u64,
    owner: Principal,
    database: Arc<Database>,
    /// What it was allowed by.
    rules: Arc<DynamicConfig>,
    used: Instant,
    /// Whether it has answered, and can be found.
    ready: bool,
}

/// What is asked of a new connection.
#[derive(Debug, Default)]
pub(crate) struct NewConnection {
    /// For its session: what it is.
    pub(crate) description: Option<String>,
    /// Whether it becomes the database of the session's calls that name none.
    pub(crate) select: bool,
    /// Whether it is there without having answered.
    pub(crate) untested: bool,
}

/// A new connection.
#[derive(Debug)]
pub(crate) struct NowConnected {
    pub(crate) database: Arc<Database>,
    /// Its session.
    pub(crate) session: SessionInfo,
    /// How long it stays without being used.
    pub(crate) idle_timeout: Duration,
    /// How long it took to answer.
    pub(crate) answered: Option<Duration>,
}

impl Sessions {
    /// Connects to a database that isn't configured, for the caller's session. Where there is none, one is opened.
    ///
    /// # Errors
    /// The operator allows no such connections, or not this one; there are too many; or it doesn't answer.
    pub(crate) async fn connect(
        &self,
        call: ToolCall<'_>,
        session: Option<&str>,
        given: Given,
        new: NewConnection,
    ) -> Result<NowConnected, CallError> {
        let (rules, caller) = (self.rules()?, call.caller);
        let mut session = self.session(caller, session)?;
        let id = handle::fresh(DYNAMIC.trim_end_matches('-'))?;
        let database = rules.database(&id, given, new.description)?;
        let mut opened = None;
        if session.loose {
            let own = Caller { attached: None, ..caller.clone() };
            let handle = self.open(ToolCall { caller: &own, ..call }, NewSession::default())?.handle;
            session = self.session(caller, handle.as_deref())?;
            opened = Some(Opened { sessions: self, session: session.clone(), keep: false });
        }
        let place =
            Place { database: database.clone(), read_only: session.read_only, session: session.clone(), connection: None };
        let taken = self.take(caller, &session, &rules, &database)?;
        let mut answered = None;
        if !new.untested {
            let _connection = self.connection(&place).await?;
            let began = Instant::now();
            database.ping().await.map_err(CallError::of_none)?;
            answered = Some(began.elapsed());
        }
        taken.keep()?;
        if let Some(mut opened) = opened {
            opened.keep = true;
        }
        if new.select {
            let mut selected = session.selected();
            selected.database = Some(id);
            selected.catalog = None;
        }
        let session = self.lock().info(&session);
        Ok(NowConnected { database, session, idle_timeout: rules.config().idle_timeout, answered })
    }

    /// Closes a connected database, with what is open on it.
    ///
    /// # Errors
    /// The session has none of that id.
    pub(crate) async fn disconnect(&self, caller: &Caller, session: Option<&str>, id: &str) -> Result<(), CallError> {
        let session = self.session(caller, session)?;
        let (database, slots) = {
            let mut state = self.lock();
            if !state.connected.get(id).is_some_and(|entry| entry.is_of(&session) && entry.ready) {
                return Err(not_connected(id));
            }
            let database = state.connected.remove(id).map(|entry| entry.database);
            (database, state.take_slots(|slot| slot.database.id() == id))
        };
        end_all(slots).await;
        if let Some(database) = database {
            database.shutdown().await;
        }
        Ok(())
    }

    /// The databases that aren't configured and that a call may name: those connected in its session, or the one that it brings with it.
    ///
    /// # Errors
    /// There is no such session.
    pub(crate) fn visible(&self, caller: &Caller, session: Option<&str>) -> Result<Vec<Arc<Database>>, CallError> {
        let session = self.session(caller, session)?;
        if let Some(attached) = &caller.attached {
            return Ok(vec![attached.database().clone()]);
        }
        let state = self.lock();
        let own = state.connected.values().filter(|entry| entry.ready && entry.is_of(&session));
        let mut own: Vec<Arc<Database>> = own.map(|entry| entry.database.clone()).collect();
        own.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(own)
    }

    /// All databases that a call may go to, those connected in the caller's session among them.
    ///
    /// # Errors
    /// There is no such session.
    pub(crate) fn all(&self, call: ToolCall<'_>) -> Result<Vec<Arc<Database>>, CallError> {
        let own = self.visible(call.caller, None)?;
        let snapshot = self.registry.current();
        Ok(snapshot.databases().chain(&own).filter(|database| call.permit(database).is_ok()).cloned().collect())
    }

    /// The database that a caller names outside of any opened session: configured, or its own.
    ///
    /// # Errors
    /// There is none of that id for this caller, or the tool may not be used on it.
    pub(crate) fn find(&self, call: ToolCall<'_>, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        let caller = call.caller;
        let database = match caller.own(id)? {
            Some(own) => own.clone(),
            None => self.entry(caller, self.session(caller, None)?.as_ref(), id)?,
        };
        call.permit(&database)?;
        Ok(database)
    }

    /// The database of a connection string that comes with a request.
    ///
    /// # Errors
    /// The operator allows none, or not this one; or there are too many.
    pub(crate) fn attach(&self, string: Secret) -> Result<Attached, CallError> {
        let rules = self.rules()?;
        if !rules.config().header {
            return Err(off().hint("the operator turns the header on with dynamic.header; without it name a database_id"));
        }
        self.pools.attach(&rules, string)
    }

    /// The database that a call of a session goes to.
    pub(super) fn database(&self, call: ToolCall<'_>, session: &Session, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        let database = self.entry(call.caller, session, id)?;
        call.permit(&database)?;
        Ok(database)
    }

    /// The same, whatever may be done with it.
    pub(super) fn entry(&self, caller: &Caller, session: &Session, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        let Some(id) = id else { return self.registry.resolve(None) };
        if !id.starts_with(DYNAMIC) {
            return self.registry.resolve(Some(id));
        }
        let current = self.registry.current();
        let rules = current.dynamic().map(|rules| rules.config());
        let mut state = self.lock();
        let own = |entry: &&mut Connected| entry.ready && entry.owner == caller.principal && entry.is_of(session);
        match state.connected.get_mut(id).filter(own) {
            Some(entry) if rules.is_some_and(|rules| Arc::ptr_eq(rules, &entry.rules)) => {
                entry.used = Instant::now();
                Ok(entry.database.clone())
            }
            _ => Err(not_connected(id)),
        }
    }

    /// Ends what is over: what isn't used, and what the rules don't allow as they are now. Closes idle connections.
    pub(super) async fn sweep_connected(&self) {
        let current = self.registry.current();
        let rules = current.dynamic().map(|rules| rules.config());
        let (mut over, rest) = {
            let mut state = self.lock();
            let is_over = |entry: &Connected| match rules {
                Some(rules) if Arc::ptr_eq(rules, &entry.rules) => entry.idle(rules.idle_timeout),
                _ => true,
            };
            let over = state.take_connected(is_over);
            let rest: Vec<Arc<Database>> = state.connected.values().map(|entry| entry.database.clone()).collect();
            (over, rest)
        };
        over.extend(self.pools.sweep(rules).await);
        if !over.is_empty() {
            let slots = self.lock().take_slots(|slot| over.iter().any(|database| Arc::ptr_eq(database, &slot.database)));
            end_all(slots).await;
            close_all(over).await;
        }
        // Aside: a server that doesn't answer must not keep other things from ending.
        tokio::spawn(async move {
            for database in rest.into_iter().filter(|database| database.pool().idle > 0) {
                database.reap().await;
            }
        });
    }

    fn rules(&self) -> Result<Arc<Rules>, CallError> {
        let hint = "name a configured database; the operator allows others with `dynamic`";
        self.registry.current().dynamic().cloned().ok_or_else(|| off().hint(hint))
    }

    /// Takes a place for a database, under the limits.
    fn take(
        &self,
        caller: &Caller,
        session: &Arc<Session>,
        rules: &Arc<Rules>,
        database: &Arc<Database>,
    ) -> Result<Taken<'_>, CallError> {
        let config = rules.config();
        let mut state = self.lock();
        if !state.has(session) {
            return Err(super::find::unknown());
        }
        let of_session = state.connected.values().filter(|entry| entry.is_of(session)).count();
        let too_many = |what: String| CallError::new(ErrorKind::Resources, what);
        if of_session >= config.max_per_session {
            let what = format!("{of_session} databases are connected in this session already (dynamic.max_per_session)");
            return Err(too_many(what).hint("close one with disconnect_database first"));
        }
        if state.connected.len() >= config.max {
            let what = format!("{} databases are connected in all sessions together already (dynamic.max)", config.max);
            return Err(too_many(what).hint("close one with disconnect_database, or try again later").retryable());
        }
        let entry = Connected {
            session: session.number,
            owner: caller.principal.clone(),
            database: database.clone(),
            rules: config.clone(),
            used: Instant::now(),
            ready: false,
        };
        state.connected.insert(database.id().to_owned(), entry);
        Ok(Taken { sessions: self, database: database.clone(), kept: false })
    }
}

/// A place that was taken; given back unless it is kept.
struct Taken<'a> {
    sessions: &'a Sessions,
    database: Arc<Database>,
    kept: bool,
}

impl Taken<'_> {
    /// The database has answered: it can be found from now on.
    fn keep(mut self) -> Result<(), CallError> {
        let mut state = self.sessions.lock();
        let Some(entry) = state.connected.get_mut(self.database.id()) else {
            return Err(CallError::new(ErrorKind::Cancelled, "the session ended meanwhile"));
        };
        (entry.ready, entry.used, self.kept) = (true, Instant::now(), true);
        Ok(())
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        self.sessions.lock().connected.remove(self.database.id());
        let database = self.database.clone();
        tokio::spawn(async move { database.shutdown().await });
    }
}

/// A session that was opened for a connection; closed again unless it is kept. Nothing is in it yet.
struct Opened<'a> {
    sessions: &'a Sessions,
    session: Arc<Session>,
    keep: bool,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if !self.keep {
            self.sessions.lock().explicit.retain(|_, open| open.number != self.session.number);
        }
    }
}

impl Connected {
    fn is_of(&self, session: &Session) -> bool {
        self.session == session.number
    }

    /// Unused for so long, and by nobody now.
    fn idle(&self, longer_than: Duration) -> bool {
        self.ready && self.database.holders() <= 1 && self.used.elapsed() >= longer_than
    }
}

impl State {
    /// Takes out the connected databases of sessions that are no more.
    pub(super) fn take_connected_of(&mut self, is_over: impl Fn(u64) -> bool) -> Vec<Arc<Database>> {
        self.take_connected(|entry| is_over(entry.session))
    }

    fn take_connected(&mut self, which: impl Fn(&Connected) -> bool) -> Vec<Arc<Database>> {
        let ids: Vec<String> = self.connected.iter().filter(|(_, entry)| which(entry)).map(|(id, _)| id.clone()).collect();
        ids.iter().filter_map(|id| self.connected.remove(id)).map(|entry| entry.database).collect()
    }

    fn has(&self, session: &Arc<Session>) -> bool {
        let mut all = self.explicit.values().chain(self.implicit.values());
        all.any(|open| open.number == session.number)
    }
}

impl Caller {
    /// The database that the call brings with it, where it names no other.
    ///
    /// # Errors
    /// It names another as well.
    pub(super) fn own(&self, id: Option<&str>) -> Result<Option<&Arc<Database>>, CallError> {
        match (&self.attached, id) {
            (None, _) => Ok(None),
            (Some(attached), None | Some(ATTACHED)) => Ok(Some(attached.database())),
            (Some(_), Some(_)) => Err(CallError::new(
                ErrorKind::InvalidValue,
                "the request brings its own database in X-Database-Connection-String, and names another one",
            )
            .hint("leave database_id out, or send the request without the header")),
        }
    }

    /// Whether a transaction or a result on this database is the request's to use: on its own one, if it brings one.
    pub(super) fn may_use(&self, database: &Arc<Database>) -> bool {
        match &self.attached {
            Some(attached) => Arc::ptr_eq(attached.database(), database),
            None => database.id() != ATTACHED,
        }
    }
}

/// Closes them, all at once.
pub(super) async fn close_all(databases: Vec<Arc<Database>>) {
    let closing: Vec<_> = databases.into_iter().map(|database| tokio::spawn(async move { database.shutdown().await })).collect();
    for task in closing {
        let _ = task.await;
    }
}

fn off() -> CallError {
    CallError::new(ErrorKind::Unsupported, "this server connects to configured databases only: none by a connection string")
}

/// The same for one that was closed, has expired or never was, and for another session's.
fn not_connected(id: &str) -> CallError {
    CallError::new(
        ErrorKind::Undefined,
        format!("there is no database {id:?} in this session: it was closed, has expired, or never was"),
    )
    .hint("pass the `session` that connect_database gave with it, or connect again")
}
