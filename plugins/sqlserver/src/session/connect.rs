//! Connecting: an endpoint that answers, PRELOGIN, TLS as the operator has it, the login, and where the server sends us on.

use super::reset::Traces;
use super::{Fault, Link, Session};
use crate::errors;
use crate::options::{Encryption as Begins, Options};
use crate::protocol::Malformed;
use crate::protocol::packet::Kind;
use crate::protocol::prelogin::{Answer, Encryption, Question};
use crate::protocol::request::NO_TRANSACTION;
use crate::wire::{Credential, Stream, Wire};
use bulkhead_driver::transport::{IoError, TlsFraming, TlsPolicy};
use bulkhead_driver::{ConnectOptions, Error, ErrorKind};

/// The name that TDS 8.0 has in a TLS handshake.
const ALPN: &str = "tds/8.0";
/// A prelogin message has some forty bytes.
const LONGEST_ANSWER: usize = 4_096;
/// How often a server may send us on: a replica is one step away.
const MOST_ROUTES: usize = 3;

impl<W: Wire> Session<W> {
    /// Connects to the first endpoint that can be reached, and from there to where the server sends us on.
    ///
    /// # Errors
    /// If none can, or that one refuses.
    pub fn connect(wire: W, options: &ConnectOptions) -> Result<Self, Error> {
        let own = Options::parse(&options.options)?;
        if wire.credential().is_none() {
            let error = Error::new(ErrorKind::Authentication, "neither a password nor an access token is configured");
            return Err(error.connection_lost());
        }
        let user = options.user.as_deref().unwrap_or_default();
        if wire.credential() == Some(Credential::Password) && user.is_empty() {
            return Err(Error::new(ErrorKind::Authentication, "no user is configured").connection_lost());
        }
        let stream = dial(&wire)?;
        let mut session = Self {
            link: Link::new(stream),
            wire,
            tls: None,
            read_only: options.read_only,
            program: String::new(),
            version: [0; 4],
            catalog: String::new(),
            transaction: NO_TRANSACTION,
            transaction_read_only: false,
            wrapped: false,
            notices: Vec::new(),
            outputs: Vec::new(),
            calling: false,
            passed: Vec::new(),
            codecs: Vec::new(),
            run: None,
            waiting: None,
            runs: 0,
            traces: Traces::None,
            resetting: false,
            broken: true,
            options: own,
        };
        for _ in 0..MOST_ROUTES {
            match session.start(user, options).map_err(lost)? {
                None => {
                    session.broken = false;
                    return Ok(session);
                }
                Some(route) => session.follow(&route)?,
            }
        }
        Err(Error::new(ErrorKind::Connection, "the server sends us on and on").connection_lost())
    }

    /// Answers where the server sends us on, if it does.
    fn start(&mut self, user: &str, options: &ConnectOptions) -> Result<Option<String>, Fault> {
        let strict = self.options.encryption == Begins::Strict;
        if strict {
            self.encrypt(TlsFraming::Plain, &[ALPN])?;
        }
        let (policy, answer) = self.prelogin(strict)?;
        if !strict && policy != Encryption::NotSupported {
            self.encrypt(TlsFraming::TdsPrelogin, &[])?;
        }
        self.log_in(user, options, answer, policy == Encryption::Off)
    }

    /// Agrees on encryption. Answers what both will do.
    fn prelogin(&mut self, strict: bool) -> Result<(Encryption, Answer), Fault> {
        let policy = self.wire.tls();
        let wanted = match policy {
            TlsPolicy::Off => Encryption::NotSupported,
            TlsPolicy::LoginOnly => Encryption::Off,
            TlsPolicy::Required => Encryption::On,
        };
        let question = Question {
            encryption: wanted,
            instance: self.options.instance.as_deref().unwrap_or_default(),
            federated: self.wire.credential() == Some(Credential::Token),
        };
        self.link.request(Kind::Prelogin, &question.encode());
        while !self.link.inbox.ended() {
            self.link.fill()?;
            if self.link.inbox.rest().len() > LONGEST_ANSWER {
                return Err(Malformed("a prelogin message longer than any is").into());
            }
        }
        // Bytes that no TLS protects are not to be taken for what comes under it.
        if !self.link.inbox.is_one_message() {
            return Err(Malformed("bytes behind the prelogin message").into());
        }
        let answer = Answer::parse(self.link.inbox.rest())?;
        self.link.inbox.advance(usize::MAX);
        self.link.awaits = false;
        if answer.wrong_instance {
            let error = Error::new(ErrorKind::Connection, "the server at this port is another instance than the one configured");
            return Err(error.hint("set the port of the instance that is meant, or leave the option `instance` out").into());
        }
        let agreed = match (wanted, answer.encryption) {
            // Under TLS already: whatever it says now has no meaning.
            _ if strict => Encryption::On,
            (Encryption::NotSupported, Encryption::Off | Encryption::NotSupported) => Encryption::NotSupported,
            (Encryption::NotSupported, _) => {
                return Err(refused("the server requires TLS, and tls.mode is off for this database"));
            }
            (_, Encryption::NotSupported) => return Err(refused("the server does not offer TLS, and it is required here")),
            (Encryption::Off, Encryption::Off) => Encryption::Off,
            (Encryption::On, Encryption::Off) => {
                return Err(refused("the server would encrypt the login alone, and TLS is required here"));
            }
            _ => Encryption::On,
        };
        Ok((agreed, answer))
    }

    fn encrypt(&mut self, framing: TlsFraming, alpn: &[&str]) -> Result<(), Fault> {
        let info = self.link.stream.start_tls(framing, alpn)?;
        if let Some(wanted) = alpn.first()
            && info.alpn.as_deref().is_some_and(|chosen| chosen != *wanted)
        {
            return Err(refused("the server speaks another protocol under TLS"));
        }
        self.tls = Some(info.version);
        Ok(())
    }

    /// Begins anew at another endpoint, if the operator has listed it.
    fn follow(&mut self, route: &str) -> Result<(), Error> {
        let endpoints = self.wire.endpoints();
        let Some(name) = endpoints.iter().find(|endpoint| endpoint.eq_ignore_ascii_case(route)) else {
            let message = format!("the server sends the login on to {route}, which is not an endpoint of this database");
            let error = Error::new(ErrorKind::Connection, message).hint("add it to the database's `endpoints` if it is meant");
            return Err(error.connection_lost());
        };
        self.link = Link::new(self.wire.dial(name)?);
        self.tls = None;
        Ok(())
    }
}

/// The first endpoint that answers.
fn dial<W: Wire>(wire: &W) -> Result<W::Stream, Error> {
    let mut failed: Option<Error> = None;
    for endpoint in wire.endpoints() {
        match wire.dial(&endpoint) {
            Ok(stream) => return Ok(stream),
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

fn refused(why: &str) -> Fault {
    Fault::Io(IoError::Tls(why.to_owned()))
}

/// While connecting every fault costs the connection.
fn lost(fault: Fault) -> Error {
    match fault {
        Fault::Io(error) => error.into(),
        Fault::Malformed(what) => Error::new(ErrorKind::Protocol, format!("the server does not speak TDS: {what}")),
        Fault::Server(message) => errors::error(message),
        Fault::Other(error) => error,
    }
    .connection_lost()
}
