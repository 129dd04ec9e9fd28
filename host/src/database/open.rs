//! From a configuration entry to a database: everything that can be checked without connecting is checked here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Database;
use super::catalogs::Catalogs;
use super::run::Active;
use super::trouble::LastTrouble;
use crate::config::{self, DatabaseConfig, SecretRef};
use crate::contract::{ConnectOptions, DriverManifest, Features};
use crate::driver::Driver;
use crate::files;
use crate::http::SignedHttp;
use crate::limits::{EPOCH_TICK, GRACE, Limits};
use crate::pool::{Manager, Pool};
use crate::secrets::Credential;
use crate::state::Access;
use crate::transport::{Endpoints, TlsClient};

/// What a server shows as the client's name.
const APPLICATION_NAME: &str = "bulkhead";

/// Marks, in a driver's options schema, the option whose value names the dialect.
const DIALECT_KEYWORD: &str = "x-dialect";

/// What databases are made of: the drivers, by name.
pub(crate) type Resources = BTreeMap<String, Arc<Driver>>;

impl Database {
    /// Prepares a database. Connects to nothing.
    ///
    /// # Errors
    /// What of the entry can't be used, by its key.
    pub(crate) fn open(id: &str, config: DatabaseConfig, drivers: &Resources) -> Result<Database, String> {
        let driver = drivers.get(&config.driver).ok_or_else(|| {
            format!(
                "there is no driver {:?}; there are: {}",
                config.driver,
                drivers.keys().cloned().collect::<Vec<_>>().join(", ")
            )
        })?;
        let access = Arc::new(access(&config, driver)?);
        Database::assemble(id.into(), config, driver.clone(), access)
    }

    /// Puts it together from what was checked.
    pub(super) fn assemble(
        id: Arc<str>,
        config: DatabaseConfig,
        driver: Arc<Driver>,
        access: Arc<Access>,
    ) -> Result<Database, String> {
        let options = connect_options(&config, &driver)?;
        let pool = Pool::new(Manager {
            driver: driver.clone(),
            access: access.clone(),
            database: id.clone(),
            options,
            limits: limits(&config, &driver),
            settings: config.pool.clone(),
        })?;
        let mut manifest = driver.manifest.clone();
        manifest.dialect = dialect(&config, &manifest);
        Ok(Database {
            id,
            manifest,
            config,
            driver,
            access,
            pool,
            active: Active::default(),
            catalogs: Catalogs::default(),
            trouble: LastTrouble::default(),
        })
    }
}

/// An embedded database computes where another waits for its server, so its CPU time is bounded by the statement timeout.
fn limits(config: &DatabaseConfig, driver: &Driver) -> Limits {
    let mut limits = driver.limits;
    if driver.manifest.features.contains(Features::EMBEDDED) {
        let time = config.statement_timeout.saturating_add(GRACE).as_nanos() / EPOCH_TICK.as_nanos();
        limits.cpu_ticks = limits.cpu_ticks.max(u32::try_from(time).unwrap_or(u32::MAX));
    }
    limits
}

fn access(config: &DatabaseConfig, driver: &Driver) -> Result<Access, String> {
    let resolve = |key: &str, reference: &Option<SecretRef>| {
        reference.as_ref().map(SecretRef::resolve).transpose().map_err(|why| format!("{key}: {why}"))
    };
    let password = resolve("password", &config.password)?.map(|secret| Arc::new(Credential::new(secret)));
    // Looked for now, so that a mistake shows at the start; what each connection gets is read when it is made.
    resolve("access_token", &config.access_token)?;
    let access_token = config.access_token.clone();
    let plaintext_password = config.tls.allow_plaintext_password;
    let embedded = driver.manifest.features.contains(Features::EMBEDDED);
    if let Some(aws) = config.aws.as_ref().filter(|_| !embedded) {
        let tls = TlsClient::new(&config.tls, &aws.endpoint()?.host)?;
        let http = Some(Arc::new(SignedHttp::new(aws, tls)?));
        return Ok(Access { password, http, ..Access::none() });
    }
    match (&config.host, &config.directory) {
        (Some(host), _) if !embedded => {
            let port = config.port.or(driver.manifest.default_port).ok_or("port: is missing, and the driver has no default")?;
            let tls = TlsClient::new(&config.tls, host)?;
            let others = config.endpoints.iter().filter_map(|text| config::endpoint(text).map(|(host, port)| (text, host, port)));
            let endpoints = others.fold(Endpoints::new(Some((host.clone(), port))), |endpoints, (text, host, port)| {
                endpoints.and(text, host, port)
            });
            Ok(Access { endpoints, tls, password, access_token, plaintext_password, directory: None, http: None })
        }
        (_, Some(directory)) if embedded => {
            let directory = files::Directory::open_ambient(directory, config.read_only, files::Limits::default())
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
        _ if embedded => Err(format!("directory: is missing; the driver {:?} keeps its databases in files", config.driver)),
        _ => Err(format!("host: is missing; the driver {:?} connects to a server", config.driver)),
    }
}

/// The dialect of this database: the driver's, unless it speaks several and one of its options says which.
fn dialect(config: &DatabaseConfig, manifest: &DriverManifest) -> String {
    let schema: serde_json::Value = serde_json::from_str(&manifest.options_schema).unwrap_or_default();
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    let chosen = properties.into_iter().flatten().find(|(_, property)| property.get(DIALECT_KEYWORD) == Some(&true.into()));
    chosen.and_then(|(name, _)| config.options.get(name)?.as_str()).map_or_else(|| manifest.dialect.clone(), str::to_owned)
}

fn connect_options(config: &DatabaseConfig, driver: &Driver) -> Result<ConnectOptions, String> {
    check_options(&config.options, &driver.manifest.options_schema)?;
    Ok(ConnectOptions {
        catalog: config.catalog.clone(),
        user: config.user.clone(),
        application_name: APPLICATION_NAME.to_owned(),
        read_only: config.read_only,
        timeout_ms: u32::try_from(config.pool.connect_timeout.as_millis()).unwrap_or(u32::MAX),
        options: serde_json::Value::Object(config.options.clone()).to_string(),
    })
}

/// Holds the options against the driver's schema.
fn check_options(options: &serde_json::Map<String, serde_json::Value>, schema: &str) -> Result<(), String> {
    let schema: serde_json::Value = serde_json::from_str(schema).map_err(|why| format!("the driver's options schema: {why}"))?;
    let validator = jsonschema::validator_for(&schema).map_err(|why| format!("the driver's options schema: {why}"))?;
    let options = serde_json::Value::Object(options.clone());
    let faults: Vec<String> = validator
        .iter_errors(&options)
        .map(|fault| format!("options{}: {fault}", fault.instance_path().to_string().replace('/', ".")))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}
