//! From an endpoint's name to a connected socket: the one place where the host connects for a driver.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::address::{Reach, canonical};
use super::allow::Allowed;
use super::resolve::{Resolve, System};
use crate::contract::transport::IoError;

/// The name of the endpoint that `host` and `port` give. Others are named as they are written.
pub(crate) const PRIMARY: &str = "primary";

/// How long an address has until the next one is tried beside it, as clients of the web have it (RFC 8305): a name may have addresses
/// in several networks of which one answers.
const STAGGER: Duration = Duration::from_millis(250);

/// A database's endpoints, by the names that its driver uses.
pub(crate) struct Endpoints {
    all: Vec<Endpoint>,
    /// Where they may be, if it isn't the operator who named them.
    allowed: Option<Arc<Allowed>>,
    resolver: Arc<dyn Resolve>,
}

struct Endpoint {
    name: String,
    host: String,
    port: u16,
    /// What the name first led to: see [`super::address`].
    reach: Mutex<Option<Reach>>,
}

impl Endpoints {
    /// One server. An embedded database has none.
    pub(crate) fn new(server: Option<(String, u16)>) -> Endpoints {
        let first = server.map(|(host, port)| Endpoint::new(PRIMARY, &host, port));
        Endpoints { all: first.into_iter().collect(), allowed: None, resolver: Arc::new(System) }
    }

    /// With one more, tried after those before it.
    pub(crate) fn and(mut self, name: &str, host: &str, port: u16) -> Endpoints {
        self.all.push(Endpoint::new(name, host, port));
        self
    }

    /// These, where a list of what may be dialled allows it.
    pub(crate) fn among(mut self, allowed: Option<Arc<Allowed>>) -> Endpoints {
        self.allowed = allowed;
        self
    }

    /// Whether a remote caller named them, and not the operator.
    pub(crate) fn are_a_callers(&self) -> bool {
        self.allowed.is_some()
    }

    /// The names, in the order to try them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all.iter().map(|endpoint| endpoint.name.clone()).collect()
    }

    /// What tells one server from another: where the first endpoint is.
    pub(crate) fn server(&self) -> Option<String> {
        self.all.first().map(|endpoint| format!("{}:{}", endpoint.host.to_ascii_lowercase(), endpoint.port))
    }

    /// Whether one of the endpoints accepts a connection in time, which is then closed. Without an endpoint there is nothing to ask.
    pub(crate) async fn answer_within(&self, limit: Duration) -> bool {
        for endpoint in &self.all {
            if let Ok(Ok(_)) = tokio::time::timeout(limit, self.dial(&endpoint.name)).await {
                return true;
            }
        }
        self.all.is_empty()
    }

    /// Connects to an endpoint by its name. Gives its host with the socket. Everything is judged on every dial, and what is dialled are the
    /// addresses that were judged.
    pub(crate) async fn dial(&self, name: &str) -> Result<(TcpStream, &str), IoError> {
        let Some(endpoint) = self.all.iter().find(|endpoint| endpoint.name == name) else {
            return Err(IoError::Denied(format!("{name:?} is not an endpoint of this database")));
        };
        let allowed = self.allowed.as_deref();
        if let Some(allowed) = allowed {
            allowed.host(&endpoint.host).and_then(|_| allowed.port(endpoint.port)).map_err(IoError::Denied)?;
        }
        let resolved = self
            .resolver
            .resolve(&endpoint.host, endpoint.port)
            .await
            .map_err(|why| IoError::Unreachable(format!("{}: {why}", endpoint.host)))?;
        endpoint.connect(resolved, allowed).await.map(|socket| (socket, endpoint.host.as_str()))
    }
}

impl Endpoint {
    fn new(name: &str, host: &str, port: u16) -> Endpoint {
        Endpoint { name: name.to_owned(), host: host.to_owned(), port, reach: Mutex::new(None) }
    }

    /// Tries every address that may be dialled, one shortly after the other, and takes the first that answers.
    async fn connect(&self, resolved: Vec<SocketAddr>, allowed: Option<&Allowed>) -> Result<TcpStream, IoError> {
        let mut last = IoError::Unreachable(format!("{}: the name has no address", self.host));
        let mut tries = FuturesUnordered::new();
        for address in resolved {
            // Without the address: whoever named the host may not know the network's inside.
            if let Some(Err(why)) = allowed.map(|allowed| allowed.address(&self.host, address.ip())) {
                last = IoError::Denied(format!("the host {:?} leads to {why}", self.host));
                continue;
            }
            let address = SocketAddr::new(canonical(address.ip()), address.port());
            if let Err(why) = self.allow(address.ip()) {
                last = IoError::Denied(format!("{} is {}, {why}", self.host, address.ip()));
                continue;
            }
            let wait = STAGGER * u32::try_from(tries.len()).unwrap_or(u32::MAX);
            tries.push(async move {
                tokio::time::sleep(wait).await;
                TcpStream::connect(address).await
            });
        }
        while let Some(tried) = tries.next().await {
            match tried {
                Ok(socket) => {
                    // Without it a write after a write waits 40 ms for the first one's acknowledgement.
                    let _ = socket.set_nodelay(true);
                    return Ok(socket);
                }
                Err(why) => last = IoError::Unreachable(format!("{}:{}: {why}", self.host, self.port)),
            }
        }
        Err(last)
    }

