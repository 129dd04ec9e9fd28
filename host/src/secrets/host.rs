//! The contract's `secrets`, for one instance.

use std::num::NonZeroU32;

use md5::{Digest, Md5};
use wasmtime::component::Resource;
use zeroize::Zeroizing;

use super::SecretHandle;
use crate::contract::secrets::{self, Encoding, ScramProof, SecretError};
use crate::contract::secrets_reveal;
use crate::limits::{MAX_SCRAM_ITERATIONS, MIN_SCRAM_ITERATIONS};
use crate::state::State;
use crate::transport::{ByteStream, packets};

impl secrets::Host for State {
    async fn open(&mut self, name: String) -> wasmtime::Result<Option<Resource<SecretHandle>>> {
        let secret = match name.as_str() {
            "password" => &self.password,
            "access-token" => &self.access_token,
            _ => &None,
        };
        match secret {
            Some(secret) => Ok(Some(self.table.push(SecretHandle(secret.clone()))?)),
            None => Ok(None),
        }
    }
}

impl secrets::HostSecret for State {
    async fn scram_sha_256(
        &mut self,
        this: Resource<SecretHandle>,
        salt: Vec<u8>,
        iterations: u32,
        auth_message: Vec<u8>,
    ) -> wasmtime::Result<Result<ScramProof, SecretError>> {
        let credential = self.table.get(&this)?.0.clone();
        if !(MIN_SCRAM_ITERATIONS..=MAX_SCRAM_ITERATIONS).contains(&iterations) {
            return Ok(Err(SecretError::Denied(format!(
                "{iterations} SCRAM iterations: {MIN_SCRAM_ITERATIONS} to {MAX_SCRAM_ITERATIONS} are allowed"
            ))));
        }
        let Some(iterations) = NonZeroU32::new(iterations) else {
            return Ok(Err(SecretError::Invalid("no iterations".to_owned())));
        };
        self.authenticated = true;
        let proof =
            tokio::task::spawn_blocking(move || credential.salted.prove(&credential.secret, &salt, iterations, &auth_message));
        let (client_proof, server_signature) = proof.await.map_err(wasmtime::Error::from)?;
        Ok(Ok(ScramProof { client_proof: client_proof.to_vec(), server_signature }))
    }

    async fn md5_password(
        &mut self,
        this: Resource<SecretHandle>,
        user: String,
        salt: Vec<u8>,
    ) -> wasmtime::Result<Result<String, SecretError>> {
        if salt.len() != 4 {
            return Ok(Err(SecretError::Invalid(format!("a salt of {} bytes: 4 are wanted", salt.len()))));
        }
        let credential = self.table.get(&this)?.0.clone();
        let inner = Zeroizing::new(hexadecimal(&[credential.secret.expose().as_bytes(), user.as_bytes()]));
        self.authenticated = true;
        Ok(Ok(format!("md5{}", hexadecimal(&[inner.as_bytes(), &salt]))))
    }

    async fn length(&mut self, this: Resource<SecretHandle>, encoding: Encoding) -> wasmtime::Result<u32> {
        let encoded = encode(self.table.get(&this)?.0.secret.expose(), encoding);
        Ok(u32::try_from(encoded.len())?)
    }

    async fn send(
        &mut self,
        this: Resource<SecretHandle>,
        to: Resource<ByteStream>,
        before: Vec<u8>,
        encoding: Encoding,
        after: Vec<u8>,
    ) -> wasmtime::Result<Result<(), SecretError>> {
        let value = encode(self.table.get(&this)?.0.secret.expose(), encoding);
        let message = Zeroizing::new([before.as_slice(), &value, &after].concat());
        self.send_secret(to, &message).await
    }

    async fn send_packets(
        &mut self,
        this: Resource<SecretHandle>,
        to: Resource<ByteStream>,
        packet_type: u8,
        before: Vec<u8>,
        encoding: Encoding,
        after: Vec<u8>,
    ) -> wasmtime::Result<Result<(), SecretError>> {
        let value = encode(self.table.get(&this)?.0.secret.expose(), encoding);
        let message = Zeroizing::new([before.as_slice(), &value, &after].concat());
        let packets = Zeroizing::new(packets(packet_type, &message));
        self.send_secret(to, &packets).await
    }

    async fn drop(&mut self, this: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl State {
    /// The one way of a secret onto a stream.
    async fn send_secret(&mut self, to: Resource<ByteStream>, message: &[u8]) -> wasmtime::Result<Result<(), SecretError>> {
        let authenticated = self.authenticated;
        let plaintext = self.access.plaintext_password;
        let signal = self.signal.clone();
        let stream = self.table.get_mut(&to)?;
        if !stream.encrypted() && !plaintext {
            return Ok(Err(SecretError::Denied("a password goes onto a stream only under TLS".to_owned())));
        }
        if authenticated || stream.password_sent {
            return Ok(Err(SecretError::Denied("this connection has authenticated already".to_owned())));
        }
        stream.password_sent = true;
        Ok(match signal.interrupt(stream.write(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(SecretError::Io(format!("{why:?}"))),
            Err(why) => Err(SecretError::Io(format!("{why:?}"))),
        })
    }
}

impl secrets_reveal::Host for State {
    async fn reveal(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<String> {
        Ok(self.table.get(&secret)?.0.secret.expose().to_owned())
    }
}

fn hexadecimal(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encode(value: &str, encoding: Encoding) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match encoding {
        Encoding::Utf8 => value.as_bytes().to_vec(),
        Encoding::Utf16 => value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Obfuscated => {
            value.encode_utf16().flat_map(u16::to_le_bytes).map(|byte| byte.rotate_left(4) ^ 0xA5).collect()
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(&*encode("é", Encoding::Utf8), "é".as_bytes());
        assert_eq!(&*encode("aé", Encoding::Utf16), &[0x61, 0, 0xE9, 0]);
        // MS-TDS 2.2.6.4: each byte's nibbles swapped, then XOR 0xA5.
        assert_eq!(&*encode("a", Encoding::Utf16Obfuscated), &[0x16 ^ 0xA5, 0xA5]);
    }

    #[test]
    fn md5_as_postgresql_has_it() {
        let inner = hexadecimal(&[b"secret", b"postgres"]);
        assert_eq!(inner, format!("{}", hexadecimal(&[b"secretpostgres"])));
        assert_eq!(hexadecimal(&[b"abc"]), "900150983cd24fb0d6963f7d28e17f72");
    }
}
