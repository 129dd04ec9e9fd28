//! Plans: EXPLAIN (FORMAT JSON), and the text for people that is made from it, so that a measured statement runs once.
//!
//! It runs in a transaction that is rolled back, or, where one is open, behind a savepoint.

use super::traces::Traces;
use super::{Fault, Session, plan, refuse};
use crate::protocol::{Message, TransactionStatus, frontend};
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, ExplainOptions, Parameter, Plan};

const SAVEPOINT: &str = "bulkhead_explain";

impl<W: Wire> Session<W> {
    /// The plan of a statement.
    ///
    /// # Errors
    /// The server's: its position is that in the statement.
    pub fn explain(&mut self, sql: &str, params: &[Parameter], options: &ExplainOptions) -> Result<Plan, Error> {
        refuse::check(sql)?;
        let read_only = options.read_only || self.read_only;
        let prefix = if options.analyze { "EXPLAIN (FORMAT JSON, ANALYZE, BUFFERS) " } else { "EXPLAIN (FORMAT JSON) " };
        let json = self.call(|session| {
            session.traces = Traces::Any;
            let declared = session.declared(params)?;
            session.explained(&format!("{prefix}{sql}"), params, &declared, read_only)
        });
        let json = json.map_err(|mut error| {
            let before = u32::try_from(prefix.len()).unwrap_or(0);
            error.position = error.position.map(|position| position.saturating_sub(before).max(1));
            error
        })?;
        Ok(Plan { text: plan::render(&json), json: Some(json) })
    }

    fn explained(&mut self, sql: &str, params: &[Parameter], declared: &[u32], read_only: bool) -> Result<String, Fault> {
        let own = self.status == TransactionStatus::Idle;
        let mut commands = 1;
        if own {
            self.wrapped = true;
            frontend::command(self.link.out(), if read_only { "BEGIN READ ONLY" } else { "BEGIN" });
        } else {
            frontend::command(self.link.out(), &format!("SAVEPOINT {SAVEPOINT}"));
            if read_only {
                // Until the savepoint is rolled back.
                frontend::command(self.link.out(), "SET TRANSACTION READ ONLY");
                commands += 1;
            }
        }
        let json = self.plan_json(sql, params, declared, commands);
        if own {
            let json = json?;
            frontend::command(self.link.out(), "ROLLBACK");
            self.link.sync();
            self.drain()?;
            self.wrapped = false;
            return Ok(json);
        }
        self.link.sync_if_open();
        let drained = self.drain();
        // Whether it failed or not, the caller's transaction goes on as if nothing had been.
        if self.status != TransactionStatus::Idle {
            self.simple(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}"))?;
        }
        let json = json?;
        drained.map(|()| json)
    }

    fn plan_json(&mut self, sql: &str, params: &[Parameter], declared: &[u32], commands: u32) -> Result<String, Fault> {
        let out = self.link.out();
        frontend::parse(out, "", sql, declared);
        frontend::describe_statement(out, "");
        frontend::flush(out);
        self.skip_commands(commands)?;
        let mut types = Vec::new();
        loop {
            match self.next()? {
                Message::ParseComplete => {}
                Message::ParameterDescription(described) => types = described,
                Message::RowDescription(_) => break,
                Message::Error(fields) => return Err(Fault::Server(fields)),
                _ => return Err(Self::unexpected()),
            }
        }
        let values = self.values(params, &types)?;
        let out = self.link.out();
        frontend::bind(out, "", &values, &[]);
        frontend::execute(out, 0);
        frontend::flush(out);
        let row = self.text_rows()?.into_iter().flatten().flatten().next();
        row.ok_or_else(|| Error::new(ErrorKind::Protocol, "the server gave no plan").into())
    }
}
