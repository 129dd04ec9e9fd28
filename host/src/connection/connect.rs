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
use crate::secrets::Credential;
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
        let password = password(&access).await?;
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

/// The password as it is now.
async fn password(access: &Access) -> Result<Option<Arc<Credential>>, CallError> {
    let Some(kept) = access.password.clone() else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || kept.now()).await;
    let refused = |why: String| CallError::new(ErrorKind::Authentication, format!("password: {why}"));
    read.map_err(|why| refused(why.to_string()))?.map(Some).map_err(refused)
}

/// The access token as it is now. One that can't be read is an error, not a reason to fall back on a password.
async fn access_token(access: &Access) -> Result<Option<Arc<Credential>>, CallError> {
    let Some(reference) = access.access_token.clone() else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || reference.resolve()).await;
    let refused = |why: String| CallError::new(ErrorKind::Authentication, format!("access_token: {why}"));
    let secret = read.map_err(|why| refused(why.to_string()))?.map_err(refused)?;
    if secret.is_empty() {
        return Err(refused("it is empty".to_owned()).retryable());
    }
    Ok(Some(Arc::new(Credential::new(secret))))
}
