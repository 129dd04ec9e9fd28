//! Procedures that the client calls by RPC: their results, return codes and output parameters.

use rusqlite::types::ValueRef;

use super::modules::Given;
use super::session::Session;
use crate::error::SqlError;
use crate::sql::ast::Name;
use crate::sql::parser::Parser;
use crate::tds::reply::Done;
use crate::tds::request::Call;

/// DONE's code of a procedure.
const EXECUTE: u16 = 0xE0;

impl Session {
    pub(crate) fn remote(&mut self, calls: Vec<Call>) -> Result<(), SqlError> {
        for call in calls {
            self.variables.clear();
            self.one(call)?;
        }
        Ok(())
    }

    fn one(&mut self, call: Call) -> Result<(), SqlError> {
        let name = name(&call.name)?;
        let mut given: Vec<Given> = call
            .parameters
            .into_iter()
            .map(|parameter| Given {
                name: parameter.name,
                value: parameter.value,
                kind: parameter.kind,
                output: parameter.by_reference,
            })
            .collect();
        self.done = Done::InProcedure;
        let outcome = self.call(&name, &mut given);
        self.done = Done::Procedure;
        let open = self.transactions > 0;
        match outcome {
            Ok(status) => {
                self.reply.return_status(status)?;
                for (given, ordinal) in given.iter().zip(0..).filter(|(given, _)| given.output) {
                    self.reply.return_value(ordinal, &given.name, &given.kind, ValueRef::from(&given.value))?;
                }
                self.reply.statement_done(Done::Procedure, false, open, None, EXECUTE)
            }
            Err(error) => Err(error),
        }
    }
}

/// A procedure's name as the client spelled it.
fn name(text: &str) -> Result<Name, SqlError> {
    let mut parser = Parser::new(text)?;
    parser.name()
}
