//! Where a call goes: the arguments that nearly all tools share.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::JsonObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Context, arguments};
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::error::CallError;
use crate::session::{Place, Selection, Slot};

/// What a call says of where it goes.
#[derive(Deserialize, Default)]
pub(super) struct To {
    session: Option<String>,
    database_id: Option<String>,
    database: Option<String>,
    transaction: Option<String>,
}

/// Where a call goes.
pub(super) enum Target<'a> {
    /// Into an open transaction.
    Transaction(&'a str, Arc<Slot>),
    /// To a database.
    Place(Place),
}

impl Target<'_> {
    pub(super) fn database(&self) -> &Arc<Database> {
        match self {
            Target::Transaction(_, slot) => slot.database(),
            Target::Place(place) => &place.database,
        }
    }
}

impl To {
    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Whether it says anything at all.
    pub(super) fn names_a_place(&self) -> bool {
        self.session.is_some() || self.database_id.is_some() || self.database.is_some()
    }

    pub(super) fn selection(&self) -> Selection<'_> {
        Selection { database_id: self.database_id.as_deref(), database: self.database.as_deref() }
    }
}

impl Context<'_> {
    /// The database of a call that isn't part of a transaction. Its session's connection counts as in use until the call ends.
    pub(super) async fn place(&self, to: &To) -> Result<Place, CallError> {
        no_transaction(to)?;
        let place = self.sessions.place(self.call, to.session(), to.selection()).await?;
        self.in_use.0.lock().unwrap_or_else(PoisonError::into_inner).push(place.clone());
        Ok(place)
    }

    /// The same for a call that needs no connection of its own.
    pub(super) fn whereabouts(&self, to: &To) -> Result<Place, CallError> {
        no_transaction(to)?;
        self.sessions.whereabouts(self.call, to.session(), to.selection())
    }

    /// The database of a call, in a transaction or not, without a connection to it.
    pub(super) fn database(&self, to: &To) -> Result<Arc<Database>, CallError> {
        match &to.transaction {
            Some(handle) => Ok(self.transaction(handle)?.database().clone()),
            None => Ok(self.whereabouts(to)?.database),
        }
    }

    /// The database or transaction of a call.
    pub(super) async fn target<'a>(&self, to: &'a To) -> Result<Target<'a>, CallError> {
        let Some(handle) = &to.transaction else { return self.place(to).await.map(Target::Place) };
        if to.database_id.is_some() || to.database.is_some() || to.session.is_some() {
            let what = "a transaction has its own database and session";
            return Err(CallError::new(ErrorKind::InvalidValue, what)
                .hint("leave database_id, database and session out beside `transaction`"));
        }
        Ok(Target::Transaction(handle, self.transaction(handle)?))
    }

    /// An open transaction.
    pub(super) fn transaction(&self, handle: &str) -> Result<Arc<Slot>, CallError> {
        self.sessions.transaction_place(self.call, handle)
    }
}

fn no_transaction(to: &To) -> Result<(), CallError> {
    if to.transaction.is_none() {
        return Ok(());
    }
    Err(CallError::new(ErrorKind::InvalidValue, "this tool takes no transaction").hint("leave `transaction` out"))
}

/// The places that a call has connections to, for as long as it runs.
#[derive(Default)]
pub(in crate::mcp) struct InUse(Mutex<Vec<Place>>);

/// A call's arguments: where it goes, and the tool's own.
pub(super) fn located<T: DeserializeOwned>(mut given: JsonObject) -> Result<(To, T), CallError> {
    let names = ["session", "database_id", "database", "transaction"];
    let shared = names.into_iter().filter_map(|name| given.remove_entry(name)).collect();
    Ok((arguments(shared)?, arguments(given)?))
}

/// The schema of the shared arguments, put before a tool's own properties.
pub(super) fn with_place(own: Value) -> Value {
    shared(own, &["database_id", "database", "session"])
}

/// The same for tools that also work in a transaction.
pub(super) fn with_target(own: Value) -> Value {
    shared(own, &["database_id", "database", "session", "transaction"])
}

fn shared(mut schema: Value, names: &[&str]) -> Value {
    let description = |name: &str| match name {
        "database_id" => "From list_databases. Default: the session's, else the default database",
        "database" => "Another catalog on the same server, where list_databases shows catalogs",
        "session" => "From open_session",
        _ => "From begin_transaction; then without the other three",
    };
    let mut properties: JsonObject =
        names.iter().map(|name| ((*name).to_owned(), json!({"type": "string", "description": description(name)}))).collect();
    if let Some(own) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let rest = std::mem::take(own);
        properties.extend(rest);
        *own = properties;
    }
    schema
}
