//! Calls of procedures, by EXEC and by RPC: arguments, a scope of their own, what comes back.

use std::collections::HashMap;

use rusqlite::types::Value;

use super::batch::Flow;
use super::session::{Session, Variable};
use super::system::{find, handle, no_handle};
use crate::catalog::define;
use crate::convert::{Purpose, convert};
use crate::error::SqlError;
use crate::sql::ast::{Argument, Declaration, Expr, Name, Placed, Statement};
use crate::sql::parser::Parser;
use crate::sql::statements;
use crate::tds::reply::Done;
use crate::types::Type;

/// An argument: what was given, and after the call what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// With its `@`; empty: by its place.
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) kind: Type,
    pub(crate) output: bool,
}

/// Procedures within procedures (error 217).
const DEEPEST: usize = 32;

impl Session {
    /// EXEC.
    pub(crate) fn execute(&mut self, result: Option<&str>, procedure: &Name, arguments: &[Argument]) -> Result<(), SqlError> {
        let mut given = Vec::new();
        for argument in arguments {
            let (value, kind) = self.value(&argument.value)?;
            given.push(Given { name: argument.name.clone().unwrap_or_default(), value, kind, output: argument.output });
        }
        let (before, outermost) = (self.done, self.procedures.is_empty());
        self.done = Done::InProcedure;
        let outcome = self.call(procedure, &mut given);
        self.done = before;
        let status = outcome?;
        for (argument, given) in arguments.iter().zip(&given).filter(|(argument, _)| argument.output) {
            if let Expr::Variable(name) = &argument.value {
                self.assign(name, given.value.clone(), &given.kind)?;
            }
        }
        if let Some(result) = result {
            self.assign(result, Value::Integer(i64::from(status)), &Type::of(crate::types::Kind::Int))?;
        }
        if outermost && self.done == Done::Statement {
            self.reply.return_status(status)?;
            let open = self.transactions > 0;
            self.reply.statement_done(Done::Procedure, false, open, None, 0xE0)?;
        }
        Ok(())
    }

    /// EXEC('…')
    pub(crate) fn execute_text(&mut self, text: &str) -> Result<(), SqlError> {
        let list = statements::batch(text)?;
        let outer = std::mem::take(&mut self.variables);
        let outcome = self.run(&list);
        self.variables = outer;
        outcome.map(drop)
    }

    /// Calls a procedure: its return code.
    pub(crate) fn call(&mut self, name: &Name, given: &mut [Given]) -> Result<i32, SqlError> {
        let system = name.last().to_lowercase();
        if system.starts_with("sp_")
            && let Some(status) = self.system_procedure(&system, given)?
        {
            return Ok(status);
        }
        let database = self.database.clone();
        let found = self.compile(|compiler| compiler.catalog.module(&database, name, "P"))?;
        let Some((_, text)) = found else {
            return Err(SqlError::new(2812, 16, format!("Could not find stored procedure '{}'.", name.text())).state(62));
        };
        let list = statements::batch(&text)?;
        let Some(Statement::CreateModule { parameters, body, .. }) = list.first().map(|placed| &placed.statement) else {
            return Err(SqlError::lacks("such procedures"));
        };
        if self.procedures.len() >= DEEPEST {
            return Err(SqlError::new(
                217,
                16,
                "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
            ));
        }
        self.procedures.push(name.last().to_owned());
        let outcome = self.scoped(parameters, given, body, Some(name.last()));
        self.procedures.pop();
        outcome
    }

    /// Statements with variables of their own, of which some come back.
    fn scoped(
        &mut self,
        parameters: &[Declaration],
        given: &mut [Given],
        body: &[Placed],
        procedure: Option<&str>,
    ) -> Result<i32, SqlError> {
        let outer = std::mem::take(&mut self.variables);
        let outcome = self.bound(parameters, given, procedure).and_then(|()| self.run(body));
        let inner = std::mem::replace(&mut self.variables, outer);
        let status = match outcome? {
            Flow::Return(status) => status,
            _ => 0,
        };
        give_back(parameters, given, &inner);
        Ok(status)
    }

