//! From an endpoint's name to a connected socket: the one place where the host connects for a driver.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::address::{Reach, canonical};
use crate::contract::transport::IoError;

/// The name of the endpoint that `host` and `port` give. Others are named as they are written.
pub(crate) const PRIMARY: &str = "primary";

/// How long an address has until the next one is tried beside it, as clients of the web have it (RFC 8305): a name may have addresses
/// in several networks of which one answers.
const STAGGER: Duration = Duration::from_millis(250);

/// A database's endpoints, by the names that its driver uses.
pub(crate) struct Endpoints(Vec<Endpoint>);

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
        Endpoints(
            server
                .map(|(host, port)| Endpoint { name: PRIMARY.to_owned(), host, port, reach: Mutex::new(None) })
                .into_iter()
                .collect(),
        )
    }

    /// With one more, tried after those before it.
    pub(crate) fn and(mut self, name: &str, host: &str, port: u16) -> Endpoints {
        self.0.push(Endpoint { name: name.to_owned(), host: host.to_owned(), port, reach: Mutex::new(None) });
        self
    }

    /// The names, in the order to try them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|endpoint| endpoint.name.clone()).collect()
    }

    /// What tells one server from another: where the first endpoint is.
    pub(crate) fn server(&self) -> Option<String> {
        self.0.first().map(|endpoint| format!("{}:{}", endpoint.host.to_ascii_lowercase(), endpoint.port))
    }

    /// Whether one of the endpoints accepts a connection in time, which is then closed. Without an endpoint there is nothing to ask.
    pub(crate) async fn answer_within(&self, limit: Duration) -> bool {
        for endpoint in &self.0 {
            if let Ok(Ok(_)) = tokio::time::timeout(limit, self.dial(&endpoint.name)).await {
                return true;
            }
        }
        self.0.is_empty()
    }

    /// Connects to an endpoint by its name. Gives its host with the socket.
    pub(crate) async fn dial(&self, name: &str) -> Result<(TcpStream, &str), IoError> {
        let Some(endpoint) = self.0.iter().find(|endpoint| endpoint.name == name) else {
            return Err(IoError::Denied(format!("{name:?} is not an endpoint of this database")));
        };
        let resolved = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|why| IoError::Unreachable(format!("{}: {why}", endpoint.host)))?;
        endpoint.connect(resolved).await.map(|socket| (socket, endpoint.host.as_str()))
    }
}

impl Endpoint {
    /// Tries every address that may be dialled, one shortly after the other, and takes the first that answers.
    async fn connect(&self, resolved: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, IoError> {
        let mut last = IoError::Unreachable(format!("{}: the name has no address", self.host));
        let mut tries = FuturesUnordered::new();
        for address in resolved {
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
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint { name: PRIMARY.to_owned(), host: "db.example.com".to_owned(), port: 1, reach: Mutex::new(None) }
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
        let IoError::Denied(why) = endpoint().connect([address].into_iter()).await.unwrap_err() else { panic!() };
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
        let socket = tokio::time::timeout(Duration::from_secs(5), connecting.connect([refuses, answers].into_iter())).await;
        assert_eq!(socket.unwrap().unwrap().peer_addr().unwrap(), answers);
        let all = connecting.connect([refuses].into_iter()).await;
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
}
