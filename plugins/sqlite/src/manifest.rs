//! What the driver says of itself.

use crate::options;
use bulkhead_driver::{DriverManifest, Features, ParameterStyle};

/// The manifest.
pub(crate) fn manifest() -> DriverManifest {
    DriverManifest {
        name: "sqlite".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "SQLite database files in one directory, and databases in memory".to_owned(),
        dialect: "sqlite".to_owned(),
        parameter_style: ParameterStyle::Question,
        options_schema: options::SCHEMA.to_owned(),
        features: Features::TRANSACTIONS
            | Features::READ_ONLY
            | Features::CANCEL
            | Features::CATALOGS
            | Features::EXPLAIN
            | Features::EMBEDDED,
        default_port: None,
    }
}
