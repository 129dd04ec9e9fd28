//! The RDS Data API driver's own sessions, watched, and one statement more: `SELECT 'SEND {...}'` answers with what the host said to a
//! request of the statement's choosing.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]
// Natively there is no service, and nothing here is called.
#![cfg(target_family = "wasm")]

mod send;

use bulkhead_driver::ColumnKind;
use bulkhead_rds_data_api::service::Host;
use bulkhead_rds_data_api::session::Session;

/// What begins the statement that is answered with a request's fate.
const SEND: &str = "SELECT 'SEND ";

bulkhead_watched::watch! {
    name: "hostile-rds",
    manifest: bulkhead_rds_data_api::manifest(),
    session: Session<Host>,
    connect: |options| Session::connect(Host, options),
    own: |statement| {
        let order = statement.strip_prefix(SEND)?.strip_suffix('\'')?;
        Some(bulkhead_watched::cell(ColumnKind::Text, send::send(order).as_bytes()))
    },
}

bulkhead_driver::export!(Watched);
