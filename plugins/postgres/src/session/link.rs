//! The stream with what was read from it and what is to be sent.
//!
//! Nothing is sent until an answer is needed: then all of it goes out with the read, in one crossing.

use crate::protocol::{Inbox, frontend};
use crate::wire::Stream;
use bulkhead_driver::transport::IoError;

/// The most bytes of one read: what a crossing costs is small against decoding so much, and the inbox stays small.
const READ: u32 = 128 << 10;

#[derive(Debug)]
pub(super) struct Link<S> {
    pub(super) stream: S,
    pub(super) inbox: Inbox,
    out: Vec<u8>,
    /// Syncs (and simple queries) sent whose ReadyForQuery hasn't come.
    awaited: u32,
    /// The same, still in `out`.
    unsent: u32,
    /// Messages were written after the last Sync.
    open: bool,
    /// The last crossing sent something: whether the server has read it isn't known.
    just_sent: bool,
}

impl<S: Stream> Link<S> {
    pub(super) fn new(stream: S, limit: usize) -> Self {
        Self { stream, inbox: Inbox::new(limit), out: Vec::new(), awaited: 0, unsent: 0, open: false, just_sent: false }
    }

    /// To write messages of the extended protocol into.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        self.open = true;
        &mut self.out
    }

    /// Ends a group: its ReadyForQuery is awaited.
    pub(super) fn sync(&mut self) {
        frontend::sync(&mut self.out);
        self.unsent += 1;
        self.open = false;
    }

    /// Ends what was begun, if anything was.
    pub(super) fn sync_if_open(&mut self) {
        if self.open {
            self.sync();
        }
    }

    /// A simple query, which is a group by itself.
    pub(super) fn query(&mut self, sql: &str) {
        frontend::query(&mut self.out, sql);
        self.unsent += 1;
    }

    /// At connecting the server is ready without having been asked.
    pub(super) fn await_first_ready(&mut self) {
        self.awaited += 1;
        self.open = false;
    }

    pub(super) fn ready(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    pub(super) fn awaits_ready(&self) -> bool {
        self.awaited + self.unsent > 0
    }

    /// Takes back what was written and not sent.
    pub(super) fn forget_unsent(&mut self) {
        // A Sync among it would have ended what was sent before.
        self.open |= self.unsent > 0;
        self.out.clear();
        self.unsent = 0;
    }

    /// Whether the last crossing sent something.
    pub(super) fn has_just_sent(&self) -> bool {
        self.just_sent
    }

    /// Reads more, after sending what is to be sent.
    pub(super) fn fill(&mut self) -> Result<(), IoError> {
        self.just_sent = !self.out.is_empty();
        let read = if self.out.is_empty() {
            self.stream.read(READ)
        } else {
            // Sent counts as sent, also when the answer is that the caller is gone: the contract says so.
            let read = self.stream.exchange(&self.out, READ);
            self.out.clear();
            self.awaited += std::mem::take(&mut self.unsent);
            read
        }?;
        if read.is_empty() {
            return Err(IoError::Closed("the server closed it".to_owned()));
        }
        self.inbox.extend(read);
        Ok(())
    }

    /// Sends without waiting for an answer.
    pub(super) fn send(&mut self) -> Result<(), IoError> {
        let sent = self.stream.write(&self.out);
        self.out.clear();
        self.awaited += std::mem::take(&mut self.unsent);
        sent
    }
}
