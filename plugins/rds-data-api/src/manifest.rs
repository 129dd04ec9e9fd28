//! What the driver says of itself.

use crate::options;
use bulkhead_driver::{DriverManifest, Features, ParameterStyle};

/// The manifest. The dialect is PostgreSQL's unless the option `engine` says otherwise.
#[must_use]
pub fn manifest() -> DriverManifest {
    DriverManifest {
        name: "rds-data-api".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Aurora PostgreSQL and Aurora MySQL, over the RDS Data API".to_owned(),
        dialect: "postgresql".to_owned(),
        parameter_style: ParameterStyle::ColonName,
        options_schema: options::SCHEMA.to_owned(),
        features: Features::TRANSACTIONS
            | Features::READ_ONLY
            | Features::CATALOGS
            | Features::EXPLAIN
            | Features::EXPLAIN_ANALYZE,
        default_port: None,
    }
}
