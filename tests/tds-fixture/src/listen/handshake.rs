//! PRELOGIN and TLS, up to the LOGIN7 message.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tls::{Acceptors, STRICT};
use crate::config::{Encryption, Port};
use crate::tds::envelope::Envelope;
use crate::tds::packet::{self, Message, packets};
use crate::tds::prelogin::{self, Tls};

/// Whatever bytes travel on.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection whose client has sent LOGIN7.
pub(crate) struct Greeted {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) login: Message,
    /// How the rest of it travels.
    pub(crate) encryption: &'static str,
}

/// `None`: the client went away.
pub(crate) async fn greet(socket: TcpStream, acceptors: &Acceptors, port: Port) -> io::Result<Option<Greeted>> {
    if port.encryption == Encryption::Strict {
        let mut stream = acceptors.strict.accept(socket).await?;
        if stream.get_ref().1.alpn_protocol() != Some(STRICT) {
            return Err(io::Error::other("a strict client has to ask for tds/8.0"));
        }
        if agree(&mut stream, port).await?.is_none() {
            return Ok(None);
        }
        return login(Box::new(stream), Encryption::Strict.name()).await;
    }
    let mut socket = socket;
    match agree(&mut socket, port).await? {
        None => Ok(None),
        Some(Tls::None) => login(Box::new(socket), Encryption::None.name()).await,
        Some(tls) => {
            let mut stream = acceptors.enveloped.accept(Envelope::new(socket)).await?;
            stream.get_mut().0.open();
            if tls == Tls::All {
                return login(Box::new(stream), Encryption::On.name()).await;
            }
            let Some(message) = packet::read(&mut stream).await? else { return Ok(None) };
            // From here on in the clear.
            let socket = stream.into_inner().0.into_inner();
            Ok(Some(Greeted { stream: Box::new(socket), login: message, encryption: Encryption::Login.name() }))
        }
    }
}

/// Reads PRELOGIN, answers it: what TLS is to do.
async fn agree(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), port: Port) -> io::Result<Option<Tls>> {
    let Some(message) = packet::read(stream).await? else { return Ok(None) };
    if message.kind != packet::PRELOGIN {
        return Err(io::Error::other("PRELOGIN comes first"));
    }
    let wishes = prelogin::parse(&message.bytes).map_err(|error| io::Error::other(error.message))?;
    let (answer, tls) = wishes.agree(port.encryption);
    let reply = prelogin::reply(answer, wishes.fedauth == Some(1));
    stream.write_all(&packets(packet::REPLY, &reply, packet::FIRST_SIZE, 0)).await?;
    stream.flush().await?;
    Ok(Some(tls))
}

async fn login(mut stream: Box<dyn Stream>, encryption: &'static str) -> io::Result<Option<Greeted>> {
    let message = packet::read(&mut stream).await?;
    Ok(message.map(|login| Greeted { stream, login, encryption }))
}
