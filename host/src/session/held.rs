//! A connection that waits for its caller's next call: in a transaction, or with a result open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::find::Place;
use super::limits::MAX_ENDED;
use super::{Caller, Ended, Principal, Sessions, State, ToolCall};
use crate::contract::ErrorKind;
use crate::database::{Database, Held};
use crate::error::CallError;

/// One that waits.
pub struct Slot {
    pub(super) handle: String,
    pub(super) owner: Principal,
    pub(super) session: u64,
    /// Among the session's in use while this is there.
    _connection: Option<Arc<OwnedSemaphorePermit>>,
    /// Else a result outside of any transaction.
    pub(super) transaction: bool,
    pub(super) database: Arc<Database>,
    pub(super) began: Instant,
    used: Mutex<Instant>,
    /// The handle of the result that is open in it.
    cursor: Mutex<Option<String>>,
    /// None once it has ended.
    pub(super) held: tokio::sync::Mutex<Option<Held>>,
}

impl Slot {
    pub(super) fn new(handle: String, owner: Principal, place: &Place, transaction: bool, held: Held) -> Slot {
        let now = Instant::now();
        Slot {
            handle,
            owner,
            session: place.session.number,
            _connection: place.connection.clone(),
            transaction,
            database: held.database().clone(),
            began: now,
            used: Mutex::new(now),
            cursor: Mutex::default(),
            held: tokio::sync::Mutex::new(Some(held)),
        }
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Runs `work` on the connection. Ends with it what it can't be used for any more.
    pub(super) async fn with<T>(&self, work: impl AsyncFnOnce(&mut Held) -> Result<T, CallError>) -> Result<T, CallError> {
        let Ok(mut held) = self.held.try_lock() else {
            return Err(CallError::new(ErrorKind::Resources, "another call is using it at this moment")
                .hint("one call at a time: wait for the other's answer")
                .retryable());
        };
        let Some(connection) = held.as_mut() else { return Err(gone(None, self.transaction)) };
        let outcome = work(connection).await;
        self.touch();
        if !connection.usable() {
            *held = None;
        }
        outcome
    }

    /// Unused for longer than `limit`, at this moment as well.
    pub(super) fn idle(&self, limit: Duration) -> bool {
        self.held.try_lock().is_ok() && self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= limit
    }

    /// Its connection is gone, whoever took it.
    pub(super) fn over(&self) -> bool {
        self.held.try_lock().is_ok_and(|held| held.as_ref().is_none_or(|held| !held.usable()))
    }

    pub(super) fn set_cursor(&self, handle: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.cursor.lock().unwrap_or_else(PoisonError::into_inner), handle)
    }

    pub(super) fn has_cursor(&self, handle: &str) -> bool {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(handle)
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("transaction", &self.transaction).finish_non_exhaustive()
    }
}

impl Sessions {
    /// What waits under a handle, on a database that the tool may be used on.
    pub(super) fn slot(&self, call: ToolCall<'_>, handle: &str, transaction: bool) -> Result<Arc<Slot>, CallError> {
        let slot = self.waiting(call.caller, handle, transaction)?;
        call.permit(&slot.database)?;
        Ok(slot)
    }

    fn waiting(&self, caller: &Caller, handle: &str, transaction: bool) -> Result<Arc<Slot>, CallError> {
        let mut state = self.lock();
        let own = |slot: &&Arc<Slot>| {
            slot.owner == caller.principal
                && (slot.handle == handle && slot.transaction) == transaction
                && caller.may_use(&slot.database)
        };
        match state.slots.get(handle).filter(own).cloned() {
            Some(slot) if !slot.over() => Ok(slot),
            Some(_) => {
                state.slots.remove(handle);
                let why = if transaction { CUT_SHORT } else { CUT_SHORT_CURSOR };
                state.ended(handle.to_owned(), caller.principal.clone(), why.to_owned());
                Err(gone(Some(why), transaction))
            }
            None => {
                let why = state.ended.iter().find(|ended| ended.handle == handle && ended.owner == caller.principal);
                Err(gone(why.map(|ended| ended.why.as_str()), transaction))
            }
        }
    }
}

pub(super) const REPLACED: &str = "it was closed to make room for newer results";
pub(super) const OVERTAKEN: &str = "another statement of its transaction closed it";
const CUT_SHORT: &str = "its connection was lost, or a call on it was cut short; it has been rolled back";
const CUT_SHORT_CURSOR: &str = "its connection was lost, or a call on it was cut short";

impl State {
    /// Remembers why something ended.
    pub(super) fn ended(&mut self, handle: String, owner: Principal, why: String) {
        if self.ended.len() >= MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { handle, owner, why });
    }
}

/// The same for one that ended by the caller's own hand, one that never was, and another caller's.
fn gone(why: Option<&str>, transaction: bool) -> CallError {
    let (what, hint) = if transaction {
        ("transaction", "what was not committed has been rolled back: call begin_transaction and start over")
    } else {
        ("cursor", "run the statement again, with a larger max_rows, or with ORDER BY, LIMIT and OFFSET")
    };
    let why = why.unwrap_or("it has ended, or never was");
    CallError::new(ErrorKind::Undefined, format!("there is no such {what}: {why}")).hint(hint)
}

/// Ends them: rolled back, closed, given back.
pub(super) async fn end_all(slots: Vec<Arc<Slot>>) {
    let ending = slots.into_iter().map(|slot| {
        tokio::spawn(async move {
            // A call that runs ends first: it has its own limits.
            if let Some(held) = slot.held.lock().await.take() {
                held.release().await;
            }
        })
    });
    for task in ending.collect::<Vec<_>>() {
        let _ = task.await;
    }
}
