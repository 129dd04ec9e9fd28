//! What the driver says of itself.

use crate::options;
use bulkhead_driver::{DriverManifest, Features, ParameterStyle};

/// PostgreSQL's registered port.
const PORT: u16 = 5432;

/// The manifest.
#[must_use]
pub fn manifest() -> DriverManifest {
    DriverManifest {
        name: "postgres".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "PostgreSQL 12 and later, over its own protocol".to_owned(),
        dialect: "postgresql".to_owned(),
        parameter_style: ParameterStyle::Dollar,
        options_schema: options::SCHEMA.to_owned(),
        features: Features::TRANSACTIONS
            | Features::READ_ONLY
            | Features::CANCEL
            | Features::CATALOGS
            | Features::EXPLAIN
            | Features::EXPLAIN_ANALYZE,
        default_port: Some(PORT),
    }
}
