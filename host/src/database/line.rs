//! The way to a connection: past the breaker, out of the pool. What becomes of it is told to the breaker here, and nowhere else.

use std::sync::Arc;

use tokio::time::Instant;

use super::breaker::Breaker;
use super::{Database, probe};
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::metrics::{self, Live, Measured, Standing};
use crate::pool::{Lease, NoLease, Pool};
use crate::state::Access;

/// What leads to a database's connections.
pub(crate) struct Line {
    pub(super) id: Arc<str>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) pool: Pool,
    pub(super) access: Arc<Access>,
    pub(super) measured: Arc<Measured>,
}

impl Line {
    /// A connection, if the breaker lets it be tried: `pressing` before its time.
    pub(super) async fn lease(self: &Arc<Self>, pressing: bool) -> Result<Lease, CallError> {
        metrics::concerns(&self.measured);
        // With another secret the login may well be another one's: that isn't waited for.
        let pressing = pressing || (self.breaker.waits_for_login() && self.access.secret_replaced());
        let pass = self.breaker.enter(&self.id, pressing, Instant::now())?;
        match self.pool.get().await {
            Ok(lease) => {
                if pass.is_trial() || lease.is_new() {
                    self.breaker.answered();
                }
                Ok(lease)
            }
            Err(NoLease::NotConnected(why)) => {
                if !why.is_cancelled() && self.breaker.refused(&why, self.pool.status().open, Instant::now()) {
                    self.pool.close_idle();
                    self.opened(&why);
                }
                Err(why.of(&self.id))
            }
            Err(NoLease::Busy(why) | NoLease::Closed(why)) => Err(why.of(&self.id)),
        }
    }
}

impl Line {
    /// The breaker has opened. What a caller connected to is tried again when the caller comes again, and by nobody else: looked after
    /// together with what is configured on the same server, a heap of it would stand in the way of that one's return.
    fn opened(self: &Arc<Self>, why: &CallError) {
        if self.access.endpoints.are_a_callers() {
            tracing::debug!(database = %self.id, %why, "a caller's database is down");
            return;
        }
        tracing::warn!(database = %self.id, %why, "the database is down: calls fail at once until a connection can be had");
        probe::watch(self);
    }
}

impl Live for Line {
    fn measured(&self) -> &Measured {
        &self.measured
    }

    fn standing(&self) -> Standing {
        let pool = self.pool.status();
        Standing { pool, state: self.breaker.health(pool.open, Instant::now()).state }
    }
}

impl Database {
    /// A connection of the pool.
    pub(super) async fn lease(&self) -> Result<Lease, CallError> {
        self.line.lease(false).await
    }

    /// What a call's end says of its connection. What a statement did wrong says that the server answers.
    pub(super) fn heard<T>(&self, outcome: &Result<T, CallError>) {
        let kind = match outcome {
            Ok(_) => None,
            Err(why) => Some((why.record().kind, why)),
        };
        match kind {
            Some((ErrorKind::Connection | ErrorKind::Authentication | ErrorKind::Protocol | ErrorKind::Internal, why)) => {
                self.line.breaker.lost(why);
            }
            // These may be of our own making: they say nothing of the server.
            Some((ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::Resources, _)) => {}
            _ => self.line.breaker.answered(),
        }
    }
}
