//! `POSTGRES_CONNECTION_STRING`, and `MONGODB_CONNECTION_STRING`, for which there is no driver: its entry says so, and the others
//! start.

use super::{Environment, Parts, add, fields};
use crate::config::Origin;
use crate::config::tree::Node;

const POSTGRES: (&str, &str) = ("POSTGRES_CONNECTION_STRING", "postgres");
const MONGODB: (&str, &str) = ("MONGODB_CONNECTION_STRING", "mongodb");

pub(super) fn read(environment: &Environment, tree: &mut Node, parts: &mut Parts) {
    if let Some(text) = environment.get(POSTGRES.0) {
        let origin = Origin::environment(POSTGRES.0);
        let mut entry = Node::map(&origin);
        entry.set(&["connection_string"], fields::variable(POSTGRES.0, text));
        add(tree, POSTGRES.1, entry, parts);
    }
    if environment.get(MONGODB.0).is_some() {
        let origin = Origin::environment(MONGODB.0);
        let mut entry = Node::map(&origin);
        entry.set(&["driver"], Node::text(&origin, "mongodb"));
        add(tree, MONGODB.1, entry, parts);
        let said = format!("there is no driver for MongoDB; {} isn't used", MONGODB.0);
        parts.refused.insert(MONGODB.1.to_owned(), said);
    }
}
