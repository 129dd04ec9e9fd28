//! A host whose server can be broken: the same server as several databases, each lane of them behind a proxy of its own, so that
//! faults are met several at a time, and each by one statement over a connection of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::proxy::{Fault, Proxy};
use crate::{Answer, Client, Config, Host};

/// Faults met at the same time. Most wait for something; with more they would wait for each other.
pub const LANES: usize = 8;
/// To connect, and for a statement, where what is broken is closed: nothing has to be waited for.
pub const LONG: Duration = Duration::from_secs(10);
/// The same where it is waited for: enough for what works, short enough to be waited for many times.
pub const SHORT: Duration = Duration::from_millis(500);
/// What a call takes beside the times that are allowed: what a driver has to leave a connection clean, twice, and a busy machine.
const REST: Duration = Duration::from_secs(5);
/// What a host may have more in memory after some hundred faults than before them: less than 0.02 MB of each, where an instance
/// that was forgotten would be 0.14 MB. What it has more is its allocator's.
const GROWN_KIB: u64 = 10 * 1024;

/// The host, its databases `db0`, `db1`, ...
pub struct Faulty {
    host: Host,
    sql: &'static str,
    rows: Value,
    client: Client,
    proxies: Vec<Proxy>,
    allowed: Duration,
}

impl Faulty {
    /// Before a server at a port of 127.0.0.1. `databases`: how many, each by what `entry` makes of its proxy's port. `allowed`: to
    /// connect, and for a statement. `asked`: a statement, and its rows where nothing is wrong.
    ///
    /// # Panics
    /// If the host doesn't start.
    pub async fn start(
        server: u16,
        databases: usize,
        allowed: Duration,
        asked: (&'static str, Value),
        mut entry: impl FnMut(u16) -> Value,
    ) -> Arc<Faulty> {
        let mut proxies = Vec::new();
        for _ in 0..LANES {
            proxies.push(Proxy::start(server).await);
        }
        let mut config = Config::new();
        for number in 0..databases {
            let mut entry = entry(proxies[number % LANES].port());
            let connect_timeout = format!("{}ms", allowed.as_millis());
            // As good as none: the next statement has a connection of its own, and tries for itself.
            entry["pool"] = json!({"max": 1, "max_lifetime": "1us", "connect_timeout": connect_timeout, "fail_fast": false});
            config = config.database(&format!("db{number}"), entry);
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Arc::new(Faulty { host, sql: asked.0, rows: asked.1, client, proxies, allowed })
    }

    /// Asks one of the databases. No fault may keep it, or be called one of the host's own.
    async fn ask(&self, number: usize) -> Answer {
        let arguments = json!({"database_id": format!("db{number}"), "sql": self.sql, "timeout_ms": self.allowed.as_millis()});
        let start = Instant::now();
        let answer = self.client.call("query", arguments).await;
        assert!(start.elapsed() < self.allowed * 2 + REST, "{:?}: {}", start.elapsed(), answer.raw());
        if answer.is_error() {
            let error = answer.error();
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
            assert_ne!(error["kind"], "internal", "what a server does is no fault of ours: {error}");
        }
        answer
    }

    /// Asks one of the databases, of a server that is well again.
    ///
    /// # Panics
    /// If it doesn't work.
    pub async fn works(&self, number: usize) {
        self.proxies[number % LANES].mend();
        assert_eq!(json!(self.ask(number).await.rows()), self.rows);
    }

    /// What the server says to a login and the statement, where nothing is wrong.
    ///
    /// # Panics
    /// As `works`.
    pub async fn heard(&self, number: usize) -> Vec<u8> {
        self.works(number).await;
        self.proxies[number % LANES].heard()
    }

    /// Meets faults, as many at the same time as there are lanes: of each the database that is asked, the byte and the fault.
    ///
    /// # Panics
    /// If one takes too long, or its error says nothing.
    pub async fn meet(self: &Arc<Faulty>, faults: impl Iterator<Item = (usize, usize, Fault)>) -> Vec<Met> {
        let mut of_lane: Vec<Vec<_>> = vec![Vec::new(); LANES];
        for fault in faults {
            of_lane[fault.0 % LANES].push(fault);
        }
        let mut lanes = JoinSet::new();
        for (lane, faults) in of_lane.into_iter().enumerate() {
            let this = Arc::clone(self);
            lanes.spawn(async move {
                let mut met = Vec::new();
                for (number, at, fault) in faults {
                    this.proxies[lane].break_at(at, fault);
                    let answer = this.ask(number).await;
                    met.push(Met { at, answer, heard: this.proxies[lane].heard() });
                }
                met
            });
        }
        lanes.join_all().await.into_iter().flatten().collect()
    }

    /// What it holds now, to be held against what it holds later.
    #[must_use]
    pub fn holds(&self) -> Holds {
        Holds { kib: self.host.resident_kib(), files: self.host.open_files() }
    }

    /// It holds hardly more than before.
    ///
    /// # Panics
    /// If it holds more.
    pub fn has_not_grown(&self, before: &Holds) {
        let after = self.holds();
        assert!(after.kib < before.kib + GROWN_KIB, "{} KiB before, {} after", before.kib, after.kib);
        // A connection of each lane may be open now and may have been closed then.
        assert!(after.files <= before.files + LANES, "{} files before, {} after", before.files, after.files);
    }
}

/// A fault that was met.
pub struct Met {
    /// The byte.
    pub at: usize,
    /// What the caller was told.
    pub answer: Answer,
    /// What the server said on that connection.
    pub heard: Vec<u8>,
}

/// Memory, and files and sockets.
pub struct Holds {
    kib: u64,
    files: usize,
}

/// Faults of the lanes' first databases in turn.
pub fn in_turn(
    bytes: impl Iterator<Item = usize>,
    fault: impl Fn(usize) -> Fault,
) -> impl Iterator<Item = (usize, usize, Fault)> {
    bytes.enumerate().map(move |(turn, at)| (turn % LANES, at, fault(at)))
}

/// Where the records of TLS begin.
#[must_use]
pub fn records(heard: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 0);
    while let Some([_, _, _, high, low]) = heard.get(at..).and_then(|rest| rest.first_chunk::<5>()) {
        starts.push(at);
        at += 5 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    starts
}
