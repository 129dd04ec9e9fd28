//! Errors for what a driver must not do. Each names the driver.

use crate::contract::ErrorKind;
use crate::engine::OutOfCpu;
use crate::error::CallError;
use crate::log::StandardError;
use crate::metrics::{Measured, Trap};
use crate::state::OutOfMemory;

/// A driver that trapped. What it printed goes to the log alone: it may hold another row's values.
pub(super) fn trapped(
    driver: &str,
    measured: &Measured,
    what: &str,
    why: &wasmtime::Error,
    standard_error: &StandardError,
) -> CallError {
    let printed = standard_error.take();
    tracing::warn!(target: "driver", driver, what, why = %format!("{why:#}"), ?printed, "a driver failed; its instance is thrown away");
    let kind = if why.is::<OutOfMemory>() || why.is::<OutOfCpu>() { ErrorKind::Resources } else { ErrorKind::Internal };
    let (counted, reason) = if let Some(limit) = why.downcast_ref::<OutOfMemory>() {
        (Trap::Memory, limit.to_string())
    } else if let Some(limit) = why.downcast_ref::<OutOfCpu>() {
        (Trap::Cpu, limit.to_string())
    } else if let Some(trap) = why.downcast_ref::<wasmtime::Trap>() {
        (Trap::Wasm, trap.to_string())
    } else {
        (Trap::Other, why.root_cause().to_string())
    };
    measured.trapped(counted);
    CallError::new(kind, format!("the driver {driver:?} failed in {what}: {reason}; its instance was thrown away"))
}

/// A driver whose answer breaks the contract.
pub(super) fn malformed(driver: &str, why: impl std::fmt::Display) -> CallError {
    tracing::warn!(target: "driver", driver, %why, "a driver broke the contract; its instance is thrown away");
    CallError::new(ErrorKind::Protocol, format!("the driver {driver:?} broke the contract: {why}; its instance was thrown away"))
}

/// A driver that didn't answer after it was told to stop.
pub(crate) fn unresponsive(driver: &str, measured: &Measured, kind: ErrorKind) -> CallError {
    measured.trapped(Trap::Unresponsive);
    tracing::warn!(target: "driver", driver, "a driver didn't stop in its grace period; its instance is thrown away");
    let why = if kind == ErrorKind::Timeout { "the time allowed ran out" } else { "the call was cancelled" };
    CallError::new(
        kind,
        format!("{why}, and the driver {driver:?} didn't stop in its grace period; its instance was thrown away"),
    )
}
