//! Instantiating a driver and connecting.
//!
//! A login that is refused is tried a second time where its secret turns out to be another one by now, and only then: who tries the same
//! password twice is the sooner locked out.

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
    /// What the driver said, or how it failed; or which secret can't be had.
    pub(crate) async fn open(
        driver: Arc<Driver>,
        access: Arc<Access>,
        database: Arc<str>,
        options: &ConnectOptions,
        limits: Limits,
        measured: Arc<Measured>,
        signal: Arc<Signal>,
    ) -> Result<Connection, CallError> {
        // Each on the heap: a call's future is nested deep enough, and connecting is rare.
        let mut secrets = Box::pin(Secrets::now(&access, &signal)).await?;
        let login = Login { driver, access, database, options, limits, measured, signal };
        match Box::pin(login.try_with(&secrets)).await {
            Err(why) if why.record().kind == ErrorKind::Authentication => match Box::pin(login.anew(&mut secrets)).await {
                true => Box::pin(login.try_with(&secrets)).await,
                false => Err(why),
            },
            done => done,
        }
    }
}

/// Has a database's secrets fetched, where they have to be.
///
/// # Errors
/// Which of them can't be had.
pub(crate) async fn fetch_secrets(access: &Access) -> Result<(), CallError> {
    Secrets::now(access, &Signal::default()).await.map(drop)
}

/// What a connection is made of, but for the secrets.
struct Login<'a> {
    driver: Arc<Driver>,
    access: Arc<Access>,
    database: Arc<str>,
    options: &'a ConnectOptions,
    limits: Limits,
    measured: Arc<Measured>,
    signal: Arc<Signal>,
}

impl Login<'_> {
    async fn try_with(&self, secrets: &Secrets) -> Result<Connection, CallError> {
        let (driver, measured) = (&self.driver, &self.measured);
        let options = secrets.complete(self.options);
        let log = DriverLog::new(driver.name.clone(), self.database.clone());
        let mut store = driver.sandbox.store(State::new(self.access.clone(), log, self.limits));
        store.data_mut().password = secrets.password.clone();
        store.data_mut().access_token = secrets.access_token.clone();
        store.data_mut().begin(self.signal.clone());
        let _running = driver.sandbox.running();
        let mut instance = Instance::new(measured.clone());
        let connected = timed(measured, async {
            let bindings = driver.pre.instantiate_async(&mut store).await?;
            let handle = bindings.bulkhead_driver_driver().call_connect(&mut store, &options).await?;
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
            Err(trap) => Err(fault::trapped(&driver.name, measured, "connect", &trap, &store.data().standard_error)),
        }
    }

    /// Whether the secrets that were refused are others by now, which take their place.
    async fn anew(&self, secrets: &mut Secrets) -> bool {
        let password = other(self.access.password.as_deref(), secrets.password.as_ref()).await;
        let access_token = other(self.access.access_token.as_deref(), secrets.access_token.as_ref()).await;
        let any = password.is_some() || access_token.is_some();
        secrets.password = password.or_else(|| secrets.password.take());
        secrets.access_token = access_token.or_else(|| secrets.access_token.take());
        any
    }
}

async fn other(kept: Option<&KeptSecret>, refused: Option<&Arc<Credential>>) -> Option<Arc<Credential>> {
    kept?.refused(refused?).await
}

/// A connection's secrets.
struct Secrets {
    password: Option<Arc<Credential>>,
    access_token: Option<Arc<Credential>>,
}

impl Secrets {
    /// As they are now. A token that can't be had is an error, not a reason to fall back on a password.
    async fn now(access: &Access, signal: &Signal) -> Result<Secrets, CallError> {
        let password = now("password", access.password.as_deref(), signal).await?;
        let access_token = now("access_token", access.access_token.as_deref(), signal).await?;
        if access_token.as_ref().is_some_and(|token| token.is_empty()) {
            return Err(missing("access_token", "it is empty"));
        }
        Ok(Secrets { password, access_token })
    }

    /// With the user that is kept with the password, where the operator names none.
    fn complete<'a>(&self, options: &'a ConnectOptions) -> std::borrow::Cow<'a, ConnectOptions> {
        match (&options.user, self.password.as_ref().and_then(|password| password.user())) {
            (None, Some(user)) => std::borrow::Cow::Owned(ConnectOptions { user: Some(user.to_owned()), ..options.clone() }),
            _ => std::borrow::Cow::Borrowed(options),
        }
    }
}

async fn now(key: &str, kept: Option<&KeptSecret>, signal: &Signal) -> Result<Option<Arc<Credential>>, CallError> {
    let Some(kept) = kept else { return Ok(None) };
    match signal.interrupt(kept.now()).await {
        Ok(found) => found.map(Some).map_err(|why| missing(key, &why)),
        Err(_) => Err(missing(key, "it wasn't there in the time that connecting may take (pool.connect_timeout)")),
    }
}

fn missing(key: &str, why: &str) -> CallError {
    CallError::new(ErrorKind::Authentication, format!("{key}: {why}")).retryable()
}
