//! CPU time, which is steadier than the clock on a shared machine.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What some work took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// User and system time of this process.
    pub(crate) cpu: Duration,
    /// By the clock.
    pub(crate) wall: Duration,
}

impl Cost {
    /// The cost of one of `operations`.
    pub(crate) fn each(self, operations: u32) -> Cost {
        Cost { cpu: self.cpu / operations, wall: self.wall / operations }
    }
}

/// Measures some work.
pub(crate) async fn measure<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Cost> {
    let (cpu, wall) = (spent()?, Instant::now());
    work.await?;
    Ok(Cost { cpu: spent()?.saturating_sub(cpu), wall: wall.elapsed() })
}

fn spent() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

/// Resident memory of this process, in bytes.
pub(crate) fn resident() -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split_whitespace().nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096)
}
