//! Protocol sessions of the older eras: rmcp's, in memory, with a limit on how many there are and an end for idle ones.
//!
//! Idleness is counted here and not by rmcp, since most calls don't pass through its sessions (see [`super::direct`]).

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures::Stream;
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::calls::{Calls, Cancellable};
use super::handler::Handler;

/// A session without a request for this long is closed; clients that come back later are told so and begin a new one.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Sessions in memory.
pub(super) struct Sessions<H> {
    local: LocalSessionManager,
    open: Mutex<HashMap<SessionId, Open>>,
    places: Places,
    calls: Calls,
    /// Is told of each end.
    handler: H,
}

struct Open {
    used: Instant,
    _place: OwnedSemaphorePermit,
}

/// How many sessions there may be at once. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    most: usize,
}

impl Places {
    pub(super) fn new(most: usize) -> Places {
        Places { free: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))), most }
    }

    /// A session's place, until this is dropped.
    ///
    /// # Errors
    /// All are taken. Whoever runs the request under [`Places::watched`] learns of it, too.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, SessionError> {
        self.free.clone().try_acquire_owned().map_err(|_| {
            let _ = FULL.try_with(|full| full.set(true));
            self.full()
        })
    }

    /// What is said where there is no place.
    pub(super) fn full(&self) -> SessionError {
        SessionError::TooMany(self.most)
    }

    /// Runs a request. None: it was refused for want of a place, which rmcp would call an internal error.
    pub(super) async fn watched<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let watched = async {
            let answer = request.await;
            (!FULL.with(Cell::get)).then_some(answer)
        };
        FULL.scope(Cell::new(false), watched).await
    }
}

tokio::task_local! {
    /// The request that runs found no place for its session.
    static FULL: Cell<bool>;
}

impl<H: Handler> Sessions<H> {
    pub(super) fn new(calls: Calls, handler: H, places: Places) -> Arc<Sessions<H>> {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = None;
        // A caller that hangs up has its statement stopped, so there is nothing to come back for: no answers are kept for
        // resuming, and no event says that they could be.
        local.session_config.completed_cache_ttl = Duration::ZERO;
        local.session_config.sse_retry = None;
        let sessions = Arc::new(Sessions { local, open: Mutex::default(), places, calls, handler });
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
        let mut sessions = self.lock();
        sessions.get_mut(session)?.used = Instant::now();
        sessions.get_key_value(session).map(|(id, _)| id.clone())
    }

    fn idle(&self, longer_than: Duration) -> Vec<SessionId> {
        self.lock().iter().filter(|(_, open)| open.used.elapsed() > longer_than).map(|(id, _)| id.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep<H: Handler>(sessions: Weak<Sessions<H>>) {
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
    /// So many are open already.
    TooMany(usize),
    /// rmcp's own reason.
    Local(LocalSessionManagerError),
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SessionError::TooMany(most) => write!(f, "there are {most} sessions already; end one, or try again later"),
            SessionError::Local(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SessionError::TooMany(_) => None,
            SessionError::Local(why) => Some(why),
        }
    }
}

impl From<LocalSessionManagerError> for SessionError {
    fn from(why: LocalSessionManagerError) -> SessionError {
        SessionError::Local(why)
    }
}

impl<H: Handler> SessionManager for Sessions<H> {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionError> {
        let place = self.places.take()?;
        let (id, transport) = self.local.create_session().await?;
        self.lock().insert(id.clone(), Open { used: Instant::now(), _place: place });
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
        self.handler.session_ended(id).await;
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
