//! One database on the command line: behind the RDS Data API (`--resource_arn`), or a PostgreSQL server (`--hostname`), each flag with
//! a variable that stands for it.

use super::{Environment, Parts, fields, tls_unsaid};
use crate::config::tree::Node;
use crate::config::{Fault, Origin};

/// The id of the command line's database.
const ID: &str = "default";

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--resource_arn`: the cluster.
    pub resource_arn: Option<String>,
    /// `--hostname`: the server.
    pub hostname: Option<String>,
    /// `--port`: the server's.
    pub port: Option<u16>,
    /// `--secret_arn`: the secret with the user and the password.
    pub secret_arn: Option<String>,
    /// `--database`: the catalog.
    pub database: Option<String>,
    /// `--region`: without it the environment's, else the cluster's own.
    pub region: Option<String>,
    /// `--readonly`: refuse all writes.
    pub readonly: Option<bool>,
    /// `--listen`: the server's address.
    pub listen: Option<std::net::SocketAddr>,
    /// `--sse`: HTTP+SSE, too.
    pub sse: bool,
}

/// The flags, each with the key that it sets and the variables that stand for it.
const NAMES: &[(&str, &str, &[&str])] = &[
    ("--resource_arn", "resource_arn", &["POSTGRES_RESOURCE_ARN"]),
    ("--hostname", "host", &["POSTGRES_HOSTNAME", "POSTGRES_HOST"]),
    ("--port", "port", &["POSTGRES_PORT"]),
    ("--secret_arn", "secret_arn", &["POSTGRES_SECRET_ARN"]),
    ("--database", "catalog", &["POSTGRES_DATABASE", "POSTGRES_DB"]),
    ("--region", "region", &["POSTGRES_REGION"]),
    ("--readonly", "read_only", &["POSTGRES_READONLY"]),
    ("POSTGRES_USER", "user", &["POSTGRES_USER"]),
    ("POSTGRES_PASSWORD", "password", &["POSTGRES_PASSWORD"]),
];

pub(super) fn read(flags: &Flags, environment: &Environment, tree: &mut Node, parts: &mut Parts) {
    let mut entry = Node::map(&Origin::Default);
    let mut flagged = false;
    for (flag, key, variables) in NAMES {
        let given = match *flag {
            "--resource_arn" => flags.resource_arn.clone(),
            "--hostname" => flags.hostname.clone(),
            "--port" => flags.port.map(|port| port.to_string()),
            "--secret_arn" => flags.secret_arn.clone(),
            "--database" => flags.database.clone(),
            "--region" => flags.region.clone(),
            "--readonly" => flags.readonly.map(|readonly| readonly.to_string()),
            _ => None,
        };
        if let Some(value) = given {
            flagged = true;
            fields::set(&mut entry, key, Node::text(&Origin::flag(flag), value), flag, parts);
        } else if let Some((name, value)) = environment.first(variables) {
            let node = if *key == "password" { fields::secret(name) } else { fields::variable(name, value) };
            fields::set(&mut entry, key, node, name, parts);
        }
    }
    if let Some(listen) = flags.listen {
        tree.set(&["server", "listen"], Node::text(&Origin::flag("--listen"), listen.to_string()));
    }
    if flags.sse {
        tree.set(&["server", "sse"], Node::plain(&Origin::flag("--sse"), true));
    }
    // What neither of these names is no database: the other variables are also of other programs.
    let (made, driver) = match (entry.get("resource_arn"), entry.get("host")) {
        (Some(_), Some(host)) => {
            let said = "--resource_arn and --hostname: one of them is wanted";
            parts.faults.push(Fault::new(Some(host.origin.clone()), "", said));
            return;
        }
        (Some(arn), None) => (arn.origin.clone(), "rds-data-api"),
        (None, Some(host)) => (host.origin.clone(), "postgres"),
        (None, None) => {
            if flagged {
                let said =
                    "--resource_arn or --hostname is missing, for a single database on the command line; or --config, for a file";
                parts.faults.push(Fault::new(None, "", said));
            }
            return;
        }
    };
    entry.origin = made.clone();
    entry.set(&["driver"], Node::text(&made, driver));
    if driver == "postgres" {
        tls_unsaid(&mut entry);
    } else {
        for key in ["port", "user", "password"] {
            if let Some(node) = entry.take(key).filter(|node| matches!(node.origin, Origin::Flag(_))) {
                parts.faults.push(Fault::new(Some(node.origin), "", "goes with --hostname, not with --resource_arn"));
            }
        }
    }
    tree.set(&["databases", ID], entry);
}
