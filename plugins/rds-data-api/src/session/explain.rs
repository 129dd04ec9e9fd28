//! Plans.

use super::Session;
use crate::engine::Engine;
use crate::params::bind;
use crate::service::Service;
use crate::statement::Statement;
use crate::values::Rows;
use bulkhead_driver::{Error, ErrorKind, ExplainOptions, Parameter, Plan};

impl<S: Service> Session<S> {
    /// The plan of a statement. With `analyze` it runs, in a transaction that is rolled back.
    ///
    /// # Errors
    /// As for [`Session::query`].
    pub fn explain(&mut self, text: &str, params: &[Parameter], options: &ExplainOptions) -> Result<Plan, Error> {
        self.leave()?;
        let statement = Statement::parse(self.engine, text)?;
        let bound = bind(&statement, params)?;
        self.allow(&statement, options.read_only)?;
        if options.analyze && self.transaction.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "explain with analyze can't run in an open transaction: it is rolled back",
            ));
        }
        if options.analyze || (options.read_only && self.transaction.is_none()) {
            self.start(options.read_only, true)?;
        }
        let restricted = match &self.transaction {
            Some(open) if open.own && options.read_only => self.restrict(options.timeout_ms),
            _ => Ok(()),
        };
        let plan = restricted.and_then(|()| self.plan(&bound, options.analyze, &statement));
        let finished = self.finish_own();
        let plan = plan?;
        finished?;
        Ok(plan)
    }

    fn plan(&mut self, bound: &crate::params::Bound, analyze: bool, statement: &Statement) -> Result<Plan, Error> {
        let engine = self.engine;
        let mut run = |how: &str| -> Result<String, Error> {
            let repeat = if analyze { super::Repeat::IfNotRun } else { self.repeat(statement) };
            let executed = self.execute(&format!("EXPLAIN {how}{}", bound.sql), &bound.parameters, repeat)?;
            let rows = Rows::of(engine, executed).map(Rows::into_texts).unwrap_or_default();
            let lines: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
            Ok(lines.join("\n"))
        };
        Ok(match (engine, analyze) {
            (Engine::PostgreSql, true) => Plan { text: run("(ANALYZE, VERBOSE, BUFFERS) ")?, json: None },
            (Engine::PostgreSql, false) => {
                let text = run("(VERBOSE) ")?;
                Plan { text, json: Some(run("(VERBOSE, FORMAT JSON) ")?) }
            }
            (Engine::MySql, true) => Plan { text: run("ANALYZE ")?, json: None },
            (Engine::MySql, false) => {
                let json = run("FORMAT=JSON ")?;
                Plan { text: json.clone(), json: Some(json) }
            }
        })
    }
}
