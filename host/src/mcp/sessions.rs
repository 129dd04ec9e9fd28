//! Protocol sessions of the older eras: rmcp's, in memory, with a limit on how many there are.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};

/// Open sessions. Each holds two tasks, some channels and its last answer.
const MAX_SESSIONS: usize = 4_096;
/// A session without a request for this long is closed; clients that come back later are told so and begin a new one.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Sessions in memory, at most [`MAX_SESSIONS`].
pub(super) struct Sessions(LocalSessionManager);

impl Sessions {
    pub(super) fn new() -> Arc<Sessions> {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(IDLE);
        // A caller that hangs up has its statement stopped, so there is nothing to come back for: no answers are kept for
        // resuming, and no event says that they could be.
        local.session_config.completed_cache_ttl = Duration::ZERO;
        local.session_config.sse_retry = None;
        Arc::new(Sessions(local))
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
        if self.0.sessions.read().await.len() >= MAX_SESSIONS {
            return Err(SessionError::TooMany);
        }
        Ok(self.0.create_session().await?)
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<ServerJsonRpcMessage, SessionError> {
        Ok(self.0.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionError> {
        Ok(self.0.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionError> {
        Ok(self.0.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        Ok(self.0.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionError> {
        Ok(self.0.resume(id, last_event_id).await?)
    }
}
