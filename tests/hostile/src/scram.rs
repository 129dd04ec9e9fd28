//! A login to PostgreSQL by SCRAM-SHA-256 and nothing more, so that the memory which is dumped afterwards is that of a
//! driver that has authenticated. Protocol: PostgreSQL 15, sections 55.2 and 55.3; RFC 5802.

use bulkhead_driver::Error;
use bulkhead_driver::{secrets, transport};

use crate::abuse::error;
use crate::network::{dial, told};

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Any value will do here: nothing but this driver's own login hangs on it.
const CLIENT_NONCE: &str = "bulkheadhostilenonce0123";
/// Larger than any message of a login.
const READ: u32 = 16 * 1024;

/// Logs in, and checks the server's signature. The stream is kept open, as a driver would.
pub(crate) fn log_in(user: &str) -> Result<(), Error> {
    let stream = dial()?;
    if transport::tls() == transport::TlsPolicy::Required {
        stream.exchange(&SSL_REQUEST, 1).map_err(told)?;
        let options = transport::TlsOptions { alpn: vec!["postgresql".into()], framing: transport::TlsFraming::Plain };
        stream.start_tls(&options).map_err(told)?;
    }
    let mut wire = Wire { stream, buffer: Vec::new() };
    wire.send(&startup(user))?;
    wire.expect(10)?;
    let bare = format!("n=,r={CLIENT_NONCE}");
    let first = format!("n,,{bare}");
    let mut body = b"SCRAM-SHA-256\0".to_vec();
    body.extend(length(first.len()).to_be_bytes());
    body.extend(first.as_bytes());
    wire.send(&message(b'p', &body))?;

    let server_first = text(wire.expect(11)?)?;
    let (nonce, salt, iterations) = parse_first(&server_first)?;
    let without_proof = format!("c=biws,r={nonce}");
    let auth_message = format!("{bare},{server_first},{without_proof}");
    let secret = secrets::open("password").ok_or_else(|| error("no password configured".into()))?;
    let proof =
        secret.scram_sha_256(&salt, iterations, auth_message.as_bytes()).map_err(|why| error(format!("scram: {why:?}")))?;
    let last = format!("{without_proof},p={}", encode(&proof.client_proof));
    wire.send(&message(b'p', last.as_bytes()))?;

    let server_last = text(wire.expect(12)?)?;
    if server_last != format!("v={}", encode(&proof.server_signature)) {
        return Err(error("the server's signature is wrong".into()));
    }
    wire.expect(0)?;
    std::mem::forget(wire);
    Ok(())
}

struct Wire {
    stream: transport::ByteStream,
    buffer: Vec<u8>,
}

impl Wire {
    fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write(bytes).map_err(told)
    }

    /// The body of the next authentication message, which has to be of this code.
    fn expect(&mut self, code: u32) -> Result<Vec<u8>, Error> {
        let header = self.take(5)?;
        let size = match header.get(1..5).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
            Some(bytes) => usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(0).saturating_sub(4),
            None => 0,
        };
        let body = self.take(size)?;
        let wanted = code.to_be_bytes();
        match body.strip_prefix(&wanted[..]) {
            Some(rest) if header.first() == Some(&b'R') => Ok(rest.to_vec()),
            _ => Err(error(format!("unexpected message {:?}", String::from_utf8_lossy(&body)))),
        }
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        while self.buffer.len() < count {
            let more = self.stream.read(READ).map_err(told)?;
            if more.is_empty() {
                return Err(error("the server closed the connection".into()));
            }
            self.buffer.extend(more);
        }
        Ok(self.buffer.drain(..count).collect())
    }
}

fn startup(user: &str) -> Vec<u8> {
    let body = [&3_i32.to_be_bytes()[2..], &[0, 0][..], b"user\0", user.as_bytes(), b"\0database\0postgres\0\0"].concat();
    [&length(body.len() + 4).to_be_bytes()[..], &body].concat()
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[tag][..], &length(body.len() + 4).to_be_bytes(), body].concat()
}

fn length(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|why| error(why.to_string()))
}

/// Nonce, salt and iterations of a server-first-message.
fn parse_first(message: &str) -> Result<(String, Vec<u8>, u32), Error> {
    let field = |name: &str| message.split(',').find_map(|part| part.strip_prefix(name));
    match (field("r="), field("s=").and_then(decode), field("i=").and_then(|count| count.parse().ok())) {
        (Some(nonce), Some(salt), Some(iterations)) => Ok((nonce.to_owned(), salt, iterations)),
        _ => Err(error(format!("not a server-first-message: {message}"))),
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let value = group.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = usize::try_from(value >> (18 - 6 * place) & 63).unwrap_or(0);
            out.push(if place <= group.len() { char::from(ALPHABET[digit]) } else { '=' });
        }
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut value, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        value = value << 6 | u32::try_from(digit).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(value >> bits & 0xFF).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, parse_first, startup};

    #[test]
    fn base64_goes_both_ways() {
        for (plain, spelled) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(plain.as_bytes()), spelled);
            assert_eq!(decode(spelled).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(decode("?"), None);
    }

    #[test]
    fn startup_has_version_three() {
        let message = startup("ada");
        assert_eq!(message.get(4..8), Some(&[0, 3, 0, 0][..]));
        assert_eq!(message.len(), usize::from(*message.get(3).unwrap_or(&0)));
    }

    #[test]
    fn server_first_is_read() {
        let parsed = parse_first("r=abc,s=Zm9v,i=4096").ok();
        assert_eq!(parsed, Some(("abc".to_owned(), b"foo".to_vec(), 4096)));
        assert!(parse_first("nonsense").is_err());
    }
}
