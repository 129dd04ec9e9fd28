//! A session: what it has declared, prepared, begun; and how it is made clean for its next user.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::options::Options;
use crate::catalog::{Catalog, live};
use crate::convert::{Purpose, convert};
use crate::error::SqlError;
use crate::functions::{self, Facts};
use crate::server::{Cancel, Server, held};
use crate::sql::builtin::text_fact;
use crate::sql::compile::Compiler;
use crate::sql::scope::Emitted;
use crate::tds::reply::{Done, Reply};
use crate::tds::request::Request;
use crate::time::Stamp;
use crate::types::{Kind, Type};

/// A variable or parameter.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) kind: Type,
    pub(crate) value: Value,
}

pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) conn: Rc<Connection>,
    pub(crate) attached: usize,
    pub(crate) reply: Reply,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) id: u16,
    pub(crate) login: String,
    /// Where it began.
    pub(crate) home: String,
    pub(crate) database: String,
    pub(crate) options: Options,
    pub(crate) variables: HashMap<String, Variable>,
    /// By handle: parameters' declarations and text.
    pub(crate) prepared: HashMap<i32, (String, String)>,
    pub(crate) next_handle: i32,
    /// @@TRANCOUNT
    pub(crate) transactions: i64,
    /// The number that the client knows the transaction by.
    pub(crate) descriptor: u64,
    pub(crate) row_count: i64,
    pub(crate) identity: Option<i64>,
    pub(crate) last_error: i32,
    /// What a CATCH block sees.
    pub(crate) caught: Vec<SqlError>,
    pub(crate) tries: u32,
    /// The procedures that run, the innermost last.
    pub(crate) procedures: Vec<String>,
    /// What ends a statement here.
    pub(crate) done: Done,
    pub(crate) facts: Facts,
    pub(crate) identity_insert: Option<String>,
    pub(crate) locks: Vec<String>,
    /// THROW ends the batch, whatever its number.
    pub(crate) thrown: bool,
}

impl Session {
    pub(crate) fn new(
        server: Arc<Server>,
        reply: Reply,
        cancel: Arc<Cancel>,
        login: String,
        home: String,
    ) -> Result<Session, SqlError> {
        let conn = server.connect()?;
        let facts = Facts::default();
        functions::register(&conn, &facts)?;
        let mut session = Session {
            id: reply.session,
            server,
            conn: Rc::new(conn),
            attached: 0,
            reply,
            cancel,
            login,
            database: home.clone(),
            home,
            options: Options::default(),
            variables: HashMap::new(),
            prepared: HashMap::new(),
            next_handle: 1,
            transactions: 0,
            descriptor: 0,
            row_count: 0,
            identity: None,
            last_error: 0,
            caught: Vec::new(),
            tries: 0,
            procedures: Vec::new(),
            done: Done::Statement,
            facts,
            identity_insert: None,
            locks: Vec::new(),
            thrown: false,
        };
        session.know_databases()?;
        session.register_counters()?;
        session.server_facts();
        Ok(session)
    }

