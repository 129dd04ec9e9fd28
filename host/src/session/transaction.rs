//! Transactions that last from call to call.

use std::sync::Arc;

use super::find::{Place, Selection};
use super::held::{OVERTAKEN, Slot};
use super::{Sessions, ToolCall, handle, limits};
use crate::contract::{ErrorKind, Features, Plan, TransactionOptions};
use crate::database::{Explain, Held, QueryResult, Statement};
use crate::error::CallError;

/// A transaction that was begun.
#[derive(Debug)]
pub struct Began {
    /// Names it in further calls.
    pub handle: String,
    /// Where it is.
    pub place: Place,
    /// Whether it refuses writes.
    pub read_only: bool,
}

impl Sessions {
    /// Begins a transaction on a connection of its own.
    ///
    /// # Errors
    /// There is no such session or database; too many are open; no connection came free; or what the database said.
    pub async fn begin(
        &self,
        call: ToolCall<'_>,
        session: Option<&str>,
        to: Selection<'_>,
        mut options: TransactionOptions,
    ) -> Result<Began, CallError> {
        let mut place = self.place(call, session, to).await?;
        if !place.database.manifest().features.contains(Features::TRANSACTIONS) {
            let what = format!("the driver {:?} has no transactions that last from call to call", place.database.driver());
            return Err(CallError::new(ErrorKind::Unsupported, what).of(place.database.id()));
        }
        let most = self.config.max_transactions * if place.session.loose { limits::LOOSE } else { 1 };
        let too_many = || {
            CallError::new(ErrorKind::Resources, format!("{most} transactions are open in this session already"))
                .hint("commit or roll back one of them first")
        };
        if self.transactions_of(place.session.number) >= most {
            return Err(too_many());
        }
        options.read_only |= place.read_only || place.database.read_only();
        let read_only = options.read_only;
        let mut held = Held::open(place.database.clone()).await?;
        held.begin(options).await?;
        let handle = handle::fresh("transaction")?;
        let slot = Slot::new(handle.clone(), call.caller.principal.clone(), &place, true, held);
        // Counted again: others may have begun meanwhile. One that doesn't fit is dropped, and with it rolled back.
        let mut state = self.lock();
        if state.slots.values().filter(|slot| slot.transaction && slot.session == place.session.number).count() >= most {
            return Err(too_many());
        }
        state.slots.insert(handle.clone(), Arc::new(slot));
        drop(state);
        place.connection = None;
        Ok(Began { handle, place, read_only })
    }

    /// Runs one statement in a transaction.
    ///
    /// # Errors
    /// There is no such transaction, or another call uses it; the tool may not be used on its database; or what the statement came to.
    pub async fn query_in(
        &self,
        call: ToolCall<'_>,
        transaction: &str,
        statement: Statement,
    ) -> Result<(QueryResult, Option<String>), CallError> {
        let slot = self.slot(call, transaction, true)?;
        let (result, open) = slot
            .with(async |held| {
                let result = held.query_kept(statement).await;
                result.map(|result| (result, held.has_rest()))
            })
            .await?;
        self.overtake(&slot);
        let cursor = if open { Some(self.cursor_in(&slot)?) } else { None };
        Ok((result, cursor))
    }

    /// The plan of a statement, in a transaction.
    ///
    /// # Errors
    /// As for [`Sessions::query_in`].
    pub async fn explain_in(&self, call: ToolCall<'_>, transaction: &str, given: Explain) -> Result<Plan, CallError> {
        let slot = self.slot(call, transaction, true)?;
        let plan = slot.with(async |held| held.explain(given).await).await;
        self.overtake(&slot);
        plan
    }

    /// Ends a transaction, its changes kept or taken back.
    ///
    /// # Errors
    /// There is no such transaction, or another call uses it; or what the database said: then nothing was kept.
    pub async fn finish(&self, call: ToolCall<'_>, transaction: &str, commit: bool) -> Result<(), CallError> {
        let slot = self.slot(call, transaction, true)?;
        let outcome = slot.with(async |held| if commit { held.commit().await } else { held.rollback().await }).await;
        if let Err(why) = &outcome
            && why.record().retryable
            && slot.held.try_lock().is_err()
        {
            return outcome;
        }
        self.overtake(&slot);
        self.lock().slots.remove(transaction);
        if let Some(held) = slot.held.lock().await.take() {
            held.release().await;
        }
        outcome
    }

    /// The database that a transaction is on.
    ///
    /// # Errors
    /// There is no such transaction, or the tool may not be used on its database.
    pub fn transaction_place(&self, call: ToolCall<'_>, transaction: &str) -> Result<Arc<Slot>, CallError> {
        self.slot(call, transaction, true)
    }

    fn transactions_of(&self, session: u64) -> usize {
        self.lock().slots.values().filter(|slot| slot.transaction && slot.session == session).count()
    }

    /// The result that was open in a transaction has been closed by what came after it.
    fn overtake(&self, slot: &Slot) {
        if let Some(cursor) = slot.set_cursor(None) {
            let mut state = self.lock();
            state.slots.remove(&cursor);
            state.ended(cursor, slot.owner.clone(), OVERTAKEN.to_owned());
        }
    }

    fn cursor_in(&self, slot: &Arc<Slot>) -> Result<String, CallError> {
        let cursor = handle::fresh("cursor")?;
        slot.set_cursor(Some(cursor.clone()));
        self.lock().slots.insert(cursor.clone(), slot.clone());
        Ok(cursor)
    }
}
