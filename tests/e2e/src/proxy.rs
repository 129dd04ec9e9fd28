//! Faults on the way: a TCP proxy before a server, which breaks off, stalls or lies at a byte of the test's choosing; or is gone.
//!
//! Bytes are counted for each connection by itself, and only what the server says is counted and broken: what a client says is
//! the host's own.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
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
    /// How many connections were accepted.
    accepted: AtomicUsize,
    /// Whether it is gone, and how often it went: what was carried is closed each time.
    gone: watch::Sender<(bool, usize)>,
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
            let server = SocketAddr::from(([127, 0, 0, 1], server));
            let mut gone = shared.gone.subscribe();
            let mut listener = Some(listener);
            loop {
                if gone.borrow_and_update().0 {
                    listener = None;
                } else if listener.is_none() {
                    listener = TcpListener::bind(("127.0.0.1", port)).await.ok();
                }
                let Some(listening) = &listener else {
                    gone.changed().await.expect("the state lives as long as this");
                    continue;
                };
                tokio::select! {
                    accepted = listening.accept() => {
                        let Ok((client, _)) = accepted else { return };
                        shared.accepted.fetch_add(1, Ordering::SeqCst);
                        // One that is broken ends with an error or without: what the client makes of it is the test's.
                        tokio::spawn(carry(client, server, Arc::clone(&shared)));
                    }
                    _ = gone.changed() => {}
                }
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

    /// Closes every connection and refuses new ones, as a server does that has ended.
    pub fn go(&self) {
        self.state.gone.send_modify(|(gone, times)| {
            *gone = true;
            *times += 1;
        });
    }

    /// Accepts connections again.
    pub fn come_back(&self) {
        self.state.gone.send_modify(|(gone, _)| *gone = false);
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
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
    let mut gone = state.gone.subscribe();
    let before = gone.borrow().1;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        asked = tokio::io::copy(&mut from_client, &mut to_server) => asked.map(drop),
        told = tell(&mut from_server, &mut to_client, &state) => told,
        _ = gone.wait_for(|(_, times)| *times != before) => Ok(()),
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
