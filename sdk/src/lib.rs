#![doc = include_str!("../README.md")]

mod batch;
pub mod error;

/// The contract's bindings, generated from `wit/`.
#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "database-driver",
        pub_export_macro: true,
        export_macro_name: "export",
        default_bindings_module: "bulkhead_driver::bindings",
    });
}

pub use batch::{BatchBuilder, BatchError, Buffer, ColumnBuilder, Layout};
pub use bindings::export;

/// The records that both sides speak of.
pub use bindings::bulkhead::driver::types::{
    Batch, Column, ColumnData, ColumnKind, Error, ErrorKind, Notice, Parameter, Value, Values, Varying,
};
/// What the host gives a driver, interface by interface.
pub use bindings::bulkhead::driver::{call, files, log, secrets, secrets_reveal, transport};
/// What a driver implements, and the records of its answers.
pub use bindings::exports::bulkhead::driver::driver::{
    CatalogInfo, Check, Chunk, Completion, ConnectOptions, Connection, Cursor, Description, DriverManifest, ExplainOptions,
    Features, ForeignKey, FoundObject, Guest, GuestConnection, GuestCursor, Index, Isolation, Key, ObjectKind, ParameterStyle,
    Plan, Privilege, QueryOptions, Readiness, Reply, Routine, RoutineFilter, SchemaInfo, SearchFilter, ServerInfo, TableColumn,
    TableDetail, TableFilter, TableInfo, TableKind, TableName, TableStatistics, Target, TransactionOptions, Trigger, UserInfo,
};
