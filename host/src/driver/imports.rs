//! What a component asks for, and what may be given to it.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::config::Grant;
use crate::contract::CONTRACT;

/// Given to every driver: WASI's own interfaces, over an environment, a file system and standard streams that hold nothing, and
/// the contract's that reach only the driver's own database.
const GIVEN: &[&str] = &[
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
    "bulkhead:driver/types@",
    "bulkhead:driver/transport@",
    "bulkhead:driver/secrets@",
    "bulkhead:driver/files@",
    "bulkhead:driver/call@",
    "bulkhead:driver/log@",
];

/// Given only where the operator says so: what each grant stands for.
const GRANTED: &[(Grant, &str, &str)] = &[
    (Grant::RevealSecrets, "bulkhead:driver/secrets-reveal@", "reveal-secrets"),
    (Grant::SignedHttp, "wasi:http/outgoing-handler@", "signed-http"),
    (Grant::SignedHttp, "wasi:http/types@", "signed-http"),
];

/// The interfaces that a component imports, in its own order.
pub(super) fn of(component: &Component, engine: &Engine) -> Vec<String> {
    component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect()
}

/// Checks every import against the grants.
///
/// # Errors
/// All that is asked for and not granted, by name, with what to do about it.
pub(super) fn check(imports: &[String], grants: &[Grant]) -> Result<(), String> {
    let refused: Vec<String> = imports.iter().filter_map(|import| refuse(import, grants)).collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join("; ")) }
}

fn refuse(import: &str, grants: &[Grant]) -> Option<String> {
    if let Some((_, _, name)) = GRANTED.iter().find(|(grant, prefix, _)| import.starts_with(prefix) && !grants.contains(grant)) {
        return Some(format!("it imports {import}, which it is not granted: add {name} to its grants if you trust it with that"));
    }
    let known =
        GIVEN.iter().any(|prefix| import.starts_with(prefix)) || GRANTED.iter().any(|(_, prefix, _)| import.starts_with(prefix));
    if known {
        return None;
    }
    if import.starts_with("bulkhead:driver/") {
        return Some(format!("it imports {import}, which the contract {CONTRACT} doesn't have"));
    }
    Some(format!("it imports {import}, which no driver is granted"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_granted_is_refused_by_name() {
        let reveal = "bulkhead:driver/secrets-reveal@0.1.0".to_owned();
        assert!(check(&["wasi:io/poll@0.2.6".to_owned()], &[]).is_ok());
        assert!(check(std::slice::from_ref(&reveal), &[Grant::RevealSecrets]).is_ok());
        assert!(check(&["wasi:http/outgoing-handler@0.2.12".to_owned()], &[Grant::SignedHttp]).is_ok());
        assert!(check(&["wasi:http/incoming-handler@0.2.12".to_owned()], &[Grant::SignedHttp]).is_err());
        let why = check(&[reveal, "wasi:sockets/tcp@0.2.6".to_owned(), "wasi:http/types@0.2.6".to_owned()], &[]).unwrap_err();
        for word in ["secrets-reveal", "reveal-secrets", "wasi:sockets/tcp", "wasi:http/types", "signed-http"] {
            assert!(why.contains(word), "{why}");
        }
    }
}
