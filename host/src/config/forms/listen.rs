//! Where other servers are told to listen: `FASTMCP_HOST` and `FASTMCP_PORT`; `SERVER_PORT`, where the file is of the server that has it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{CONFIG_PATH, Environment, Fault, Origin, Parts};
use crate::config::ServerConfig;
use crate::config::tree::Node;

const HOST: &str = "FASTMCP_HOST";
const PORT: &str = "FASTMCP_PORT";
const SERVER_PORT: &str = "SERVER_PORT";

pub(super) fn read(environment: &Environment, file: &Node, tree: &mut Node, parts: &mut Parts) {
    let default = ServerConfig::default().listen;
    let said = file.get("server").and_then(|server| server.get("listen")).and_then(Node::as_text);
    let mut listen: SocketAddr = said.and_then(|text| text.parse().ok()).unwrap_or(default);
    let mut origin = None;
    if let Some((name, text)) = environment.first(&[HOST]) {
        match (text.parse::<IpAddr>(), text) {
            (Ok(address), _) => listen.set_ip(address),
            (Err(_), "localhost") => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
            _ => parts.faults.push(Fault::new(Some(Origin::environment(name)), "", "an address is wanted: 127.0.0.1 or 0.0.0.0")),
        }
        origin = Some(name);
    }
    let of_delegation = file.get("delegation").is_some() || environment.get(CONFIG_PATH).is_some();
    let ports: &[&str] = if of_delegation { &[PORT, SERVER_PORT] } else { &[PORT] };
    if let Some((name, text)) = environment.first(ports) {
        match text.parse() {
            Ok(port) => listen.set_port(port),
            Err(_) => parts.faults.push(Fault::new(Some(Origin::environment(name)), "", "a port is a number up to 65535")),
        }
        origin.get_or_insert(name);
    }
    if let Some(name) = origin {
        tree.set(&["server", "listen"], Node::text(&Origin::environment(name), listen.to_string()));
    }
}
