//! Protocol sessions of the older eras: rmcp's, in memory, with a limit on how many there are and an end for idle ones.
//!
//! Idleness is counted here and not by rmcp, since most calls don't pass through its sessions (see [`super::direct`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures::Stream;
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};

use super::calls::{Calls, Cancellable};
use crate::session;

/// Open sessions. Each holds two tasks, some channels and its last answer.
const MAX_SESSIONS: usize = 4_096;
/// A session without a request for this long is closed; clients that come back later are told so and begin a new one.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Sessions in memory.
pub(super) struct Sessions {
    local: LocalSessionManager,
    used: Mutex<HashMap<SessionId, Instant>>,
    calls: Calls,
    /// What the callers of these sessions have between calls.
    held: Arc<session::Sessions>,
}

impl Sessions {
    pub(super) fn new(calls: Calls, held: Arc<session::Sessions>) -> Arc<Sessions> {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = None;
        // A caller that hangs up has its statement stopped, so there is nothing to come back for: no answers are kept for
        // resuming, and no event says that they could be.
        local.session_config.completed_cache_ttl = Duration::ZERO;
        local.session_config.sse_retry = None;
        let sessions = Arc::new(Sessions { local, used: Mutex::default(), calls, held });
        tokio::spawn(sweep(Arc::downgrade(&sessions)));
        sessions
    }

    /// Begins a call in an open session. None: there is no such session, or it has a call of that id.
    pub(super) fn begin(&self, session: &str, id: &RequestId) -> Option<Cancellable> {
        let session = self.touch(session)?;
        self.calls.cancellable(session, id.clone())
    }

    /// Marks a session as used now. None: there is none.
    fn touch(&self, session: &str) -> Option<SessionId> {
        let mut used = self.lock();
        *used.get_mut(session)? = Instant::now();
        used.get_key_value(session).map(|(id, _)| id.clone())
    }

    fn idle(&self, longer_than: Duration) -> Vec<SessionId> {
        self.lock().iter().filter(|(_, used)| used.elapsed() > longer_than).map(|(id, _)| id.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(sessions: Weak<Sessions>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(sessions) = sessions.upgrade() else { return };
        for id in sessions.idle(IDLE) {
            if let Err(why) = sessions.close_session(&id).await {
                tracing::debug!("closing an idle session: {why}");
            }
        }
    }
}

/// Why a session couldn't be made or used.
#[derive(Debug)]
pub(super) enum SessionError {
    /// [`MAX_SESSIONS`] are open.
    TooMany,
    /// rmcp's own reason.
    Local(LocalSessionManagerError),
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SessionError::TooMany => write!(f, "there are {MAX_SESSIONS} sessions already; end one, or try again later"),
            SessionError::Local(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SessionError::TooMany => None,
            SessionError::Local(why) => Some(why),
        }
    }
}

impl From<LocalSessionManagerError> for SessionError {
    fn from(why: LocalSessionManagerError) -> SessionError {
        SessionError::Local(why)
    }
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionError> {
        if self.lock().len() >= MAX_SESSIONS {
            return Err(SessionError::TooMany);
        }
        let (id, transport) = self.local.create_session().await?;
        self.lock().insert(id.clone(), Instant::now());
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionError> {
        Ok(self.local.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionError> {
        self.touch(id);
        Ok(self.local.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionError> {
        self.lock().remove(id);
        self.calls.cancel_all(id);
        self.held.protocol_session_ended(id).await;
        Ok(self.local.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        Ok(self.local.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.local.resume(id, last_event_id).await?)
    }
}
