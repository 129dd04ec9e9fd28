//! `serve` and `stdio`: the configuration, the registry, what follows its changes, the admin listener, and then MCP.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::Signal;

use super::open;
use crate::admin::Admin;
use crate::config::{Config, Overlay, ServerConfig, Source};
use crate::mcp;
use crate::registry::Registry;
use crate::reload::{self, Reloader, Seen};
use crate::status::Status;

/// The most warnings of a configuration that the log begins with: a thousand entries that have the same fault are one to mend.
const MAX_WARNINGS: usize = 20;

/// Serves over HTTP until the process is told to stop.
pub(super) async fn http(source: Source) -> anyhow::Result<()> {
    let running = Running::start(source).await?;
    mcp::serve(running.registry.clone(), &running.server, &running.status).await?;
    running.stop().await;
    Ok(())
}

/// Serves one client on standard input and output, until the input ends.
pub(super) async fn stdio(source: Source) -> anyhow::Result<()> {
    let running = Running::start(source).await?;
    mcp::stdio(running.registry.clone(), &running.server, &running.status).await?;
    running.stop().await;
    Ok(())
}

/// What runs beside the protocol.
struct Running {
    registry: Arc<Registry>,
    server: ServerConfig,
    status: Status,
    admin: Option<Admin>,
}

impl Running {
    async fn start(source: Source) -> anyhow::Result<Running> {
        raise_open_files();
        let hangups = reload::hangups().context("installing the handler of SIGHUP")?;
        let seen = Seen::now(source.files());
        let loaded = source.load()?;
        for warning in loaded.warnings.iter().take(MAX_WARNINGS) {
            tracing::warn!("{warning}");
        }
        if let Some(more) = loaded.warnings.len().checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
            tracing::warn!("and {more} more warnings: `bulkhead config check` shows all");
        }
        let (server, admin) = (loaded.config.server.clone(), loaded.config.admin.clone());
        let (registry, reloader) = live(loaded.config, source, seen, hangups).await?;
        let status = Status::new(registry.clone());
        let admin = match admin {
            Some(config) => Some(Admin::start(&config, registry.clone(), reloader, &status).await?),
            None => None,
        };
        Ok(Running { registry, server, status, admin })
    }

    async fn stop(self) {
        if let Some(admin) = self.admin {
            admin.stop().await;
        }
    }
}

/// Opens the databases and follows the changes of their configuration.
async fn live(mut config: Config, source: Source, seen: Seen, hangups: Signal) -> anyhow::Result<(Arc<Registry>, Arc<Reloader>)> {
    let kept = config.admin.as_ref().and_then(|admin| admin.changes_file.clone());
    let overlay = reload::kept_changes(kept.clone())?;
    if overlay != Overlay::default() {
        let file = kept.unwrap_or_default();
        let why = || format!("with the changes in {} (remove it to start without them)", file.display());
        config = source.load_under(&overlay).with_context(why)?.config;
    }
    let registry = open(config.clone()).await?;
    let files = source.files();
    let source = reload::Source { load: Box::new(move |overlay: &Overlay| Ok(source.load_under(overlay)?.config)), files, seen };
    let watched = config.reload.watch;
    let reloader = Reloader::new(registry.clone(), config, overlay, source);
    reload::watch(reloader.clone(), hangups, watched);
    Ok((registry, reloader))
}

/// As many open files as the system lets this process have: a login's usual 1,024 are fewer than the clients that are accepted.
fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(soft, hard)| if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) });
    if let Err(why) = raised {
        tracing::warn!("raising the limit of open files: {why}");
    }
}
