//! Closing idle connections.

use std::sync::Weak;
use std::time::Duration;

use super::Registry;

/// How often it is looked for whether there are databases at all.
const LONGEST: Duration = Duration::from_secs(30);

/// As often as the most impatient database wants it; sooner where the configuration changes.
pub(super) async fn run(registry: Weak<Registry>) {
    loop {
        let Some(mut changes) = registry.upgrade().map(|registry| registry.changes()) else { return };
        let every = {
            let Some(registry) = registry.upgrade() else { return };
            registry.current().databases().map(|database| database.reap_every()).min().unwrap_or(LONGEST)
        };
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = changes.changed() => continue,
        }
        let Some(registry) = registry.upgrade() else { return };
        let snapshot = registry.current();
        for database in snapshot.databases() {
            database.reap().await;
        }
    }
}
