//! Packets: a message is cut into them, each with a header of 8 bytes (MS-TDS 2.2.3).

/// A packet's header.
pub const HEADER: usize = 8;
/// A packet's size until the login has agreed on another, as the host cuts what it writes itself.
pub const FIRST_SIZE: usize = 4_096;
/// What a size may be (MS-TDS 2.2.6.4, PacketSize).
pub const SIZES: std::ops::RangeInclusive<usize> = 512..=32_767;

/// What a message is (MS-TDS 2.2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A batch of SQL.
    Batch = 0x01,
    /// A call of a procedure.
    Rpc = 0x03,
    /// Stop.
    Attention = 0x06,
    /// Begin, commit, roll back.
    Transaction = 0x0E,
    /// The login.
    Login = 0x10,
    /// What comes before it.
    Prelogin = 0x12,
}

impl Kind {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Batch => 0x01,
            Self::Rpc => 0x03,
            Self::Attention => 0x06,
            Self::Transaction => 0x0E,
            Self::Login => 0x10,
            Self::Prelogin => 0x12,
        }
    }
}

/// The last packet of its message.
pub const END: u8 = 0x01;
/// The session is to be made clean before the request (on its first packet).
pub const RESET: u8 = 0x08;

/// Appends a message, cut into packets of at most `size` bytes.
pub fn write(out: &mut Vec<u8>, kind: Kind, reset: bool, message: &[u8], size: usize) {
    let room = size.clamp(*SIZES.start(), *SIZES.end()) - HEADER;
    let mut rest = message;
    let (mut number, mut flags) = (1_u8, if reset { RESET } else { 0 });
    loop {
        let (body, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
        rest = after;
        let status = flags | if rest.is_empty() { END } else { 0 };
        let length = u16::try_from(body.len() + HEADER).unwrap_or(u16::MAX);
        let [high, low] = length.to_be_bytes();
        out.extend_from_slice(&[kind.number(), status, high, low, 0, 0, number, 0]);
        out.extend_from_slice(body);
        if rest.is_empty() {
            return;
        }
        number = number.wrapping_add(1);
        flags = 0;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_message_is_one_packet() {
        let mut out = Vec::new();
        write(&mut out, Kind::Batch, true, b"abc", FIRST_SIZE);
        assert_eq!(out, [1, 9, 0, 11, 0, 0, 1, 0, b'a', b'b', b'c']);
        out.clear();
        // MS-TDS 4.10, Attention.
        write(&mut out, Kind::Attention, false, b"", FIRST_SIZE);
        assert_eq!(out, [6, 1, 0, 8, 0, 0, 1, 0]);
    }

    proptest! {
        #[test]
        fn packets_put_together_are_the_message(message in prop::collection::vec(any::<u8>(), 0..3_000), size in 512_usize..1_000) {
            let mut out = Vec::new();
            write(&mut out, Kind::Rpc, false, &message, size);
            let (mut rest, mut found, mut ended) = (out.as_slice(), Vec::new(), false);
            while !rest.is_empty() {
                prop_assert!(!ended);
                let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
                prop_assert!(length <= size);
                ended = rest[1] & END != 0;
                found.extend_from_slice(&rest[HEADER..length]);
                rest = &rest[length..];
            }
            prop_assert!(ended);
            prop_assert_eq!(found, message);
        }
    }
}
