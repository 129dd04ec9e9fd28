//! One connection that the host keeps for a driver.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::ready;

use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::framed::Framed;
use crate::contract::transport::IoError;
use crate::limits::{MAX_READ, PLAINTEXT_BUDGET};

/// A byte stream, in the clear or under TLS.
pub struct ByteStream {
    io: Io,
    /// Whom it leads to, as the operator wrote it.
    host: String,
    /// What may still cross in the clear, each way. None: TLS isn't required, or has begun.
    budget: Option<Budget>,
    /// The channel binding, once under TLS.
    pub(super) end_point: Option<Vec<u8>>,
    /// Whether the password was written to it: once is enough.
    pub(crate) password_sent: bool,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<Framed<TcpStream>>>),
    /// While a handshake has the socket, and after one that failed.
    Gone,
}

struct Budget {
    read: usize,
    write: usize,
}

impl ByteStream {
    pub(super) fn new(socket: TcpStream, host: &str, tls_required: bool) -> ByteStream {
        let budget = tls_required.then_some(Budget { read: PLAINTEXT_BUDGET, write: PLAINTEXT_BUDGET });
        ByteStream { io: Io::Plain(socket), host: host.to_owned(), budget, end_point: None, password_sent: false }
    }

    /// Whether the wire carries TLS.
    pub(crate) fn encrypted(&self) -> bool {
        matches!(self.io, Io::Tls(_))
    }

    /// Gives the socket to a handshake.
    pub(super) fn take_plain(&mut self) -> Result<TcpStream, IoError> {
        match std::mem::replace(&mut self.io, Io::Gone) {
            Io::Plain(socket) => Ok(socket),
            Io::Tls(tls) => {
                self.io = Io::Tls(tls);
                Err(IoError::Denied("the stream is under TLS already".to_owned()))
            }
            Io::Gone => Err(IoError::Closed("the handshake failed".to_owned())),
        }
    }

    pub(super) fn set_tls(&mut self, tls: TlsStream<Framed<TcpStream>>, end_point: Option<Vec<u8>>) {
        self.io = Io::Tls(Box::new(tls));
        self.budget = None;
        self.end_point = end_point;
    }

    /// Whether the other side has closed it, as far as the last look at its socket told: costs no system call.
    pub(crate) fn is_severed(&self) -> bool {
        let socket = match &self.io {
            Io::Plain(socket) => socket,
            Io::Tls(tls) => tls.get_ref().0.get_ref(),
            Io::Gone => return true,
        };
        let state = socket.ready(Interest::READABLE).now_or_never();
        state.is_some_and(|state| state.is_ok_and(|state| state.is_read_closed()))
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Takes TLS off. Nobody who could is told.
    pub(super) fn stop_tls(&mut self) -> Result<(), IoError> {
        match std::mem::replace(&mut self.io, Io::Gone) {
            Io::Tls(tls) => {
                let (framed, session) = tls.into_inner();
                if session.wants_write() {
                    return Err(IoError::Closed("TLS ended with bytes unsent".to_owned()));
                }
                self.io = Io::Plain(framed.into_inner());
                self.end_point = None;
                Ok(())
            }
            Io::Plain(socket) => {
                self.io = Io::Plain(socket);
                Err(IoError::Denied("the stream is not under TLS".to_owned()))
            }
            Io::Gone => Err(gone()),
        }
    }

    /// Waits for bytes, at most `max`. Empty at the end.
    pub(super) async fn read(&mut self, max: u32) -> Result<Vec<u8>, IoError> {
        let mut max = usize::try_from(max).unwrap_or(MAX_READ).clamp(1, MAX_READ);
        if let Some(budget) = &self.budget {
            if budget.read == 0 {
                return Err(over_budget("read"));
            }
            max = max.min(budget.read);
        }
        let bytes = match &mut self.io {
            Io::Plain(socket) => read_some(socket, max).await,
            Io::Tls(tls) => read_some(tls, max).await,
            Io::Gone => return Err(gone()),
        }
        .map_err(|why| IoError::Closed(told(&why)))?;
        if let Some(budget) = &mut self.budget {
            budget.read = budget.read.saturating_sub(bytes.len());
        }
        Ok(bytes)
    }

    /// Writes all of it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), IoError> {
        if let Some(budget) = &mut self.budget {
            budget.write = budget.write.checked_sub(bytes.len()).ok_or_else(|| over_budget("written"))?;
        }
        match &mut self.io {
            Io::Plain(socket) => socket.write_all(bytes).await,
            Io::Tls(tls) => match tls.write_all(bytes).await {
                Ok(()) => tls.flush().await,
                Err(why) => Err(why),
            },
            Io::Gone => return Err(gone()),
        }
        .map_err(|why| IoError::Closed(told(&why)))
    }
}

/// What happened to a connection, for a person: where a server ends TLS without a goodbye, its library speaks to programmers.
pub(crate) fn told(why: &std::io::Error) -> String {
    match why.kind() {
        ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
        _ => why.to_string(),
    }
}

fn gone() -> IoError {
    IoError::Closed("the TLS handshake failed or was cut off".to_owned())
}

fn over_budget(what: &str) -> IoError {
    IoError::Denied(format!(
        "TLS is required for this database: no more than {PLAINTEXT_BUDGET} bytes may be {what} before start-tls"
    ))
}

thread_local! {
    /// Reads land here first, so that what is handed on has just the size of what came.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; MAX_READ]);
}

async fn read_some(from: &mut (impl AsyncRead + Unpin), max: usize) -> std::io::Result<Vec<u8>> {
    let mut from = Pin::new(from);
    poll_fn(|cx| {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch.get_mut(..max).unwrap_or_default());
            ready!(from.as_mut().poll_read(cx, &mut buffer))?;
            Ok(buffer.filled().to_vec()).into()
        })
    })
    .await
}
