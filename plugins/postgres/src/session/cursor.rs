//! An open result: its rows, batch by batch.
//!
//! How it is open decides what is sent for more, and how it is stopped:
//! - `Whole`: everything was asked for, and the group is ended; rows wait in the stream. Stopping reads what is on its way, or
//!   cancels.
//! - `Portal`: a portal outside a transaction. Sync would end it, so each portion ends with Flush, and Sync comes last.
//! - `Transaction`: a portal that lives on in a transaction: each portion ends with Sync.

use super::completion::completion;
use super::statements::{History, Prepared};
use super::{Fault, Session, refuse};
use crate::decode;
use crate::protocol::{CopyDirection, Message, Next, TransactionStatus, frontend};
use crate::wire::Wire;
use bulkhead_driver::{Batch, BatchBuilder, Column, Completion, Error, ErrorKind, Layout};
use std::rc::Rc;

/// Rows in the first portion of a statement that hasn't run before: some hundred KiB at most, as rows usually are.
const FIRST_PORTION: u32 = 1_000;

/// Some of a result.
#[derive(Debug, Default)]
pub struct Part {
    /// Rows, if there were any.
    pub batch: Option<Batch>,
    /// The end, if it was reached.
    pub done: Option<Completion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Whole,
    Portal,
    Transaction,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    prepared: Rc<Prepared>,
    builder: BatchBuilder,
    mode: Mode,
    /// The server waits to be asked for more.
    suspended: bool,
    /// Rows that the caller still takes.
    left: Option<u64>,
    rows: u64,
    bytes: u64,
    batches: u32,
}

/// Why the rows paused.
enum Pause {
    /// The batch is full.
    Full,
    /// The statement is at its end.
    End(Option<String>),
}

impl Run {
    pub(super) fn new(id: u64, prepared: Rc<Prepared>, mode: Mode, left: Option<u64>) -> Self {
        let builder = BatchBuilder::new(prepared.columns.iter().map(|column| Layout::of(column.kind)));
        Self { id, prepared, builder, mode, suspended: false, left, rows: 0, bytes: 0, batches: 0 }
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        self.prepared.columns.clone()
    }

    fn history(&self) -> History {
        let row_bytes = self.bytes.checked_div(self.rows).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        History { small: self.batches <= 1, row_bytes: row_bytes.max(1) }
    }
}

impl History {
    /// How many rows to ask for, so that they fill a batch and not much more.
    pub(super) fn portion(self, rows: u32, bytes: u32, left: Option<u64>) -> u32 {
        let by_bytes = match self.row_bytes {
            0 => FIRST_PORTION,
            size => usize::try_from(bytes).ok().and_then(|bytes| u32::try_from(bytes / size).ok()).unwrap_or(FIRST_PORTION),
        };
        let left = left.map_or(u32::MAX, |left| u32::try_from(left).unwrap_or(u32::MAX));
        by_bytes.min(rows).min(left).max(1)
    }
}

impl<W: Wire> Session<W> {
    /// More of the open result.
    ///
    /// # Errors
    /// If it isn't open any more, or the statement fails on the way.
    pub fn next_part(&mut self, run: u64, rows: u32, bytes: u32) -> Result<Part, Error> {
        if self.run.as_ref().is_none_or(|open| open.id != run) {
            return Err(Error::new(ErrorKind::Internal, "the cursor was closed by another call on its connection"));
        }
        self.fetch(rows, bytes).map_err(|fault| self.settle(fault))
    }

    /// Stops the open result, if it is this one.
    ///
    /// # Errors
    /// If the connection is lost on the way.
    pub fn close_part(&mut self, run: u64) -> Result<(), Error> {
        if self.run.as_ref().is_none_or(|open| open.id != run) {
            return Ok(());
        }
        self.finish_run().map_err(|fault| self.settle(fault))
    }

    /// Rows up to the limits, and the end if it is reached.
    pub(super) fn fetch(&mut self, rows: u32, bytes: u32) -> Result<Part, Fault> {
        let Some(mut run) = self.run.take() else {
            return Ok(Part::default());
        };
        let paused = self.collect(&mut run, rows, usize::try_from(bytes).unwrap_or(usize::MAX));
        let paused = match paused {
            Ok(paused) => paused,
            Err(fault) => {
                // Settling needs to know that it is open.
                self.run = Some(run);
                return Err(fault);
            }
        };
        let batch = if run.builder.is_empty() { None } else { Some(run.builder.finish().map_err(Error::from)) };
        let batch = match batch {
            Some(Err(error)) => {
                self.run = Some(run);
                return Err(error.into());
            }
            Some(Ok(batch)) => Some(batch),
            None => None,
        };
        run.batches += u32::from(batch.is_some());
        let done = match paused {
            Pause::Full => {
                self.run = Some(run);
                None
            }
            Pause::End(tag) => Some(self.end(&run, tag)?),
        };
        Ok(Part { batch, done })
    }

