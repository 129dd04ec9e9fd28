//! What the driver says of itself.

use crate::options;
use bulkhead_driver::{DriverManifest, Features, ParameterStyle};

/// SQL Server's registered port.
const PORT: u16 = 1433;

/// The manifest.
#[must_use]
pub fn manifest() -> DriverManifest {
    DriverManifest {
        name: "sqlserver".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "SQL Server 2012 and later and Azure SQL, over TDS 7.4 and 8.0".to_owned(),
        dialect: "mssql".to_owned(),
        parameter_style: ParameterStyle::AtName,
        options_schema: options::SCHEMA.to_owned(),
        features: Features::TRANSACTIONS | Features::CANCEL | Features::MULTIPLE_RESULTS | Features::CATALOGS | Features::EXPLAIN,
        default_port: Some(PORT),
    }
}
