#![doc = include_str!("../README.md")]

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
