//! PostgreSQL's own functions against the list of those that are let through under read-only: a new one of a new version is refused until
//! somebody has looked at it.

use std::collections::BTreeMap;

use bulkhead::config::PolicyConfig;
use bulkhead::policy::Policy;
use bulkhead_tests::postgres::Server;

/// `reason | name name …`
const HARMLESS: &str = include_str!("../../../corpus/harmless.postgresql.txt");

#[test]
fn every_volatile_function_is_refused_or_known_to_be_harmless() {
    let policy = Policy::new(&PolicyConfig::default(), "postgresql", None);
    let listed = Server::from_environment().query(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' AND prokind IN ('f', 'p')",
    );
    let harmless: BTreeMap<&str, &str> = HARMLESS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" | "))
        .flat_map(|(reason, names)| names.split(' ').map(move |name| (name, reason)))
        .collect();
    let functions: Vec<&str> = listed.lines().collect();
    assert!(functions.len() > 100, "{listed}");
    let unknown: Vec<_> =
        functions.iter().filter(|name| !harmless.contains_key(**name) && policy.reads(&format!("SELECT \"{name}\"()"))).collect();
    assert!(unknown.is_empty(), "let through, and on no list: {unknown:?}");
    // And the list holds nothing else.
    for (name, reason) in &harmless {
        assert!(policy.reads(&format!("SELECT \"{name}\"()")), "{name} is refused; is it harmless since {reason}?");
    }
}
