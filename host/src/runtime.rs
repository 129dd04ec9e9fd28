//! The tokio runtime, as every program that hosts drivers should set it.

/// Polls between two looks at timers and sockets. tokio's 61 let a guest that yields each millisecond hold back its neighbours
/// for hundreds of milliseconds; with 4 their worst call stays near 10.
const EVENT_INTERVAL: u32 = 4;

/// A thread's stack: a call's future is polled on it, and without optimisation that takes most of tokio's 2 MiB. Only what is used is memory.
const STACK_BYTES: usize = 4 * 1024 * 1024;

/// A multi-threaded runtime.
///
/// # Errors
/// The operating system gives no threads or no poller.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(EVENT_INTERVAL).thread_stack_size(STACK_BYTES).build()
}
