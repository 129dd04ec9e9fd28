//! One connection to a database: an instance of its driver in a Store of its own.
//!
//! Every entry into the guest goes through `Connection::enter`: it begins the call's signal and CPU time, and what comes
//! back broken (a trap, an answer that breaks the contract, an error after which the driver says that the connection is gone)
//! marks the connection as dead. A dead connection is dropped, never reused.

mod around;
mod connect;
mod cursor;
pub(crate) mod fault;
mod operations;

use std::sync::Arc;
use std::time::Instant;

pub(crate) use connect::fetch_secrets;
pub(crate) use cursor::{OpenCursor, Part};

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::budget::Place;
use crate::contract::{DatabaseDriver, ErrorKind, driver};
use crate::driver::Driver;
use crate::error::CallError;
use crate::limits::RECYCLE_MEMORY_BYTES;
use crate::metrics::{Instance, Measured, Trap, timed};
use crate::signal::Signal;
use crate::state::State;

/// A connected instance.
pub(crate) struct Connection {
    driver: Arc<Driver>,
    store: Store<State>,
    bindings: DatabaseDriver,
    handle: ResourceAny,
    instance: Instance,
    /// Its place among all databases' connections.
    place: Option<Place>,
    /// When it was connected.
    pub(crate) born: Instant,
    alive: bool,
    clean: bool,
}

impl Connection {
    /// Whether it may be used again.
    pub(crate) fn alive(&self) -> bool {
        self.alive
    }

    /// Whether nothing was done on it since it was connected or reset.
    pub(crate) fn clean(&self) -> bool {
        self.clean
    }

    /// Whether its memory has grown past what is worth keeping.
    pub(crate) fn bloated(&self) -> bool {
        self.store.data().memory.used() > RECYCLE_MEMORY_BYTES
    }

    /// Whether its server has closed it, as far as can be told without asking.
    pub(crate) fn severed(&mut self) -> bool {
        self.store.data_mut().is_severed()
    }

    /// Gives it up: for what was decided outside, as when a driver doesn't answer in its grace period.
    pub(crate) fn condemn(&mut self) {
        self.alive = false;
    }

    /// Keeps its place for as long as it is there.
    pub(crate) fn keep(&mut self, place: Place) {
        self.place = Some(place);
    }

    /// Whether some database waits for a place like its own.
    pub(crate) fn is_wanted(&self) -> bool {
        self.driver.sandbox.budget.is_wanted()
    }

    /// Where it is counted.
    pub(crate) fn measured(&self) -> &Measured {
        &self.instance.measured
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self, signal: Arc<Signal>) {
        self.store.data_mut().begin(signal);
    }

    /// Enters the guest once.
    async fn enter<T>(
        &mut self,
        what: &'static str,
        work: impl AsyncFnOnce(
            &mut Store<State>,
            driver::GuestConnection<'_>,
            ResourceAny,
        ) -> wasmtime::Result<Result<T, crate::contract::Error>>,
    ) -> Result<T, CallError> {
        if !self.alive {
            return Err(CallError::new(ErrorKind::Connection, "the connection is gone"));
        }
        self.clean = false;
        // Dead until shown otherwise: a call that is dropped halfway leaves a Store that can't be entered again.
        self.alive = false;
        let _running = self.driver.sandbox.running();
        let working = work(&mut self.store, self.bindings.bulkhead_driver_driver().connection(), self.handle);
        let outcome = timed(&self.instance.measured, working).await;
        self.instance.holds(self.store.data().memory.used());
        match outcome {
            Ok(Ok(value)) => {
                self.alive = true;
                Ok(value)
            }
            Ok(Err(error)) => {
                self.alive = error.connection_usable;
                Err(CallError::from(error))
            }
            Err(trap) => {
                Err(fault::trapped(&self.driver.name, &self.instance.measured, what, &trap, &self.store.data().standard_error))
            }
        }
    }

    /// What a driver's answer that breaks the contract comes to.
    fn liar(&mut self, why: impl std::fmt::Display) -> CallError {
        self.alive = false;
        self.instance.measured.trapped(Trap::Contract);
        fault::malformed(&self.driver.name, why)
    }
}
