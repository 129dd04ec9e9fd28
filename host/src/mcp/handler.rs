//! What the HTTP stack serves: rmcp's handler, and what the stack asks of it beside.

use rmcp::handler::server::ServerHandler;
use rmcp::model::{CallToolResult, JsonObject};

use crate::config::Secret;
use crate::contract::ErrorKind;
use crate::dynamic::Attached;
use crate::error::CallError;

/// An MCP server that the HTTP stack can serve. One for the process, cloned for each session or request.
pub trait Handler: ServerHandler + Clone {
    /// Whether a tool is there, and needs nothing of its client but the call: it asks nothing and tells nothing on the way. A plain
    /// call of such a tool doesn't pass through rmcp.
    fn answers_at_once(&self, tool: &str) -> bool;

    /// Runs such a tool until it answers or `unwanted` says that its answer has no taker. `session` is the protocol's own, where
    /// there is one; `attached` the database that the request brought with it.
    fn answer_at_once(
        &self,
        session: Option<&str>,
        attached: Option<Attached>,
        tool: &str,
        arguments: JsonObject,
        unwanted: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = CallToolResult> + Send;

    /// The database of a connection string that came with a request.
    ///
    /// # Errors
    /// There are none, or not this one.
    fn attach(&self, _string: Secret) -> Result<Attached, CallError> {
        Err(CallError::new(ErrorKind::Unsupported, "this server takes no connection strings"))
    }

    /// A session of the protocol's is over: what it holds goes.
    fn session_ended(&self, session: &str) -> impl Future<Output = ()> + Send;
}
