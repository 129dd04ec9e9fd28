//! What was read: packets in, the stream of tokens out.
//!
//! Headers are stripped as bytes come, at any split; what is kept is one run of bytes, from the first token not yet understood on.

use super::Malformed;
use super::packet::{END, HEADER};

/// Tabular result: the only kind that a server sends.
const RESPONSE: u8 = 0x04;

/// Bytes from the server.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    at: usize,
    /// A header that hasn't come wholly.
    header: Vec<u8>,
    /// Bytes of the packet in hand that are yet to come.
    left: usize,
    /// The packet in hand is the last of its message.
    last: bool,
    /// A message has ended, and no other has begun.
    ended: bool,
    /// Messages begun.
    begun: u64,
}

impl Inbox {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read.
    ///
    /// # Errors
    /// If it isn't made of packets.
    pub fn extend(&mut self, read: &[u8]) -> Result<(), Malformed> {
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        let mut rest = read;
        while !rest.is_empty() {
            if self.left == 0 {
                rest = self.begin(rest)?;
            }
            let (body, after) = rest.split_at_checked(self.left).unwrap_or((rest, &[]));
            self.bytes.extend_from_slice(body);
            self.left -= body.len();
            rest = after;
            if self.left == 0 && self.header.is_empty() && self.last {
                self.ended = true;
            }
        }
        Ok(())
    }

    /// Reads a header, or some of it.
    fn begin<'a>(&mut self, read: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let missing = HEADER - self.header.len();
        let (part, after) = read.split_at_checked(missing).unwrap_or((read, &[]));
        self.header.extend_from_slice(part);
        self.ended = false;
        if let [kind, status, high, low, ..] = *self.header.as_slice()
            && self.header.len() == HEADER
        {
            if kind != RESPONSE {
                return Err(Malformed("a packet that is no response"));
            }
            let length = usize::from(u16::from_be_bytes([high, low]));
            if self.begun == 0 || self.last {
                self.begun = self.begun.saturating_add(1);
            }
            self.left = length.checked_sub(HEADER).ok_or(Malformed("a packet shorter than its header"))?;
            self.last = status & END != 0;
            self.header.clear();
            // A packet may be empty.
            self.ended = self.left == 0 && self.last;
        }
        Ok(after)
    }

    /// What isn't understood yet.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes past so many bytes.
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.bytes.len());
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
    }

    /// True if the server has ended its message: without another request nothing more comes.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// True if one message has come since the beginning, wholly, and not a byte after it.
    #[must_use]
    pub fn is_one_message(&self) -> bool {
        self.begun == 1 && self.ended && self.header.is_empty()
    }

    /// Another message is to come.
    pub fn expect(&mut self) {
        self.ended = false;
    }

    /// True if nothing is left, not even half a packet: what comes next was sent after now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty() && self.header.is_empty() && self.left == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(status: u8, body: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(body.len() + HEADER).unwrap().to_be_bytes();
        [&[RESPONSE, status, high, low, 0, 0, 1, 0], body].concat()
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8),
            cut in 1_usize..60,
            taken in 0_usize..60,
        ) {
            let count = packets.len();
            let bytes: Vec<u8> =
                packets.iter().enumerate().flat_map(|(at, body)| packet(u8::from(at + 1 == count), body)).collect();
            let mut inbox = Inbox::new();
            let mut found = Vec::new();
            let mut read = 0;
            for piece in bytes.chunks(cut) {
                inbox.extend(piece).unwrap();
                read += piece.len();
                prop_assert_eq!(inbox.ended(), read == bytes.len());
                let take = taken.min(inbox.rest().len());
                found.extend_from_slice(&inbox.rest()[..take]);
                inbox.advance(take);
            }
            found.extend_from_slice(inbox.rest());
            inbox.advance(usize::MAX);
            prop_assert!(inbox.is_empty());
            prop_assert_eq!(found, packets.concat());
        }
    }

    #[test]
    fn bytes_behind_a_message_are_seen() {
        let (one, more) = (packet(1, b"abc"), packet(1, b"d"));
        for (bytes, alone) in [
            (one.clone(), true),
            ([packet(0, b"x"), one.clone()].concat(), true),
            ([one.clone(), more.clone()].concat(), false),
            ([&one[..], &more[..3]].concat(), false),
            ([&one[..], &more[..8]].concat(), false),
            (packet(0, b"x"), false),
            (one[..9].to_vec(), false),
        ] {
            let mut inbox = Inbox::new();
            inbox.extend(&bytes).unwrap();
            assert_eq!(inbox.is_one_message(), alone, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        assert!(Inbox::new().extend(b"HTTP/1.1 400 Bad Request").is_err());
        assert!(Inbox::new().extend(&[RESPONSE, 1, 0, 7, 0, 0, 1, 0]).is_err());
    }
}
