//! Back to a clean session: DISCARD ALL, which knows best.
//!
//! It is never waited for by itself. Where the last caller only read, it is owed: it goes before the next statement, in the
//! same message, and is done (and committed, which `PROMPT` is about) before that one begins. Where it may have left locks or
//! tables, it is sent at once, and its answer is read with the next call. If it fails, that call says that the connection is
//! lost, and nothing of its own has run.

use super::traces::Traces;
use super::{Fault, Session};
use crate::protocol::{ErrorFields, Message, TransactionStatus};
use crate::wire::Wire;
use bulkhead_driver::transport::IoError;
use bulkhead_driver::{Error, ErrorKind};

/// DISCARD ALL.
pub(super) const DISCARD: &str = "DISCARD ALL";
/// Since these minor versions the server commits such a statement at once, also when others follow in the same group
/// (release notes of August 2022); before them an error in what follows would take it back.
const PROMPT: &[(u32, u32)] = &[(12, 12), (13, 8), (14, 5)];

impl<W: Wire> Session<W> {
    /// Back to a clean session.
    ///
    /// # Errors
    /// If it can't be sent: then the connection isn't to be used again.
    pub fn reset(&mut self) -> Result<(), Error> {
        if self.traces == Traces::None && self.run.is_none() && !self.broken {
            return Ok(());
        }
        self.call_owing(|session| {
            // Behind PgBouncer in transaction mode the next statement may meet another server: there is nothing to clean.
            let cleans = session.options.prepared_statements;
            let idle = session.status == TransactionStatus::Idle;
            if cleans && idle && session.traces == Traces::Reading && session.discards_promptly() {
                session.owes_reset = true;
            } else if cleans || !idle {
                session.post_reset(cleans)?;
            }
            session.traces = Traces::None;
            Ok(())
        })
        .map_err(Error::connection_lost)
    }

    fn post_reset(&mut self, discard: bool) -> Result<(), Fault> {
        // Not in one message with what follows, which is refused in a transaction, and that would be one.
        if self.status != TransactionStatus::Idle {
            self.link.query("ROLLBACK");
        }
        if discard {
            self.link.query(DISCARD);
            self.discarded();
        }
        self.link.send()?;
        self.resetting = true;
        Ok(())
    }

    /// What DISCARD ALL takes away.
    pub(super) fn discarded(&mut self) {
        self.statements.forgotten();
        self.statement_timeout = None;
    }

    /// Does at once what is owed.
    pub(super) fn pay_reset(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.owes_reset) {
            self.post_reset(true)?;
        }
        self.finish_reset()
    }

    /// Reads the answer to a reset that was sent.
    pub(super) fn finish_reset(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.resetting) {
            return Ok(());
        }
        let mut interrupted = None;
        while self.link.awaits_ready() {
            match self.next() {
                Ok(Message::Error(fields)) => return Err(not_clean(fields)),
                // It would stay where it is, and be met again.
                Ok(Message::DataRow) => return Err(Self::unexpected()),
                Ok(_) => {}
                // The reset isn't to be cancelled: it is nearly done.
                Err(Fault::Io(why @ (IoError::Cancelled | IoError::Timeout))) if interrupted.is_none() => {
                    interrupted = Some(why);
                }
                Err(fault) => return Err(fault),
            }
        }
        self.notices.clear();
        match interrupted {
            None => Ok(()),
            Some(IoError::Timeout) => {
                Err(Error::new(ErrorKind::Timeout, "the time ran out before the statement was sent").into())
            }
            Some(_) => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled before the statement was sent").into()),
        }
    }

    fn discards_promptly(&self) -> bool {
        let version = self.settings.get("server_version").map(String::as_str).unwrap_or_default();
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
        let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        major >= 15 || PROMPT.iter().any(|(of, since)| major == *of && minor >= *since)
    }
}

/// The last caller's traces can't be removed.
pub(super) fn not_clean(fields: ErrorFields) -> Fault {
    let error = Error::new(ErrorKind::Connection, "the connection could not be cleaned after its last use");
    Fault::Other(error.detail(fields.message).retryable().connection_lost())
}
