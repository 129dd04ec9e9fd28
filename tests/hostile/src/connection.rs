//! A connection that behaves well but where its fault is to be let loose.

use std::cell::Cell;

use bulkhead_driver::{
    ConnectOptions, Description, Error, ExplainOptions, GuestConnection, Parameter, Plan, QueryOptions, Readiness, Reply, Target,
    TransactionOptions,
};

use crate::abuse::{error, strike};
use crate::fault::{At, Fault, Options};
use crate::{batches, cursor, healthy, memory, scram};

pub struct Connection {
    options: Options,
    /// Whether the server's proof of knowing the password was right, where one was asked.
    authenticated: Cell<bool>,
}

impl Connection {
    /// Strikes at once if that is the fault, and logs in by SCRAM if the memory is to be dumped afterwards.
    pub(crate) fn open(options: &ConnectOptions) -> Result<Self, Error> {
        let parsed: Options = serde_json::from_str(&options.options).map_err(|why| error(format!("options: {why}")))?;
        strike(&parsed, At::Connect)?;
        let connection = Self { options: parsed, authenticated: Cell::new(false) };
        if connection.options.fault == Some(Fault::DumpMemory) {
            scram::log_in(options.user.as_deref().unwrap_or_default())?;
            connection.authenticated.set(true);
        }
        Ok(connection)
    }
}

impl GuestConnection for Connection {
    fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply, Error> {
        let count = memory::count();
        if statement.contains("/* count */") {
            return Ok(healthy::text_reply("count", &count.to_string()));
        }
        if !statement.contains(&self.options.only) {
            return Ok(healthy::reply(&statement, &params, &options, &self.options));
        }
        if let Some(found) = strike(&self.options, At::Query)? {
            return Ok(healthy::text_reply("found", &found));
        }
        match self.options.fault_at(At::Query) {
            Some(Fault::RememberCallers) => Ok(healthy::text_reply("seen", &memory::remember(&statement))),
            Some(Fault::DumpMemory) => Ok(memory::dump_reply(self.authenticated.get())),
            Some(fault) => match cursor::lying_reply(fault, &self.options, &options) {
                Some(reply) => Ok(reply),
                None => match batches::lying_batch(fault, &options) {
                    Some((columns, batch)) => Ok(healthy::whole_reply(columns, Some(batch))),
                    None => Ok(healthy::reply(&statement, &params, &options, &self.options)),
                },
            },
            None => Ok(healthy::reply(&statement, &params, &options, &self.options)),
        }
    }

    fn describe(&self, target: Target) -> Result<Description, Error> {
        strike(&self.options, At::Describe)?;
        Ok(healthy::description(&target, self.options.fault_at(At::Describe)))
    }

    fn begin(&self, _options: TransactionOptions) -> Result<(), Error> {
        strike(&self.options, At::Begin).map(drop)
    }

    fn commit(&self) -> Result<(), Error> {
        strike(&self.options, At::Commit).map(drop)
    }

    fn rollback(&self) -> Result<(), Error> {
        strike(&self.options, At::Rollback).map(drop)
    }

    fn explain(&self, statement: String, _params: Vec<Parameter>, _options: ExplainOptions) -> Result<Plan, Error> {
        strike(&self.options, At::Explain)?;
        Ok(Plan { text: format!("imagined: {statement}"), json: None })
    }

    fn ping(&self) -> Result<Readiness, Error> {
        strike(&self.options, At::Ping).map(|_| Readiness::Ready)
    }

    fn reset(&self) -> Result<(), Error> {
        strike(&self.options, At::Reset).map(drop)
    }

    fn close(&self) -> Result<(), Error> {
        strike(&self.options, At::Close).map(drop)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = strike(&self.options, At::Drop);
    }
}
