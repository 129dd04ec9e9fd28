//! A socket on which TLS speaks in PRELOGIN packets until its handshake is done (MS-TDS 3.2.5.1).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::packet::{FIRST_SIZE, HEADER, PRELOGIN, packets};

/// The first byte of TLS's records after a handshake.
const APPLICATION_DATA: u8 = 0x17;

pub(crate) struct Envelope<S> {
    socket: S,
    framed: bool,
    /// The client's side is out of the envelope already: with a resumed session its LOGIN7 follows the handshake at once.
    early: bool,
    /// Bytes of it that were read in search of a header.
    passed: Vec<u8>,
    /// The header being read, and how much of it was.
    header: [u8; HEADER],
    header_read: usize,
    /// What is left of the packet.
    left: usize,
    /// What TLS wrote, to be sent as packets when it flushes.
    gathered: Vec<u8>,
    sending: Vec<u8>,
}

impl<S> Envelope<S> {
    pub(crate) fn new(socket: S) -> Envelope<S> {
        Envelope {
            socket,
            framed: true,
            early: false,
            passed: Vec::new(),
            header: [0; HEADER],
            header_read: 0,
            left: 0,
            gathered: Vec::new(),
            sending: Vec::new(),
        }
    }

    /// From here on bytes travel as they are.
    pub(crate) fn open(&mut self) {
        self.framed = false;
    }

    pub(crate) fn into_inner(self) -> S {
        self.socket
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Envelope<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.framed && !this.early && this.left == 0 {
            let mut header = [0; HEADER];
            let mut part = ReadBuf::new(&mut header[..HEADER - this.header_read]);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut part))?;
            let read = part.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            this.header[this.header_read..this.header_read + read].copy_from_slice(part.filled());
            this.header_read += read;
            if this.header[0] == APPLICATION_DATA {
                this.early = true;
                this.passed = this.header[..this.header_read].to_vec();
            }
            if !this.early && this.header_read == HEADER {
                this.header_read = 0;
                if this.header[0] != PRELOGIN {
                    return Poll::Ready(Err(io::Error::other("not a PRELOGIN packet in the handshake")));
                }
                this.left = usize::from(u16::from_be_bytes([this.header[2], this.header[3]])).saturating_sub(HEADER);
            }
        }
        if !this.passed.is_empty() {
            let count = this.passed.len().min(out.remaining());
            out.put_slice(&this.passed[..count]);
            this.passed.drain(..count);
            return Poll::Ready(Ok(()));
        }
        if !this.framed || this.early {
            return Pin::new(&mut this.socket).poll_read(cx, out);
        }
        let mut place = vec![0; this.left.min(out.remaining())];
        let mut part = ReadBuf::new(&mut place);
        ready!(Pin::new(&mut this.socket).poll_read(cx, &mut part))?;
        this.left -= part.filled().len();
        out.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Envelope<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.framed {
            self.gathered.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.gathered.is_empty() {
            let gathered = std::mem::take(&mut this.gathered);
            this.sending.extend_from_slice(&packets(PRELOGIN, &gathered, FIRST_SIZE, 0));
        }
        while !this.sending.is_empty() {
            let written = ready!(Pin::new(&mut this.socket).poll_write(cx, &this.sending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.sending.drain(..written);
        }
        Pin::new(&mut this.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
