//! Harm through the host's streams.

use bulkhead_driver::Error;
use bulkhead_driver::{secrets, transport};

use crate::abuse::error;
use crate::fault::Fault;

/// What a login would be worth to a thief: more than any negotiation before TLS needs.
const PLAINTEXT: &[u8] = &[b'P'; 4096];

/// Does it, and tells what the host said.
pub(crate) fn strike(fault: Fault, target: &str) -> Result<String, Error> {
    match fault {
        Fault::DialUnknown => transport::dial(target).map(|_| "dialled".into()).map_err(told),
        Fault::DialFlood => dial_flood(),
        Fault::PlaintextOverTls => plaintext(),
        Fault::HugeRead => huge_read(),
        Fault::StealPassword => steal(),
        _ => Ok(String::new()),
    }
}

/// The host's refusal, as the driver's error.
pub(crate) fn told(refusal: transport::IoError) -> Error {
    error(match refusal {
        transport::IoError::Cancelled => "cancelled".into(),
        transport::IoError::Timeout => "timeout".into(),
        transport::IoError::Closed(why) => format!("closed: {why}"),
        transport::IoError::Unreachable(why) => format!("unreachable: {why}"),
        transport::IoError::Tls(why) => format!("tls: {why}"),
        transport::IoError::Denied(why) => format!("denied: {why}"),
    })
}

/// A stream to the first of the database's endpoints.
pub(crate) fn dial() -> Result<transport::ByteStream, Error> {
    let endpoints = transport::endpoints();
    let first = endpoints.first().ok_or_else(|| error("no endpoint".into()))?;
    transport::dial(first).map_err(told)
}

/// Opens streams without closing any, until the host says no.
fn dial_flood() -> Result<String, Error> {
    let mut open = 0_u32;
    loop {
        match dial() {
            Ok(stream) => std::mem::forget(stream),
            Err(why) => return Err(error(format!("{} after {open} streams", why.message))),
        }
        open += 1;
    }
}

fn plaintext() -> Result<String, Error> {
    let stream = dial()?;
    stream.write(PLAINTEXT).map_err(told)?;
    Ok("sent in the clear".into())
}

fn huge_read() -> Result<String, Error> {
    let stream = dial()?;
    // An SSLRequest: the server answers one byte, however much was asked for.
    let bytes = stream.exchange(&[0, 0, 0, 8, 4, 210, 22, 47], u32::MAX).map_err(told)?;
    Ok(format!("{} bytes", bytes.len()))
}

/// Tries each way to have the password itself: in the clear, and by proofs so weak that guessing it is easy.
fn steal() -> Result<String, Error> {
    let Some(secret) = secrets::open("password") else {
        return Err(error("no password".into()));
    };
    let stream = dial()?;
    let told: Vec<String> = [
        ("clear", secret.send(&stream, b"", secrets::Encoding::Utf8, b"").map(|()| String::new())),
        ("weak-scram", secret.scram_sha_256(b"salt", 1, b"message").map(|proof| format!("{:02x?}", proof.client_proof))),
        ("endless-scram", secret.scram_sha_256(b"salt", u32::MAX, b"m").map(|_| String::new())),
        ("short-salt", secret.md5_password("u", b"x")),
    ]
    .into_iter()
    .map(|(way, answer)| match answer {
        Ok(got) => format!("{way}: got {got}"),
        Err(secrets::SecretError::Denied(why)) => format!("{way}: denied: {why}"),
        Err(secrets::SecretError::Invalid(why)) => format!("{way}: invalid: {why}"),
        Err(secrets::SecretError::Io(why)) => format!("{way}: io: {why}"),
    })
    .collect();
    Ok(told.join("\n"))
}
