//! The driver contract's host side, generated from `wit/`.
//!
//! Nothing here is written by hand but the shorter names: the types a driver and the host exchange are these, and a batch is
//! not to be used before it has become a checked [`crate::batch::Batch`].

#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "database-driver",
        // Files never wait but for the disk, which `files` does aside: without a future for each crossing.
        imports: { "bulkhead:driver/files": trappable, default: async | trappable },
        exports: { default: async },
        with: {
            "bulkhead:driver/transport.byte-stream": crate::transport::ByteStream,
            "bulkhead:driver/secrets.secret": crate::secrets::SecretHandle,
            "bulkhead:driver/files.file": crate::files::OpenFile,
        },
    });
}

pub use bindings::bulkhead::driver::{call, files, log, secrets, secrets_reveal, transport, types};
pub use bindings::exports::bulkhead::driver::driver;
pub use bindings::{DatabaseDriver, DatabaseDriverPre};

pub use driver::{
    CatalogInfo, Check, Completion, ConnectOptions, Cursor, Description, DriverManifest, ExplainOptions, Features, ForeignKey,
    FoundObject, Index, Isolation, Key, ObjectKind, ParameterStyle, Plan, Privilege, QueryOptions, Readiness, Routine,
    RoutineFilter, SchemaInfo, SearchFilter, ServerInfo, TableColumn, TableDetail, TableFilter, TableInfo, TableKind, TableName,
    TableStatistics, Target, TransactionOptions, Trigger, UserInfo,
};
pub use types::{Column, ColumnKind, Error, ErrorKind, Notice, Parameter, Value};

/// The contract's package and version.
pub const CONTRACT: &str = "bulkhead:driver@0.1.0";
