//! What else a connection does: describing, transactions, plans, and its own upkeep.

use super::Connection;
use crate::contract::{Description, ErrorKind, ExplainOptions, Parameter, Plan, Readiness, Target, TransactionOptions};
use crate::error::CallError;

impl Connection {
    /// Describes the server or something on it.
    pub(crate) async fn describe(&mut self, target: &Target) -> Result<Description, CallError> {
        let description =
            self.enter("describe", async |store, guest, handle| guest.call_describe(store, handle, target).await).await?;
        let same = matches!(
            (target, &description),
            (Target::Server, Description::Server(_))
                | (Target::Catalogs, Description::Catalogs(_))
                | (Target::Schemas, Description::Schemas(_))
                | (Target::Tables(_), Description::Tables(_))
                | (Target::Table(_), Description::Table(_))
                | (Target::Routines(_), Description::Routines(_))
                | (Target::Search(_), Description::Search(_))
                | (Target::Statistics(_), Description::Statistics(_))
                | (Target::User, Description::User(_))
        );
        if same { Ok(description) } else { Err(self.liar("describe answered something else than was asked for")) }
    }

    /// Begins a transaction.
    pub(crate) async fn start(&mut self, options: TransactionOptions) -> Result<(), CallError> {
        self.enter("begin", async |store, guest, handle| guest.call_begin(store, handle, options).await).await
    }

    /// Commits it.
    pub(crate) async fn commit(&mut self) -> Result<(), CallError> {
        self.enter("commit", async |store, guest, handle| guest.call_commit(store, handle).await).await
    }

    /// Takes it back.
    pub(crate) async fn rollback(&mut self) -> Result<(), CallError> {
        self.enter("rollback", async |store, guest, handle| guest.call_rollback(store, handle).await).await
    }

    /// The plan of a statement.
    pub(crate) async fn explain(
        &mut self,
        statement: &str,
        params: &[Parameter],
        options: ExplainOptions,
    ) -> Result<Plan, CallError> {
        self.enter("explain", async |store, guest, handle| guest.call_explain(store, handle, statement, params, options).await)
            .await
    }

    /// One round trip.
    pub(crate) async fn ping(&mut self) -> Result<Readiness, CallError> {
        let clean = self.clean;
        let answer = self.enter("ping", async |store, guest, handle| guest.call_ping(store, handle).await).await;
        self.clean = clean;
        answer
    }

    /// Back to a clean session. What can't be cleaned is dead.
    pub(crate) async fn reset(&mut self) -> Result<(), CallError> {
        if self.clean {
            return Ok(());
        }
        let answer = self.enter("reset", async |store, guest, handle| guest.call_reset(store, handle).await).await;
        self.clean = answer.is_ok();
        if answer.is_err() {
            self.condemn();
        }
        answer
    }

    /// Says goodbye to the server.
    pub(crate) async fn close(mut self) {
        if let Err(why) = self.enter("close", async |store, guest, handle| guest.call_close(store, handle).await).await
            && why.record().kind != ErrorKind::Connection
        {
            tracing::debug!(%why, "a connection didn't close cleanly");
        }
    }
}
