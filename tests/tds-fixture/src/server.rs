//! What all sessions share: the databases, who is there and does what, numbers that are given out.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, InterruptHandle};

use crate::catalog;
use crate::config::{Config, User};
use crate::error::SqlError;
use crate::sql::scope::quote;
use crate::time::Stamp;

pub(crate) struct Server {
    pub(crate) config: Config,
    folder: PathBuf,
    databases: Mutex<Vec<String>>,
    /// Those of the configuration, and those that were made since.
    users: Mutex<Vec<User>>,
    sessions: Mutex<BTreeMap<u16, Session>>,
    /// The next value of each identity column. They don't roll back.
    identities: Mutex<HashMap<String, i64>>,
    row_version: AtomicI64,
    /// Who has which lock of sp_getapplock.
    locks: Mutex<HashMap<String, u16>>,
}

/// A session as others see it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: u16,
    pub(crate) login: String,
    pub(crate) database: String,
    pub(crate) since: Stamp,
    pub(crate) host_name: String,
    pub(crate) application: String,
    pub(crate) library: String,
    /// The request that it runs.
    pub(crate) text: Option<String>,
    pub(crate) started: Stamp,
    pub(crate) open_transactions: i64,
    pub(crate) isolation: i64,
    pub(crate) encryption: &'static str,
    pub(crate) tds_version: u32,
    pub(crate) packet_size: i64,
    pub(crate) resets: i64,
    pub(crate) attentions: i64,
    pub(crate) read_only_intent: bool,
    pub(crate) fedauth: bool,
}

/// Session numbers of users begin here.
const FIRST_SESSION: u16 = 51;
/// How long a statement waits for another session's lock, before it is a deadlock's victim.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

impl Server {
    pub(crate) fn new(config: Config, folder: PathBuf) -> Result<Server, SqlError> {
        let (names, users) = (config.databases.clone(), config.users.clone());
        let server = Server {
            config,
            folder,
            databases: Mutex::default(),
            users: Mutex::new(users),
            sessions: Mutex::default(),
            identities: Mutex::default(),
            row_version: AtomicI64::new(2000),
            locks: Mutex::default(),
        };
        for name in names {
            server.create_database(&name)?;
        }
        Ok(server)
    }

    pub(crate) fn databases(&self) -> Vec<String> {
        held(&self.databases).clone()
    }

    pub(crate) fn user(&self, name: &str) -> Option<User> {
        held(&self.users).iter().find(|user| user.name.eq_ignore_ascii_case(name)).cloned()
    }

    pub(crate) fn create_login(&self, name: &str, password: &str, database: &str) -> Result<(), SqlError> {
        if self.user(name).is_some() {
            return Err(SqlError::new(15_025, 16, format!("The server principal '{name}' already exists.")));
        }
        let (name, password, database) = (name.to_owned(), password.to_owned(), database.to_owned());
        held(&self.users).push(User { name, password, database, closed: Vec::new(), route: None });
        Ok(())
    }

