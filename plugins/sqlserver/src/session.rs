//! One session with a server, from the first byte to goodbye.
//!
//! Every call goes the same way: what an earlier call left open is closed, a request is put together and sent in one crossing, its
//! answer is read to its end. A fault on the way is settled in one place (`settle`): the connection is brought back to where it can
//! take another call, or counts as lost.

mod call;
mod connect;
mod cursor;
mod explain;
mod fault;
mod link;
mod login;
mod lookup;
mod parameters;
mod query;
mod reset;
mod settle;
mod transaction;

pub use cursor::{Next, Part};
pub(crate) use lookup::Rows;
pub use query::Answer;

use crate::options::Options;
use crate::protocol::request::NO_TRANSACTION;
use crate::protocol::{Change, Codec, Malformed, ServerMessage, Token};
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Notice, Parameter};
use cursor::Run;
use fault::Fault;
use link::Link;

/// Notices kept for one statement: a loop that prints thousands says the same thing.
const MOST_NOTICES: usize = 100;
/// Output parameters kept: a procedure has 2,100 parameters at most.
const MOST_OUTPUTS: usize = 2_100;

/// A session.
#[derive(Debug)]
pub struct Session<W: Wire> {
    wire: W,
    link: Link<W::Stream>,
    tls: Option<String>,
    options: Options,
    /// The connection must not change anything.
    read_only: bool,
    /// The server's name for itself, and its version.
    program: String,
    version: [u8; 4],
    catalog: String,
    /// The open transaction's descriptor.
    transaction: [u8; 8],
    /// It was begun read-only by `begin`.
    transaction_read_only: bool,
    /// The statement in hand runs in a transaction of the driver's own, which is rolled back.
    wrapped: bool,
    notices: Vec<Notice>,
    outputs: Vec<Parameter>,
    /// The statement in hand is a call, whose return code counts.
    calling: bool,
    /// The caller's own names of what was passed to it.
    passed: Vec<String>,
    /// The codecs of the rows that come now.
    codecs: Vec<Codec>,
    run: Option<Run>,
    /// The result after one that is at its end, and has yet to be given.
    waiting: Option<Run>,
    runs: u64,
    /// What the caller may have left in the session.
    traces: reset::Traces,
    /// A reset was sent by itself, and isn't answered yet.
    resetting: bool,
    broken: bool,
}

impl<W: Wire> Session<W> {
    /// Makes a call: closes what is open, runs it, settles what goes wrong.
    fn call<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Error> {
        if self.broken {
            return Err(Error::new(ErrorKind::Connection, "the connection was lost before").connection_lost());
        }
        self.notices.clear();
        let done = self.finish_reset().and_then(|()| self.finish_run()).and_then(|()| {
            self.outputs.clear();
            self.calling = false;
            self.passed.clear();
            work(self)
        });
        done.map_err(|fault| self.settle(fault))
    }

    fn in_transaction(&self) -> bool {
        self.transaction != NO_TRANSACTION
    }

    /// The next token that matters in turn. None: the answer is at its end.
    fn next(&mut self) -> Result<Option<Token>, Fault> {
        loop {
            let Some(token) = self.link.token(self.options.max_row_bytes)? else { return Ok(None) };
            match token {
                Token::Info(message) => self.notice(message),
                Token::Change(change) => self.change(change)?,
                Token::ReturnStatus(code) if self.calling => self.output(Parameter {
                    name: Some(RETURN_CODE.to_owned()),
                    value: bulkhead_driver::Value::Int64(code.into()),
                    type_hint: Some("int".to_owned()),
                }),
                Token::ReturnValue(value) => {
                    let name =
                        if value.name.is_empty() { self.passed.get(usize::from(value.ordinal)) } else { Some(&value.name) };
                    let name = name.map(|name| name.trim_start_matches('@').to_owned());
                    self.output(Parameter { name, value: value.value, type_hint: Some(value.native_type) });
                }
                Token::ReturnStatus(_) | Token::Other | Token::LoginAck(..) | Token::Features(_) => {}
                Token::FedAuthInfo | Token::Sspi => return Err(Self::unexpected()),
                Token::Columns(columns) => {
                    self.codecs = columns.iter().map(|column| column.kind.codec).collect();
                    return Ok(Some(Token::Columns(columns)));
                }
                Token::Row(_) if self.codecs.is_empty() => return Err(Self::unexpected()),
                token => return Ok(Some(token)),
            }
        }
    }

    /// Reads to the end of the answer. The first error on the way is the answer.
    fn drain(&mut self) -> Result<(), Fault> {
        let mut failed: Option<ServerMessage> = None;
        while let Some(token) = self.next()? {
            match token {
                Token::Row(bitmap) => self.link.skip_row(bitmap, &self.codecs)?,
                Token::Error(message) => {
                    let fatal = message.is_fatal();
                    failed = failed.or(Some(message));
                    if fatal {
                        break;
                    }
                }
                _ => {}
            }
        }
        failed.map_or(Ok(()), |message| Err(Fault::Server(message)))
    }

    fn change(&mut self, change: Change) -> Result<(), Fault> {
        match change {
            Change::Database(name) => self.catalog = name,
            Change::PacketSize(size) if crate::protocol::packet::SIZES.contains(&size) => self.link.packet_size = size,
            Change::PacketSize(_) => return Err(Malformed("a packet size out of range").into()),
            Change::Began(descriptor) => self.transaction = descriptor,
            Change::Ended => {
                self.transaction = NO_TRANSACTION;
                self.transaction_read_only = false;
            }
            // Only at login, where it is seen to.
            Change::Routing { .. } | Change::Reset | Change::Other => {}
        }
        Ok(())
    }

    fn notice(&mut self, message: ServerMessage) {
        if self.notices.len() < MOST_NOTICES {
            let severity = if message.class == 0 { "PRINT" } else { "INFO" };
            let ServerMessage { number, text, .. } = message;
            let code = (number != 0).then(|| number.to_string());
            self.notices.push(Notice { severity: severity.to_owned(), code, message: text, detail: None, hint: None });
        }
    }

    fn output(&mut self, parameter: Parameter) {
        if self.outputs.len() < MOST_OUTPUTS {
            self.outputs.push(parameter);
        }
    }

    fn oversized(&self) -> Error {
        let limit = self.options.max_row_bytes;
        Error::new(ErrorKind::Resources, format!("a row is larger than the driver's limit of {limit} bytes"))
            .hint("select fewer or shorter columns (SUBSTRING), or have the option max_row_bytes and the driver's memory raised")
    }

    /// Something that has no place here.
    fn unexpected() -> Fault {
        Fault::Malformed(Malformed("something out of turn"))
    }
}

/// The name that a procedure's return code is given under.
const RETURN_CODE: &str = "RETURN_VALUE";
