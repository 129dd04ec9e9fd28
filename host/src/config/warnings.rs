//! What of a configuration works and could be better.

use super::{Fault, Loaded, Origin, SecretRef, TlsMode, is_loopback};

/// What is to be said of it at the start.
pub(super) fn of(loaded: &Loaded) -> Vec<Fault> {
    let mut warnings = Vec::new();
    let mut say = |key: String, why: &str| {
        warnings.push(Fault::new(Some(loaded.tree.origin_of(&key)), key, why));
    };
    for (id, database) in &loaded.config.databases {
        let key = |name: &str| format!("databases.{id}.{name}");
        if let Some(why) = &database.refused {
            say(format!("databases.{id}"), &format!("it can't be used: {why}"));
        }
        for (name, secret) in [("password", &database.password), ("access_token", &database.access_token)] {
            if !matches!(secret, Some(SecretRef::Plain(_))) {
                continue;
            }
            let key = key(name);
            if let (Origin::File { path, .. }, Origin::File { path: whole, .. }) =
                (loaded.tree.origin_of(&key), &loaded.tree.origin)
                && path == *whole
            {
                say(key, "it stands in the file itself; env:NAME or file:PATH keep it out");
            }
        }
        if let Some(host) = &database.host
            && database.tls.mode == TlsMode::Off
            && !is_loopback(host)
        {
            say(key("tls.mode"), "nothing is encrypted on the way to this server");
        }
        if let Some(exchange) = &database.token_exchange {
            let key = key("token_exchange");
            if exchange.accept_service_account {
                say(key, "callers aren't told apart yet: every call is made as the service's user");
            }
            for url in exchange.cleartext() {
                say(
                    format!("databases.{id}.token_exchange"),
                    &format!("{url} is http://: what is sent there crosses in the clear"),
                );
            }
        }
    }
    if loaded.config.auth.as_ref().is_some_and(|auth| !auth.trusted_idps.is_empty()) {
        say("auth".to_owned(), "callers aren't told apart yet and roles aren't enforced: the server listens on loopback alone");
    }
    warnings
}
