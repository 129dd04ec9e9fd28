//! Telling clients that what they are offered has changed: in the protocol versions with a handshake everyone who went through it, in
//! the newest those who listen for it.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::model::SubscriptionFilter;
use rmcp::service::{Peer, SubscriptionContext};
use tokio::sync::broadcast;

use super::offer::{Offer, Offers};
use crate::registry::Registry;

/// Changes that a slow listener may fall behind. It then hears of the later ones, which is all that it needs: none says what changed.
const BEHIND: usize = 16;
/// The most clients that are told. Each is a few pointers; past it the oldest are forgotten.
const MAX_PEERS: usize = 8_192;

/// What of an offer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    tools: bool,
    resources: bool,
}

/// Who is told.
pub(super) struct Audience {
    peers: Mutex<Vec<Peer<RoleServer>>>,
    listeners: broadcast::Sender<Change>,
}

impl Default for Audience {
    fn default() -> Self {
        Audience { peers: Mutex::default(), listeners: broadcast::channel(BEHIND).0 }
    }
}

impl Audience {
    /// A client has finished its handshake.
    pub(super) fn join(&self, peer: Peer<RoleServer>) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        if peers.len() >= MAX_PEERS {
            peers.remove(0);
        }
        peers.push(peer);
    }

    /// Tells one listener of the newest protocol, until `over`.
    pub(super) async fn listen(&self, subscription: &SubscriptionContext, over: impl Future<Output = ()>) {
        let mut changes = self.listeners.subscribe();
        tokio::pin!(over);
        loop {
            let change = tokio::select! {
                () = subscription.cancelled() => return,
                () = &mut over => return,
                change = changes.recv() => match change {
                    Ok(change) => change,
                    Err(broadcast::error::RecvError::Lagged(_)) => Change { tools: true, resources: true },
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            };
            let accepted = subscription.accepted();
            if change.tools
                && accepted.tools_list_changed == Some(true)
                && subscription.sink().notify_tool_list_changed().await.is_err()
            {
                return;
            }
            if change.resources
                && accepted.resources_list_changed == Some(true)
                && subscription.sink().notify_resource_list_changed().await.is_err()
            {
                return;
            }
        }
    }

    async fn tell(&self, change: Change) {
        let _ = self.listeners.send(change);
        let peers = {
            let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
            peers.retain(|peer| !peer.is_transport_closed());
            peers.clone()
        };
        // Not one after the other: one that doesn't read must not keep the others waiting.
        for peer in peers {
            tokio::spawn(async move {
                if change.tools {
                    let _ = peer.notify_tool_list_changed().await;
                }
                if change.resources {
                    let _ = peer.notify_resource_list_changed().await;
                }
            });
        }
    }
}

/// What a listener of the newest protocol can hear of.
pub(super) fn accepted() -> SubscriptionFilter {
    SubscriptionFilter::builder().tools_list_changed().resources_list_changed().build()
}

/// Watches a registry and tells its changes, as long as there are offers of it.
pub(super) fn start(registry: &Registry, offers: &Arc<Offers>, audience: &Arc<Audience>) {
    let mut changes = registry.changes();
    let (offers, audience) = (Arc::downgrade(offers), Arc::downgrade(audience));
    let Some(mut before) = offers.upgrade().map(|offers| offers.current()) else { return };
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let (Some(offers), Some(audience)) = (offers.upgrade(), audience.upgrade()) else { return };
            let now = offers.current();
            let change = difference(&before, &now);
            before = now;
            if change.tools || change.resources {
                audience.tell(change).await;
            }
        }
    });
}

fn difference(before: &Offer, now: &Offer) -> Change {
    Change { tools: before.tools != now.tools, resources: before.databases != now.databases }
}
