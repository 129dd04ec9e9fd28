//! From a configuration entry to a database: everything that can be checked without connecting is checked here.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Database;
use super::breaker::Breaker;
use super::catalogs::Catalogs;
use super::line::Line;
use super::run::Active;
use crate::config::{self, DatabaseConfig, SecretRef};
use crate::contract::{ConnectOptions, DriverManifest, Features};
use crate::driver::Driver;
use crate::files;
use crate::http::SignedHttp;
use crate::limits::{EPOCH_TICK, GRACE, Limits, MOST_MEMORY_BYTES};
use crate::metrics::{self, Live, Measured};
use crate::policy::{Judge, Policy};
use crate::pool::{Manager, Pool};
use crate::secrets::KeptSecret;
use crate::stamp::{Stamp, stamp};
use crate::state::Access;
use crate::transport::{Allowed, Endpoints, TlsClient};

/// What a server shows as the client's name.
const APPLICATION_NAME: &str = "bulkhead";

/// Why a database can't be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// Never as the entry is written: by its key.
    Wrong(String),
    /// Not now: something that the entry names isn't there or isn't good.
    Missing(String),
}

impl Database {
    /// Prepares a database. Connects to nothing.
    ///
    /// # Errors
    /// What of the entry can't be used, by its key.
    pub(crate) fn open(id: &str, config: DatabaseConfig, driver: &Arc<Driver>) -> Result<Database, OpenError> {
        Database::open_among(id, config, driver, None)
    }

    /// As [`Database::open`], where a list says what may be dialled: for an entry that a caller made.
    pub(crate) fn open_among(
        id: &str,
        config: DatabaseConfig,
        driver: &Arc<Driver>,
        allowed: Option<Arc<Allowed>>,
    ) -> Result<Database, OpenError> {
        fits(&config, driver).map_err(OpenError::Wrong)?;
        let files = stamps(&config);
        let mut access = access(&config, driver).map_err(OpenError::Missing)?;
        access.endpoints = access.endpoints.among(allowed);
        let access = Arc::new(access);
        Database::assemble(id.into(), config, driver.clone(), access, files).map_err(OpenError::Wrong)
    }

    /// Whether it is what this entry and this driver make.
    pub(crate) fn is_of(&self, config: &DatabaseConfig, driver: &Arc<Driver>) -> bool {
        self.config == *config && Arc::ptr_eq(&self.driver, driver) && self.files == stamps(config)
    }

    /// Puts it together from what was checked.
    pub(super) fn assemble(
        id: Arc<str>,
        config: DatabaseConfig,
        driver: Arc<Driver>,
        access: Arc<Access>,
        files: Vec<Option<Stamp>>,
    ) -> Result<Database, String> {
        let dialect = driver.options.dialect(&config.options).unwrap_or(&driver.manifest.dialect).to_owned();
        driver.options.check(&config.options)?;
        let mut policy = Policy::new(&config.policy(), &dialect, config.catalog.as_deref());
        let options = policy.tie(&config.options, driver.options.has("search_path"))?;
        let judge = Judge::new(policy);
        let policy = judge.policy();
        let options = connect_options(&config, policy, options);
        // Once it is used: what nobody uses isn't counted.
        let label = if access.endpoints.are_a_callers() { metrics::DYNAMIC.into() } else { id.clone() };
        let measured = Arc::new(Measured::new(label, driver.name.clone()));
        let pool = Pool::new(Manager {
            driver: driver.clone(),
            access: access.clone(),
            database: id.clone(),
            options,
            limits: limits(&config, policy, &driver),
            settings: config.pool.clone(),
            measured: measured.clone(),
        })?;
        let mut manifest = driver.manifest.clone();
        if dialect != manifest.dialect {
            manifest = Arc::new(DriverManifest { dialect, ..manifest.as_ref().clone() });
        }
        let opens = config.pool.fail_fast && !manifest.features.contains(Features::EMBEDDED);
        let breaker = Arc::new(Breaker::new(opens, measured.clone()));
        let line = Arc::new(Line { id: id.clone(), breaker, pool: pool.clone(), access: access.clone(), measured });
        let live: Arc<dyn Live> = line.clone();
        metrics::attach(Arc::downgrade(&live));
        Ok(Database {
            id,
            manifest,
            config,
            judge,
            driver,
            access,
            pool,
            active: Active::default(),
            catalogs: Catalogs::default(),
            line,
            files,
        })
    }
}

