//! The plan of a statement.

use super::query::milliseconds;
use super::{Consent, Database, Held};
use crate::contract::{ExplainOptions, Parameter, Plan};
use crate::error::CallError;
use crate::policy::Subject;

/// What is to be explained.
#[derive(Debug, Clone)]
pub struct Explain {
    /// One SQL statement.
    pub sql: String,
    /// Its parameters.
    pub params: Vec<Parameter>,
    /// Run it, measure it, and roll back what it changed.
    pub analyze: bool,
    /// Refuse writes, even where the database allows them.
    pub read_only: bool,
    /// Whether a person agreed, where the database asks for that. Only what runs needs it.
    pub consent: Consent,
}

impl Database {
    /// The plan of a statement.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said.
    pub async fn explain(&self, given: Explain) -> Result<Plan, CallError> {
        let options = self.permit_explain(&given)?;
        let Explain { sql, params, .. } = given;
        self.run(None, move |connection| Box::pin(async move { connection.explain(&sql, &params, options).await })).await
    }

    fn permit_explain(&self, given: &Explain) -> Result<ExplainOptions, CallError> {
        let read_only = given.read_only || self.read_only();
        let consent = if given.analyze { given.consent } else { Consent::given() };
        self.decide(Subject::Statement(&given.sql), read_only, consent)?;
        Ok(ExplainOptions { analyze: given.analyze, read_only, timeout_ms: Some(milliseconds(self.statement_timeout())) })
    }
}

impl Held {
    /// The plan of a statement, as [`Database::explain`].
    ///
    /// # Errors
    /// As for [`Held::query`].
    pub async fn explain(&mut self, mut given: Explain) -> Result<Plan, CallError> {
        given.read_only |= self.read_only;
        let options = self.database.permit_explain(&given)?;
        let Explain { sql, params, .. } = given;
        self.work(None, move |connection| Box::pin(async move { connection.explain(&sql, &params, options).await })).await
    }
}
