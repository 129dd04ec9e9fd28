//! Shorter and older ways to write a database.
//!
//! This is the one place where the host names products. What is written short is turned into what is written long before
//! anything is checked, so that nothing behind it knows of the difference.

use serde::{Deserialize, Deserializer};

use super::{AwsConfig, DatabaseConfig, TlsMode};

/// The driver of Amazon's RDS Data API, and its service's name.
const DATA_API: (&str, &str) = ("rds-data-api", "rds-data");
/// How AWS's own tools name an endpoint to use in place of a region's, for this service and for all.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_RDS_DATA", "AWS_ENDPOINT_URL"];
/// How they name a region.
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// For `#[serde(deserialize_with)]`: a driver's name, also with underscores (`rds_data_api`).
pub(super) fn driver<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match String::deserialize(from)?.as_str() {
        "rds_data_api" => DATA_API.0.to_owned(),
        "direct_postgres" | "postgresql" => "postgres".to_owned(),
        other => other.to_owned(),
    })
}

/// Turns the short keys into `aws` and `options`. Gives what is wrong, by key.
pub(super) fn resolve(database: &mut DatabaseConfig) -> Vec<(&'static str, String)> {
    if database.driver != DATA_API.0 {
        return others(database);
    }
    let mut wrong = Vec::new();
    for (key, value) in [("resource_arn", database.resource_arn.take()), ("secret_arn", database.secret_arn.take())] {
        if let Some(value) = value {
            database.options.insert(key.to_owned(), value.into());
        }
        if !database.options.contains_key(key) {
            wrong.push((key, "is missing".to_owned()));
        }
    }
    if database.aws.is_some() {
        if database.region.is_some() {
            wrong.push(("region", "stands in aws, where there is one".to_owned()));
        }
        return wrong;
    }
    let arn = database.options.get("resource_arn").and_then(serde_json::Value::as_str).unwrap_or_default();
    let Some(region) = database.region.take().or_else(|| variable(&REGION_VARIABLES)).or_else(|| region_of(arn)) else {
        wrong.push(("region", "is missing, and neither AWS_REGION nor the ARN names one".to_owned()));
        return wrong;
    };
    let endpoint = variable(&ENDPOINT_VARIABLES);
    if endpoint.as_ref().is_some_and(|url| url.starts_with("http://")) {
        // The environment is the operator's, as the file is.
        database.tls.mode = TlsMode::Off;
    }
    database.aws = Some(AwsConfig { service: DATA_API.1.to_owned(), region, profile: None, endpoint });
    wrong
}

/// The short keys of a database that isn't behind that service: a secret of AWS may still hold its user and password.
fn others(database: &DatabaseConfig) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if database.resource_arn.is_some() {
        wrong.push(("resource_arn", format!("goes with the driver {} alone", DATA_API.0)));
    }
    if database.region.is_some() && database.secret_arn.is_none() {
        wrong.push(("region", format!("goes with the driver {} or with secret_arn alone", DATA_API.0)));
    }
    wrong
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
    use crate::config::Config;

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
