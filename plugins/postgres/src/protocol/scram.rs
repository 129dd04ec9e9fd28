//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS as the client (RFC 5802, RFC 7677, RFC 5929 section 4), without the password: the
//! proof is made by whoever keeps it.
//!
//! First message, the server's challenge, the proof, the server's signature; nothing is trusted before the last.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What the client can say of channel binding, as the GS2 header has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelBinding {
    /// `n`: the client doesn't do it.
    Unsupported,
    /// `y`: the client does it, and thinks that the server doesn't. A server that does knows then that somebody has
    /// changed the list of mechanisms on the way.
    NotOffered,
    /// `p`: the hash of the server's certificate.
    ServerEndPoint(Vec<u8>),
}

/// Why the exchange failed. Says what the server did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramError(pub String);

/// The client's first message is made.
#[derive(Debug)]
pub struct ClientFirst {
    gs2: String,
    binding: Vec<u8>,
    nonce: String,
}

/// The server's challenge was read: this is what the proof is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The salt.
    pub salt: Vec<u8>,
    /// The rounds of PBKDF2.
    pub iterations: u32,
    /// AuthMessage.
    pub auth_message: String,
    without_proof: String,
}

impl ClientFirst {
    /// Starts. The nonce is printable ASCII without commas.
    #[must_use]
    pub fn new(binding: ChannelBinding, nonce: String) -> Self {
        let (gs2, binding) = match binding {
            ChannelBinding::Unsupported => ("n,,", Vec::new()),
            ChannelBinding::NotOffered => ("y,,", Vec::new()),
            ChannelBinding::ServerEndPoint(hash) => ("p=tls-server-end-point,,", hash),
        };
        Self { gs2: gs2.to_owned(), binding, nonce }
    }

    /// The mechanism's name.
    #[must_use]
    pub fn mechanism(&self) -> &'static str {
        if self.gs2.starts_with('p') { "SCRAM-SHA-256-PLUS" } else { "SCRAM-SHA-256" }
    }

    /// client-first-message. The user's name is empty: the server takes it from the startup message.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}{}", self.gs2, self.bare())
    }

    fn bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// Reads server-first-message.
    ///
    /// # Errors
    /// If it isn't one, or its nonce isn't ours continued.
    pub fn challenge(self, message: &[u8]) -> Result<Challenge, ScramError> {
        let text = std::str::from_utf8(message).map_err(|_| fault("a challenge that is not text"))?;
        let mut parts = text.split(',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name));
        let nonce = part("r=").ok_or_else(|| fault("a challenge without a nonce"))?;
        let salt = part("s=").ok_or_else(|| fault("a challenge without a salt"))?;
        let iterations = part("i=").ok_or_else(|| fault("a challenge without an iteration count"))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(fault("a nonce that does not continue the client's"));
        }
        let salt = BASE64_STANDARD.decode(salt).map_err(|_| fault("a salt that is not base64"))?;
        let iterations = iterations.parse().map_err(|_| fault("an iteration count that is not a number"))?;
        let header = BASE64_STANDARD.encode([self.gs2.as_bytes(), &self.binding].concat());
        let without_proof = format!("c={header},r={nonce}");
        let auth_message = format!("{},{text},{without_proof}", self.bare());
        Ok(Challenge { salt, iterations, auth_message, without_proof })
    }
}

impl Challenge {
    /// client-final-message.
    #[must_use]
    pub fn answer(&self, proof: &[u8]) -> String {
        format!("{},p={}", self.without_proof, BASE64_STANDARD.encode(proof))
    }
}

/// Checks server-final-message against the signature that only a server which knows the password can make.
///
/// # Errors
/// If it is another, or the server says that it failed.
pub fn verify(message: &[u8], signature: &[u8]) -> Result<(), ScramError> {
    let text = std::str::from_utf8(message).map_err(|_| fault("a last message that is not text"))?;
    if let Some(error) = text.strip_prefix("e=") {
        return Err(ScramError(format!("the server refused the proof: {error}")));
    }
    let theirs = text.split(',').next().and_then(|part| part.strip_prefix("v="));
    let theirs = theirs.and_then(|part| BASE64_STANDARD.decode(part).ok());
    if theirs.as_deref() == Some(signature) && !signature.is_empty() {
        Ok(())
    } else {
        Err(ScramError("the server does not know the password: its signature is wrong".to_owned()))
    }
}

fn fault(what: &str) -> ScramError {
    ScramError(format!("the server sent {what}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const CHALLENGE: &[u8] = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    /// RFC 7677 section 3, but for the user's name, which PostgreSQL leaves empty.
    #[test]
    fn the_example_of_the_rfc() {
        let first = ClientFirst::new(ChannelBinding::Unsupported, NONCE.into());
        assert_eq!(first.message(), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = first.challenge(CHALLENGE).unwrap();
        assert_eq!(challenge.iterations, 4096);
        assert_eq!(challenge.salt.len(), 16);
        assert!(challenge.answer(&[0]).starts_with("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p="));
        assert!(challenge.auth_message.starts_with("n=,r=rOprNGfwEbeRWgbNEkqO,r="));
    }

    #[test]
    fn the_header_says_what_the_client_thinks() {
        let header = |binding| ClientFirst::new(binding, NONCE.into()).challenge(CHALLENGE).unwrap().answer(&[]);
        assert!(header(ChannelBinding::NotOffered).starts_with("c=eSws,"));
        let plus = ClientFirst::new(ChannelBinding::ServerEndPoint(vec![1, 2, 3]), NONCE.into());
        assert_eq!(plus.mechanism(), "SCRAM-SHA-256-PLUS");
        let answer = plus.challenge(CHALLENGE).unwrap().answer(&[]);
        let expected = BASE64_STANDARD.encode(b"p=tls-server-end-point,,\x01\x02\x03");
        assert!(answer.starts_with(&format!("c={expected},")));
    }

    #[test]
    fn a_challenge_is_refused_if_its_nonce_is_not_ours() {
        for challenge in [
            "r=other,s=AA==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqO,s=AA==,i=4096",
            "s=AA==,i=4096",
            "",
            "r=rOprNGfwEbeRWgbNEkqOx,s=!,i=1",
        ] {
            let first = ClientFirst::new(ChannelBinding::Unsupported, NONCE.into());
            assert!(first.challenge(challenge.as_bytes()).is_err(), "{challenge}");
        }
    }

    #[test]
    fn only_the_right_signature_is_accepted() {
        let signature = [7; 32];
        let message = format!("v={}", BASE64_STANDARD.encode(signature));
        assert!(verify(message.as_bytes(), &signature).is_ok());
        assert!(verify(message.as_bytes(), &[8; 32]).is_err());
        assert!(verify(b"v=", &[]).is_err());
        assert!(verify(b"e=invalid-proof", &signature).unwrap_err().0.contains("invalid-proof"));
    }
}
