//! Runs a batch: statement after statement, with what steers between them.

use std::time::Duration;

use super::session::{Session, Variable};
use crate::error::SqlError;
use crate::sql::ast::{Expr, Placed, Statement};
use crate::sql::statements;
use crate::time::{Stamp, TICKS_A_SECOND};
use crate::types::{Kind, Type};
use rusqlite::types::Value;

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
    Return(i32),
}

/// Statements that one WHILE may run: a loop without end is stopped by an attention, this stops it when none comes.
const MOST_ROUNDS: u32 = 10_000_000;

/// How often a statement is begun again.
const MOST_ATTEMPTS: u32 = 20;

impl Session {
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), SqlError> {
        let list = statements::batch(text)?;
        if self.options.showplan && !matches!(list.first().map(|placed| &placed.statement), Some(Statement::Set(_))) {
            return self.showplan(text, &list);
        }
        self.run(&list).map(drop)
    }

    /// A list of statements. What fails is reported here, unless a CATCH waits for it or it ends the batch.
    pub(crate) fn run(&mut self, list: &[Placed]) -> Result<Flow, SqlError> {
        for placed in list {
            self.cancel.check()?;
            match self.persistent(placed, list.len() == 1) {
                Ok(Flow::Next) => {}
                Ok(flow) => return Ok(flow),
                Err(error) => self.failed(error, placed.line)?,
            }
        }
        Ok(Flow::Next)
    }

    /// A statement; again where another session wrote since this transaction first read, and it wrote nothing: READ COMMITTED has no
    /// snapshot that could be too old.
    fn persistent(&mut self, placed: &Placed, alone: bool) -> Result<Flow, SqlError> {
        for _ in 0..MOST_ATTEMPTS {
            match self.statement(placed, alone) {
                Err(error) if error.number == 1205 && self.transactions > 0 && self.only_read() => {
                    self.cancel.check()?;
                    self.conn.execute_batch("ROLLBACK; BEGIN")?;
                }
                other => return other,
            }
        }
        self.statement(placed, alone)
    }

    fn only_read(&self) -> bool {
        let state = self.conn.transaction_state(None::<&str>);
        matches!(state, Ok(rusqlite::TransactionState::None | rusqlite::TransactionState::Read))
    }

    fn failed(&mut self, mut error: SqlError, line: i32) -> Result<(), SqlError> {
        if error.line == 0 {
            error.line = line;
        }
        if error.procedure.is_empty()
            && let Some(procedure) = self.procedures.last()
        {
            error.procedure.clone_from(procedure);
        }
        if error.is_cancelled() || error.is_gone() || self.tries > 0 {
            return Err(error);
        }
        let lost = self.options.abort_transaction || error.number == 1205;
        if lost && self.transactions > 0 {
            self.roll_back_all()?;
        }
        if lost || self.thrown || error.ends_batch() {
            return Err(error);
        }
        self.fail(&error)
    }

    fn statement(&mut self, placed: &Placed, alone: bool) -> Result<Flow, SqlError> {
        match &placed.statement {
            Statement::If { condition, then, otherwise } => {
                if self.holds(condition)? {
                    return self.run(std::slice::from_ref(then));
                }
                match otherwise {
                    Some(otherwise) => self.run(std::slice::from_ref(otherwise)),
                    None => Ok(Flow::Next),
                }
            }
            Statement::While { condition, body } => {
                for _ in 0..MOST_ROUNDS {
                    self.cancel.check()?;
                    if !self.holds(condition)? {
                        return Ok(Flow::Next);
                    }
                    match self.run(std::slice::from_ref(body))? {
                        Flow::Break => return Ok(Flow::Next),
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                Err(SqlError::lacks("patience for so long a WHILE"))
            }
            Statement::Block(list) => self.run(list),
            Statement::Try { body, handler } => self.try_catch(body, handler),
            Statement::Break => Ok(Flow::Break),
            Statement::Continue => Ok(Flow::Continue),
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => match self.value(value)?.0 {
                        Value::Integer(number) => i32::try_from(number).unwrap_or(0),
                        _ => 0,
                    },
                    None => 0,
                };
                Ok(Flow::Return(value))
            }
            other => {
                self.simple(other, alone)?;
                self.last_error = 0;
                Ok(Flow::Next)
            }
        }
    }

    fn try_catch(&mut self, body: &[Placed], handler: &[Placed]) -> Result<Flow, SqlError> {
        self.tries += 1;
        let outcome = self.run(body);
        self.tries -= 1;
        match outcome {
            Err(error) if !error.is_cancelled() && !error.is_gone() && error.class < 20 => {
                self.last_error = error.number;
                self.thrown = false;
                self.caught.push(error);
                let outcome = self.run(handler);
                self.caught.pop();
                outcome
            }
            other => other,
        }
    }

    fn simple(&mut self, statement: &Statement, alone: bool) -> Result<(), SqlError> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert { table, columns, source, output } => self.insert(table, columns, source, output),
            Statement::Update { table, set, from, filter, output, top } => {
                self.update(table, set, from, filter.as_ref(), output, top.as_ref())
            }
            Statement::Delete { table, from, filter, output, top } => {
                self.delete(table, from, filter.as_ref(), output, top.as_ref())
            }
            Statement::Truncate(table) => self.truncate(table),
            Statement::CreateTable { name, columns, constraints } => self.create_table(name, columns, constraints),
            Statement::DeclareTable { name, columns, constraints } => {
                self.create_table(&crate::sql::ast::Name(vec![name.clone()]), columns, constraints)
            }
            Statement::AlterTable { name, change } => self.alter_table(name, change),
            Statement::CreateIndex { name, table, columns, include, filter, filter_tree, unique, clustered } => self
                .create_index((name, table), columns, include, (filter.as_deref(), filter_tree.as_ref()), (*unique, *clustered)),
            Statement::CreateModule { kind, replace, name, parameters, returns, body, text } => {
                if !alone {
                    return Err(SqlError::new(111, 15, format!("'CREATE {kind}' must be the first statement in a query batch.")));
                }
                self.create_module(kind, *replace, name, parameters, returns.as_ref(), body, text)
            }
            Statement::CreateSchema(name) => self.create_schema(name),
            Statement::CreateLogin { name, password } => {
                let database = self.database.clone();
                self.server.create_login(name, password, &database)
            }
            Statement::CreateDatabase(name) => self.server.create_database(name),
            Statement::Drop { kind, names, if_exists, on } => self.drop_objects(kind, names, *if_exists, on.as_ref()),
            Statement::Declare(declarations) => {
                for declaration in declarations {
                    let variable = Variable { kind: declaration.kind, value: Value::Null };
                    if self.variables.insert(declaration.name.clone(), variable).is_some() {
                        let message = format!(
                            "The variable name '{}' has already been declared. Variable names must be unique within a query batch or stored procedure.",
                            declaration.name
                        );
                        return Err(SqlError::new(134, 15, message));
                    }
                    if let Some(value) = &declaration.value {
                        let (value, kind) = self.value(value)?;
                        self.assign(&declaration.name, value, &kind)?;
                    }
                }
                Ok(())
            }
            Statement::Assign { variable, operator, value } => {
                let value = match operator {
                    Some(operator) => Expr::Binary(operator, Box::new(Expr::Variable(variable.clone())), Box::new(value.clone())),
                    None => value.clone(),
                };
                let (value, kind) = self.value(&value)?;
                self.assign(variable, value, &kind)
            }
            Statement::Set(words) => self.set_option(words, alone),
            Statement::Use(database) => self.use_database(database),
            Statement::Print(value) => self.print(value),
            Statement::RaiseError { arguments, log } => self.raise(arguments, *log),
            Statement::Throw(arguments) => self.throw(arguments),
            Statement::WaitFor { delay } => self.wait(delay),
            Statement::Execute { result, procedure, arguments } => self.execute(result.as_deref(), procedure, arguments),
            Statement::ExecuteText(text) => {
                let text = self.text(text)?;
                self.execute_text(&text)
            }
            Statement::Begin => self.begin(),
            Statement::Commit => self.commit(),
            Statement::Rollback(name) => self.roll_back(name.as_deref()),
            Statement::Save(name) => self.save(name),
            _ => Ok(()),
        }
    }

    /// WAITFOR DELAY '00:00:05'
    fn wait(&mut self, delay: &Expr) -> Result<(), SqlError> {
        let text = self.text(delay)?;
        let stamp = Stamp::parse(&text)
            .ok_or_else(|| SqlError::new(148, 15, format!("Incorrect time syntax in time string '{text}' used with WAITFOR.")))?;
        let nanos =
            u64::try_from(stamp.ticks).unwrap_or(0).saturating_mul(1_000_000_000 / u64::try_from(TICKS_A_SECOND).unwrap_or(1));
        self.cancel.sleep(Duration::from_nanos(nanos))
    }

    /// A condition's outcome: NULL doesn't hold.
    pub(crate) fn holds(&mut self, condition: &Expr) -> Result<bool, SqlError> {
        Ok(matches!(self.value(condition)?.0, Value::Integer(number) if number != 0))
    }

    /// An expression's value and type.
    pub(crate) fn value(&mut self, value: &Expr) -> Result<(Value, Type), SqlError> {
        let emitted = self.compile(|compiler| compiler.expr(value, &crate::sql::scope::Scope::default()))?;
        let found = self.first_value(&format!("SELECT {}", emitted.sql))?;
        Ok((found, emitted.kind))
    }

    /// An expression's value in words.
    pub(crate) fn text(&mut self, value: &Expr) -> Result<String, SqlError> {
        let (value, kind) = self.value(value)?;
        let to = Type::of(Kind::NVarChar);
        Ok(crate::convert::spell(value, &kind, &to, 0))
    }

    pub(crate) fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        let user = self.server.user(&self.login);
        let found = self.server.databases().into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let Some(found) = found else {
            let message = format!("Database '{name}' does not exist. Make sure that the name is entered correctly.");
            return Err(SqlError::new(911, 16, message));
        };
        if user.is_some_and(|user| user.closed.iter().any(|closed| closed.eq_ignore_ascii_case(name))) {
            let message = format!(
                "The server principal \"{}\" is not able to access the database \"{found}\" under the current security context.",
                self.login
            );
            return Err(SqlError::new(916, 14, message).state(2));
        }
        let old = std::mem::replace(&mut self.database, found.clone());
        self.reply.changed_text(1, &found, &old)?;
        self.inform(5701, 2, &format!("Changed database context to '{found}'."))
    }
}
