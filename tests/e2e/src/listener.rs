//! A client that counts what the server tells of itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, RoleClient};

/// How often it was told that a list has changed.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    tools: Arc<AtomicUsize>,
    resources: Arc<AtomicUsize>,
}

impl Listener {
    /// The tools'.
    #[must_use]
    pub fn tools(&self) -> usize {
        self.tools.load(Ordering::SeqCst)
    }

    /// The resources'.
    #[must_use]
    pub fn resources(&self) -> usize {
        self.resources.load(Ordering::SeqCst)
    }
}

impl ClientHandler for Listener {
    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.tools.fetch_add(1, Ordering::SeqCst);
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.resources.fetch_add(1, Ordering::SeqCst);
    }
}
