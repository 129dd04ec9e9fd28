//! From an endpoint's name to a connected socket: the one place where the host connects for a driver.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use tokio::net::TcpStream;

use super::address::{Reach, canonical};
use crate::contract::transport::IoError;

/// The name of the only endpoint there is, as yet.
const PRIMARY: &str = "primary";

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

    /// The names, in the order to try them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|endpoint| endpoint.name.clone()).collect()
    }

    /// Connects to an endpoint by its name.
    pub(crate) async fn dial(&self, name: &str) -> Result<TcpStream, IoError> {
        let Some(endpoint) = self.0.iter().find(|endpoint| endpoint.name == name) else {
            return Err(IoError::Denied(format!("{name:?} is not an endpoint of this database")));
        };
        let resolved = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|why| IoError::Unreachable(format!("{}: {why}", endpoint.host)))?;
        endpoint.connect(resolved).await
    }
}

impl Endpoint {
    async fn connect(&self, resolved: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, IoError> {
        let mut last = IoError::Unreachable(format!("{}: the name has no address", self.host));
        for address in resolved {
            let address = SocketAddr::new(canonical(address.ip()), address.port());
            if let Err(why) = self.allow(address.ip()) {
                last = IoError::Denied(format!("{} is {}, {why}", self.host, address.ip()));
                continue;
            }
            match TcpStream::connect(address).await {
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
    async fn an_endpoint_that_was_not_given_is_refused() {
        let endpoints = Endpoints::new(Some(("localhost".to_owned(), 1)));
        assert!(matches!(endpoints.dial("replica").await, Err(IoError::Denied(_))));
        assert!(matches!(endpoints.dial("127.0.0.1:5432").await, Err(IoError::Denied(_))));
        assert!(matches!(endpoints.dial(PRIMARY).await, Err(IoError::Unreachable(_))));
    }
}
