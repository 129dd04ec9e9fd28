//! The stream with what was read from it and what is to be sent.
//!
//! Nothing is sent until an answer is needed: then all of it goes out with the read, in one crossing. A session has one request at a
//! time, and its answer is one message; an attention is answered by a token of its own.

use super::Fault;
use crate::decode::Skip;
use crate::protocol::packet::{self, Kind};
use crate::protocol::{Codec, Inbox, Malformed, Stop, Token};
use crate::wire::Stream;
use bulkhead_driver::transport::IoError;

/// The most bytes of one read: what a crossing costs is small against decoding so much, and the inbox stays small.
const READ: u32 = 128 << 10;

#[derive(Debug)]
pub(super) struct Link<S> {
    pub(super) stream: S,
    pub(super) inbox: Inbox,
    /// The size of packets that was agreed on.
    pub(super) packet_size: usize,
    out: Vec<u8>,
    /// An answer hasn't come wholly.
    pub(super) awaits: bool,
    /// The server was told to stop, and hasn't said that it has.
    pub(super) stopping: bool,
    /// The next request begins with a clean session.
    pub(super) reset: bool,
}

impl<S: Stream> Link<S> {
    pub(super) fn new(stream: S) -> Self {
        let packet_size = packet::FIRST_SIZE;
        Self { stream, inbox: Inbox::new(), packet_size, out: Vec::new(), awaits: false, stopping: false, reset: false }
    }

    /// Puts a request together; it goes out with the next read.
    pub(super) fn request(&mut self, kind: Kind, message: &[u8]) {
        let reset = kind != Kind::Prelogin && std::mem::take(&mut self.reset);
        packet::write(&mut self.out, kind, reset, message, self.packet_size);
        self.await_answer();
    }

    /// An answer comes to what somebody else sent.
    pub(super) fn await_answer(&mut self) {
        self.inbox.expect();
        self.awaits = true;
    }

    /// Tells the server to stop. If the request never went out, there is nothing to stop.
    pub(super) fn attention(&mut self) {
        if !self.awaits || self.stopping {
            return;
        }
        if !self.out.is_empty() {
            self.reset |= self.out.get(1).is_some_and(|status| status & packet::RESET != 0);
            self.out.clear();
            self.awaits = false;
            return;
        }
        packet::write(&mut self.out, Kind::Attention, false, &[], self.packet_size);
        self.inbox.expect();
        self.stopping = true;
    }

    /// Reads more, after sending what is to be sent.
    pub(super) fn fill(&mut self) -> Result<(), Fault> {
        let read = if self.out.is_empty() {
            self.stream.read(READ)
        } else {
            // Sent counts as sent, also when the answer is that the caller is gone: the contract says so.
            let read = self.stream.exchange(&self.out, READ);
            self.out.clear();
            read
        }?;
        if read.is_empty() {
            return Err(IoError::Closed("the server closed it".to_owned()).into());
        }
        self.inbox.extend(&read)?;
        Ok(())
    }

    /// Sends without waiting for an answer.
    pub(super) fn send(&mut self) -> Result<(), IoError> {
        let sent = self.stream.write(&self.out);
        self.out.clear();
        sent
    }

    /// The next token. None: the answer is at its end. A row is left where it is, with `true` for one with a bitmap.
    /// `most`: bytes that may wait to be understood.
    pub(super) fn token(&mut self, most: usize) -> Result<Option<Token>, Fault> {
        loop {
            if !self.awaits {
                return Ok(None);
            }
            let rest = self.inbox.rest();
            if rest.is_empty() && self.inbox.ended() && self.out.is_empty() {
                if !self.stopping {
                    self.awaits = false;
                    return Ok(None);
                }
                // The answer to the request has ended; that to the attention is a message of its own.
                self.inbox.expect();
            }
            match Token::parse(self.inbox.rest()) {
                Ok((token, size)) => {
                    self.inbox.advance(size);
                    if let Token::Done(done) = &token
                        && done.is_attention()
                    {
                        if !self.stopping {
                            return Err(Malformed("an attention is acknowledged that wasn't sent").into());
                        }
                        self.stopping = false;
                    }
                    return Ok(Some(token));
                }
                Err(Stop::Malformed(malformed)) => return Err(malformed.into()),
                Err(Stop::Short) if self.inbox.rest().len() > most => {
                    return Err(Malformed("a token larger than any is").into());
                }
                Err(Stop::Short) => self.more()?,
            }
        }
    }

    /// Reads more of what has begun.
    pub(super) fn more(&mut self) -> Result<(), Fault> {
        if self.inbox.ended() && self.out.is_empty() {
            return Err(Malformed("its answer ends in the middle of something").into());
        }
        self.fill()
    }

    /// Goes past the row at hand, whatever its size.
    pub(super) fn skip_row(&mut self, bitmap: bool, codecs: &[Codec]) -> Result<(), Fault> {
        self.inbox.advance(1);
        let mut skip = Skip::new(bitmap);
        loop {
            let (size, ended) = skip.advance(self.inbox.rest(), codecs);
            self.inbox.advance(size);
            if ended {
                return Ok(());
            }
            self.more()?;
        }
    }
}
