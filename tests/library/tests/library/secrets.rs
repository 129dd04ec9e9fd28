//! Another keeper of secrets: a type of this program's own, by the public interface alone.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bulkhead::config::{Reference, Secret};
use bulkhead::contract::ErrorKind;
use bulkhead::secrets::{self, Fetched, Good, SecretProvider};
use bulkhead_tests::Config;
use bulkhead_tests::postgres::Server;
use serde_json::json;

use super::{cell, open, statement};

/// One password, with its user.
struct Keyring {
    user: String,
    password: Mutex<String>,
    asked: AtomicUsize,
}

impl SecretProvider for Keyring {
    fn scheme(&self) -> &'static str {
        "keyring"
    }

    fn check(&self, reference: &Reference) -> Result<(), String> {
        if reference.rest() == "app" { Ok(()) } else { Err("there is only keyring:app".to_owned()) }
    }

    fn fetch(
        self: Arc<Self>,
        _reference: Reference,
        _anew: bool,
    ) -> Pin<Box<dyn Future<Output = Result<Fetched, String>> + Send>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let password = self.password.lock().unwrap().clone();
            if password.is_empty() {
                return Err("the keyring is locked".to_owned());
            }
            let good = Good::For(Duration::from_secs(3600));
            Ok(Fetched { secret: Secret::new(password), user: Some(self.user.clone()), good })
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_of_ones_own() {
    let server = Server::from_environment();
    let role = server.role("keyring");
    let first = role.password.clone().expect("a password");
    let keyring = Arc::new(Keyring { user: role.name.clone(), password: Mutex::new(String::new()), asked: AtomicUsize::new(0) });
    secrets::register(keyring.clone()).expect("registered");
    assert!(secrets::register(keyring.clone()).is_err(), "a scheme has one provider");

    let mut entry = server.entry(&role);
    entry.as_object_mut().expect("an object").remove("user");
    entry["pool"] = json!({"max_lifetime": "1ms", "fail_fast": false});
    entry["password"] = json!("keyring:other");
    let wrong = bulkhead::config::Config::load(&Config::new().database("app", entry.clone()).write());
    assert!(wrong.expect_err("no such reference").to_string().contains("keyring:app"));
    entry["password"] = json!("keyring:app");
    let (_registry, database, _config) = open(Config::new().database("app", entry), "app").await;
    assert_eq!(keyring.asked.load(Ordering::SeqCst), 0, "not before a connection is made");
    let locked = database.query(statement("SELECT 1")).await.expect_err("there is none");
    assert_eq!(locked.record().kind, ErrorKind::Authentication);
    assert!(locked.to_string().contains("the keyring is locked"), "{locked}");

    *keyring.password.lock().unwrap() = first;
    let before = keyring.asked.load(Ordering::SeqCst);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(cell(database.query(statement("SELECT current_user::text")).await).contains(&role.name));
    }
    assert_eq!(keyring.asked.load(Ordering::SeqCst), before + 1);
    // Another password, while this one is still said to be good.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    server.sql(&format!("ALTER ROLE {} PASSWORD 'another-5519'", role.name));
    "another-5519".clone_into(&mut keyring.password.lock().unwrap());
    assert!(cell(database.query(statement("SELECT current_user::text")).await).contains(&role.name));
    assert_eq!(keyring.asked.load(Ordering::SeqCst), before + 2);
}