    fn collect(&mut self, run: &mut Run, rows: u32, bytes: usize) -> Result<Pause, Fault> {
        loop {
            if run.left == Some(0) && run.mode == Mode::Whole && run.rows == 0 {
                // Not one row was asked for: one was, since the protocol has no way to ask for none.
                return Ok(Pause::End(None));
            }
            if run.suspended {
                if run.builder.rows() >= rows || run.builder.bytes() >= bytes / 2 {
                    return Ok(Pause::Full);
                }
                self.ask_for_more(run, rows, bytes);
            }
            if self.rows_at_hand(run, rows, bytes)? {
                return Ok(Pause::Full);
            }
            match self.next()? {
                Message::DataRow => {}
                Message::CommandComplete(tag) => return Ok(Pause::End(Some(tag))),
                Message::EmptyQuery => return Ok(Pause::End(None)),
                Message::PortalSuspended if run.mode == Mode::Whole || run.left == Some(0) => {
                    return Ok(Pause::End(None));
                }
                Message::PortalSuspended => run.suspended = true,
                Message::Ready(_) if run.mode == Mode::Transaction => {}
                Message::Error(fields) => return Err(Fault::Server(fields)),
                Message::Copy(direction) => return Err(self.refuse_copy(direction)),
                _ => return Err(Self::unexpected()),
            }
        }
    }

    /// Decodes the rows that have come. True if the batch is full.
    fn rows_at_hand(&mut self, run: &mut Run, rows: u32, bytes: usize) -> Result<bool, Fault> {
        let inbox = &mut self.link.inbox;
        while let Next::Frame(frame) = inbox.peek()? {
            if frame.tag != b'D' {
                return Ok(false);
            }
            let have = run.builder.rows();
            if have >= rows || have > 0 && run.builder.bytes().saturating_add(frame.size()) > bytes {
                return Ok(true);
            }
            decode::row(inbox.body(frame), &run.prepared.codecs, &mut run.builder)?;
            run.rows += 1;
            run.bytes = run.bytes.saturating_add(u64::try_from(frame.size()).unwrap_or(u64::MAX));
            if let Some(left) = &mut run.left {
                *left = left.saturating_sub(1);
            }
            inbox.advance(frame);
        }
        Ok(false)
    }

    fn ask_for_more(&mut self, run: &mut Run, rows: u32, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let portion = run.history().portion(rows, bytes, run.left);
        run.suspended = false;
        frontend::execute(self.link.out(), portion);
        match run.mode {
            Mode::Portal => frontend::flush(self.link.out()),
            Mode::Transaction | Mode::Whole => self.link.sync(),
        }
    }

    /// After the last row: the group's end, and with it the commit, which may fail.
    fn end(&mut self, run: &Run, tag: Option<String>) -> Result<Completion, Fault> {
        if run.left == Some(0) && tag.is_none() && run.mode != Mode::Whole {
            frontend::close_portal(self.link.out());
        }
        if self.wrapped && run.mode != Mode::Whole {
            frontend::command(self.link.out(), "COMMIT");
        }
        if run.mode != Mode::Whole {
            self.link.sync_if_open();
        }
        self.drain()?;
        self.wrapped = false;
        self.statements.remember(&run.prepared, run.history());
        match tag.as_deref() {
            Some("DISCARD ALL" | "DEALLOCATE ALL") => self.discarded(),
            Some("ROLLBACK") => self.statement_timeout = None,
            _ => {}
        }
        let notices = std::mem::take(&mut self.notices);
        Ok(completion(tag, run.rows, !run.prepared.columns.is_empty(), notices))
    }

    /// Stops what is open and leaves the connection ready. An error of the statement's on the way is nobody's any more.
    pub(super) fn finish_run(&mut self) -> Result<(), Fault> {
        let Some(run) = self.run.take() else {
            return Ok(());
        };
        if run.mode != Mode::Whole {
            frontend::close_portal(self.link.out());
            if self.wrapped {
                frontend::command(self.link.out(), "COMMIT");
            }
            self.link.sync();
        }
        self.drain_or_cancel(false)?;
        if std::mem::take(&mut self.wrapped) && self.status != TransactionStatus::Idle {
            self.simple("ROLLBACK")?;
        }
        Ok(())
    }

    /// The statement can't go on, and its first word didn't tell.
    fn refuse_copy(&mut self, direction: CopyDirection) -> Fault {
        if direction != CopyDirection::Out {
            frontend::copy_fail(self.link.out(), "COPY is not supported by this driver");
        }
        Fault::Other(refuse::unsupported("COPY"))
    }
}
