//! Asking the person at the client before something is written.
//!
//! The older protocols let a server ask while a call runs. In the newest a call that needs an answer ends with the question, and is sent
//! again with the answer and with what the question was marked with: a handle that stands for this caller, this database and this
//! statement, for a while, and once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};
use rmcp::RoleServer;
use rmcp::model::{
    ClientCapabilities, ClientResult, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    InputRequest, InputRequiredResult, InputResponses, ProtocolVersion, ServerRequest,
};
use rmcp::service::{Peer, RequestContext};

use crate::contract::ErrorKind;
use crate::database::{Consent, Database};
use crate::error::CallError;
use crate::session::{Caller, fresh_handle};

/// How long a person may think: longer than reading a script takes, shorter than a forgotten window.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Questions that wait for their answers. Each is some hundred bytes.
const MAX_PENDING: usize = 1_000;
/// The longest statement that is put to a person, in characters: who is shown more doesn't read it.
const MAX_SHOWN: usize = 10_000;
/// The question's name in the newest protocol.
const QUESTION: &str = "confirm";

/// How the person at the client can be asked.
pub(super) enum Asking {
    /// Not at all.
    Nobody,
    /// While the call runs.
    Peer(Peer<RoleServer>),
    /// By ending the call with a question.
    Repeat(Box<Repeat>),
}

/// A call of the newest protocol, with the answer to an earlier question if it has one.
pub(super) struct Repeat {
    pending: Arc<Pending>,
    state: Option<String>,
    responses: Option<InputResponses>,
    asked: Mutex<Option<InputRequiredResult>>,
}

/// Questions that wait for their answers.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<String, Question>>);

struct Question {
    about: [u8; 32],
    asked: Instant,
}

impl Asking {
    /// How a call's client can be asked.
    pub(super) fn of(
        context: &RequestContext<RoleServer>,
        pending: &Arc<Pending>,
        state: Option<String>,
        responses: Option<InputResponses>,
    ) -> Asking {
        let forms =
            |client: ClientCapabilities| client.elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none());
        if !context.client_capabilities().is_some_and(forms) {
            return Asking::Nobody;
        }
        if context.meta.protocol_version() == Some(ProtocolVersion::V_2026_07_28) {
            return Asking::Repeat(Box::new(Repeat { pending: pending.clone(), state, responses, asked: Mutex::default() }));
        }
        Asking::Peer(context.peer.clone())
    }

    /// The question that the call has to end with.
    pub(super) fn asked(self) -> Option<InputRequiredResult> {
        match self {
            Asking::Repeat(repeat) => repeat.asked.into_inner().unwrap_or_else(PoisonError::into_inner),
            Asking::Nobody | Asking::Peer(_) => None,
        }
    }

    /// The person's yes to this statement on this database.
    ///
    /// # Errors
    /// They said no, or nothing, or can't be asked; or they will be asked by ending the call.
    pub(super) async fn confirm(&self, caller: &Caller, database: &Database, statement: &str) -> Result<Consent, CallError> {
        let length = statement.chars().count();
        if length > MAX_SHOWN {
            let what = format!("{length} characters are too many to be put to a person; the most is {MAX_SHOWN}");
            return Err(CallError::new(ErrorKind::Resources, what).hint("run it in parts").of(database.id()));
        }
        match self {
            Asking::Nobody => Err(CallError::new(
                ErrorKind::Permission,
                "writes here are put to the person first, and this client can't ask: nothing was run",
            )
            .hint("use a client that supports elicitation, or have the person run it")
            .of(database.id())),
            Asking::Peer(peer) => {
                let question = ServerRequest::ElicitRequest(ElicitRequest::new(question(database, statement)));
                match tokio::time::timeout(PATIENCE, peer.send_request(question)).await {
                    Ok(Ok(ClientResult::ElicitResult(answer))) => decided(&answer, database),
                    Ok(Ok(_)) => Err(unanswered("the client answered something else", database)),
                    Ok(Err(why)) => Err(unanswered(&why.to_string(), database)),
                    Err(_) => Err(unanswered(&format!("no answer within {} minutes", PATIENCE.as_secs() / 60), database)),
                }
            }
            Asking::Repeat(repeat) => repeat.confirm(caller, database, statement),
        }
    }
}

