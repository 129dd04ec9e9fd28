//! What is given to a client to be brought back, sealed, so that nothing else can be brought.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{HMAC_SHA256, Key, sign, verify};

/// The seal of one process.
#[derive(Clone)]
pub(crate) struct Seal(Key);

impl Seal {
    /// A new one.
    pub(crate) fn new() -> anyhow::Result<Seal> {
        let key = Key::generate(HMAC_SHA256, &ring::rand::SystemRandom::new());
        Ok(Seal(key.map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?))
    }

    /// Words and their seal.
    pub(crate) fn put(&self, words: &str) -> String {
        format!("{words}.{}", URL_SAFE_NO_PAD.encode(sign(&self.0, words.as_bytes())))
    }

    /// The words, if they are sealed.
    pub(crate) fn open<'a>(&self, sealed: &'a str) -> Option<&'a str> {
        let (words, tag) = sealed.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        verify(&self.0, words.as_bytes(), &tag).ok().map(|()| words)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens() {
        let seal = Seal::new().unwrap();
        let sealed = seal.put("round 1");
        assert_eq!(seal.open(&sealed), Some("round 1"));
        for other in [format!("{sealed}-TAMPERED"), sealed.replace('1', "2"), Seal::new().unwrap().put("round 1"), String::new()]
        {
            assert_eq!(seal.open(&other), None, "{other}");
        }
    }
}
