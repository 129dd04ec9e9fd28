//! The `bulkhead` binary. Everything is in the library.

fn main() -> std::process::ExitCode {
    bulkhead::cli::run()
}
