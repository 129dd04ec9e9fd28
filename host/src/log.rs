//! `log`: a driver's lines in the host's tracing, and its standard error, both capped.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use crate::bounded::cut;
use crate::contract::log::{self, Level};
use crate::limits::{MAX_LOG_LINE, MAX_LOG_LINES, MAX_STDERR};
use crate::state::State;

/// One connection's log.
pub(crate) struct DriverLog {
    driver: Arc<str>,
    database: Arc<str>,
    second: Instant,
    lines: u32,
    dropped: u64,
}

impl DriverLog {
    pub(crate) fn new(driver: Arc<str>, database: Arc<str>) -> DriverLog {
        DriverLog { driver, database, second: Instant::now(), lines: 0, dropped: 0 }
    }

    fn write(&mut self, level: Level, message: &str) {
        if self.second.elapsed() >= Duration::from_secs(1) {
            self.second = Instant::now();
            self.lines = 0;
            if let dropped @ 1.. = std::mem::take(&mut self.dropped) {
                tracing::warn!(target: "driver", driver = %self.driver, database = %self.database, dropped, "the driver logged too much");
            }
        }
        self.lines += 1;
        if self.lines > MAX_LOG_LINES {
            self.dropped += 1;
            return;
        }
        let (driver, database) = (&self.driver, &self.database);
        // Printed as a quoted string: a line break or an escape sequence of a driver's must not pass for another log line.
        let message = cut(message, MAX_LOG_LINE);
        match level {
            Level::Error => tracing::error!(target: "driver", %driver, %database, ?message),
            Level::Warn => tracing::warn!(target: "driver", %driver, %database, ?message),
            Level::Info => tracing::info!(target: "driver", %driver, %database, ?message),
            Level::Debug => tracing::debug!(target: "driver", %driver, %database, ?message),
            Level::Trace => tracing::trace!(target: "driver", %driver, %database, ?message),
        }
    }
}

impl Drop for DriverLog {
    fn drop(&mut self) {
        if self.dropped > 0 {
            tracing::warn!(target: "driver", driver = %self.driver, database = %self.database, dropped = self.dropped, "the driver logged too much");
        }
    }
}

impl log::Host for State {
    async fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.log.write(level, &message);
        Ok(())
    }
}

/// The first few KiB that a driver wrote to its standard error: a panic's message, for the log.
#[derive(Clone, Default)]
pub(crate) struct StandardError(Arc<Mutex<Vec<u8>>>);

impl StandardError {
    /// Takes what was written.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let room = MAX_STDERR.saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }
}

impl IsTerminal for StandardError {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for StandardError {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for StandardError {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
