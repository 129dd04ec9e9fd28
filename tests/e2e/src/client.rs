//! A client of rmcp's, in either era, over either transport.

use std::path::Path;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest, Implementation, ProtocolVersion,
    Tool,
};
use rmcp::service::{Peer, PeerRequestOptions, RequestHandle, RunningService};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::{Answer, Listener, Person, environment};

/// How client and server agree on the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: every request carries all that it needs.
    Stateless,
    /// 2025-11-25 and before: `initialize`, and a session.
    Sessions,
}

/// A connected client. Dropping it closes the connection.
pub struct Client<H: ClientHandler = ()> {
    service: RunningService<RoleClient, H>,
}

impl Client<Person> {
    /// Over streamable HTTP, with somebody who can be asked.
    ///
    /// # Panics
    /// As `http`.
    pub async fn with_person(url: &str, era: Era, person: Person) -> Client<Person> {
        let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
        let service = person.serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }
}

impl Client<Listener> {
    /// Over streamable HTTP, one that hears what the server tells of itself.
    ///
    /// # Panics
    /// As `http`.
    pub async fn listening(url: &str, era: Era, listener: Listener) -> Client<Listener> {
        let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
        let service = listener.serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }

    /// The same over standard input and output.
    ///
    /// # Panics
    /// As `stdio`.
    pub async fn listening_on_stdio(config: &Path, era: Era, listener: Listener) -> Client<Listener> {
        let mut command = Command::new(environment::binary());
        command.arg("stdio").arg("--config").arg(config);
        let (transport, _) =
            TokioChildProcess::builder(command).stderr(std::process::Stdio::null()).spawn().expect("the host's binary starts");
        let service = listener.serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }
}

impl Client<ClientConfig> {
    /// Over streamable HTTP, a client that says what it can do.
    ///
    /// # Panics
    /// As `http`.
    pub async fn capable(url: &str, era: Era, capabilities: ClientCapabilities) -> Client<ClientConfig> {
        let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
        let client = ClientConfig::new(capabilities, Implementation::new("capable", "1"));
        let service = client.serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }
}

impl Client {
    /// Over streamable HTTP.
    ///
    /// # Panics
    /// If the server can't be reached or doesn't agree.
    pub async fn http(url: &str, era: Era) -> Client {
        let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
        let service = ().serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }

    /// Starts `bulkhead stdio` and speaks with it.
    ///
    /// # Panics
    /// If it doesn't start or doesn't agree.
    pub async fn stdio(config: &Path, era: Era) -> Client {
        let mut command = Command::new(environment::binary());
        command.arg("stdio").arg("--config").arg(config);
        Client::command(command, era).await
    }

    /// Starts a command and speaks with it over its standard input and output.
    ///
    /// # Panics
    /// As `stdio`.
    pub async fn command(command: Command, era: Era) -> Client {
        let (transport, _) =
            TokioChildProcess::builder(command).stderr(std::process::Stdio::null()).spawn().expect("the host's binary starts");
        let service = ().serve_with_lifecycle(transport, era.lifecycle()).await.expect("the client connects");
        Client { service }
    }
}

impl<H: ClientHandler> Client<H> {
    /// The tools that the server has.
    ///
    /// # Panics
    /// If it doesn't say.
    pub async fn tools(&self) -> Vec<Tool> {
        self.service.list_all_tools().await.expect("tools/list")
    }

    /// The connection, for what isn't a tool's call.
    #[must_use]
    pub fn peer(&self) -> &Peer<RoleClient> {
        self.service.peer()
    }

    /// Calls a tool.
    ///
    /// # Panics
    /// If there is no answer at all: a tool's error is an answer.
    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let result = self.service.call_tool(params(tool, arguments)).await;
        Answer::new(serde_json::to_value(result.unwrap_or_else(|why| panic!("{tool}: {why}"))).expect("JSON"))
    }

    /// Sends a call whose answer isn't waited for: it can be cancelled.
    ///
    /// # Panics
    /// If it can't be sent.
    pub async fn send(&self, tool: &str, arguments: Value) -> RequestHandle<RoleClient> {
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params(tool, arguments)));
        self.service.send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("sent")
    }

    /// Runs a statement.
    pub async fn query(&self, database: &str, sql: &str) -> Answer {
        self.call("query", json!({ "database_id": database, "sql": sql })).await
    }

    /// Runs a statement with parameters.
    pub async fn query_with(&self, database: &str, sql: &str, params: Value) -> Answer {
        self.call("query", json!({ "database_id": database, "sql": sql, "params": params })).await
    }

    /// Says goodbye.
    ///
    /// # Panics
    /// If the connection's task failed.
    pub async fn close(self) {
        self.service.cancel().await.expect("the client closes");
    }
}

impl Era {
    fn lifecycle(self) -> ClientLifecycleMode {
        match self {
            Era::Stateless => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
            Era::Sessions => ClientLifecycleMode::Initialize,
        }
    }
}

fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).expect("an object of arguments");
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}
