//! CPU time of another process.

use std::time::Duration;

use anyhow::{Context, Result};

/// `_SC_CLK_TCK` of every Linux that cargo runs on.
const TICKS_PER_SECOND: u64 = 100;

/// User and system time so far, to 10 ms.
pub(super) fn of(pid: i32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    let (_, fields) = stat.rsplit_once(") ").context("an odd /proc/PID/stat")?;
    // utime and stime are the 14th and 15th field of all, and two were cut off.
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// Resident memory in bytes.
pub(super) fn resident(pid: i32) -> Result<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).context("the process is gone")?;
    let pages: u64 = statm.split_whitespace().nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096)
}
