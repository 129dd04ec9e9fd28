//! How many connections a session has in use: by calls that run, by transactions, by open results.
//!
//! One is counted as in use for as long as its permit is held, by the call, the transaction or the result. What callers that can't be
//! told apart do without a session isn't one session's doing: there the pools' sizes are the limit.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::find::{Place, Selection};
use super::held::end_all;
use super::{Sessions, ToolCall};
use crate::contract::ErrorKind;
use crate::error::CallError;

impl Sessions {
    /// Where a call goes, with one of its session's connections. Waits for one as long as for a connection of the database's pool.
    ///
    /// # Errors
    /// There is no such session, database or catalog; the tool may not be used there; or the session's connections are all in use.
    pub async fn place(&self, call: ToolCall<'_>, session: Option<&str>, to: Selection<'_>) -> Result<Place, CallError> {
        let mut place = self.whereabouts(call, session, to)?;
        if !place.session.loose {
            place.connection = Some(Arc::new(self.connection(&place).await?));
        }
        Ok(place)
    }

    /// Up to so many more of the session's connections, as many as are free now: None where there is no such limit.
    pub fn more(&self, place: &Place, most: usize) -> Option<Vec<OwnedSemaphorePermit>> {
        let connections = &place.session.connections;
        let free = || (0..most).map_while(|_| connections.clone().try_acquire_owned().ok()).collect();
        (!place.session.loose).then(free)
    }

    pub(super) async fn connection(&self, place: &Place) -> Result<OwnedSemaphorePermit, CallError> {
        let connections = &place.session.connections;
        if let Ok(free) = connections.clone().try_acquire_owned() {
            return Ok(free);
        }
        // An open result must not keep a statement from running.
        let closed = self.lock().close_oldest(place.session.number);
        end_all(closed).await;
        let patience = place.database.acquire_timeout();
        if let Ok(Ok(free)) = tokio::time::timeout(patience, connections.clone().acquire_owned()).await {
            return Ok(free);
        }
        let most = self.config.max_connections;
        let what = format!("all {most} connections of this session are in use (server.sessions.max_connections)");
        Err(CallError::new(ErrorKind::Resources, what)
            .hint("wait for the answers of other calls, and end transactions that are done")
            .retryable()
            .of(place.database.id()))
    }
}
