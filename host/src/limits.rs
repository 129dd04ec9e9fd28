//! Every limit that a driver runs under, with its reason. All are on by default; what an operator may raise is a field of
//! [`Limits`].

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A component larger than this isn't read: compiling takes time and memory in proportion. The largest driver has 2 MiB.
pub(crate) const MAX_COMPONENT_BYTES: u64 = 32 * MIB as u64;
/// Linear memory of one instance, all memories together: a driver that streams needs a few MiB, SQLite its page cache.
pub(crate) const DEFAULT_MEMORY_BYTES: usize = 64 * MIB;
/// What an operator may raise it to: a pool of ten instances then holds 2.5 GiB at worst.
pub(crate) const MOST_MEMORY_BYTES: usize = 256 * MIB;
/// Core instances of one component: adapters and shims make about ten.
pub(crate) const MAX_INSTANCES: usize = 64;
/// Linear memories of one instance: one is used, and adapters' own.
pub(crate) const MAX_MEMORIES: usize = 8;
/// Tables of one instance.
pub(crate) const MAX_TABLES: usize = 32;
/// Elements of one table: function pointers, a few thousand in the largest driver.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 20_000;
/// The largest batch a driver may hand over: one row may be as large as this, and an answer is held in memory.
pub(crate) const MAX_BATCH_BYTES: usize = 16 * MIB;
/// What one crossing may copy out of a guest: the largest batch, its offsets and bitmaps, and some room.
pub(crate) const HOSTCALL_FUEL: usize = MAX_BATCH_BYTES + 8 * MIB;
/// Handles of one component: cursors and streams, of which a driver holds a few.
pub(crate) const MAX_COMPONENT_HANDLES: usize = 2_000;
/// Entries of the host's table for one instance.
pub(crate) const MAX_RESOURCES: usize = 1_024;
/// Random bytes in one call: a nonce takes 18.
pub(crate) const MAX_RANDOM_BYTES: u64 = 64 * KIB as u64;
/// How often a running guest is made to yield, and the unit in which its CPU time is counted.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(1);
/// CPU time of one call, in ticks: a cursor's step takes a few milliseconds, SQLite's scans are steps of one call.
pub(crate) const DEFAULT_CPU_TICKS: u32 = 2_000;
/// After `cancelled` or `timeout` a driver has this long to tell its server and answer: a round trip across an ocean, twice.
pub(crate) const GRACE: Duration = Duration::from_millis(1_000);
/// Streams that one connection may have open: its own, and another to cancel on.
pub(crate) const MAX_STREAMS: usize = 4;
/// Bytes each way that may cross in the clear before `start-tls` where TLS is required: an SSLRequest is 8 bytes, a PRELOGIN about 100.
pub(crate) const PLAINTEXT_BUDGET: usize = KIB;
/// The most bytes of one read: larger ones gain nothing and stay in the guest's memory.
pub(crate) const MAX_READ: usize = 256 * KIB;
/// Rows and bytes of one batch, as the host asks for them: enough to make a crossing cheap, little enough to keep a guest small.
pub(crate) const BATCH_ROWS: u32 = 16 * 1024;
/// As above.
pub(crate) const BATCH_BYTES: u32 = 256 * 1024;
/// Columns of a result: SQL Server's limit, the largest of the databases served.
pub(crate) const MAX_COLUMNS: usize = 4_096;
/// Names of columns and types, and command tags: SQL Server's longest name has 128 characters, an expression of SQLite's may be
/// a column's name.
pub(crate) const MAX_NAME: usize = KIB;
/// A text in an error or a notice: long enough for any message meant to be read.
pub(crate) const MAX_TEXT: usize = 8 * KIB;
/// Notices of one result.
pub(crate) const MAX_NOTICES: usize = 100;
/// Result sets of one statement that are read.
pub(crate) const MAX_RESULT_SETS: usize = 64;
/// A line of a driver's log is cut to this.
pub(crate) const MAX_LOG_LINE: usize = KIB;
/// Lines that one connection may log in one second; more are counted and dropped.
pub(crate) const MAX_LOG_LINES: u32 = 20;
/// What is kept of a guest's standard error: a panic's message.
pub(crate) const MAX_STDERR: usize = 4 * KIB;
/// An instance whose memory has grown past this is closed when it is returned: linear memory never shrinks.
pub(crate) const RECYCLE_MEMORY_BYTES: usize = 32 * MIB;
/// SCRAM iterations below this make a proof cheap to guess from (RFC 7677 section 4).
pub(crate) const MIN_SCRAM_ITERATIONS: u32 = 4_096;
/// And above this a server could keep the host busy.
pub(crate) const MAX_SCRAM_ITERATIONS: u32 = 1_000_000;
/// A connection unused for this long is asked whether it still lives before it is handed out.
pub(crate) const PING_AFTER: Duration = Duration::from_secs(5);

/// What an operator may set for one driver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of linear memory.
    pub memory: usize,
    /// CPU time of one call, in ticks of a millisecond.
    pub cpu_ticks: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { memory: DEFAULT_MEMORY_BYTES, cpu_ticks: DEFAULT_CPU_TICKS }
    }
}
