//! A socket whose first bytes travel in TDS packets.
//!
//! TDS 7.x carries the TLS handshake inside PRELOGIN packets and everything after it on the socket itself (MS-TDS 2.2.1 and
//! 3.2.5.1). This is that envelope and nothing more of the protocol: a header of 8 bytes around what TLS writes, taken off
//! what it reads, until [`Framed::unframe`].

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// PRELOGIN.
const PRELOGIN: u8 = 0x12;
/// What a server's packets are of anywhere else, and some servers' here.
const RESPONSE: u8 = 0x04;
/// The last packet of a message.
const END_OF_MESSAGE: u8 = 0x01;
const HEADER: usize = 8;
/// A packet's size before another was agreed on.
const PACKET: usize = 4096;

/// A socket, in the envelope or out of it.
pub(crate) struct Framed<S> {
    socket: S,
    envelope: Option<Envelope>,
}

#[derive(Default)]
struct Envelope {
    /// The header being read.
    header: [u8; HEADER],
    header_read: usize,
    /// What is left of the packet being read.
    left: usize,
    /// What TLS wrote since the last flush, and what of the packets made of it is not yet on the wire.
    gathered: Vec<u8>,
    packets: Vec<u8>,
    sent: usize,
}

impl<S> Framed<S> {
    pub(super) fn new(socket: S, framed: bool) -> Framed<S> {
        Framed { socket, envelope: framed.then(Envelope::default) }
    }

    /// The socket beneath.
    pub(super) fn get_ref(&self) -> &S {
        &self.socket
    }

    /// The socket itself.
    pub(super) fn into_inner(self) -> S {
        self.socket
    }

    /// From here on bytes travel bare.
    pub(super) fn unframe(&mut self) {
        self.envelope = None;
    }
}

impl Envelope {
    /// Makes packets of what was gathered.
    fn seal(&mut self) {
        self.packets.extend(packets(PRELOGIN, &std::mem::take(&mut self.gathered)));
    }
}

/// A message, cut into packets. Nothing for nothing.
pub(crate) fn packets(kind: u8, message: &[u8]) -> Vec<u8> {
    let count = message.len().div_ceil(PACKET - HEADER);
    // All of it at once: where it holds a secret, no copy is left behind by growing.
    let mut packets = Vec::with_capacity(message.len() + count * HEADER);
    for (chunk, number) in message.chunks(PACKET - HEADER).zip(1..) {
        let status = if number == count { END_OF_MESSAGE } else { 0 };
        let [high, low] = u16::try_from(chunk.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes();
        let [.., id] = usize::to_be_bytes(number);
        packets.extend_from_slice(&[kind, status, high, low, 0, 0, id, 0]);
        packets.extend_from_slice(chunk);
    }
    packets
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let Framed { socket, envelope } = &mut *self;
        let Some(envelope) = envelope else {
            return Pin::new(socket).poll_read(cx, buffer);
        };
        while envelope.left == 0 {
            let mut header = ReadBuf::new(envelope.header.get_mut(envelope.header_read..).unwrap_or_default());
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut header))?;
            let read = header.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            envelope.header_read += read;
            if envelope.header_read == HEADER {
                let [kind, _, high, low, ..] = envelope.header;
                let length = usize::from(u16::from_be_bytes([high, low]));
                if !matches!(kind, PRELOGIN | RESPONSE) || length < HEADER {
                    return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "the server left the TLS handshake")));
                }
                envelope.header_read = 0;
                envelope.left = length - HEADER;
            }
        }
        let mut packet = [0; PACKET];
        let most = PACKET.min(envelope.left).min(buffer.remaining());
        let mut part = ReadBuf::new(packet.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(socket).poll_read(cx, &mut part))?;
        envelope.left -= part.filled().len();
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let Framed { socket, envelope } = &mut *self;
        let Some(envelope) = envelope else {
            return Pin::new(socket).poll_write(cx, bytes);
        };
        envelope.gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Framed { socket, envelope } = &mut *self;
        if let Some(envelope) = envelope {
            envelope.seal();
            while let Some(rest) = envelope.packets.get(envelope.sent..).filter(|rest| !rest.is_empty()) {
                match ready!(Pin::new(&mut *socket).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                    sent => envelope.sent += sent,
                }
            }
            envelope.packets.clear();
            envelope.sent = 0;
        }
        Pin::new(socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn bytes_come_out_as_they_went_in() {
        let (a, b) = duplex(100);
        let (mut a, mut b) = (Framed::new(a, true), Framed::new(b, true));
        let sent: Vec<u8> = (0..10_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        let expected = sent.clone();
        let writer = tokio::spawn(async move {
            a.write_all(&sent).await.unwrap();
            a.flush().await.unwrap();
            a.unframe();
            a.write_all(b"bare").await.unwrap();
            a.flush().await.unwrap();
        });
        let mut read = vec![0; expected.len()];
        b.read_exact(&mut read).await.unwrap();
        assert_eq!(read, expected);
        b.unframe();
        let mut bare = [0; 4];
        b.read_exact(&mut bare).await.unwrap();
        assert_eq!(&bare, b"bare");
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn a_servers_envelope_may_be_a_response_and_nothing_else() {
        for (kind, taken) in [(0x12, true), (0x04, true), (0x16, false)] {
            let (mut wire, b) = duplex(100);
            let mut b = Framed::new(b, true);
            wire.write_all(&[kind, 1, 0, 11, 0, 0, 1, 0, b'a', b'b', b'c']).await.unwrap();
            let mut read = [0; 3];
            assert_eq!(b.read_exact(&mut read).await.is_ok(), taken, "{kind}");
            assert_eq!(&read == b"abc", taken);
        }
    }

    #[tokio::test]
    async fn the_envelope_is_a_prelogin_packet() {
        let (a, mut wire) = duplex(100);
        let mut a = Framed::new(a, true);
        a.write_all(b"ab").await.unwrap();
        a.write_all(b"c").await.unwrap();
        a.flush().await.unwrap();
        let mut packet = [0; 11];
        wire.read_exact(&mut packet).await.unwrap();
        assert_eq!(&packet, &[0x12, 1, 0, 11, 0, 0, 1, 0, b'a', b'b', b'c']);
    }

    #[test]
    fn a_long_message_is_cut() {
        let message = vec![7; 5_000];
        let cut = packets(0x10, &message);
        assert_eq!(cut.len(), 5_000 + 2 * HEADER);
        assert_eq!(cut[..8], [0x10, 0, 0x10, 0, 0, 0, 1, 0]);
        assert_eq!(cut[4096..4104], [0x10, 1, 0x03, 0x98, 0, 0, 2, 0]);
        assert!(packets(0x10, &[]).is_empty());
    }

    #[tokio::test]
    async fn another_packet_ends_it() {
        for bytes in [[0x05, 1, 0, 9, 0, 0, 0, 0, 1], [0x12, 1, 0, 7, 0, 0, 0, 0, 1]] {
            let (a, mut wire) = duplex(100);
            wire.write_all(&bytes).await.unwrap();
            let mut a = Framed::new(a, true);
            assert_eq!(a.read_u8().await.unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }
}
