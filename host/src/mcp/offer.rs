//! What clients are offered: the tools, their names and the instructions. It follows from what is configured, and is made anew when
//! that changes.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rmcp::model::Tool;

use super::{app, tools};
use crate::config::SessionsConfig;
use crate::registry::{Registry, Snapshot};

/// What one snapshot offers.
pub(super) struct Offer {
    /// The snapshot's.
    number: u64,
    pub(super) tools: Vec<Tool>,
    /// The same, for clients that show the view of results.
    pub(super) tools_with_view: Vec<Tool>,
    pub(super) names: tools::Names,
    pub(super) instructions: String,
    /// Some database puts writes to a person first.
    pub(super) asks: bool,
    /// The longest that any statement may run.
    pub(super) longest: Duration,
    /// The databases that there are resources of.
    pub(super) databases: Vec<String>,
}

impl Offer {
    fn of(snapshot: &Snapshot, times: &SessionsConfig) -> Offer {
        let tools = tools::list(snapshot, times);
        let names = tools::Names::new(snapshot.server().family, snapshot);
        Offer {
            number: snapshot.number(),
            tools_with_view: app::linked(&tools, |name| names.gives_rows(name)),
            tools,
            names,
            instructions: instructions(snapshot),
            asks: snapshot.entries().any(|(_, entry)| entry.confirm_writes()),
            longest: longest(snapshot),
            databases: snapshot.entries().map(|(id, _)| id.to_owned()).collect(),
        }
    }

    pub(super) fn has_tool(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool.name == name)
    }

    /// Whether a tool's call may have to ask the person at the client.
    pub(super) fn may_ask(&self, name: &str) -> bool {
        self.asks && self.names.may_write(name)
    }
}

fn longest(snapshot: &Snapshot) -> Duration {
    let dynamic = snapshot.dynamic().map(|rules| rules.config().statement_timeout);
    snapshot.entries().map(|(_, entry)| entry.statement_timeout()).chain(dynamic).max().unwrap_or_default()
}

/// The offer of what is configured now.
pub(super) struct Offers {
    registry: Arc<Registry>,
    times: SessionsConfig,
    current: RwLock<Arc<Offer>>,
}

impl Offers {
    pub(super) fn new(registry: Arc<Registry>, times: SessionsConfig) -> Offers {
        let current = RwLock::new(Arc::new(Offer::of(&registry.current(), &times)));
        Offers { registry, times, current }
    }

    /// Made where it is first asked for, so that whoever knows of a change finds it here.
    pub(super) fn current(&self) -> Arc<Offer> {
        let snapshot = self.registry.current();
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known.number >= snapshot.number() {
            return known;
        }
        let offer = Arc::new(Offer::of(&snapshot, &self.times));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.number < offer.number {
            *current = offer;
        }
        current.clone()
    }
}

/// The most databases that are named in the instructions: they stand in a model's context for a whole conversation.
const MAX_NAMED_DATABASES: usize = 20;

fn instructions(snapshot: &Snapshot) -> String {
    let mut text = "SQL databases. list_tables and describe_table show what is there; query runs one statement, with values as \
                    params rather than in the text. Without database_id the default database is used."
        .to_owned();
    for (count, database) in snapshot.databases().enumerate() {
        if count == MAX_NAMED_DATABASES {
            text.push_str("\n- and more: call list_databases");
            break;
        }
        text.push_str(&format!("\n- {} ({}", database.id(), database.dialect()));
        if database.read_only() {
            text.push_str(", read-only");
        }
        if snapshot.default_database() == Some(database.id()) {
            text.push_str(", default");
        }
        text.push(')');
        if let Some(description) = database.description() {
            text.push_str(": ");
            text.push_str(description);
        }
    }
    text
}