    /// The loop of its thread: each request answered, until nobody asks any more.
    pub(crate) fn serve(&mut self, requests: &std::sync::mpsc::Receiver<(Request, bool, bool)>) {
        while let Ok((request, reset, keep)) = requests.recv() {
            let outcome = self.request(request, reset || keep, keep);
            if let Err(error) = outcome
                && !error.is_cancelled()
            {
                break;
            }
        }
        if self.transactions > 0 {
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.release_locks();
        self.server.leave(self.id);
    }

    fn request(&mut self, request: Request, reset: bool, keep_transaction: bool) -> Result<(), SqlError> {
        if let Request::Attention = request {
            self.cancel.clear();
            self.server.update(self.id, |session| session.attentions += 1);
            return self.reply.finish_attention();
        }
        if reset {
            self.reset(keep_transaction)?;
        }
        self.know_databases()?;
        let text = match &request {
            Request::Batch(text) => text.clone(),
            Request::Procedures(calls) => calls.iter().map(|call| call.text()).collect::<Vec<_>>().join("; "),
            other => format!("{other:?}"),
        };
        self.server.update(self.id, |session| {
            session.text = Some(text);
            session.started = Stamp::now();
        });
        self.cancel.watch(&self.conn);
        let outcome = self.cancel.check().and_then(|()| self.answer(request));
        self.cancel.unwatch();
        let (database, transactions, isolation) = (self.database.clone(), self.transactions, self.options.isolation);
        self.server.update(self.id, |session| {
            session.text = None;
            session.database = database;
            session.open_transactions = transactions;
            session.isolation = isolation;
        });
        let fatal = match outcome {
            Ok(()) => false,
            Err(error) if error.is_gone() => return Err(error),
            // The interrupted message ends here; what acknowledges the attention is a message of its own, as clients expect.
            Err(error) if error.is_cancelled() => {
                let open = self.transactions > 0;
                self.reply.statement_done(Done::Statement, true, open, None, 0)?;
                self.reply.finish()?;
                return Err(error);
            }
            Err(error) => {
                self.fail(&error)?;
                error.class >= 20
            }
        };
        if !self.reply.is_done() {
            let open = self.transactions > 0;
            self.reply.statement_done(self.done, false, open, None, 0)?;
        }
        self.reply.finish()?;
        if fatal { Err(SqlError::gone()) } else { Ok(()) }
    }

    /// Databases that others made meanwhile. DB_ID and its like read the list.
    fn know_databases(&mut self) -> Result<(), SqlError> {
        let before = self.attached;
        self.server.attach(&self.conn, &mut self.attached)?;
        if self.attached > before { live::fill(&self.conn, &self.server, &self.database, "sys.databases") } else { Ok(()) }
    }

    /// ERROR, and a DONE that says so.
    pub(crate) fn fail(&mut self, error: &SqlError) -> Result<(), SqlError> {
        self.last_error = error.number;
        self.reply.message(error)?;
        let open = self.transactions > 0;
        self.reply.statement_done(self.done, true, open, None, 0)
    }

    fn answer(&mut self, request: Request) -> Result<(), SqlError> {
        self.done = Done::Statement;
        self.procedures.clear();
        self.tries = 0;
        self.thrown = false;
        match request {
            Request::Batch(text) => {
                self.variables.clear();
                self.batch(&text)
            }
            Request::Procedures(calls) => self.remote(calls),
            Request::Begin { isolation } => self.client_begins(isolation),
            Request::Commit { then_begin } => self.client_commits(then_begin),
            Request::Rollback { name, then_begin } => self.client_rolls_back(&name, then_begin),
            Request::Save { name } => self.save(&name),
            Request::Damaged(error) => Err(error),
            Request::Attention => Ok(()),
        }
    }

    /// RESETCONNECTION: as if it had just logged in.
    pub(crate) fn reset(&mut self, keep_transaction: bool) -> Result<(), SqlError> {
        if !keep_transaction && self.transactions > 0 {
            self.roll_back_all()?;
        }
        self.drop_temporary()?;
        self.variables.clear();
        self.prepared.clear();
        self.options = Options::default();
        self.identity = None;
        self.identity_insert = None;
        self.row_count = 0;
        self.last_error = 0;
        self.release_locks();
        held(&self.facts).retain(|key, _| !key.starts_with("context."));
        self.database = self.home.clone();
        self.server.update(self.id, |session| session.resets += 1);
        self.reply.changed_bytes(18, &[], &[])
    }

    fn drop_temporary(&mut self) -> Result<(), SqlError> {
        let mut statement = self.conn.prepare("SELECT object_id, name FROM temp._objects WHERE type = 'U'")?;
        let tables: Vec<(i64, String)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        drop(statement);
        for (id, name) in tables {
            self.conn.execute_batch(&format!("DROP TABLE temp.{}", crate::sql::scope::quote(&format!("dbo.{name}"))))?;
            crate::catalog::define::forget(&self.conn, crate::catalog::TEMP, id)?;
        }
        Ok(())
    }

    /// Runs something with a compiler that sees this session.
    pub(crate) fn compile<T>(&self, run: impl FnOnce(&mut Compiler<'_>) -> Result<T, SqlError>) -> Result<T, SqlError> {
        let databases = self.server.databases();
        let fill = |name: &str| live::fill(&self.conn, &self.server, &self.database, name);
        let catalog = Catalog { conn: &self.conn, live: &fill, databases: &databases };
        let kinds: HashMap<String, Type> = self.variables.iter().map(|(name, variable)| (name.clone(), variable.kind)).collect();
        let facts = |name: &str, database: &str| self.fact(name, database);
        let mut compiler = Compiler {
            catalog: &catalog,
            database: self.database.clone(),
            variables: &kinds,
            facts: &facts,
            with: Vec::new(),
            aliases: 0,
            depth: 0,
        };
        run(&mut compiler)
    }

    /// `@@name` and `name()`.
    fn fact(&self, name: &str, database: &str) -> Option<Emitted> {
        let int = |number: i64| Emitted::new(number.to_string(), Type::of(Kind::Int)).not_null();
        let moment = |kind: Type| {
            let text = Stamp::now().rounded(&kind).map(|stamp| stamp.text(&kind)).unwrap_or_default();
            Emitted::new(format!("'{text}'"), kind).not_null()
        };
        let caught = self.caught.last();
        let null = || Emitted::new("NULL", Type::of(Kind::Int));
        Some(match name {
            "@@version" => text_fact(super::system::VERSION),
            "@@spid" => Emitted::new(self.id.to_string(), Type::of(Kind::SmallInt)).not_null(),
            "@@servername" => text_fact(super::system::NAME),
            "@@servicename" => text_fact("MSSQLSERVER"),
            "@@language" => text_fact(&self.options.language),
            "@@trancount" => int(self.transactions),
            "@@rowcount" => int(self.row_count),
            "rowcount_big()" => Emitted::new(self.row_count.to_string(), Type::of(Kind::BigInt)),
            "@@error" => int(i64::from(self.last_error)),
            "@@options" => int(5496),
            "@@max_precision" => Emitted::new("38", Type::of(Kind::TinyInt)),
            "@@textsize" => int(-1),
            "@@lock_timeout" => int(self.options.lock_timeout),
            "@@datefirst" => Emitted::new("7", Type::of(Kind::TinyInt)),
            "@@nestlevel" => int(i64::try_from(self.procedures.len()).unwrap_or(0)),
            "@@procid" => int(0),
            "@@microsoftversion" => int(0x1000_03E8),
            "@@dbts" => Emitted::new("x'00000000000007D0'", Type::of(Kind::RowVersion)),
            "@@identity" | "scope_identity()" => match self.identity {
                Some(number) => Emitted::new(format!("'{number}'"), Type::decimal(38, 0)),
                None => Emitted::new("NULL", Type::decimal(38, 0)),
            },
            "getdate()" | "current_timestamp" | "current_timestamp()" | "getutcdate()" => moment(Type::of(Kind::DateTime)),
            "sysdatetime()" | "sysutcdatetime()" => moment(Type::of(Kind::DateTime2)),
            "sysdatetimeoffset()" => moment(Type::of(Kind::DateTimeOffset)),
            "newid()" | "newsequentialid()" => Emitted::new("tds_newid()", Type::of(Kind::Guid)).not_null(),
            "rand()" => Emitted::new("abs(random() / 9223372036854775808.0)", Type::of(Kind::Float)).not_null(),
            "db_name()" | "original_db_name()" => text_fact(database),
            "db_id()" => {
                let position = self.server.databases().iter().position(|known| known == database)?;
                Emitted::new((position + 1).to_string(), Type::of(Kind::SmallInt))
            }
            "suser_sname()" | "suser_name()" | "original_login()" | "system_user()" => text_fact(&self.login),
            "user_name()" | "current_user()" | "session_user()" | "user()" => text_fact("dbo"),
            "app_name()" => text_fact(&self.of_session(|session| session.application.clone())),
            "host_name()" => text_fact(&self.of_session(|session| session.host_name.clone())),
            "xact_state()" => Emitted::new(i64::from(self.transactions > 0).to_string(), Type::of(Kind::SmallInt)),
            "pi()" => Emitted::new("pi()", Type::of(Kind::Float)),
            "error_number()" => caught.map_or_else(null, |error| int(i64::from(error.number))),
            "error_severity()" => caught.map_or_else(null, |error| int(i64::from(error.class))),
            "error_state()" => caught.map_or_else(null, |error| int(i64::from(error.state))),
            "error_line()" => caught.map_or_else(null, |error| int(i64::from(error.line))),
            "error_procedure()" => caught
                .filter(|error| !error.procedure.is_empty())
                .map_or_else(|| Emitted::new("NULL", Type::nvarchar(128)), |error| text_fact(&error.procedure)),
            "error_message()" => caught.map_or_else(
                || Emitted::new("NULL", Type::nvarchar(4000)),
                |error| Emitted { kind: Type::nvarchar(4000), ..text_fact(&error.message) },
            ),
            _ => return None,
        })
    }

    fn of_session(&self, what: impl Fn(&crate::server::Session) -> String) -> String {
        self.server.sessions().iter().find(|session| session.id == self.id).map(what).unwrap_or_default()
    }

    /// A value into a variable's type.
    pub(crate) fn assign(&mut self, name: &str, value: Value, from: &Type) -> Result<(), SqlError> {
        let Some(variable) = self.variables.get_mut(name) else {
            return Err(SqlError::new(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2));
        };
        variable.value = convert(value, from, &variable.kind, Purpose::Cast, 0)?;
        Ok(())
    }
}
