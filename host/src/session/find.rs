//! Which session, and which database: a call's own choice, then its session's, then the default.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Caller, Selected, Session, Sessions, ToolCall};
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::error::CallError;

/// What a call says of where it goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// A configured database.
    pub database_id: Option<&'a str>,
    /// A catalog on its server.
    pub database: Option<&'a str>,
}

/// Where a call goes.
#[derive(Debug, Clone)]
pub struct Place {
    /// The database, in the catalog chosen.
    pub database: Arc<Database>,
    /// The session it belongs to.
    pub session: Arc<Session>,
    /// Whether the session refuses writes.
    pub read_only: bool,
    /// Its place among the session's connections in use. None: it has none, or nobody's own session has no such limit.
    pub(super) connection: Option<Arc<OwnedSemaphorePermit>>,
}

impl Sessions {
    /// Where a call would go, without a connection to it.
    ///
    /// # Errors
    /// There is no such session, database or catalog; or the tool may not be used there.
    pub fn whereabouts(&self, call: ToolCall<'_>, session: Option<&str>, to: Selection<'_>) -> Result<Place, CallError> {
        let place = self.looked_up(call.caller, session, to)?;
        call.permit(&place.database)?;
        Ok(place)
    }

    /// The id of the database of a session's calls that name none, whatever may be done with it.
    ///
    /// # Errors
    /// There is no such session; or nothing is selected and there is no default.
    pub fn chosen(&self, caller: &Caller, session: Option<&str>) -> Result<String, CallError> {
        Ok(self.looked_up(caller, session, Selection::default())?.database.id().to_owned())
    }

    fn looked_up(&self, caller: &Caller, session: Option<&str>, to: Selection<'_>) -> Result<Place, CallError> {
        let session = self.session(caller, session)?;
        let (selected, catalog) = {
            let selected = session.selected();
            (selected.database.clone(), selected.catalog.clone())
        };
        // A session's catalog is one of its own database's.
        let own = caller.own(to.database_id)?;
        let same = own.is_none() && (to.database_id.is_none() || to.database_id == selected.as_deref());
        let database = match own {
            Some(own) => own.clone(),
            None => self.entry(caller, &session, to.database_id.or(selected.as_deref()))?,
        };
        let database = database.in_catalog(to.database.or(catalog.as_deref().filter(|_| same)))?;
        Ok(Place { database, read_only: session.read_only, session, connection: None })
    }

    /// A session to look at, change or end. What callers began without any isn't one: several of them may share it.
    pub(super) fn lasting(&self, caller: &Caller, handle: Option<&str>) -> Result<Arc<Session>, CallError> {
        let session = self.session(caller, handle)?;
        lasts(&session)?;
        Ok(session)
    }

    /// The session of a call: the one named, the protocol's, or the caller's own for what is begun without any.
    pub(super) fn session(&self, caller: &Caller, handle: Option<&str>) -> Result<Arc<Session>, CallError> {
        let mut state = self.lock();
        let session = match (handle, &caller.protocol_session) {
            (Some(handle), _) => {
                let found = state.explicit.get(handle).filter(|session| session.owner == caller.principal && !session.over());
                found.cloned().ok_or_else(unknown)?
            }
            (None, Some(id)) => {
                let session = state.implicit.entry(id.clone()).or_insert_with(|| Arc::new(self.blank(caller)));
                session.clone()
            }
            (None, None) => {
                let session = state
                    .loose
                    .entry(caller.principal.clone())
                    .or_insert_with(|| Arc::new(Session { loose: true, ..self.blank(caller) }));
                session.clone()
            }
        };
        drop(state);
        session.selected().used = Instant::now();
        Ok(session)
    }
}

pub(super) fn lasts(session: &Session) -> Result<(), CallError> {
    if !session.loose {
        return Ok(());
    }
    Err(CallError::new(ErrorKind::Unsupported, "this call belongs to no session")
        .hint("call open_session and pass its handle as `session`, or name database_id in each call"))
}

/// The same for one that ended and one that never was, and for another caller's.
pub(super) fn unknown() -> CallError {
    CallError::new(ErrorKind::Undefined, "there is no such session: it was closed, has expired, or never was")
        .hint("call open_session for a new one; what the old one held has been rolled back")
}

impl Default for Selected {
    fn default() -> Self {
        Selected { database: None, catalog: None, used: Instant::now() }
    }
}

impl Session {
    /// Whether it refuses writes.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.read_only
    }
}
