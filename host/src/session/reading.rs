//! Results that are read in portions.

use std::sync::Arc;
use std::time::Duration;

use super::find::Place;
use super::held::{REPLACED, Slot, end_all};
use super::{Principal, Sessions, State, ToolCall, handle, limits};
use crate::database::{Database, Held, QueryResult, Statement};
use crate::error::CallError;

impl Sessions {
    /// Runs one statement. A result that was cut comes with the handle of a cursor to read on with.
    ///
    /// # Errors
    /// What the statement came to.
    pub async fn query(
        &self,
        call: ToolCall<'_>,
        place: &Place,
        mut statement: Statement,
    ) -> Result<(QueryResult, Option<String>), CallError> {
        statement.read_only |= place.read_only;
        let (result, held) = place.database.query_kept(statement).await?;
        let cursor = match held {
            Some(held) => Some(self.keep(&call.caller.principal, place, held)?),
            None => None,
        };
        Ok((result, cursor))
    }

    /// Reads on. With the answer the database, and the cursor if there is still more.
    ///
    /// # Errors
    /// There is no such cursor, or another call uses it; the tool may not be used on its database; or what the database said.
    pub async fn fetch(
        &self,
        call: ToolCall<'_>,
        cursor: &str,
        max_rows: u64,
        max_bytes: u64,
        timeout: Option<Duration>,
    ) -> Result<(Arc<Database>, QueryResult, bool), CallError> {
        let slot = self.slot(call, cursor, false)?;
        let fetched = slot
            .with(async |held| {
                let result = held.fetch(max_rows, max_bytes, timeout).await;
                result.map(|result| (result, held.has_rest()))
            })
            .await;
        let more = matches!(fetched, Ok((_, true)));
        let busy = fetched.as_ref().is_err_and(|why| why.record().retryable) && !slot.over() && slot.has_cursor(cursor);
        if !more && !busy {
            self.done(&slot, cursor).await;
        }
        let (result, more) = fetched?;
        Ok((slot.database.clone(), result, more))
    }

    fn keep(&self, owner: &Principal, place: &Place, held: Held) -> Result<String, CallError> {
        let cursor = handle::fresh("cursor")?;
        let slot = Slot::new(cursor.clone(), owner.clone(), place, false, held);
        slot.set_cursor(Some(cursor.clone()));
        let most = self.config.max_cursors * if place.session.loose { limits::LOOSE } else { 1 };
        // Results that nobody may come back for must not keep statements from running.
        let most_of_pool = (place.database.pool().max / 2).max(1);
        let mut state = self.lock();
        let mut closed = state.make_room(most, |slot| slot.session == place.session.number);
        closed.extend(state.make_room(most_of_pool, |slot| Arc::ptr_eq(&slot.database, &place.database)));
        state.slots.insert(cursor.clone(), Arc::new(slot));
        drop(state);
        if !closed.is_empty() {
            tokio::spawn(end_all(closed));
        }
        Ok(cursor)
    }

    /// A result is at its end. Outside of a transaction its connection goes back.
    async fn done(&self, slot: &Arc<Slot>, cursor: &str) {
        self.lock().slots.remove(cursor);
        slot.set_cursor(None);
        if !slot.transaction {
            end_all(vec![slot.clone()]).await;
        }
    }
}

impl State {
    /// Closes a session's oldest result outside of transactions.
    pub(super) fn close_oldest(&mut self, session: u64) -> Vec<Arc<Slot>> {
        let of_session = |slot: &Slot| !slot.transaction && slot.session == session;
        let open = self.slots.values().filter(|slot| of_session(slot)).count();
        self.make_room(open.max(1), of_session)
    }

    /// Closes the oldest results outside of transactions until there are fewer than `most` of these.
    fn make_room(&mut self, most: usize, which: impl Fn(&Slot) -> bool) -> Vec<Arc<Slot>> {
        let mut open: Vec<Arc<Slot>> = self.slots.values().filter(|slot| !slot.transaction && which(slot)).cloned().collect();
        open.sort_by_key(|slot| slot.began);
        open.truncate((open.len() + 1).saturating_sub(most));
        for slot in &open {
            self.slots.remove(&slot.handle);
            self.ended(slot.handle.clone(), slot.owner.clone(), REPLACED.to_owned());
        }
        open
    }
}
