//! Authentication, without seeing the password: SCRAM-SHA-256(-PLUS) and MD5 by proof, cleartext by the host's own hand.

use super::{Fault, Session};
use crate::options::ChannelBindingPolicy;
use crate::protocol::scram::{self, ChannelBinding, ClientFirst, ScramError};
use crate::protocol::{Authentication, Message, frontend};
use crate::wire::{Stream, Wire};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bulkhead_driver::{Error, ErrorKind};

const SCRAM: &str = "SCRAM-SHA-256";
const SCRAM_PLUS: &str = "SCRAM-SHA-256-PLUS";
/// Random bytes in the nonce, as libpq has it.
const NONCE: usize = 18;

impl<W: Wire> Session<W> {
    /// Answers what the server asks until it is satisfied.
    pub(super) fn authenticate(&mut self, user: &str) -> Result<(), Fault> {
        let require = self.options.channel_binding == ChannelBindingPolicy::Require;
        match self.question()? {
            Authentication::Sasl(mechanisms) => return self.sasl(&mechanisms),
            _ if require => {
                return Err(refused("channel_binding is required, and the server doesn't ask for SCRAM"));
            }
            Authentication::Ok => return Ok(()),
            Authentication::Md5(salt) => {
                self.need_password()?;
                let hash = self.wire.md5(user, salt).map_err(Error::from)?;
                frontend::password(self.link.out(), &hash);
            }
            Authentication::Cleartext => {
                self.need_password()?;
                let prefix = frontend::password_prefix(self.wire.password_length());
                self.wire.send_password(&self.link.stream, &prefix, &[0]).map_err(Error::from)?;
            }
            Authentication::Other(number) => {
                let message = format!("the server asks for authentication of kind {number}, which this driver doesn't do");
                return Err(Error::new(ErrorKind::Authentication, message).hint("use scram-sha-256 in pg_hba.conf").into());
            }
            Authentication::SaslContinue(_) | Authentication::SaslFinal(_) => {
                return Err(Self::unexpected());
            }
        }
        self.satisfied()
    }

    fn sasl(&mut self, mechanisms: &[String]) -> Result<(), Fault> {
        self.need_password()?;
        let offers = |name: &str| mechanisms.iter().any(|mechanism| mechanism == name);
        let policy = self.options.channel_binding;
        let hash = if policy == ChannelBindingPolicy::Disable { None } else { self.link.stream.server_end_point() };
        let binding = match hash {
            Some(hash) if offers(SCRAM_PLUS) => ChannelBinding::ServerEndPoint(hash),
            _ if policy == ChannelBindingPolicy::Require => {
                return Err(refused("channel_binding is required, and the connection or the server doesn't have it"));
            }
            Some(_) => ChannelBinding::NotOffered,
            None => ChannelBinding::Unsupported,
        };
        let first = ClientFirst::new(binding, nonce()?);
        let mechanism = first.mechanism();
        if mechanism == SCRAM && !offers(SCRAM) {
            let message = format!("the server offers {} only", mechanisms.join(", "));
            return Err(Error::new(ErrorKind::Authentication, message).into());
        }
        frontend::sasl_initial(self.link.out(), mechanism, first.message().as_bytes());
        let Authentication::SaslContinue(challenge) = self.question()? else {
            return Err(Self::unexpected());
        };
        let challenge = first.challenge(&challenge).map_err(scram_failed)?;
        let proof = self.wire.scram(&challenge.salt, challenge.iterations, &challenge.auth_message).map_err(Error::from)?;
        frontend::sasl_response(self.link.out(), challenge.answer(&proof.client_proof).as_bytes());
        let Authentication::SaslFinal(last) = self.question()? else {
            return Err(Self::unexpected());
        };
        scram::verify(&last, &proof.server_signature).map_err(scram_failed)?;
        self.satisfied()
    }

    fn satisfied(&mut self) -> Result<(), Fault> {
        match self.question()? {
            Authentication::Ok => Ok(()),
            _ => Err(Self::unexpected()),
        }
    }

    /// The server's next word on authentication.
    fn question(&mut self) -> Result<Authentication, Fault> {
        match self.next()? {
            Message::Authentication(question) => Ok(question),
            Message::Error(fields) => Err(Fault::Server(fields)),
            _ => Err(Self::unexpected()),
        }
    }

    fn need_password(&self) -> Result<(), Fault> {
        if self.wire.has_password() { Ok(()) } else { Err(refused("the server asks for a password, and none is configured")) }
    }
}

fn nonce() -> Result<String, Fault> {
    let mut bytes = [0; NONCE];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(ErrorKind::Internal, format!("no random bytes: {error}")))?;
    Ok(BASE64_STANDARD.encode(bytes))
}

fn refused(message: &str) -> Fault {
    Fault::Other(Error::new(ErrorKind::Authentication, message))
}

fn scram_failed(error: ScramError) -> Fault {
    Fault::Other(Error::new(ErrorKind::Authentication, error.0))
}
