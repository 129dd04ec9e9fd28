//! SCRAM-SHA-256's part that needs the password (RFC 5802 section 3, RFC 7677).

use std::num::NonZeroU32;
use std::sync::Mutex;

use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::config::Secret;

const KEY_BYTES: usize = digest::SHA256_OUTPUT_LEN;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// The last SaltedPassword: deriving one takes milliseconds, and a server gives one user the same salt each time.
#[derive(Default)]
pub(crate) struct SaltedPasswords(Mutex<Option<(Vec<u8>, NonZeroU32, Key)>>);

impl SaltedPasswords {
    /// ClientProof and ServerSignature.
    pub(super) fn prove(
        &self,
        secret: &Secret,
        salt: &[u8],
        iterations: NonZeroU32,
        auth_message: &[u8],
    ) -> ([u8; KEY_BYTES], Vec<u8>) {
        let salted = self.salted(secret, salt, iterations);
        let salted = hmac::Key::new(hmac::HMAC_SHA256, &*salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, stored_key.as_ref()), auth_message);
        let mut proof = [0; KEY_BYTES];
        for (out, (key, sign)) in proof.iter_mut().zip(client_key.as_ref().iter().zip(signature.as_ref())) {
            *out = key ^ sign;
        }
        let server_key = hmac::sign(&salted, b"Server Key");
        let server = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, server_key.as_ref()), auth_message);
        (proof, server.as_ref().to_vec())
    }

    fn salted(&self, secret: &Secret, salt: &[u8], iterations: NonZeroU32) -> Key {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((known_salt, known_iterations, key)) = &*last
            && known_salt == salt
            && *known_iterations == iterations
        {
            return key.clone();
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let password = prepared(secret.expose());
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.as_bytes(), &mut *key);
        *last = Some((salt.to_vec(), iterations, key.clone()));
        key
    }
}

/// SASLprep where it applies, else the password as it is, as PostgreSQL does.
fn prepared(password: &str) -> Zeroizing<String> {
    Zeroizing::new(stringprep::saslprep(password).map_or_else(|_| password.to_owned(), std::borrow::Cow::into_owned))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The example of RFC 7677 section 3.
    #[test]
    fn the_rfc_s_example() {
        let secret = Secret::new("pencil".to_owned());
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let known = SaltedPasswords::default();
        for _ in 0..2 {
            let (proof, server) = known.prove(&secret, &salt, NonZeroU32::new(4096).unwrap(), message.as_bytes());
            assert_eq!(STANDARD.encode(proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
            assert_eq!(STANDARD.encode(server), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        }
    }
}
