//! Instantiating a driver and connecting.

use std::sync::Arc;
use std::time::Instant;

use super::{Connection, fault};
use crate::contract::ConnectOptions;
use crate::driver::Driver;
use crate::error::CallError;
use crate::limits::Limits;
use crate::log::DriverLog;
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
        signal: Arc<Signal>,
    ) -> Result<Connection, CallError> {
        let log = DriverLog::new(driver.name.clone(), database);
        let mut store = driver.sandbox.store(State::new(access, log, limits));
        store.data_mut().begin(signal);
        let _running = driver.sandbox.running();
        let connected = async {
            let bindings = driver.pre.instantiate_async(&mut store).await?;
            let handle = bindings.bulkhead_driver_driver().call_connect(&mut store, options).await?;
            wasmtime::Result::Ok((bindings, handle))
        };
        match connected.await {
            Ok((bindings, Ok(handle))) => {
                Ok(Connection { driver: driver.clone(), store, bindings, handle, born: Instant::now(), alive: true, clean: true })
            }
            Ok((_, Err(error))) => Err(CallError::from(error)),
            Err(trap) => Err(fault::trapped(&driver.name, "connect", &trap, &store.data().standard_error)),
        }
    }
}