    /// Declares parameters with what was given for them.
    fn bound(&mut self, parameters: &[Declaration], given: &[Given], procedure: Option<&str>) -> Result<(), SqlError> {
        let unknown = given.iter().enumerate().find(|(index, given)| match given.name.as_str() {
            "" => *index >= parameters.len(),
            name => !parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name)),
        });
        if let Some((_, unknown)) = unknown {
            let of = procedure.unwrap_or_default();
            return Err(match (procedure, unknown.name.as_str()) {
                (Some(_), "") => {
                    SqlError::new(8144, 16, format!("Procedure or function {of} has too many arguments specified.")).state(2)
                }
                (Some(_), name) => SqlError::new(8145, 16, format!("{name} is not a parameter for procedure {of}.")).state(2),
                (None, name) => SqlError::new(8145, 16, format!("{name} is not a parameter for the statement.")).state(2),
            });
        }
        for (index, parameter) in parameters.iter().enumerate() {
            let found = find(given, &parameter.name, index);
            let value = match (found, &parameter.value) {
                (Some(found), _) => convert(found.value.clone(), &found.kind, &parameter.kind, Purpose::Cast, 0)?,
                (None, Some(default)) => {
                    let (value, kind) = self.value(default)?;
                    convert(value, &kind, &parameter.kind, Purpose::Cast, 0)?
                }
                (None, None) => match procedure {
                    Some(of) => {
                        let message = format!(
                            "Procedure or function '{of}' expects parameter '{}', which was not supplied.",
                            parameter.name
                        );
                        return Err(SqlError::new(201, 16, message).state(4));
                    }
                    None => {
                        let message = format!(
                            "The parameterized query expects the parameter '{}', which was not supplied.",
                            parameter.name
                        );
                        return Err(SqlError::new(8178, 16, message));
                    }
                },
            };
            self.variables.insert(parameter.name.to_lowercase(), Variable { kind: parameter.kind, value });
        }
        Ok(())
    }

    /// `sp_executesql @stmt, @params, …`
    pub(crate) fn execute_sql(&mut self, given: &mut [Given]) -> Result<(), SqlError> {
        let (text, declared) = (plain(given.first()), plain(given.get(1)));
        let rest = given.get_mut(2..).unwrap_or_default();
        self.text_with(&text, &declared, rest)
    }

    fn text_with(&mut self, text: &str, declared: &str, given: &mut [Given]) -> Result<(), SqlError> {
        let parameters = declarations(declared)?;
        let list = statements::batch(text)?;
        self.scoped(&parameters, given, &list, None).map(drop)
    }

    /// `sp_prepare @handle OUTPUT, @params, @stmt`
    pub(crate) fn prepare(&mut self, given: &mut [Given]) -> Result<(), SqlError> {
        let (declared, text) = (plain(given.get(1)), plain(given.get(2)));
        // What can't be parsed can't be prepared.
        declarations(&declared)?;
        statements::batch(&text)?;
        let number = self.next_handle;
        self.next_handle += 1;
        self.prepared.insert(number, (declared, text));
        if let Some(first) = given.first_mut() {
            first.value = Value::Integer(i64::from(number));
            first.output = true;
        }
        Ok(())
    }

    /// `sp_execute @handle, …`
    pub(crate) fn execute_prepared(&mut self, given: &mut [Given]) -> Result<(), SqlError> {
        self.run_handle(given, 0, 1)
    }

    /// Runs a prepared statement: the handle's place, and where its arguments begin.
    pub(crate) fn run_handle(&mut self, given: &mut [Given], place: usize, from: usize) -> Result<(), SqlError> {
        let number = handle(given.get(place..).unwrap_or_default())?;
        let (declared, text) = self.prepared.get(&number).cloned().ok_or_else(|| no_handle(number))?;
        self.text_with(&text, &declared, given.get_mut(from..).unwrap_or_default())
    }

    /// CREATE VIEW, PROCEDURE, FUNCTION.
    #[allow(clippy::too_many_arguments, reason = "the parts of a definition")]
    pub(crate) fn create_module(
        &mut self,
        kind: &str,
        replace: bool,
        name: &Name,
        parameters: &[Declaration],
        returns: Option<&Type>,
        body: &[Placed],
        text: &str,
    ) -> Result<(), SqlError> {
        let database = self.compile(|compiler| compiler.catalog.database(&compiler.database, name))?;
        let code = match kind {
            "VIEW" => "V",
            "FUNCTION" => "FN",
            _ => "P",
        };
        let schema = self.compile(|compiler| compiler.catalog.schema(&database, name.schema().unwrap_or("dbo")))?;
        let columns = match body.first().map(|placed| &placed.statement) {
            Some(Statement::Query(query)) if kind == "VIEW" => self.compile(|compiler| compiler.query(query, None))?.columns,
            _ => Vec::new(),
        };
        let conn = std::rc::Rc::clone(&self.conn);
        self.atomically(|session| {
            if replace && let Some((id, _)) = session.compile(|compiler| compiler.catalog.module(&database, name, code))? {
                define::forget(&conn, &database, id)?;
            }
            let id = define::object(&conn, &database, schema, name.last(), code, 0, Some(text))?;
            for (column, number) in columns.iter().zip(1..) {
                define::column(
                    &conn,
                    &database,
                    &define::NewColumn {
                        table: id,
                        id: number,
                        name: &column.name,
                        kind: column.kind,
                        nullable: column.nullable,
                        identity: None,
                        computed: None,
                        default: None,
                    },
                )?;
            }
            if let Some(returns) = returns {
                define::parameter(&conn, &database, id, 0, "", returns, (true, false))?;
            }
            for (parameter, number) in parameters.iter().zip(1..) {
                let flags = (parameter.output, parameter.value.is_some());
                define::parameter(&conn, &database, id, number, &parameter.name, &parameter.kind, flags)?;
            }
            Ok(())
        })
    }
}

/// `@a int, @b nvarchar(10) OUTPUT`
fn declarations(text: &str) -> Result<Vec<Declaration>, SqlError> {
    let mut parser = Parser::new(text)?;
    let mut found = Vec::new();
    while let crate::sql::lexer::Token::Variable(name) = parser.peek().clone() {
        parser.next();
        parser.words("as");
        let kind = parser.data_type(1)?;
        let value = if parser.symbol("=") { Some(parser.expression()?) } else { None };
        let output = parser.words("output") || parser.words("out");
        found.push(Declaration { name: name.to_lowercase(), kind, value, output });
        if !parser.symbol(",") {
            break;
        }
    }
    match parser.peek() {
        crate::sql::lexer::Token::End => Ok(found),
        _ => Err(parser.wrong()),
    }
}

/// What an output parameter holds at the end.
fn give_back(parameters: &[Declaration], given: &mut [Given], inner: &HashMap<String, Variable>) {
    for (index, given) in given.iter_mut().enumerate().filter(|(_, given)| given.output) {
        let parameter = match given.name.as_str() {
            "" => parameters.get(index),
            name => parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)),
        };
        let last = parameter.filter(|parameter| parameter.output).and_then(|parameter| inner.get(&parameter.name.to_lowercase()));
        if let Some(last) = last {
            given.value = last.value.clone();
            given.kind = last.kind;
        }
    }
}

fn plain(given: Option<&Given>) -> String {
    match given.map(|given| &given.value) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}
