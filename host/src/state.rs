//! What one instance's Store holds: nothing in it is shared with another instance but what is read-only.

use std::sync::Arc;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::files::Directory;
use crate::http::{HttpState, SignedHttp};
use crate::limits::{Limits, MAX_INSTANCES, MAX_MEMORIES, MAX_RANDOM_BYTES, MAX_RESOURCES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use crate::log::{DriverLog, StandardError};
use crate::secrets::{Credential, KeptSecret};
use crate::signal::Signal;
use crate::transport::{ByteStream, Endpoints, TlsClient};

/// What a database grants to its driver's instances.
pub(crate) struct Access {
    pub(crate) endpoints: Endpoints,
    pub(crate) tls: Option<TlsClient>,
    /// Looked for anew for each connection, as is the token: both are replaced while we run.
    pub(crate) password: Option<Arc<KeptSecret>>,
    pub(crate) access_token: Option<Arc<KeptSecret>>,
    /// Whether a secret may cross without TLS.
    pub(crate) plaintext_password: bool,
    pub(crate) directory: Option<Directory>,
    pub(crate) http: Option<Arc<SignedHttp>>,
}

impl Access {
    /// Nothing at all: for asking a driver for its manifest.
    pub(crate) fn none() -> Access {
        Access {
            endpoints: Endpoints::new(None),
            tls: None,
            password: None,
            access_token: None,
            plaintext_password: false,
            directory: None,
            http: None,
        }
    }

    /// Whether a secret was replaced since a connection was last made with it.
    pub(crate) fn secret_replaced(&self) -> bool {
        [&self.password, &self.access_token].into_iter().flatten().any(|kept| kept.replaced())
    }
}

/// One instance's state.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) access: Arc<Access>,
    /// As it was when this connection was made.
    pub(crate) password: Option<Arc<Credential>>,
    /// Likewise.
    pub(crate) access_token: Option<Arc<Credential>>,
    /// The call in hand.
    pub(crate) signal: Arc<Signal>,
    /// The database's directory, with this instance's own count of open files.
    pub(crate) directory: Option<Directory>,
    pub(crate) http: HttpState,
    pub(crate) log: DriverLog,
    pub(crate) standard_error: StandardError,
    /// Streams open now, by their places in the table.
    pub(crate) streams: Vec<u32>,
    /// Whether a proof of the password was given out.
    pub(crate) authenticated: bool,
    pub(crate) memory: Memory,
    /// Ticks of CPU time that the call in hand has used, and may use.
    pub(crate) cpu_ticks: u32,
    pub(crate) most_cpu_ticks: u32,
    wasi: WasiCtx,
}

impl State {
    pub(crate) fn new(access: Arc<Access>, log: DriverLog, limits: Limits) -> State {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let standard_error = StandardError::default();
        let mut wasi = WasiCtx::builder();
        wasi.stderr(standard_error.clone())
            .max_random_size(MAX_RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        State {
            table,
            directory: access.directory.as_ref().map(Directory::for_connection),
            http: HttpState::new(access.http.clone(), Arc::default()),
            access,
            password: None,
            access_token: None,
            signal: Arc::default(),
            log,
            standard_error,
            streams: Vec::new(),
            authenticated: false,
            memory: Memory::new(limits.memory),
            cpu_ticks: 0,
            most_cpu_ticks: limits.cpu_ticks,
            wasi: wasi.build(),
        }
    }

    /// Begins a call: its own signal, its own CPU time.
    pub(crate) fn begin(&mut self, signal: Arc<Signal>) {
        self.http.begin(signal.clone());
        self.signal = signal;
        self.cpu_ticks = 0;
    }

    /// Whether one of its streams was closed by the other side.
    pub(crate) fn is_severed(&self) -> bool {
        let stream = |place: &u32| self.table.get(&Resource::<ByteStream>::new_borrow(*place));
        self.streams.iter().any(|place| stream(place).is_ok_and(ByteStream::is_severed))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Linear memory of one instance, all memories together, where wasmtime's own limiter counts each by itself.
pub(crate) struct Memory {
    used: usize,
    most: usize,
    counts: StoreLimits,
}

impl Memory {
    fn new(most: usize) -> Memory {
        let counts = StoreLimitsBuilder::new()
            .instances(MAX_INSTANCES)
            .memories(MAX_MEMORIES)
            .tables(MAX_TABLES)
            .table_elements(MAX_TABLE_ELEMENTS)
            .trap_on_grow_failure(true)
            .build();
        Memory { used: 0, most, counts }
    }

    /// Bytes in use: they never become fewer.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

/// An instance asked for more memory than it may have.
#[derive(Debug)]
pub(crate) struct OutOfMemory {
    pub(crate) most: usize,
}

impl std::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the driver needs more than its {} MiB of memory", self.most / (1024 * 1024))
    }
}

impl std::error::Error for OutOfMemory {}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.most || maximum.is_some_and(|maximum| desired > maximum) {
            return Err(wasmtime::Error::from(OutOfMemory { most: self.most }));
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.counts.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.counts.instances()
    }

    fn tables(&self) -> usize {
        self.counts.tables()
    }

    fn memories(&self) -> usize {
        self.counts.memories()
    }
}
