//! Plans: SET SHOWPLAN_XML ON, which makes the session answer with plans in place of running anything, until it is set off again.

use super::reset::Traces;
use super::{Fault, Session, parameters, query};
use crate::protocol::packet::Kind;
use crate::protocol::request;
use crate::showplan;
use crate::tsql;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, ExplainOptions, Parameter, Plan};

const ON: &str = "SET SHOWPLAN_XML ON";
const OFF: &str = "SET SHOWPLAN_XML OFF";

impl<W: Wire> Session<W> {
    /// The plan of a statement.
    ///
    /// # Errors
    /// The server's; or if it is to be run and measured.
    pub fn explain(&mut self, sql: &str, params: &[Parameter], options: &ExplainOptions) -> Result<Plan, Error> {
        if options.analyze {
            let error = Error::new(ErrorKind::Unsupported, "this driver explains without running the statement");
            return Err(error.hint("ask for the plan without `analyze`"));
        }
        if sql.contains('\0') {
            return Err(Error::new(ErrorKind::Syntax, "the statement contains a zero byte"));
        }
        // With a batch that sets SHOWPLAN_XML off again the rest of it would run.
        if options.read_only || self.read_only {
            tsql::reads_only(sql).map_err(query::refused)?;
        }
        let given = parameters::given(params)?;
        let (declarations, _) = parameters::declared(&given);
        let declarations = declarations.replace(" OUTPUT", "");
        let text = if given.is_empty() { sql.to_owned() } else { format!("DECLARE {declarations};{sql}") };
        let documents = self.call(|session| {
            session.traces = Traces::Any;
            session.plain(ON)?;
            session.link.request(Kind::Batch, &request::batch(&text, session.transaction));
            let answer = session.text_rows();
            if let Err(Fault::Server(_)) = &answer {
                session.drain()?;
            }
            if !matches!(answer, Ok(_) | Err(Fault::Server(_))) {
                // Not to be used by anybody who wants answers.
                session.broken = true;
                return answer;
            }
            session.plain(OFF)?;
            answer
        })?;
        let documents: Vec<String> = documents.into_iter().flatten().flatten().flatten().collect();
        if documents.is_empty() {
            return Err(Error::new(ErrorKind::Protocol, "the server gave no plan"));
        }
        let text = documents.iter().map(|document| showplan::render(document)).collect::<Vec<_>>().join("\n");
        Ok(Plan { text, json: None })
    }

    /// Runs a batch of the driver's own.
    fn plain(&mut self, sql: &str) -> Result<(), Fault> {
        self.link.request(Kind::Batch, &request::batch(sql, self.transaction));
        self.drain()
    }
}
