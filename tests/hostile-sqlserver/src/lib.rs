//! The SQL Server driver's own sessions, watched.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

use bulkhead_sqlserver::session::Session;
use bulkhead_sqlserver::wire::Host;

bulkhead_watched::watch! {
    name: "hostile-sqlserver",
    manifest: bulkhead_sqlserver::manifest(),
    session: Session<Host>,
    connect: |options| Session::connect(Host::new(), options),
    own: |_| None,
}

// Natively there is nothing to export to.
#[cfg(target_family = "wasm")]
bulkhead_driver::export!(Watched);
