//! The token that requests carry.

use ring::hmac;
use ring::rand::SystemRandom;

use crate::config::{Secret, SecretRef};

/// The shortest token: 16 characters at random are more than can be guessed.
const LEAST: usize = 16;

/// Where the token is, and how one that is presented is held against it.
pub(super) struct Token {
    reference: SecretRef,
    /// Of this process alone: what is compared are tags under it, so that the time says nothing of the token or its length.
    key: hmac::Key,
}

impl Token {
    /// Looks whether there is one.
    pub(super) fn new(reference: SecretRef) -> Result<Token, String> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| "no random bytes can be had")?;
        let token = Token { reference, key };
        token.read()?;
        Ok(token)
    }

    /// Whether this is it, as it is now.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) async fn is(&self, presented: &str) -> Result<bool, String> {
        let reference = self.reference.clone();
        let read = tokio::task::spawn_blocking(move || checked(&reference)).await.map_err(|why| why.to_string())??;
        let expected = hmac::sign(&self.key, read.expose().as_bytes());
        Ok(hmac::verify(&self.key, presented.as_bytes(), expected.as_ref()).is_ok())
    }

    fn read(&self) -> Result<Secret, String> {
        checked(&self.reference)
    }
}

fn checked(reference: &SecretRef) -> Result<Secret, String> {
    let secret = reference.resolve()?;
    if secret.expose().chars().count() < LEAST {
        return Err(format!("it is shorter than {LEAST} characters"));
    }
    Ok(secret)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_of_it_and_nothing_else() {
        let token = Token::new(SecretRef::Plain(Secret::new("0123456789abcdef".to_owned()))).unwrap();
        for (presented, right) in [
            ("0123456789abcdef", true),
            ("", false),
            ("0123456789abcde", false),
            ("0123456789abcdefg", false),
            ("0123456789ABCDEF", false),
            (" 0123456789abcdef", false),
        ] {
            assert_eq!(token.is(presented).await, Ok(right), "{presented:?}");
        }
        let short = Token::new(SecretRef::Plain(Secret::new("0123456789abcde".to_owned()))).err().unwrap();
        assert!(!short.contains("0123"), "{short}");
    }

    #[tokio::test]
    async fn a_file_that_is_replaced_counts_at_once() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let write = |text: &str| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        write("the-first-token-of-all\n");
        let token = Token::new(SecretRef::of(&format!("file:{}", file.display()))).unwrap();
        assert_eq!(token.is("the-first-token-of-all").await, Ok(true));
        write("the-second-token-of-all\n");
        assert_eq!(token.is("the-first-token-of-all").await, Ok(false));
        assert_eq!(token.is("the-second-token-of-all").await, Ok(true));
        std::fs::remove_file(&file).unwrap();
        assert!(token.is("the-second-token-of-all").await.is_err());
    }
}