    fn allow(&self, address: IpAddr) -> Result<(), &'static str> {
        let reach = Reach::of(address)?;
        let mut first = self.reach.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match *first.get_or_insert(reach) == reach {
            true => Ok(()),
            false => Err("but the name led to another kind of network before"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new(PRIMARY, "db.example.com", 1)
    }

    #[test]
    fn a_name_that_changes_its_answer_is_refused() {
        let turned = endpoint();
        turned.allow("93.184.216.34".parse().unwrap()).unwrap();
        turned.allow("93.184.216.35".parse().unwrap()).unwrap();
        turned.allow("127.0.0.1".parse().unwrap()).unwrap_err();
        turned.allow("10.0.0.1".parse().unwrap()).unwrap_err();
        turned.allow("::ffff:10.0.0.1".parse().unwrap()).unwrap_err();
    }

    #[tokio::test]
    async fn a_metadata_address_is_refused_and_named() {
        let address = SocketAddr::from(([169, 254, 169, 254], 80));
        let IoError::Denied(why) = endpoint().connect(vec![address], None).await.unwrap_err() else { panic!() };
        assert!(why.contains("169.254.169.254") && why.contains("metadata"), "{why}");
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_end_the_search() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Nobody listens there, and a port that was free a moment ago refuses at once.
        let free = std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap();
        let refuses = SocketAddr::from(([127, 0, 0, 2], free.port()));
        let answers = listener.local_addr().unwrap();
        let connecting = endpoint();
        let socket = tokio::time::timeout(Duration::from_secs(5), connecting.connect(vec![refuses, answers], None)).await;
        assert_eq!(socket.unwrap().unwrap().peer_addr().unwrap(), answers);
        let all = connecting.connect(vec![refuses], None).await;
        assert!(matches!(all, Err(IoError::Unreachable(_))));
    }

    #[tokio::test]
    async fn endpoints_are_tried_in_order_and_named_as_written() {
        let endpoints = Endpoints::new(Some(("localhost".to_owned(), 1))).and("replica.example.com:2", "replica.example.com", 2);
        assert_eq!(endpoints.names(), [PRIMARY, "replica.example.com:2"]);
    }

    #[tokio::test]
    async fn an_endpoint_that_was_not_given_is_refused() {
        let endpoints = Endpoints::new(Some(("localhost".to_owned(), 1)));
        assert!(matches!(endpoints.dial("replica").await, Err(IoError::Denied(_))));
        assert!(matches!(endpoints.dial("127.0.0.1:5432").await, Err(IoError::Denied(_))));
        assert!(matches!(endpoints.dial(PRIMARY).await, Err(IoError::Unreachable(_))));
    }
    /// Answers each question as the test has it, in turn, and the last answer from then on.
    struct Script(Mutex<Vec<Vec<IpAddr>>>);

    impl Resolve for Script {
        fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
            let mut answers = self.0.lock().unwrap();
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            Box::pin(async move { Ok(answer.into_iter().map(|address| SocketAddr::new(address, port)).collect()) })
        }
    }

    fn named(host: &str, hosts: &[&str], port: u16, answers: &[&[&str]]) -> Endpoints {
        let hosts = hosts.iter().map(|host| serde_json::from_value(serde_json::json!(host)).unwrap()).collect();
        let answers = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Endpoints {
            resolver: Arc::new(Script(Mutex::new(answers))),
            ..Endpoints::new(Some((host.to_owned(), port))).among(Some(Arc::new(Allowed::new(hosts, vec![port]))))
        }
    }

    /// Whether anything came to `listener`.
    async fn was_dialled(listener: &tokio::net::TcpListener) -> bool {
        tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_ok()
    }

    #[tokio::test]
    async fn a_name_that_is_turned_to_the_inside_is_not_followed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // What is public first doesn't answer here; what matters is where it leads afterwards.
        for turned in ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "64:ff9b::7f00:1"] {
            let endpoints = named("db.example.com", &["db.example.com"], port, &[&[turned]]);
            let Err(IoError::Denied(why)) = endpoints.dial(PRIMARY).await else { panic!("{turned}") };
            assert!(why.contains("db.example.com") && !why.contains(turned), "{why}");
        }
        assert!(!was_dialled(&listener).await);
        // Listed by its address, the name may lead there; and then nowhere else.
        let answers: &[&[&str]] = &[&["127.0.0.1"], &["10.0.0.1"], &["127.0.0.1"]];
        let endpoints = named("db.example.com", &["db.example.com", "127.0.0.1", "10.0.0.0/8"], port, answers);
        assert!(endpoints.dial(PRIMARY).await.is_ok());
        assert!(matches!(endpoints.dial(PRIMARY).await, Err(IoError::Denied(_))));
        assert!(endpoints.dial(PRIMARY).await.is_ok());
    }

    #[tokio::test]
    async fn every_address_of_a_name_is_judged() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoints = named("db.example.com", &["db.example.com", "127.0.0.1"], port, &[&["127.0.0.2", "::1", "127.0.0.1"]]);
        let (socket, host) = endpoints.dial(PRIMARY).await.unwrap();
        assert_eq!((socket.peer_addr().unwrap().to_string(), host), (format!("127.0.0.1:{port}"), "db.example.com"));
    }

    #[tokio::test]
    async fn what_is_not_listed_is_not_resolved() {
        struct Never;
        impl Resolve for Never {
            fn resolve<'a>(&'a self, host: &'a str, _port: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
                panic!("{host} was resolved")
            }
        }
        for (host, port) in [("evil.example.com", 1), ("db.example.com", 2), ("127.0.0.1", 1), ("0x7f000001", 1), ("", 1)] {
            let endpoints = named(host, &["db.example.com"], 1, &[&[]]);
            let mut endpoints = Endpoints { resolver: Arc::new(Never), ..endpoints };
            endpoints.all = vec![Endpoint::new(PRIMARY, host, port)];
            assert!(matches!(endpoints.dial(PRIMARY).await, Err(IoError::Denied(_))), "{host}:{port}");
        }
    }
}
