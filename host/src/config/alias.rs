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
fn others(database: &mut DatabaseConfig) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if database.resource_arn.is_some() {
        wrong.push(("resource_arn", format!("goes with the driver {} alone", DATA_API.0)));
    }
    if let Some(region) = database.region.clone() {
        let mut theirs = false;
        database.secrets().for_each(|secret| theirs |= secret.in_region(&region));
        if !theirs && database.secret_arn.is_none() {
            wrong.push(("region", format!("goes with the driver {} or with a secret of AWS alone", DATA_API.0)));
        }
    }
    wrong
}

/// The region of a resource of AWS's: the one in its ARN, else the one that is said, else that of the environment.
pub(crate) fn region(arn: &str, said: Option<&str>) -> Option<String> {
    region_of(arn).or_else(|| said.map(str::to_owned)).or_else(|| variable(&REGION_VARIABLES))
}

/// The first of these variables that is set.
pub(crate) fn variable(names: &[&str]) -> Option<String> {
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
    fn a_secret_of_aws_is_a_user_and_a_password() {
        let of = |keys: &str| {
            let text = format!("databases: {{a: {{type: direct_postgres, hostname: h, {keys}}}}}");
            Config::parse(&text).map(|mut config| config.databases.remove("a").unwrap())
        };
        let arn = "arn:aws:secretsmanager:region:account:secret:analytics";
        let short = of(&format!("secret_arn: '{arn}', region: us-west-2")).unwrap();
        let password = short.password.unwrap();
        assert_eq!(password.to_string(), format!("aws-secrets:{arn}#password"));
        let reference = password.kept().unwrap();
        assert_eq!(region(arn, reference.region()).as_deref(), Some("us-west-2"));
        assert_eq!(region("arn:aws:secretsmanager:eu-central-1:1:secret:s", Some("us-west-2")).as_deref(), Some("eu-central-1"));
        assert!((short.refused, short.user) == (None, None));
        // A password that is there is used.
        assert_eq!(
            of(&format!("secret_arn: '{arn}', password: 'env:X', region: us-west-2")).unwrap().password.unwrap().to_string(),
            "env:X"
        );
        let long = of("password: 'aws-secrets:prod/app#password', user: app, region: us-west-2").unwrap();
        assert_eq!(long.password.unwrap().kept().unwrap().region(), Some("us-west-2"));
        let wrong = of("secret_arn: 'arn:aws:rds:eu-central-1:1:cluster:c'").unwrap_err().to_string();
        assert!(wrong.contains("1:") && wrong.contains("ARN"), "{wrong}");
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
