//! One connection: its login, then its requests to its session's thread, and what that answers to the client.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::handshake::{self, Greeted};
use super::login::{self, Outcome};
use super::tls::Acceptors;
use crate::config::Port;
use crate::error::SqlError;
use crate::run::session;
use crate::server::{self, Cancel, Server};
use crate::tds::login::{self as wire, Fedauth, Login};
use crate::tds::packet;
use crate::tds::reply::Reply;
use crate::tds::request::{self, Request};
use crate::time::Stamp;

/// Packets on their way to a client that doesn't read: then its statement waits.
const PACKETS_AHEAD: usize = 4;
/// Where an access token is to be had, for a client that asks.
const ISSUER: &str = "https://login.invalid/common";
const AUDIENCE: &str = "https://database.invalid/";

pub(crate) async fn serve(socket: TcpStream, server: Arc<Server>, acceptors: Arc<Acceptors>, port: Port) -> io::Result<()> {
    let Some(greeted) = handshake::greet(socket, &acceptors, port).await? else { return Ok(()) };
    let Greeted { stream, login, encryption } = greeted;
    let (mut incoming, outgoing) = tokio::io::split(stream);
    let (packets, to_write) = mpsc::channel(PACKETS_AHEAD);
    let writer = tokio::spawn(write(outgoing, to_write));

    let mut reply = Reply::new(packets, 0, crate::run::system::NAME.to_owned());
    let parsed = if login.kind == packet::LOGIN7 {
        wire::parse(&login.bytes)
    } else {
        Err(SqlError::new(17_832, 20, "LOGIN7 comes after PRELOGIN."))
    };
    let mut login = match parsed {
        Ok(login) => login,
        Err(error) => {
            said(reply, move |reply| login::refuse(reply, &error)).await;
            return ended(writer).await;
        }
    };
    let mut token = None;
    match login.fedauth.take() {
        Some(Fedauth::Token(found)) => token = Some(found),
        Some(Fedauth::Ask) => {
            reply = said(reply, |reply| {
                reply.fedauth_info(ISSUER, AUDIENCE)?;
                reply.finish()
            })
            .await;
            token = Some(asked(&mut incoming).await?);
        }
        None => {}
    }
    match login::decide(&server, port, &login, token.as_deref()) {
        Outcome::Refused(error) => {
            said(reply, move |reply| login::refuse(reply, &error)).await;
            ended(writer).await
        }
        Outcome::Elsewhere(route) => {
            said(reply, move |reply| login::send_elsewhere(reply, &login, &route)).await;
            ended(writer).await
        }
        Outcome::In { user, database, packet_size } => {
            let id = server.enter(seen(&login, &user.name, &database, packet_size, encryption, token.is_some()));
            reply.session = id;
            let name = user.name;
            let cancel = Arc::new(Cancel::default());
            let (requests, received) = std::sync::mpsc::channel();
            let (for_session, its_cancel) = (Arc::clone(&server), Arc::clone(&cancel));
            std::thread::spawn(move || {
                // All of it is there before the client hears that it may ask, or stop asking.
                let made = session::Session::new(Arc::clone(&for_session), reply, its_cancel, name, database.clone());
                let welcomed = made.and_then(|mut session| {
                    login::welcome(&mut session.reply, &login, &database, packet_size)?;
                    Ok(session)
                });
                match welcomed {
                    Ok(mut session) => session.serve(&received),
                    Err(error) => {
                        eprintln!("session {id}: {}", error.message);
                        for_session.leave(id);
                    }
                }
            });
            let outcome = forward(&mut incoming, &requests, &cancel).await;
            // Nobody waits for what still runs.
            cancel.cancel();
            drop(requests);
            writer.abort();
            outcome
        }
    }
}

/// Requests as they come, attentions ahead of them.
async fn forward(
    incoming: &mut (impl tokio::io::AsyncRead + Unpin),
    requests: &std::sync::mpsc::Sender<(Request, bool, bool)>,
    cancel: &Cancel,
) -> io::Result<()> {
    while let Some(message) = packet::read(incoming).await? {
        let request = request::parse(&message);
        if matches!(request, Request::Attention) {
            cancel.cancel();
        }
        if requests.send((request, message.reset, message.reset_keeping_transaction)).is_err() {
            break;
        }
    }
    Ok(())
}

async fn write(mut outgoing: impl AsyncWrite + Unpin, mut packets: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(packet) = packets.recv().await {
        outgoing.write_all(&packet).await?;
        outgoing.flush().await?;
    }
    outgoing.shutdown().await
}

/// Says something before there is a session. What can't be said is nobody's loss: the client is gone.
async fn said(mut reply: Reply, say: impl FnOnce(&mut Reply) -> Result<(), SqlError> + Send + 'static) -> Reply {
    tokio::task::spawn_blocking(move || {
        let _ = say(&mut reply);
        reply
    })
    .await
    .unwrap_or_else(|_| Reply::new(mpsc::channel(1).0, 0, String::new()))
}

/// Waits until all was written.
async fn ended(writer: tokio::task::JoinHandle<io::Result<()>>) -> io::Result<()> {
    writer.await.unwrap_or(Ok(()))
}

/// The token that a client brings when it is told where to get it.
async fn asked(incoming: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<String> {
    let message = packet::read(incoming).await?.filter(|message| message.kind == packet::FEDAUTH_TOKEN);
    let message = message.ok_or_else(|| io::Error::other("the access token didn't come"))?;
    // Two lengths, the token, and a nonce.
    let length = message.bytes.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    Ok(crate::convert::utf16(message.bytes.get(8..8 + length).unwrap_or_default()))
}

fn seen(login: &Login, name: &str, database: &str, packet_size: u32, encryption: &'static str, fedauth: bool) -> server::Session {
    server::Session {
        id: 0,
        login: name.to_owned(),
        database: database.to_owned(),
        since: Stamp::now(),
        host_name: login.host_name.clone(),
        application: login.application.clone(),
        library: login.library.clone(),
        text: None,
        started: Stamp::now(),
        open_transactions: 0,
        isolation: 2,
        encryption,
        tds_version: login.tds_version,
        packet_size: i64::from(packet_size),
        resets: 0,
        attentions: 0,
        read_only_intent: login.read_only_intent,
        fedauth,
    }
}
