//! Changes of what is configured while the process runs: the file's, the drivers' on disk, and the administrator's.
//!
//! Every change goes the same way: the whole configuration is made anew, checked, and prepared beside the current one; then it takes its
//! place, or nothing changes and the reason is kept for whoever asks how the server is.

mod files;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::config::{Config, ServerConfig};
use crate::registry::{Changes, Registry};
use crate::{mcp, metrics};

/// Where the configuration comes from, whenever it is asked for.
pub struct Source {
    /// Reads and checks it.
    pub load: Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    /// The files whose change is a change of it.
    pub files: Vec<PathBuf>,
}

impl Source {
    /// A reason as it may be shown to callers: files by their names, where they are is nobody's business.
    fn without_folders(&self, why: &str) -> String {
        self.files.iter().fold(why.to_owned(), |why, file| {
            let folder = file.parent().map(|folder| format!("{}/", folder.display())).filter(|folder| folder.len() > 1);
            folder.map_or(why.clone(), |folder| why.replace(&folder, ""))
        })
    }
}

/// Changes a registry.
pub struct Reloader {
    registry: Arc<Registry>,
    source: Source,
    /// The last configuration that was good. Held while it is changed.
    config: Mutex<Config>,
}

impl Reloader {
    /// Of a registry that was opened with `config`, from `source`.
    #[must_use]
    pub fn new(registry: Arc<Registry>, config: Config, source: Source) -> Arc<Reloader> {
        Arc::new(Reloader { registry, source, config: Mutex::new(config) })
    }

    /// Reads the configuration anew and takes it.
    ///
    /// # Errors
    /// What is wrong with it. Everything stays as it was.
    pub async fn reload(&self) -> anyhow::Result<Changes> {
        let mut current = self.config.lock().await;
        let outcome = match (self.source.load)() {
            Ok(config) => self.take(config, &mut current).await,
            Err(why) => Err(why),
        };
        self.noted(outcome)
    }

    /// Looks again at what the configuration names: drivers and certificates that were replaced, and what was missing.
    ///
    /// # Errors
    /// What is wrong. Everything stays as it was.
    pub async fn look_again(&self) -> anyhow::Result<Changes> {
        let mut current = self.config.lock().await;
        let config = current.clone();
        let before = self.registry.current();
        let prepared = self.registry.prepare(config.clone()).await?;
        // A snapshot like the current one would only make everybody look.
        if prepared.is_like(&before) {
            return Ok(Changes::default());
        }
        drop((before, prepared));
        let outcome = self.take(config, &mut current).await;
        self.noted(outcome)
    }

    async fn take(&self, config: Config, current: &mut Config) -> anyhow::Result<Changes> {
        let prepared = self.registry.prepare(config.clone()).await?;
        mcp::check(prepared.snapshot())?;
        let later = held_until_restart(&current.server, &config.server);
        if !later.is_empty() {
            tracing::warn!("these change with the next start: {}", later.join(", "));
        }
        let changes = prepared.adopt();
        *current = config;
        Ok(changes)
    }

    fn noted(&self, outcome: anyhow::Result<Changes>) -> anyhow::Result<Changes> {
        metrics::reloaded(outcome.is_ok());
        match &outcome {
            Ok(changes) => {
                let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
                tracing::info!(
                    added = %list(&changes.added),
                    changed = %list(&changes.changed),
                    removed = %list(&changes.removed),
                    "configuration taken"
                );
                self.registry.noted(Ok(()));
            }
            Err(why) => {
                tracing::error!("configuration refused, everything stays as it was: {why:#}");
                self.registry.noted(Err(self.source.without_folders(&format!("{why:#}"))));
            }
        }
        outcome
    }
}

/// What of the server's part differs and can't change while it runs.
fn held_until_restart(old: &ServerConfig, new: &ServerConfig) -> Vec<&'static str> {
    [
        ("server.listen", old.listen != new.listen),
        ("server.path", old.path != new.path),
        ("server.sse", old.sse != new.sse),
        ("server.allowed_origins", old.allowed_origins != new.allowed_origins),
        ("server.allowed_hosts", old.allowed_hosts != new.allowed_hosts),
        ("server.sessions", old.sessions != new.sessions),
        ("server.metrics", old.metrics != new.metrics),
    ]
    .into_iter()
    .filter_map(|(key, differs)| differs.then_some(key))
    .collect()
}

pub use watch::watch;
