//! The login: the message is the driver's, the secret in it is the host's.

use super::{Fault, Session};
use crate::options::{Encryption, Intent};
use crate::protocol::login::{Identity, LONGEST_NAME, Login};
use crate::protocol::prelogin::Answer;
use crate::protocol::{Change, Malformed, Token};
use crate::wire::{Credential, Stream, Wire};
use bulkhead_driver::{ConnectOptions, Error, ErrorKind};

/// Before the login nothing is large.
const LARGEST: usize = 64 << 10;

impl<W: Wire> Session<W> {
    /// Logs in. `only`: what follows the login goes in the clear. Answers where the server sends us on, if it does.
    pub(super) fn log_in(
        &mut self,
        user: &str,
        options: &ConnectOptions,
        answer: Answer,
        only: bool,
    ) -> Result<Option<String>, Fault> {
        let length = self.wire.secret_length();
        let identity = match self.wire.credential() {
            Some(Credential::Token) => Identity::Token { length, echo: answer.federated },
            _ => Identity::Password { user, length },
        };
        let server = self.link.stream.host();
        let login = Login {
            identity,
            strict: self.options.encryption == Encryption::Strict,
            packet_size: self.options.packet_size,
            application: &options.application_name,
            server: &server,
            catalog: options.catalog.as_deref(),
            language: self.options.language.as_deref(),
            read_only: self.reads_only(),
        };
        for name in [user, &server, login.application, login.catalog.unwrap_or_default()] {
            if name.chars().count() > LONGEST_NAME || name.contains('\0') {
                let message = format!("a name to log in with is longer than {LONGEST_NAME} characters, or holds a zero byte");
                return Err(Error::new(ErrorKind::InvalidValue, message).into());
            }
        }
        let parts = login.encode();
        self.wire.send_login(&self.link.stream, &parts.before, &parts.after).map_err(Error::from)?;
        if only {
            self.link.stream.stop_tls()?;
        }
        self.link.await_answer();
        self.logged_in()
    }

    /// The server's word.
    fn logged_in(&mut self) -> Result<Option<String>, Fault> {
        let (mut accepted, mut route, mut failed) = (false, None, None);
        while let Some(token) = self.link.token(LARGEST)? {
            match token {
                Token::LoginAck(program, version) => {
                    self.program = program;
                    self.version = version;
                    accepted = true;
                }
                Token::Change(Change::Routing { host, port }) => route = Some(format!("{host}:{port}")),
                Token::Change(change) => self.change(change)?,
                Token::Error(message) => failed = failed.or(Some(message)),
                Token::FedAuthInfo | Token::Sspi => {
                    let error = Error::new(
                        ErrorKind::Authentication,
                        "the server asks for a way of logging in that this driver doesn't do",
                    );
                    return Err(error.hint("use SQL Server authentication, or an access token").into());
                }
                Token::Row(_) | Token::Columns(_) => return Err(Self::unexpected()),
                _ => {}
            }
        }
        match failed {
            Some(message) => Err(Fault::Server(message)),
            None if accepted => Ok(route),
            None => Err(Malformed("neither a yes nor a no to the login").into()),
        }
    }

    /// Whether a secondary will do.
    fn reads_only(&self) -> bool {
        match self.options.application_intent {
            Some(intent) => intent == Intent::ReadOnly,
            None => self.read_only,
        }
    }
}
