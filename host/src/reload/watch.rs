//! When the configuration is looked at: on SIGHUP, when its files change, and now and then for what was missing.
//!
//! Files are looked at, not subscribed to: a handful of `stat` calls a second, and it works alike for files that are replaced by
//! renaming, behind symbolic links that are turned (as Kubernetes does with mounted secrets), and on network file systems.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Reloader;
use super::files::{Seen, named};

/// How often files are looked at. A change is taken when it looks the same twice, so that a file that is being written isn't read.
const LOOK: Duration = Duration::from_millis(500);
/// How often what was missing is looked for that no file's change announces.
const HEAL: Duration = Duration::from_secs(5);

/// SIGHUP, from now on: it ends a process that doesn't look at it, and may come before there is something to reload.
///
/// # Errors
/// Its handler can't be installed.
pub fn hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Reloads when there is reason to, for as long as the process runs. With `files` false only on SIGHUP.
pub fn watch(reloader: Arc<Reloader>, mut hangup: Signal, files: bool) {
    tokio::spawn(async move {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Seen::default();
        let mut rest = Watched::default();
        let mut healed = Instant::now();
        loop {
            let told = tokio::select! {
                _ = hangup.recv() => true,
                _ = ticks.tick() => false,
            };
            if told {
                tracing::info!("SIGHUP: reading the configuration anew");
            }
            // What went wrong is in the log, and in the status.
            let read = if told {
                let _ = reloader.reload().await;
                true
            } else {
                files && reloader.follow(&mut last).await
            };
            if read {
                rest = Watched::default();
                continue;
            }
            let heal = healed.elapsed() >= HEAL && reloader.registry.current().unavailable().next().is_some();
            if heal || (files && rest.changed(reloader.named_files().await)) {
                healed = Instant::now();
                let _ = reloader.look_again().await;
            }
        }
    });
}

/// Some files, as they were when they were last taken and when they were last looked at. What was read before anybody looked may have
/// been replaced since: it begins with nothing, and so with one more look.
#[derive(Default)]
struct Watched {
    taken: Seen,
    last: Seen,
}

impl Watched {
    /// Whether they are others than those that were taken, and have come to rest. Takes them.
    fn changed(&mut self, files: Vec<std::path::PathBuf>) -> bool {
        let now = Seen::now(files);
        let rests = now == self.last;
        self.last = now;
        if !rests || self.last == self.taken {
            return false;
        }
        self.taken = self.last.clone();
        true
    }
}

impl Reloader {
    /// Reads the configuration if its files changed since anybody read them and have come to rest: are as they were the `last` time.
    async fn follow(&self, last: &mut Seen) -> bool {
        let now = self.source.now();
        let rests = now == *last;
        *last = now;
        rests && self.reload_changed(last).await.is_some()
    }

    async fn named_files(&self) -> Vec<std::path::PathBuf> {
        named(&self.state.lock().await.config)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_before_anybody_looked_is_taken_once_it_rests() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("driver.wasm");
        std::fs::write(&file, "one").unwrap();
        let mut watched = Watched::default();
        assert!(!watched.changed(vec![file.clone()]), "it may be being written");
        assert!(watched.changed(vec![file.clone()]));
        assert!(!watched.changed(vec![file.clone()]));
    }
}
