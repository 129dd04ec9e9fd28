//! Faults on the way: a TCP proxy before a server, which breaks off, stalls or lies at a byte of the test's choosing.
//!
//! Bytes are counted for each connection by itself, and only what the server says is counted and broken: what a client says is
//! the host's own.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is read at once: more than a packet of any protocol here.
const PIECE: usize = 64 * 1024;
/// What is kept of what a server says: a login and a small result.
const MOST_HEARD: usize = 64 * 1024;

/// What becomes of the byte that is to be broken, and of those after it.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection is closed in its place.
    Close,
    /// Nothing comes any more; the connection stays.
    Stall,
    /// These bits of it are turned, and all goes on.
    Flip(u8),
    /// This comes in its place, and then the connection is closed.
    Says(Vec<u8>),
    /// This comes in its place, again and again until the client has gone.
    Repeats(Vec<u8>),
}

/// A proxy on 127.0.0.1. Dropping it ends it.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    plan: Mutex<Option<(usize, Fault)>>,
    /// What the server has said on the connection that came last, its beginning.
    heard: Mutex<Vec<u8>>,
    said: AtomicUsize,
}

impl State {
    fn keep(&self, piece: &[u8]) {
        let mut heard = held(&self.heard);
        let room = MOST_HEARD.saturating_sub(heard.len()).min(piece.len());
        heard.extend_from_slice(&piece[..room]);
    }
}

impl Proxy {
    /// Begins to listen, before a server that listens on a port of 127.0.0.1.
    ///
    /// # Panics
    /// If it can't.
    pub async fn start(server: u16) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // One that is broken ends with an error or without: what the client makes of it is the test's.
                tokio::spawn(carry(client, SocketAddr::from(([127, 0, 0, 1], server)), Arc::clone(&shared)));
            }
        });
        Proxy { port, state, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on this happens to the byte at `at`, from 0, of every connection that hasn't got so far.
    pub fn break_at(&self, at: usize, fault: Fault) {
        *held(&self.state.plan) = Some((at, fault));
    }

    /// From now on nothing happens.
    pub fn mend(&self) {
        *held(&self.state.plan) = None;
    }

    /// How many bytes the server has said on the connection that came last.
    #[must_use]
    pub fn said(&self) -> usize {
        self.state.said.load(Ordering::SeqCst)
    }

    /// What the server has said on the connection that came last: its first 64 KiB.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        held(&self.state.heard).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn carry(mut client: TcpStream, server: SocketAddr, state: Arc<State>) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    state.said.store(0, Ordering::SeqCst);
    held(&state.heard).clear();
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        asked = tokio::io::copy(&mut from_client, &mut to_server) => asked.map(drop),
        told = tell(&mut from_server, &mut to_client, &state) => told,
    }
}

/// What the server says, up to its end or a fault's.
async fn tell(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), state: &State) -> io::Result<()> {
    let (mut bytes, mut said) = (vec![0; PIECE], 0);
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let piece = &mut bytes[..count];
        let plan = held(&state.plan).clone().filter(|(at, _)| (said..said + count).contains(at));
        if let Some((at, fault)) = plan {
            match fault {
                Fault::Flip(bits) => piece[at - said] ^= bits,
                fault => {
                    to.write_all(&piece[..at - said]).await?;
                    return broken(to, fault).await;
                }
            }
        }
        said += count;
        // First, so that who has read it finds it counted.
        state.said.store(said, Ordering::SeqCst);
        state.keep(piece);
        to.write_all(piece).await?;
    }
}

async fn broken(to: &mut (impl AsyncWrite + Unpin), fault: Fault) -> io::Result<()> {
    match fault {
        Fault::Close | Fault::Flip(_) => Ok(()),
        // Until the client has gone.
        Fault::Stall => std::future::pending().await,
        Fault::Says(bytes) => to.write_all(&bytes).await,
        Fault::Repeats(bytes) => loop {
            to.write_all(&bytes).await?;
            // There is always room in the end: the others are to have a turn, too.
            tokio::task::yield_now().await;
        },
    }
}