impl Repeat {
    fn confirm(&self, caller: &Caller, database: &Database, statement: &str) -> Result<Consent, CallError> {
        let about = about(caller, database, statement);
        let answer = self.responses.as_ref().and_then(|responses| responses.get(QUESTION));
        if let (Some(state), Some(answer)) = (&self.state, answer)
            && self.pending.take(state, &about)
        {
            let answer: ElicitResult = serde_json::from_value(answer.clone())
                .map_err(|why| unanswered(&format!("the answer isn't one: {why}"), database))?;
            return decided(&answer, database);
        }
        let state = self.pending.put(about)?;
        let request = InputRequest::Elicitation(ElicitRequest::new(question(database, statement)));
        let asked = InputRequiredResult::new(Some([(QUESTION.to_owned(), request)].into()), Some(state));
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        Err(unanswered("the person is asked first", database))
    }
}

impl Pending {
    fn put(&self, about: [u8; 32]) -> Result<String, CallError> {
        let handle = fresh_handle("confirm")?;
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, question| question.asked.elapsed() < PATIENCE);
        if waiting.len() >= MAX_PENDING {
            return Err(CallError::new(ErrorKind::Resources, "too many questions wait for an answer").retryable());
        }
        waiting.insert(handle.clone(), Question { about, asked: Instant::now() });
        Ok(handle)
    }

    /// Whether the handle is one of a question about just this. It can be used once.
    fn take(&self, handle: &str, about: &[u8; 32]) -> bool {
        let question = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(handle);
        question.is_some_and(|question| question.about == *about && question.asked.elapsed() < PATIENCE)
    }
}

fn about(caller: &Caller, database: &Database, statement: &str) -> [u8; 32] {
    let parts = (&caller.principal, database.id(), database.catalog(), statement);
    let mut about = [0; 32];
    about.copy_from_slice(digest(&SHA256, format!("{parts:?}").as_bytes()).as_ref());
    about
}

fn question(database: &Database, statement: &str) -> ElicitRequestParams {
    let catalog = database.catalog().map(|catalog| format!(" ({catalog})")).unwrap_or_default();
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: format!("Run this on the database {}{catalog}? It may change data.\n\n{statement}", database.id()),
        requested_schema: ElicitationSchema::new(std::collections::BTreeMap::new()),
    }
}

fn decided(answer: &ElicitResult, database: &Database) -> Result<Consent, CallError> {
    match answer.action {
        ElicitationAction::Accept => Ok(Consent::given()),
        _ => Err(CallError::new(ErrorKind::Permission, "the person said no: nothing was run")
            .hint("ask them what they want instead")
            .of(database.id())),
    }
}

fn unanswered(why: &str, database: &Database) -> CallError {
    CallError::new(ErrorKind::Permission, format!("writes here are put to the person first: {why}; nothing was run"))
        .of(database.id())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_and_about_one_thing() {
        let pending = Pending::default();
        let (this, that) = ([1; 32], [2; 32]);
        let handle = pending.put(this).unwrap();
        assert!(pending.take(&handle, &this) && !pending.take(&handle, &this));
        let handle = pending.put(this).unwrap();
        assert!(!pending.take(&handle, &that), "another statement");
        assert!(!pending.take(&handle, &this), "who tried another has to ask again");
        assert!(!pending.take("confirm-00", &this));
    }

    #[test]
    fn questions_are_bounded() {
        let pending = Pending::default();
        for _ in 0..MAX_PENDING {
            pending.put([0; 32]).unwrap();
        }
        assert!(pending.put([0; 32]).is_err());
    }
}