    pub(crate) fn create_database(&self, name: &str) -> Result<(), SqlError> {
        let mut databases = held(&self.databases);
        if databases.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let message = format!("Database '{name}' already exists. Choose a different database name.");
            return Err(SqlError::new(1801, 16, message).state(3));
        }
        let conn = Connection::open(self.file(databases.len()))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        catalog::create(&conn, "main")?;
        databases.push(name.to_owned());
        Ok(())
    }

    /// Attaches every database that a connection doesn't have yet.
    pub(crate) fn attach(&self, conn: &Connection, attached: &mut usize) -> Result<(), SqlError> {
        let databases = self.databases();
        while *attached < databases.len() {
            let file = self.file(*attached).display().to_string();
            conn.execute(&format!("ATTACH ? AS {}", quote(&databases[*attached])), [file])?;
            conn.pragma_update(Some(databases[*attached].as_str()), "synchronous", "OFF")?;
            *attached += 1;
        }
        Ok(())
    }

    /// A connection to SQLite, with its own `temp`.
    pub(crate) fn connect(&self) -> Result<Connection, SqlError> {
        let conn = Connection::open_in_memory()?;
        conn.busy_timeout(LOCK_TIMEOUT)?;
        conn.pragma_update(None, "foreign_keys", "ON")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        catalog::create(&conn, catalog::TEMP)?;
        Ok(conn)
    }

    fn file(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index}.sqlite"))
    }

    pub(crate) fn sessions(&self) -> Vec<Session> {
        held(&self.sessions).values().cloned().collect()
    }

    /// Lets a session in; its number.
    pub(crate) fn enter(&self, mut session: Session) -> u16 {
        let mut sessions = held(&self.sessions);
        let id = (FIRST_SESSION..u16::MAX).find(|id| !sessions.contains_key(id)).unwrap_or(u16::MAX);
        session.id = id;
        sessions.insert(id, session);
        id
    }

    pub(crate) fn leave(&self, id: u16) {
        held(&self.sessions).remove(&id);
    }

    pub(crate) fn update(&self, id: u16, change: impl FnOnce(&mut Session)) {
        if let Some(session) = held(&self.sessions).get_mut(&id) {
            change(session);
        }
    }

    /// The next value of an identity column.
    pub(crate) fn next_identity(&self, table: &str, seed: i64, increment: i64) -> i64 {
        let mut identities = held(&self.identities);
        let next = identities.entry(table.to_owned()).or_insert(seed);
        let value = *next;
        *next += increment;
        value
    }

    /// After a value that was given by hand, or from the start.
    pub(crate) fn set_identity(&self, table: &str, next: Option<i64>) {
        let mut identities = held(&self.identities);
        match next {
            Some(next) => {
                let entry = identities.entry(table.to_owned()).or_insert(next);
                *entry = (*entry).max(next);
            }
            None => drop(identities.remove(table)),
        }
    }

    /// Whether a session has the lock now.
    pub(crate) fn take_lock(&self, lock: &str, session: u16) -> bool {
        *held(&self.locks).entry(lock.to_owned()).or_insert(session) == session
    }

    pub(crate) fn release_lock(&self, lock: &str, session: u16) {
        let mut locks = held(&self.locks);
        if locks.get(lock) == Some(&session) {
            locks.remove(lock);
        }
    }

    pub(crate) fn next_row_version(&self) -> i64 {
        self.row_version.fetch_add(1, Ordering::Relaxed)
    }
}

/// How a session's statement is stopped from outside.
#[derive(Default)]
pub(crate) struct Cancel {
    wanted: AtomicBool,
    changed: (Mutex<()>, Condvar),
    engine: Mutex<Option<InterruptHandle>>,
}

impl Cancel {
    /// From here on what the engine does is a client's statement, and is stopped with it.
    pub(crate) fn watch(&self, conn: &Connection) {
        *held(&self.engine) = Some(conn.get_interrupt_handle());
    }

    /// From here on it is the session's own doing, which has to be done whatever the client wants.
    pub(crate) fn unwatch(&self) {
        *held(&self.engine) = None;
    }

    /// Stops what runs, at once.
    pub(crate) fn cancel(&self) {
        self.wanted.store(true, Ordering::SeqCst);
        if let Some(engine) = &*held(&self.engine) {
            engine.interrupt();
        }
        let _lock = held(&self.changed.0);
        self.changed.1.notify_all();
    }

    pub(crate) fn clear(&self) {
        self.wanted.store(false, Ordering::SeqCst);
    }

    pub(crate) fn check(&self) -> Result<(), SqlError> {
        if self.wanted.load(Ordering::SeqCst) { Err(SqlError::cancelled()) } else { Ok(()) }
    }

    /// Sleeps so long, unless it is stopped.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), SqlError> {
        let end = Instant::now() + duration;
        let mut lock = held(&self.changed.0);
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            lock = self.changed.1.wait_timeout(lock, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
