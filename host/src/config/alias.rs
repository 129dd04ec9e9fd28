//! Shorter and older ways to write a database, and the command line for a single one.
//!
//! This is the one place where the host names products. What is written short is turned into what is written long before
//! anything is checked, so that nothing behind it knows of the difference.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{AwsConfig, Config, ConfigError, DatabaseConfig, DriversConfig, ServerConfig, TlsMode};

/// The driver of Amazon's RDS Data API, and its service's name.
const DATA_API: (&str, &str) = ("rds-data-api", "rds-data");
/// The id of the command line's single database.
const SINGLE: &str = "default";
/// How AWS's own tools name an endpoint to use in place of a region's, for this service and for all.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_RDS_DATA", "AWS_ENDPOINT_URL"];
/// How they name a region.
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// For `#[serde(deserialize_with)]`: a driver's name, also with underscores (`rds_data_api`).
pub(super) fn driver<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match String::deserialize(from)?.as_str() {
        "rds_data_api" => DATA_API.0.to_owned(),
        other => other.to_owned(),
    })
}

/// Turns the short keys into `aws` and `options`.
pub(super) fn resolve(id: &str, database: &mut DatabaseConfig) -> Result<(), String> {
    if database.driver != DATA_API.0 {
        let short =
            [("region", &database.region), ("resource_arn", &database.resource_arn), ("secret_arn", &database.secret_arn)];
        return match short.iter().find(|(_, value)| value.is_some()) {
            Some((key, _)) => Err(format!("databases.{id}.{key}: goes with the driver {} alone", DATA_API.0)),
            None => Ok(()),
        };
    }
    for (key, value) in [("resource_arn", database.resource_arn.take()), ("secret_arn", database.secret_arn.take())] {
        if let Some(value) = value {
            database.options.insert(key.to_owned(), value.into());
        }
        if !database.options.contains_key(key) {
            return Err(format!("databases.{id}.{key}: is missing"));
        }
    }
    if database.aws.is_none() {
        let arn = database.options.get("resource_arn").and_then(serde_json::Value::as_str).unwrap_or_default();
        let Some(region) = database.region.take().or_else(|| variable(&REGION_VARIABLES)).or_else(|| region_of(arn)) else {
            return Err(format!("databases.{id}.region: is missing, and neither AWS_REGION nor the ARN names one"));
        };
        let endpoint = variable(&ENDPOINT_VARIABLES);
        if endpoint.as_ref().is_some_and(|url| url.starts_with("http://")) {
            // The environment is the operator's, as the file is.
            database.tls.mode = TlsMode::Off;
        }
        database.aws = Some(AwsConfig { service: DATA_API.1.to_owned(), region, profile: None, endpoint });
    } else if database.region.is_some() {
        return Err(format!("databases.{id}.region: stands in aws, where there is one"));
    }
    Ok(())
}

/// One database behind the RDS Data API, as the command line gives it.
#[derive(Debug, Clone, Default)]
pub struct DataApi {
    /// The cluster.
    pub resource_arn: String,
    /// The secret with the database's user and password.
    pub secret_arn: Option<String>,
    /// The catalog.
    pub database: Option<String>,
    /// The region. None: the environment's, else the ARN's.
    pub region: Option<String>,
    /// Refuse all writes.
    pub read_only: bool,
}

impl DataApi {
    /// The configuration of a server with this database alone.
    ///
    /// # Errors
    /// What is missing.
    pub fn config(self) -> Result<Config, ConfigError> {
        let Some(secret_arn) = self.secret_arn else {
            return Err(ConfigError(
                "--secret_arn is missing: the service needs the secret with the database's user and password".to_owned(),
            ));
        };
        let entry = serde_json::json!({
            "driver": DATA_API.0,
            "resource_arn": self.resource_arn,
            "secret_arn": secret_arn,
            "catalog": self.database,
            "region": self.region,
            "read_only": self.read_only,
        });
        let mut database: DatabaseConfig = serde_json::from_value(entry).map_err(|why| ConfigError(why.to_string()))?;
        resolve(SINGLE, &mut database).map_err(ConfigError)?;
        let mut config = Config {
            server: ServerConfig::default(),
            drivers: DriversConfig::default(),
            policies: BTreeMap::default(),
            databases: BTreeMap::from([(SINGLE.to_owned(), database)]),
            default_database: None,
            statements: BTreeMap::default(),
            reload: super::ReloadConfig::default(),
            admin: None,
        };
        config.check()?;
        config.resolve(std::path::Path::new("."));
        Ok(config)
    }
}

/// The first of these variables that is set.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// `arn:aws:rds:REGION:ACCOUNT:cluster:NAME`
fn region_of(arn: &str) -> Option<String> {
    let region = arn.split(':').nth(3)?;
    region.contains('-').then(|| region.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn short_is_long() {
        let short = "databases: {a: {type: rds_data_api, resource_arn: r, secret_arn: s, database: d, region: us-west-2, readonly: true}}";
        let config = Config::parse(short).unwrap();
        let database = &config.databases["a"];
        let aws = database.aws.as_ref().unwrap();
        assert_eq!(
            (database.driver.as_str(), aws.service.as_str(), aws.region.as_str()),
            ("rds-data-api", "rds-data", "us-west-2")
        );
        assert_eq!((database.catalog.as_deref(), database.read_only), (Some("d"), Some(true)));
        assert_eq!(database.options["resource_arn"], "r");
    }

    #[test]
    fn a_region_is_found_in_the_arn() {
        assert_eq!(region_of("arn:aws:rds:eu-central-1:1:cluster:c").as_deref(), Some("eu-central-1"));
        assert_eq!(region_of("arn:aws:rds:region:account:cluster:primary"), None);
        assert_eq!(region_of("r"), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("databases: {a: {driver: rds-data-api, secret_arn: s, region: us-west-2}}", "resource_arn"),
            ("databases: {a: {driver: rds-data-api, resource_arn: r, region: us-west-2}}", "secret_arn"),
            ("databases: {a: {driver: postgres, host: h, region: us-west-2}}", "region"),
            (
                "databases: {a: {driver: rds-data-api, resource_arn: r, secret_arn: s, region: 'us-west-2.evil.example/'}}",
                "aws.region",
            ),
            (
                "databases: {a: {driver: rds-data-api, resource_arn: r, secret_arn: s, aws: {service: rds-data, region: us-west-2, endpoint: 'http://h'}}}",
                "tls.mode",
            ),
            (
                "databases: {a: {driver: rds-data-api, resource_arn: r, secret_arn: s, aws: {service: rds-data, region: us-west-2}, host: h}}",
                "host",
            ),
        ] {
            let why = Config::parse(text).unwrap_err().to_string();
            assert!(why.contains(word), "{word}: {why}");
        }
    }
}
