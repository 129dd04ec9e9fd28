//! Connecting: an endpoint that answers, TLS if it is required, startup, authentication, and the first "ready".

use super::traces::Traces;
use super::{Fault, Link, Session, Statements, catalog};
use crate::options::Options;
use crate::protocol::{Message, TransactionStatus, frontend};
use crate::sqlstate;
use crate::wire::{Stream, Wire};
use bulkhead_driver::transport::IoError;
use bulkhead_driver::{ConnectOptions, Error, ErrorKind};
use std::collections::HashMap;

impl<W: Wire> Session<W> {
    /// Connects to the first endpoint that can be reached.
    ///
    /// # Errors
    /// If none can, or that one refuses.
    pub fn connect(wire: W, options: &ConnectOptions) -> Result<Self, Error> {
        let own = Options::parse(&options.options)?;
        let Some(user) = options.user.as_deref().filter(|user| !user.is_empty()) else {
            return Err(Error::new(ErrorKind::Authentication, "no user is configured").connection_lost());
        };
        let (stream, endpoint) = dial(&wire)?;
        let tls = if wire.tls_required() { Some(encrypt(&stream)?) } else { None };
        let mut session = Self {
            link: Link::new(stream, own.max_message_bytes),
            wire,
            endpoint,
            tls,
            read_only: options.read_only,
            key: None,
            settings: HashMap::new(),
            status: TransactionStatus::Idle,
            transaction_read_only: false,
            wrapped: false,
            statements: Statements::new(own.statement_cache_size, own.prepared_statements),
            types: catalog::Types::default(),
            notices: Vec::new(),
            run: None,
            runs: 0,
            statement_timeout: None,
            traces: Traces::None,
            owes_reset: false,
            discarding: false,
            resetting: false,
            broken: false,
            options: own,
        };
        session.start(user, options).map_err(lost)?;
        Ok(session)
    }

    fn start(&mut self, user: &str, options: &ConnectOptions) -> Result<(), Fault> {
        let mut parameters = vec![
            ("user", user),
            ("application_name", options.application_name.as_str()),
            ("client_encoding", "UTF8"),
            // What is read as text (ranges, composites) holds dates in ISO form, as what is read in binary does.
            ("DateStyle", "ISO"),
        ];
        if let Some(catalog) = &options.catalog {
            parameters.push(("database", catalog));
        }
        // PgBouncer refuses what it doesn't know; there the transaction around each statement is what counts.
        if options.read_only && self.options.prepared_statements {
            parameters.push(("default_transaction_read_only", "on"));
        }
        if let Some(path) = &self.options.search_path {
            parameters.push(("search_path", path));
        }
        parameters.extend(self.options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if parameters.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Error::new(ErrorKind::InvalidValue, "a name to connect with contains a zero byte").into());
        }
        frontend::startup(self.link.out(), parameters);
        self.authenticate(user)?;
        self.link.await_first_ready();
        while self.link.awaits_ready() {
            match self.next()? {
                Message::BackendKey { process, secret } => self.key = Some((process, secret)),
                Message::Ready(_) => {}
                Message::Error(fields) => return Err(Fault::Server(fields)),
                _ => return Err(Self::unexpected()),
            }
        }
        // Said while connecting; nobody is there to hear it.
        self.notices.clear();
        Ok(())
    }
}

/// The first endpoint that answers.
fn dial<W: Wire>(wire: &W) -> Result<(W::Stream, String), Error> {
    let mut failed: Option<Error> = None;
    for endpoint in wire.endpoints() {
        match wire.dial(&endpoint) {
            Ok(stream) => return Ok((stream, endpoint)),
            Err(error @ (IoError::Cancelled | IoError::Timeout)) => return Err(error.into()),
            Err(error) => {
                let error = Error::from(error);
                failed = Some(match failed {
                    // All of them are to be seen.
                    Some(earlier) => Error { message: format!("{}; {}", earlier.message, error.message), ..error },
                    None => error,
                });
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::new(ErrorKind::Connection, "the database has no endpoint").connection_lost()))
}

/// SSLRequest, its one byte, and the handshake. Answers the version.
pub(super) fn encrypt<S: Stream>(stream: &S) -> Result<String, IoError> {
    let mut out = Vec::new();
    frontend::ssl_request(&mut out);
    // One byte and no more: what somebody on the way puts behind it must not pass for something read under TLS.
    let answer = stream.exchange(&out, 1)?;
    match answer.first() {
        Some(b'S') => Ok(stream.start_tls()?.version),
        Some(b'N') => Err(IoError::Tls("the server does not offer TLS, and it is required here".to_owned())),
        Some(b'E') => Err(IoError::Tls("the server does not know TLS, or is too busy".to_owned())),
        None => Err(IoError::Closed("the server closed it when asked for TLS".to_owned())),
        Some(_) => Err(IoError::Tls("the server gave no answer that PostgreSQL would".to_owned())),
    }
}

/// While connecting every fault costs the connection.
fn lost(fault: Fault) -> Error {
    match fault {
        Fault::Io(error) => error.into(),
        Fault::Malformed(what) => {
            Error::new(ErrorKind::Protocol, format!("the server does not speak PostgreSQL's protocol: {what}"))
        }
        Fault::Server(fields) => sqlstate::error(fields),
        Fault::Other(error) => error,
    }
    .connection_lost()
}
