//! `env:NAME`: an environment variable, as it was when the process started.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Fetched, Good, SecretProvider};
use crate::config::{Reference, Secret};

pub(super) struct Environment;

impl SecretProvider for Environment {
    fn scheme(&self) -> &'static str {
        "env"
    }

    fn check(&self, reference: &Reference) -> Result<(), String> {
        if reference.rest().is_empty() { Err("after env: stands a variable's name".to_owned()) } else { Ok(()) }
    }

    fn at_once(&self, reference: &Reference) -> Option<Result<Fetched, String>> {
        Some(read(reference.rest()))
    }

    fn fetch(self: Arc<Self>, reference: Reference, _anew: bool) -> BoxFuture<'static, Result<Fetched, String>> {
        Box::pin(std::future::ready(read(reference.rest())))
    }
}

fn read(name: &str) -> Result<Fetched, String> {
    let value = std::env::var(name)
        .map_err(|_| format!("the environment variable {name} is not set, or is not UTF-8; set it and start again"))?;
    Ok(Fetched { secret: Secret::new(value), user: None, good: Good::Always })
}
