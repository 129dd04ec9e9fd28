//! Listens on its ports, and takes each connection through PRELOGIN, TLS and LOGIN7 to its session.

mod connection;
mod handshake;
mod login;
mod tls;

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::admin;
use crate::config::Port;
use crate::server::Server;
use tls::Acceptors;

/// Serves until it is told to end.
pub(crate) async fn serve(server: Arc<Server>) -> Result<()> {
    let acceptors = Arc::new(Acceptors::new(&server.config)?);
    let admin = TcpListener::bind(("127.0.0.1", server.config.admin_port)).await.context("cannot listen")?;
    for port in &server.config.ports {
        let listener = TcpListener::bind(("127.0.0.1", port.port)).await.context("cannot listen")?;
        let (server, acceptors, port) = (Arc::clone(&server), Arc::clone(&acceptors), *port);
        tokio::spawn(async move { accept(listener, server, acceptors, port).await });
    }
    println!("ready");
    tokio::spawn(admin::serve(admin, server));
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

async fn accept(listener: TcpListener, server: Arc<Server>, acceptors: Arc<Acceptors>, port: Port) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let _ = socket.set_nodelay(true);
        let (server, acceptors) = (Arc::clone(&server), Arc::clone(&acceptors));
        tokio::spawn(async move {
            if let Err(error) = connection::serve(socket, server, acceptors, port).await {
                eprintln!("port {}: {error}", port.port);
            }
        });
    }
}
