//! A name that leads somewhere else on a later dial: the system's resolver changes its answer while the host runs.
//!
//! The host is started under nss_wrapper, whose hosts file is this test's own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bulkhead_tests::postgres::{Server, User, wait_until};
use bulkhead_tests::raw::Raw;
use bulkhead_tests::{Answer, Client, Config, Era, Host};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{SOON, call, connected, query, structured};

const NAME: &str = "db.turning.test";
/// A loopback address that is nobody's, and not listed.
const OTHER: &str = "127.0.0.2";
/// Longer than a database that couldn't be connected to is left alone.
const AGAIN: Duration = Duration::from_secs(20);
/// How long a closed socket takes to be noticed on a busy machine.
const NOTICED: Duration = Duration::from_millis(300);

struct Rig {
    server: Server,
    role: User,
    host: Host,
    hosts: PathBuf,
    /// How often the file was written.
    turns: u64,
    /// Who came to the other address.
    came: Arc<AtomicUsize>,
}

impl Rig {
    async fn start() -> Rig {
        let server = Server::from_environment();
        let role = server.role("turned");
        // The server's own port, on an address where it doesn't listen.
        let listener = TcpListener::bind((OTHER, server.port)).await.expect("the port on another address");
        let came = Arc::new(AtomicUsize::new(0));
        let counted = came.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let config = Config::new().set(
            &["dynamic"],
            json!({
                "drivers": ["postgres"],
                "hosts": [NAME, "127.0.0.1"],
                "ports": [server.port],
                "tls_modes": ["off"],
                "pool": {"max": 1},
                "header": true,
            }),
        );
        let hosts = config.folder().join("hosts");
        std::fs::write(&hosts, format!("127.0.0.1 localhost\n127.0.0.1 {NAME}\n")).expect("written");
        let environment = [("LD_PRELOAD", "libnss_wrapper.so"), ("NSS_WRAPPER_HOSTS", hosts.to_str().expect("UTF-8"))];
        let host = Host::start_with(config, &environment).await;
        Rig { server, role, host, hosts, turns: 0, came }
    }

    /// From now on the name leads there.
    fn turn(&mut self, addresses: &[&str]) {
        self.turns += 1;
        let lines: String = addresses.iter().map(|address| format!("{address} {NAME}\n")).collect();
        let new = self.hosts.with_extension("new");
        std::fs::write(&new, format!("127.0.0.1 localhost\n{lines}")).expect("written");
        // The wrapper reads it anew when its time in whole seconds is another.
        let time = SystemTime::now() + Duration::from_secs(60 * self.turns);
        std::fs::File::options().write(true).open(&new).expect("the file").set_modified(time).expect("its time");
        std::fs::rename(&new, &self.hosts).expect("put in its place");
    }

    fn string(&self) -> String {
        let Server { port, database, .. } = &self.server;
        let password = self.role.password.as_deref().expect("a password");
        format!("postgresql://{}:{password}@{NAME}:{port}/{database}?sslmode=disable", self.role.name)
    }

    /// Ends every connection to the server, and waits until the host can know.
    async fn cut(&self) {
        let sql = format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'", self.role.name);
        let _ = self.server.query(&sql);
        wait_until("the connections are closed", SOON, || self.server.backends(&self.role) == 0).await;
        tokio::time::sleep(NOTICED).await;
    }
}

const PID: &str = "SELECT pg_backend_pid()";

/// A statement's cell, once the database is tried again.
async fn in_time(client: &Client, place: &Value) -> Value {
    let began = std::time::Instant::now();
    loop {
        let answer = query(client, place, PID).await;
        if !answer.is_error() {
            return answer.cell();
        }
        assert!(began.elapsed() < AGAIN, "{}", answer.raw());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn refused(answer: &Answer, word: &str) {
    let said = answer.error()["message"].as_str().expect("a message");
    assert!(said.contains(NAME) && said.contains(word), "{word:?} in {said}");
    assert!(!said.contains("169.254") && !said.contains(OTHER), "the address isn't told: {said}");
}

#[tokio::test]
async fn it_is_not_followed() {
    let mut rig = Rig::start().await;
    let client = rig.host.client().await;
    let string = rig.string();
    let (_, place) = connected(&client, json!({"connection_string": string})).await;
    let mut raw = Raw::http(&rig.host.url(), Era::Stateless).await;
    let first = query(&client, &place, PID).await.cell();
    let of_header = structured(&call(&mut raw, Some(&string), false, "query", json!({"sql": PID})).await)["rows"][0][0].clone();
    assert!(first.is_number() && of_header.is_number() && first != of_header);

    for (addresses, word) in [
        (&["169.254.169.254"][..], "never dialled"),
        (&[OTHER], "not listed"),
        (&["169.254.169.254", OTHER], "leads to"),
        (&["10.11.12.13"], "not listed"),
    ] {
        let before = in_time(&client, &place).await;
        rig.turn(addresses);
        // What is open leads where it led when it was dialled.
        assert_eq!(query(&client, &place, PID).await.cell(), before, "{addresses:?}");
        rig.cut().await;
        // Every way to a new connection is refused at once.
        let began = std::time::Instant::now();
        refused(&query(&client, &place, PID).await, word);
        refused(&client.call("connect_database", json!({"connection_string": string})).await, word);
        let reply = call(&mut raw, Some(&string), false, "query", json!({"sql": PID})).await;
        assert!(reply.error().contains(word), "{}", reply.text);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(rig.server.backends(&rig.role), 0);
        // Turned back, the same database is good again.
        rig.turn(&["127.0.0.1"]);
        let after = in_time(&client, &place).await;
        assert_ne!(after, before, "{addresses:?}");
        let began = std::time::Instant::now();
        while structured(&call(&mut raw, Some(&string), false, "query", json!({"sql": PID})).await)["rows"].is_null() {
            assert!(began.elapsed() < AGAIN);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    // Of several addresses only the one that is listed is dialled.
    rig.turn(&[OTHER, "127.0.0.1", "169.254.169.254"]);
    rig.cut().await;
    let _ = in_time(&client, &place).await;
    assert_eq!(rig.came.load(Ordering::SeqCst), 0, "nobody was dialled at another address");
}
