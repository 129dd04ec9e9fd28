//! One session with a server, from the first byte to goodbye.
//!
//! Every call goes the same way: what an earlier call left open is closed, messages are put together and sent in one
//! crossing, answers are read until the server is ready again. A fault on the way is settled in one place (`settle`):
//! the connection is brought back to where it can take another call, or counts as lost.

mod auth;
mod bind;
mod cancel;
mod catalog;
mod completion;
mod connect;
mod cursor;
mod explain;
mod fault;
mod link;
mod lookup;
mod plan;
mod prepare;
mod query;
mod refuse;
mod reset;
mod settle;
mod statements;
mod traces;
mod transaction;

pub use cursor::Part;
pub(crate) use lookup::Rows;
pub use query::Answer;

use crate::options::Options;
use crate::protocol::{ErrorFields, Malformed, Message, Next, TransactionStatus};
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Notice};
use cursor::Run;
use fault::Fault;
use link::Link;
use statements::Statements;
use std::collections::HashMap;
use traces::Traces;

/// Notices kept for one statement: a loop that raises thousands says the same thing.
const MOST_NOTICES: usize = 100;

/// A session.
#[derive(Debug)]
pub struct Session<W: Wire> {
    wire: W,
    link: Link<W::Stream>,
    endpoint: String,
    tls: Option<String>,
    options: Options,
    /// The connection must not change anything.
    read_only: bool,
    /// What a CancelRequest has to say. None: the server gave none.
    key: Option<(i32, Vec<u8>)>,
    /// The server's settings, as far as it reports them.
    settings: HashMap<String, String>,
    status: TransactionStatus,
    /// The open transaction was begun read-only by `begin`.
    transaction_read_only: bool,
    /// The statement in hand runs in a read-only transaction of the driver's own.
    wrapped: bool,
    statements: Statements,
    types: catalog::Types,
    notices: Vec<Notice>,
    run: Option<Run>,
    runs: u64,
    /// The server's `statement_timeout`, where the driver has set it.
    statement_timeout: Option<u32>,
    /// What the caller may have left in the session.
    traces: Traces,
    /// DISCARD ALL goes before the next statement.
    owes_reset: bool,
    /// It went out with the statement in hand, and isn't answered yet.
    discarding: bool,
    /// A reset was sent by itself, and isn't answered yet.
    resetting: bool,
    broken: bool,
}

impl<W: Wire> Session<W> {
    /// Makes a call: cleans and closes what is open, runs it, settles what goes wrong.
    fn call<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Error> {
        self.call_owing(|session| session.pay_reset().and_then(|()| work(session)))
    }

    /// The same, but that `work` sees to an owed reset.
    fn call_owing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Error> {
        if self.broken {
            return Err(Error::new(ErrorKind::Connection, "the connection was lost before").connection_lost());
        }
        self.notices.clear();
        let done = self.finish_reset().and_then(|()| self.finish_run()).and_then(|()| work(self));
        done.map_err(|fault| self.settle(fault))
    }

    /// The next message, left where it is; reads, and first sends, if there is none yet.
    fn peek(&mut self) -> Result<Next, Fault> {
        loop {
            match self.link.inbox.peek()? {
                Next::Need(_) => self.link.fill()?,
                next => return Ok(next),
            }
        }
    }

    /// The next message that matters in turn. A row stays in the inbox.
    fn next(&mut self) -> Result<Message, Fault> {
        loop {
            let frame = match self.peek()? {
                Next::Oversized(frame) => {
                    self.link.inbox.advance(frame);
                    return Err(Fault::Other(self.oversized(frame.size())));
                }
                Next::Frame(frame) => frame,
                Next::Need(_) => continue,
            };
            if frame.tag == b'D' {
                return Ok(Message::DataRow);
            }
            let message = Message::parse(frame.tag, self.link.inbox.body(frame))?;
            self.link.inbox.advance(frame);
            match message {
                Message::Notice(fields) => self.notice(fields),
                Message::ParameterStatus(name, value) => drop(self.settings.insert(name, value)),
                Message::Notification | Message::CloseComplete | Message::NegotiateVersion => {}
                Message::Ready(status) => {
                    self.link.ready();
                    self.status = status;
                    if status == TransactionStatus::Idle {
                        self.transaction_read_only = false;
                    }
                    return Ok(message);
                }
                message => return Ok(message),
            }
        }
    }

    /// Goes past the row in the inbox.
    fn skip_row(&mut self) -> Result<usize, Fault> {
        if let Next::Frame(frame) = self.link.inbox.peek()? {
            self.link.inbox.advance(frame);
            return Ok(frame.size());
        }
        Ok(0)
    }

    /// Reads until the server is ready for every Sync that was sent. The first error on the way is the answer.
    fn drain(&mut self) -> Result<(), Fault> {
        let mut failed = None;
        while self.link.awaits_ready() {
            match self.next()? {
                Message::DataRow => drop(self.skip_row()?),
                Message::Error(fields) => {
                    let fatal = fields.is_fatal();
                    failed = failed.or(Some(fields));
                    if fatal {
                        break;
                    }
                }
                _ => {}
            }
        }
        failed.map_or(Ok(()), |fields| Err(Fault::Server(fields)))
    }

    /// Runs statements of the driver's own, in the simple protocol.
    fn simple(&mut self, sql: &str) -> Result<(), Fault> {
        self.link.query(sql);
        self.drain()
    }

    fn notice(&mut self, fields: ErrorFields) {
        if self.notices.len() < MOST_NOTICES {
            let ErrorFields { severity, code, message, detail, hint, .. } = fields;
            self.notices.push(Notice { severity, code: Some(code), message, detail, hint });
        }
    }

    fn oversized(&self, size: usize) -> Error {
        let limit = self.options.max_message_bytes;
        Error::new(ErrorKind::Resources, format!("a row of {size} bytes is over the driver's limit of {limit}")).hint(
            "select fewer or shorter columns (substring), or have the option max_message_bytes and the driver's memory raised",
        )
    }

    /// A message that has no place here.
    fn unexpected() -> Fault {
        Fault::Malformed(Malformed("a message out of turn"))
    }
}
