//! Changes of what is configured while the process runs: the file's, the drivers' on disk, and the administrator's.
//!
//! Every change goes the same way: the whole configuration is made anew, checked, and prepared beside the current one; then it takes its
//! place, or nothing changes and the reason is kept for whoever asks how the server is.

mod files;
mod kept;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use files::Seen;
use kept::Kept;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{Config, Overlay, Section};
use crate::registry::{Changes, Prepared, Registry};
use crate::{mcp, metrics, registry};

/// A file that hasn't changed for this long isn't being written: editors write in one go.
const REST: Duration = Duration::from_millis(500);
/// How long an administrator's change waits for that.
const LONGEST_REST: Duration = Duration::from_secs(3);

/// Reads and checks a configuration, with the administrator's changes over it.
pub trait Load: Send + Sync {
    /// The configuration.
    ///
    /// # Errors
    /// What is wrong with it.
    fn load(&self, overlay: &Overlay) -> anyhow::Result<Config>;
}

impl<F: Fn(&Overlay) -> anyhow::Result<Config> + Send + Sync> Load for F {
    fn load(&self, overlay: &Overlay) -> anyhow::Result<Config> {
        self(overlay)
    }
}

/// Where the configuration comes from, whenever it is asked for.
pub struct Source {
    /// Reads it.
    pub load: Box<dyn Load>,
    /// The files whose change is a change of it.
    pub files: Vec<PathBuf>,
    /// How they were before it was first read.
    pub seen: Seen,
}

impl Source {
    fn now(&self) -> Seen {
        Seen::now(self.files.iter().cloned())
    }

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
    /// What holds now. Held while it is changed.
    state: Mutex<State>,
    kept: Kept,
}

struct State {
    /// The last configuration that was good.
    config: Config,
    /// What of it the administrator said.
    overlay: Overlay,
    /// Whether what the file says now was refused.
    refused: bool,
    /// How the file was before it was last read, by whoever read it: nobody reads it twice for one change.
    seen: Seen,
}

/// Why an administrator's change wasn't taken.
pub enum Refused {
    /// What it was to take away isn't there.
    Unknown(String),
    /// What is wrong with it.
    Wrong(anyhow::Error),
}

impl Reloader {
    /// Of a registry that was opened with `config`, which came from `source` under `overlay`.
    #[must_use]
    pub fn new(registry: Arc<Registry>, config: Config, overlay: Overlay, source: Source) -> Arc<Reloader> {
        let kept = Kept(config.admin.as_ref().and_then(|admin| admin.changes_file.clone()));
        let state = State { config, overlay, refused: false, seen: source.seen.clone() };
        Arc::new(Reloader { registry, source, state: Mutex::new(state), kept })
    }

    /// Reads the configuration anew and takes it.
    ///
    /// # Errors
    /// What is wrong with it. Everything stays as it was.
    pub async fn reload(&self) -> anyhow::Result<Changes> {
        let mut state = self.state.lock().await;
        self.reload_as(&mut state).await
    }

    /// The same if its files, which have come to rest as `rested`, aren't those that were read last.
    async fn reload_changed(&self, rested: &Seen) -> Option<anyhow::Result<Changes>> {
        let mut state = self.state.lock().await;
        if state.seen == *rested { None } else { Some(self.reload_as(&mut state).await) }
    }

    async fn reload_as(&self, state: &mut State) -> anyhow::Result<Changes> {
        // Before they are read: what changes meanwhile is another change.
        state.seen = self.source.now();
        let outcome = match self.source.load.load(&state.overlay) {
            Ok(config) => self.take(config, &mut state.config).await,
            Err(why) => Err(why),
        };
        state.refused = outcome.is_err();
        self.noted(outcome)
    }

    /// Puts an entry over what the file says, or takes the file's away.
    ///
    /// # Errors
    /// What is wrong with it, or that it isn't there. Everything stays as it was.
    pub async fn change(&self, section: Section, name: &str, entry: Option<serde_json::Value>) -> Result<Changes, Refused> {
        let mut state = self.state.lock().await;
        if entry.is_none() && !is_there(&state.config, section, name) {
            return Err(Refused::Unknown(format!("there is no {name:?} in {}", section.key())));
        }
        let mut overlay = state.overlay.clone();
        overlay.put(section, name, entry);
        self.change_to(&mut state, overlay).await.map_err(Refused::Wrong)
    }

    /// Back to what the file says.
    ///
    /// # Errors
    /// What is wrong with the file. Everything stays as it was.
    pub async fn forget_changes(&self) -> anyhow::Result<Changes> {
        let mut state = self.state.lock().await;
        self.change_to(&mut state, Overlay::default()).await
    }

