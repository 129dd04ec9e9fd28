//! The end of what nobody has used for too long.

use std::sync::{Arc, Weak};

use super::connected::close_all;
use super::held::{Slot, end_all};
use super::limits::SWEEP;
use super::{Session, Sessions};

/// Looks now and then, for as long as there are sessions at all.
pub(super) fn start(sessions: &Arc<Sessions>) {
    let sessions = Arc::downgrade(sessions);
    tokio::spawn(run(sessions));
}

async fn run(sessions: Weak<Sessions>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(sessions) = sessions.upgrade() else { return };
        sessions.sweep().await;
        sessions.sweep_connected().await;
    }
}

impl Sessions {
    async fn sweep(&self) {
        let (slots, databases) = {
            let mut state = self.lock();
            let over: Vec<Arc<Session>> =
                state.explicit.values().chain(state.implicit.values()).filter(|session| session.over()).cloned().collect();
            state.explicit.retain(|_, session| !session.over());
            // One of the protocol's begins anew with its next call; what it held is gone.
            state.implicit.retain(|_, session| !session.over());
            let is_over = |number: u64| over.iter().any(|session| session.number == number);
            let databases = state.take_connected_of(is_over);
            let mut slots = state.take_slots(|slot| is_over(slot.session));
            let (transaction, cursor) = (self.config.transaction_idle_timeout, self.config.cursor_idle_timeout);
            let idle = |slot: &Slot| slot.idle(if slot.transaction { transaction } else { cursor });
            let expired: Vec<String> =
                state.slots.iter().filter(|(_, slot)| idle(slot)).map(|(handle, _)| handle.clone()).collect();
            for handle in expired {
                let Some(slot) = state.slots.remove(&handle) else { continue };
                let why = if slot.handle == handle && slot.transaction {
                    format!("it was not used for {} and has been rolled back", humantime::format_duration(transaction))
                } else {
                    format!("it was not read for {} and has been closed", humantime::format_duration(cursor))
                };
                state.ended(handle, slot.owner.clone(), why);
                slots.push(slot);
            }
            (slots, databases)
        };
        end_all(slots).await;
        close_all(databases).await;
    }
}
