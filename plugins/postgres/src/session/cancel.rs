//! Stopping a statement: a CancelRequest on a connection of its own, then the first connection is read to the end of its group.

use super::{Fault, Session};
use crate::protocol::{Message, frontend};
use crate::wire::{Stream, Wire};
use bulkhead_driver::transport::IoError;
use std::thread;
use std::time::Duration;

/// What is read and thrown away of a result that nobody wants; past this it is cheaper to have the server stop. What is
/// in the sockets' buffers by then has to be read all the same.
const DRAIN: usize = 256 << 10;
/// If rows still come after so many bytes more, the server is told again: more than sockets hold.
const TELL_AGAIN: usize = 8 << 20;
/// What a server needs to begin with a statement that has just been sent. It ignores a cancel that comes before.
const BEGINS: Duration = Duration::from_millis(3);
/// What it needs at worst, on a busy machine: then it is told once more. A cancel that finds nothing to stop does nothing.
const BEGINS_LATE: Duration = Duration::from_millis(25);
/// The server answers a CancelRequest by closing.
const FAREWELL: u32 = 64;

impl<W: Wire> Session<W> {
    /// Stops the statement in hand, also if it was sent only just now.
    pub(super) fn stop(&mut self) -> Result<(), IoError> {
        if !self.link.has_just_sent() {
            return self.cancel();
        }
        thread::sleep(BEGINS);
        self.cancel()?;
        thread::sleep(BEGINS_LATE);
        self.cancel()
    }

    /// Asks the server to stop what this connection runs. Returns when it has passed that on.
    pub(super) fn cancel(&mut self) -> Result<(), IoError> {
        let Some((process, secret)) = &self.key else {
            return Err(IoError::Denied("the server gave no key to cancel with".to_owned()));
        };
        let stream = self.wire.dial(&self.endpoint)?;
        if self.wire.tls_required() {
            super::connect::encrypt(&stream)?;
        }
        let mut out = Vec::new();
        frontend::cancel_request(&mut out, *process, secret);
        let mut answer = stream.exchange(&out, FAREWELL);
        // A server that resets in place of closing has taken it too.
        while let Ok(bytes) = answer {
            if bytes.is_empty() {
                break;
            }
            answer = stream.read(FAREWELL);
        }
        Ok(())
    }

    /// Reads to the end of the group; if that is far, the server is told to stop. A server's error is no fault here: the
    /// group is at its end with or without one.
    /// `told`: it was told already.
    pub(super) fn drain_or_cancel(&mut self, mut told: bool) -> Result<(), Fault> {
        let mut drained = 0_usize;
        while self.link.awaits_ready() {
            match self.next() {
                Ok(Message::DataRow) => drained = drained.saturating_add(self.skip_row()?),
                Ok(Message::Error(fields)) if fields.is_fatal() => {
                    return Err(Fault::Server(fields));
                }
                Ok(_) | Err(Fault::Other(_)) => {}
                // Said once for each call: the caller may go while the rest is read.
                Err(Fault::Io(IoError::Cancelled | IoError::Timeout)) if !told => drained = usize::MAX,
                Err(fault) => return Err(fault),
            }
            if drained > if told { TELL_AGAIN } else { DRAIN } {
                told = true;
                drained = 0;
                self.cancel()?;
            }
        }
        Ok(())
    }
}