/// An embedded database computes where another waits for its server, so its CPU time is bounded by the statement timeout.
fn limits(config: &DatabaseConfig, policy: &Policy, driver: &Driver) -> Limits {
    let mut limits = driver.limits;
    if let Some(mib) = config.limits.max_memory_mib {
        limits.memory = usize::try_from(mib).unwrap_or(usize::MAX).saturating_mul(1024 * 1024).min(MOST_MEMORY_BYTES);
    }
    if let Some(time) = config.limits.max_cpu_time {
        limits.cpu_ticks = u32::try_from(time.as_nanos() / EPOCH_TICK.as_nanos()).unwrap_or(u32::MAX).max(1);
        return limits;
    }
    if driver.manifest.features.contains(Features::EMBEDDED) {
        let time = policy.statement_timeout.saturating_add(GRACE).as_nanos() / EPOCH_TICK.as_nanos();
        limits.cpu_ticks = limits.cpu_ticks.max(u32::try_from(time).unwrap_or(u32::MAX));
    }
    limits
}

/// The files that an entry's access is made of, as they are.
fn stamps(config: &DatabaseConfig) -> Vec<Option<Stamp>> {
    config.tls.files().map(|file| stamp(file)).collect()
}

/// Whether the entry says where the database is, in the way that its driver needs.
fn fits(config: &DatabaseConfig, driver: &Driver) -> Result<(), String> {
    let embedded = driver.manifest.features.contains(Features::EMBEDDED);
    let name = &config.driver;
    match (&config.host, &config.directory) {
        (_, None) if embedded => Err(format!("directory: is missing; the driver {name:?} keeps its databases in files")),
        (None, _) if !embedded && config.aws.is_none() => {
            Err(format!("host: is missing; the driver {name:?} connects to a server"))
        }
        (Some(_), _) if !embedded && config.port.or(driver.manifest.default_port).is_none() => {
            Err("port: is missing, and the driver has no default".to_owned())
        }
        _ => Ok(()),
    }
}

fn access(config: &DatabaseConfig, driver: &Driver) -> Result<Access, String> {
    let read_only = config.read_only();
    // Looked for now, so that a mistake shows at the start; what each connection gets is fetched when it is made.
    let kept = |key: &str, reference: &Option<SecretRef>| {
        reference.as_ref().map(SecretRef::look).transpose().map_err(|why| format!("{key}: {why}"))?;
        Ok::<_, String>(reference.clone().map(|reference| Arc::new(KeptSecret::new(reference))))
    };
    let (password, access_token) = (kept("password", &config.password)?, kept("access_token", &config.access_token)?);
    let plaintext_password = config.tls.allow_plaintext_password;
    let embedded = driver.manifest.features.contains(Features::EMBEDDED);
    if let Some(aws) = config.aws.as_ref().filter(|_| !embedded) {
        let tls = TlsClient::new(&config.tls, &aws.endpoint()?.host)?;
        let http = Some(Arc::new(SignedHttp::new(aws, tls)?));
        return Ok(Access { password, http, ..Access::none() });
    }
    match (&config.host, &config.directory) {
        (Some(host), _) if !embedded => {
            let port = config.port.or(driver.manifest.default_port).unwrap_or_default();
            let tls = TlsClient::new(&config.tls, host)?;
            let others = config.endpoints.iter().filter_map(|text| config::endpoint(text).map(|(host, port)| (text, host, port)));
            let endpoints = others.fold(Endpoints::new(Some((host.clone(), port))), |endpoints, (text, host, port)| {
                endpoints.and(text, host, port)
            });
            Ok(Access { endpoints, tls, password, access_token, plaintext_password, directory: None, http: None })
        }
        (_, Some(directory)) if embedded => {
            let directory = files::Directory::open_ambient(directory, read_only, files::Limits::default())
                .map_err(|why| format!("directory {}: {why}", directory.display()))?;
            Ok(Access {
                endpoints: Endpoints::new(None),
                tls: None,
                password,
                access_token,
                plaintext_password,
                directory: Some(directory),
                http: None,
            })
        }
        // `fits` has seen to it that there is one of them.
        _ => Ok(Access::none()),
    }
}

fn connect_options(config: &DatabaseConfig, policy: &Policy, options: Map<String, Value>) -> ConnectOptions {
    ConnectOptions {
        catalog: config.catalog.clone(),
        user: config.user.clone(),
        application_name: APPLICATION_NAME.to_owned(),
        read_only: policy.read_only,
        timeout_ms: u32::try_from(config.pool.connect_timeout.as_millis()).unwrap_or(u32::MAX),
        options: Value::Object(options).to_string(),
    }
}
