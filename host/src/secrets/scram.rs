//! SCRAM-SHA-256's part that needs the password (RFC 5802 section 3, RFC 7677).

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::config::Secret;

const KEY_BYTES: usize = digest::SHA256_OUTPUT_LEN;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// The SaltedPasswords of a secret that are kept: one for each server that it is for, which gives a user the same salt each time.
const KEPT: usize = 16;

/// The last SaltedPasswords, since deriving one takes milliseconds. Who wants the same one waits for who derives it, and for nobody else.
#[derive(Default)]
pub(crate) struct SaltedPasswords(Mutex<VecDeque<Arc<Salted>>>);

struct Salted {
    salt: Vec<u8>,
    iterations: NonZeroU32,
    key: OnceLock<Key>,
}

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
        let derive = || {
            let mut key = Zeroizing::new([0; KEY_BYTES]);
            let password = prepared(secret.expose());
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.as_bytes(), &mut *key);
            key
        };
        self.of(salt, iterations).key.get_or_init(derive).clone()
    }

    fn of(&self, salt: &[u8], iterations: NonZeroU32) -> Arc<Salted> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|known| known.salt == salt && known.iterations == iterations);
        let salted = known.and_then(|at| kept.remove(at));
        let new = || Arc::new(Salted { salt: salt.to_vec(), iterations, key: OnceLock::new() });
        let salted = salted.unwrap_or_else(new);
        kept.push_front(salted.clone());
        kept.truncate(KEPT);
        salted
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

    #[test]
    fn servers_salts_are_kept_and_not_for_ever() {
        let secret = Secret::new("pencil".to_owned());
        let (known, iterations) = (SaltedPasswords::default(), NonZeroU32::MIN);
        let first = known.of(b"first", iterations);
        let key = known.salted(&secret, b"first", iterations);
        assert_eq!(first.key.get(), Some(&key));
        assert_ne!(key, known.salted(&secret, b"other", iterations));
        assert_ne!(key, known.salted(&secret, b"first", iterations.saturating_add(1)));
        for salt in 0..KEPT {
            // Those that are used are those that stay.
            assert!(Arc::ptr_eq(&first, &known.of(b"first", iterations)));
            let _ = known.salted(&secret, &salt.to_le_bytes(), iterations);
        }
        assert_eq!(known.0.lock().unwrap().len(), KEPT);
        for salt in 0..KEPT {
            let _ = known.of(&salt.to_be_bytes(), iterations);
        }
        assert!(!Arc::ptr_eq(&first, &known.of(b"first", iterations)));
    }
}
