//! The wasmtime engine that every driver runs on, and the clock that makes guests yield.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Thread;

use wasmtime::{Config, Engine, Store, Strategy, UpdateDeadline};

use crate::budget::Budget;
use crate::limits::{EPOCH_TICK, HOSTCALL_FUEL, MAX_COMPONENT_HANDLES};
use crate::state::State;

/// wasmtime, set as a host of untrusted code should.
#[derive(Clone)]
pub(crate) struct Sandbox {
    pub(crate) engine: Engine,
    clock: Arc<Clock>,
    /// Places for connections, of which each is an instance.
    pub(crate) budget: Arc<Budget>,
}

impl Sandbox {
    /// With places for so many connections at once.
    pub(crate) fn new(connections: usize) -> wasmtime::Result<Sandbox> {
        let mut config = Config::new();
        config
            .strategy(Strategy::Cranelift)
            .concurrency_support(false)
            .wasm_gc(false)
            .wasm_function_references(false)
            .wasm_exceptions(false)
            .wasm_threads(false)
            .wasm_memory64(false)
            .wasm_stack_switching(false)
            .wasm_wide_arithmetic(false)
            .epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let clock = Clock::start(engine.clone())?;
        Ok(Sandbox { engine, clock, budget: Budget::new(connections) })
    }

    /// A Store with every limit set.
    pub(crate) fn store(&self, state: State) -> Store<State> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(HOSTCALL_FUEL);
        store.set_max_component_handles(MAX_COMPONENT_HANDLES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            state.cpu_ticks += 1;
            if state.cpu_ticks > state.most_cpu_ticks {
                return Err(wasmtime::Error::from(OutOfCpu { ticks: state.most_cpu_ticks }));
            }
            // tokio's own yield: wasmtime's would put the guest first in its worker's queue again, ahead of its neighbours.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    /// Keeps the clock going while a guest runs.
    pub(crate) fn running(&self) -> Running {
        if self.clock.running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.clock.thread.unpark();
        }
        Running(self.clock.clone())
    }
}

/// A call used up its CPU time.
#[derive(Debug)]
pub(crate) struct OutOfCpu {
    ticks: u32,
}

impl std::fmt::Display for OutOfCpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the driver used more than its {} ms of CPU time in one call", self.ticks)
    }
}

impl std::error::Error for OutOfCpu {}

/// Advances the epoch on a thread of its own, but only while some guest runs: an idle server shouldn't wake a thousand times
/// a second.
struct Clock {
    running: AtomicUsize,
    thread: Thread,
}

impl Clock {
    fn start(engine: Engine) -> std::io::Result<Arc<Clock>> {
        let (give, take) = std::sync::mpsc::channel::<std::sync::Weak<Clock>>();
        let handle = std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
            let Ok(clock) = take.recv() else { return };
            while let Some(clock) = clock.upgrade() {
                if clock.running.load(Ordering::Acquire) == 0 {
                    drop(clock);
                    std::thread::park_timeout(std::time::Duration::from_secs(1));
                } else {
                    drop(clock);
                    std::thread::sleep(EPOCH_TICK);
                    engine.increment_epoch();
                }
            }
        })?;
        let clock = Arc::new(Clock { running: AtomicUsize::new(0), thread: handle.thread().clone() });
        let _ = give.send(Arc::downgrade(&clock));
        Ok(clock)
    }
}

/// While this lives the clock ticks.
pub(crate) struct Running(Arc<Clock>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