    /// What the administrator said.
    pub async fn overlay(&self) -> Overlay {
        self.state.lock().await.overlay.clone()
    }

    async fn change_to(&self, state: &mut State, overlay: Overlay) -> anyhow::Result<Changes> {
        let seen = self.rested().await;
        let config = self.source.load.load(&overlay)?;
        let prepared = self.prepared(config.clone()).await?;
        // Kept before it holds: what was said to be taken is there after a restart.
        self.kept.write(&overlay)?;
        let changes = adopt(prepared, &state.config, &config);
        *state = State { config, overlay, refused: false, seen };
        self.noted(Ok(changes))
    }

    /// Looks again at what the configuration names: drivers and certificates that were replaced, and what was missing.
    ///
    /// # Errors
    /// What is wrong. Everything stays as it was.
    pub async fn look_again(&self) -> anyhow::Result<Changes> {
        let state = self.state.lock().await;
        let prepared = match self.prepared(state.config.clone()).await {
            // One like the current one would only make everybody look.
            Ok(prepared) if prepared.is_like(&self.registry.current()) => return Ok(Changes::default()),
            other => other,
        };
        match prepared.map(Prepared::adopt) {
            // What is wrong with the file is still to be mended.
            Ok(changes) if state.refused => {
                taken(&changes);
                Ok(changes)
            }
            // Said when it was first seen, and seen again at every look.
            Err(why) if self.registry.status().refused.is_some_and(|(_, known)| known == self.shown(&why)) => Err(why),
            outcome => self.noted(outcome),
        }
    }

    /// The files, once nobody seems to be writing them: who changes an entry doesn't know that another is saving the file.
    async fn rested(&self) -> Seen {
        let began = Instant::now();
        loop {
            let seen = self.source.now();
            if !seen.may_be_written(REST) || began.elapsed() >= LONGEST_REST {
                return seen;
            }
            tokio::time::sleep(REST / 10).await;
        }
    }

    async fn take(&self, config: Config, current: &mut Config) -> anyhow::Result<Changes> {
        let prepared = self.prepared(config.clone()).await?;
        let changes = adopt(prepared, current, &config);
        *current = config;
        Ok(changes)
    }

    async fn prepared(&self, config: Config) -> anyhow::Result<Prepared<'_>> {
        let prepared = self.registry.prepare(config).await?;
        mcp::check(prepared.snapshot())?;
        Ok(prepared)
    }

    fn shown(&self, why: &anyhow::Error) -> String {
        self.source.without_folders(&format!("{why:#}"))
    }

    fn noted(&self, outcome: anyhow::Result<Changes>) -> anyhow::Result<Changes> {
        match &outcome {
            Ok(changes) => {
                taken(changes);
                self.registry.noted(Ok(()));
            }
            Err(why) => {
                metrics::reloaded(false);
                tracing::error!("configuration refused, everything stays as it was: {why:#}");
                self.registry.noted(Err(self.shown(why)));
            }
        }
        outcome
    }
}

fn adopt(prepared: Prepared<'_>, was: &Config, will_be: &Config) -> Changes {
    let later = held_until_restart(was, will_be);
    if !later.is_empty() {
        tracing::warn!("these change with the next start: {}", later.join(", "));
    }
    prepared.adopt()
}

fn taken(changes: &Changes) {
    metrics::reloaded(true);
    let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { registry::some(ids) };
    // Why is in a line of its own.
    tracing::info!(
        added = %list(&changes.added),
        changed = %list(&changes.changed),
        removed = %list(&changes.removed),
        down = changes.down.len(),
        "configuration taken"
    );
}

fn is_there(config: &Config, section: Section, name: &str) -> bool {
    match section {
        Section::Databases => config.databases.contains_key(name),
        Section::Policies => config.policies.contains_key(name),
        Section::Statements => config.statements.contains_key(name),
    }
}

/// What was kept of the administrator's changes.
///
/// # Errors
/// They are there and can't be read.
pub fn kept_changes(file: Option<PathBuf>) -> anyhow::Result<Overlay> {
    Kept(file).read()
}

/// What differs and can't change while the process runs.
fn held_until_restart(was: &Config, will_be: &Config) -> Vec<&'static str> {
    let (old, new) = (&was.server, &will_be.server);
    [
        ("admin", was.admin != will_be.admin),
        ("connections.max", was.connections.max != will_be.connections.max),
        ("reload.watch", was.reload.watch != will_be.reload.watch),
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

pub use watch::{hangups, watch};
