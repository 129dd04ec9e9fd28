//! Instantiating a driver and connecting.

use std::sync::Arc;
use std::time::Instant;

use super::{Connection, fault};
use crate::contract::{ConnectOptions, ErrorKind};
use crate::driver::Driver;
use crate::error::CallError;
use crate::limits::Limits;
use crate::log::DriverLog;
use crate::metrics::{Instance, Measured, timed};
use crate::secrets::{Credential, KeptSecret};
use crate::signal::Signal;
use crate::state::{Access, State};

impl Connection {
    /// A new Store, a new instance, a new connection.
    ///
    /// # Errors
    /// What the driver said, or how it failed.
    pub(crate) async fn open(
        driver: Arc<Driver>,
        access: Arc<Access>,
        database: Arc<str>,
        options: &ConnectOptions,
        limits: Limits,
        measured: Arc<Measured>,
        signal: Arc<Signal>,
    ) -> Result<Connection, CallError> {
        let password = secret("password", access.password.as_ref()).await?;
        let access_token = access_token(&access).await?;
        let log = DriverLog::new(driver.name.clone(), database);
        let mut store = driver.sandbox.store(State::new(access, log, limits));
        store.data_mut().password = password;
        store.data_mut().access_token = access_token;
        store.data_mut().begin(signal);
        let _running = driver.sandbox.running();
        let mut instance = Instance::new(measured.clone());
        let connected = timed(&measured, async {
            let bindings = driver.pre.instantiate_async(&mut store).await?;
            let handle = bindings.bulkhead_driver_driver().call_connect(&mut store, options).await?;
            wasmtime::Result::Ok((bindings, handle))
        });
        let connected = connected.await;
        instance.holds(store.data().memory.used());
        match connected {
            Ok((bindings, Ok(handle))) => Ok(Connection {
                driver: driver.clone(),
                store,
                bindings,
                handle,
                instance,
                place: None,
                born: Instant::now(),
                alive: true,
                clean: true,
            }),
            Ok((_, Err(error))) => Err(CallError::from(error)),
            Err(trap) => Err(fault::trapped(&driver.name, &measured, "connect", &trap, &store.data().standard_error)),
        }
    }
}

/// A secret as it is now. One that can't be read is an error: of a token, no reason to fall back on a password.
async fn secret(name: &str, kept: Option<&Arc<KeptSecret>>) -> Result<Option<Arc<Credential>>, CallError> {
    let Some(kept) = kept.cloned() else { return Ok(None) };
    let refused = |why: String| CallError::new(ErrorKind::Authentication, format!("{name}: {why}"));
    let read = tokio::task::spawn_blocking(move || kept.now()).await;
    read.map_err(|why| refused(why.to_string()))?.map(Some).map_err(refused)
}

/// The access token as it is now: one that is being written may be empty.
async fn access_token(access: &Access) -> Result<Option<Arc<Credential>>, CallError> {
    let token = secret("access_token", access.access_token.as_ref()).await?;
    if token.as_ref().is_some_and(|token| token.is_empty()) {
        return Err(CallError::new(ErrorKind::Authentication, "access_token: it is empty").retryable());
    }
    Ok(token)
}
