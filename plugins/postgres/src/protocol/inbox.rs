//! What was read and not yet understood, cut into frames.

use super::Malformed;

/// A frame's tag and length.
const HEADER: usize = 5;

/// Bytes from the server. Appending is free when everything before was consumed, which is the usual case in a long result.
#[derive(Debug)]
pub struct Inbox {
    bytes: Vec<u8>,
    at: usize,
    /// Bytes yet to come that nobody wants: the rest of an oversized frame.
    skip: usize,
    /// The largest frame that is buffered.
    limit: usize,
}

/// One whole message in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The message's type.
    pub tag: u8,
    start: usize,
    end: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A message.
    Frame(Frame),
    /// Not yet known: at least so many bytes more are needed.
    Need(usize),
    /// A message of so many bytes, over the limit: it can be skipped.
    Oversized(Frame),
}

impl Frame {
    /// The message's size on the wire.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        self.end.saturating_sub(self.start).saturating_add(HEADER)
    }
}

impl Inbox {
    /// Empty; frames larger than `limit` bytes aren't buffered.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), at: 0, skip: 0, limit }
    }

    /// Takes what was read.
    pub fn extend(&mut self, mut read: Vec<u8>) {
        if self.skip > 0 {
            let skipped = self.skip.min(read.len());
            self.skip = self.skip.saturating_sub(skipped);
            read.drain(..skipped);
        }
        if self.at >= self.bytes.len() {
            self.bytes = read;
        } else {
            self.bytes.drain(..self.at);
            if let Ok(Next::Need(more)) = self.next_at(0) {
                // A large frame arrives in many reads: one allocation of the right size, not a doubling.
                self.bytes.reserve_exact(more.max(read.len()));
            }
            self.bytes.extend_from_slice(&read);
        }
        self.at = 0;
    }

    /// What comes next; it stays there until `advance` or `skip`.
    ///
    /// # Errors
    /// If it can't be a message.
    #[inline]
    pub fn peek(&self) -> Result<Next, Malformed> {
        self.next_at(self.at)
    }

    #[inline]
    fn next_at(&self, at: usize) -> Result<Next, Malformed> {
        let left = self.bytes.get(at..).unwrap_or_default();
        let Some(([tag, length @ ..], body)) = left.split_first_chunk::<HEADER>() else {
            return Ok(Next::Need(self.skip.saturating_add(HEADER).saturating_sub(left.len())));
        };
        // The length counts itself and not the tag.
        let length = usize::try_from(i32::from_be_bytes(*length)).ok().and_then(|length| length.checked_sub(4));
        let length = length.ok_or(Malformed("a message has an impossible length"))?;
        let start = at.saturating_add(HEADER);
        let frame = Frame { tag: *tag, start, end: start.saturating_add(length) };
        if length > self.limit {
            Ok(Next::Oversized(frame))
        } else if body.len() < length {
            Ok(Next::Need(length.saturating_sub(body.len())))
        } else {
            Ok(Next::Frame(frame))
        }
    }

    /// The body of a frame that `peek` gave.
    #[inline]
    #[must_use]
    pub fn body(&self, frame: Frame) -> &[u8] {
        self.bytes.get(frame.start..frame.end).unwrap_or_default()
    }

    /// Goes past a frame that `peek` gave.
    #[inline]
    pub fn advance(&mut self, frame: Frame) {
        self.at = frame.end;
        if self.at >= self.bytes.len() {
            self.skip = self.at.saturating_sub(self.bytes.len());
            self.bytes.clear();
            self.at = 0;
        }
    }

    /// True if nothing is left: what comes next was sent after now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len() && self.skip == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        bytes.extend_from_slice(&i32::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    fn frames(inbox: &mut Inbox) -> Vec<(u8, Vec<u8>)> {
        let mut found = Vec::new();
        while let Next::Frame(frame) = inbox.peek().unwrap() {
            found.push((frame.tag, inbox.body(frame).to_vec()));
            inbox.advance(frame);
        }
        found
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            messages in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..50)), 0..10),
            cut in 1_usize..40,
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|(tag, body)| message(*tag, body)).collect();
            let mut inbox = Inbox::new(1000);
            let mut found = Vec::new();
            for part in bytes.chunks(cut) {
                inbox.extend(part.to_vec());
                found.extend(frames(&mut inbox));
            }
            prop_assert_eq!(found, messages);
            prop_assert!(inbox.is_empty());
        }

        #[test]
        fn an_oversized_message_is_skipped(before in 0_usize..9, size in 11_usize..60, cut in 1_usize..40) {
            let mut bytes = message(b'A', &vec![0; before]);
            bytes.extend(message(b'D', &vec![1; size]));
            bytes.extend(message(b'Z', b"I"));
            let mut inbox = Inbox::new(10);
            let mut found = Vec::new();
            for part in bytes.chunks(cut) {
                inbox.extend(part.to_vec());
                loop {
                    match inbox.peek().unwrap() {
                        Next::Frame(frame) => { found.push(frame.tag); inbox.advance(frame); }
                        Next::Oversized(frame) => { found.push(b'!'); inbox.advance(frame); }
                        Next::Need(_) => break,
                    }
                }
            }
            prop_assert_eq!(found, b"A!Z");
        }
    }

    #[test]
    fn a_negative_length_is_refused() {
        let mut inbox = Inbox::new(10);
        inbox.extend(vec![b'D', 0xff, 0xff, 0xff, 0xff]);
        assert!(inbox.peek().is_err());
    }
}
