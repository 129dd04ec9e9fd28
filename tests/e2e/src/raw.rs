//! A client that sends what no library would: bytes, over either transport, in either era.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{Era, environment};

/// An answer comes in this, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connected client.
pub struct Raw {
    way: Way,
    era: Era,
    sent: u64,
}

enum Way {
    Http { url: String, client: reqwest::Client, session: Option<String> },
    Stdio { input: ChildStdin, output: Lines<BufReader<ChildStdout>>, _child: Box<Child> },
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Over HTTP.
    pub status: Option<StatusCode>,
    /// The message, if it was one.
    pub message: Value,
    /// What it was otherwise.
    pub text: String,
}

impl Raw {
    /// Over HTTP; with a session in the era that has them.
    ///
    /// # Panics
    /// If the server doesn't agree.
    pub async fn http(url: &str, era: Era) -> Raw {
        let way = Way::Http { url: url.to_owned(), client: reqwest::Client::new(), session: None };
        Raw { way, era, sent: 0 }.begun().await
    }

    /// Starts `bulkhead stdio`.
    ///
    /// # Panics
    /// If it doesn't start or doesn't agree.
    pub async fn stdio(config: &Path, era: Era) -> Raw {
        Raw::stdio_before_anything(config, era).begun().await
    }

    /// Starts `bulkhead stdio`, and says nothing yet.
    ///
    /// # Panics
    /// If it doesn't start.
    #[must_use]
    pub fn stdio_before_anything(config: &Path, era: Era) -> Raw {
        let mut command = Command::new(environment::binary());
        command.arg("stdio").arg("--config").arg(config).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().expect("the host's binary starts");
        let (input, output) = (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
        let way = Way::Stdio { input, output: BufReader::new(output).lines(), _child: Box::new(child) };
        Raw { way, era, sent: 0 }
    }

    /// Whether it speaks over HTTP.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(self.way, Way::Http { .. })
    }

    /// The session that the server gave.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        match &self.way {
            Way::Http { session, .. } => session.as_deref(),
            Way::Stdio { .. } => None,
        }
    }

    /// A request, as its era has it, with an id of its own.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut params: Map<String, Value> = serde_json::from_value(params).expect("an object");
        if self.era == Era::Stateless {
            params.insert("_meta".to_owned(), newest_meta());
        }
        json!({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params})
    }

    /// Calls a tool; the whole reply.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Reply {
        let request = self.request("tools/call", json!({"name": tool, "arguments": arguments}));
        self.send(request.to_string().as_bytes(), &[("mcp-method", "tools/call"), ("mcp-name", tool)]).await
    }

    /// Sends bytes, over HTTP with the headers of the era and these, which count more; what comes back.
    ///
    /// # Panics
    /// If nothing does.
    pub async fn send(&mut self, bytes: &[u8], headers: &[(&str, &str)]) -> Reply {
        match &mut self.way {
            Way::Stdio { input, output, .. } => {
                let line = [bytes, b"\n"].concat();
                input.write_all(&line).await.expect("written");
                let line = tokio::time::timeout(PATIENCE, output.next_line()).await.expect("an answer in time");
                let text = line.expect("read").expect("not the end");
                Reply { status: None, message: serde_json::from_str(&text).expect("JSON"), text }
            }
            Way::Http { url, client, session } => {
                let mut all = HeaderMap::new();
                let mut put = |name: &str, value: &str| {
                    let name: reqwest::header::HeaderName = name.parse().expect("a name");
                    all.insert(name, value.parse().expect("a value"));
                };
                put("content-type", "application/json");
                put("accept", "application/json, text/event-stream");
                if self.era == Era::Stateless {
                    put("mcp-protocol-version", "2026-07-28");
                }
                if let Some(session) = session {
                    put("mcp-session-id", session);
                }
                for (name, value) in headers {
                    put(name, value);
                }
                let request = client.post(url.as_str()).headers(all).body(bytes.to_vec()).timeout(PATIENCE);
                let answer = request.send().await.expect("an answer");
                let status = answer.status();
                if let Some(given) = answer.headers().get("mcp-session-id") {
                    *session = Some(given.to_str().expect("ASCII").to_owned());
                }
                let text = answer.text().await.expect("its body");
                let data = text.lines().filter_map(|line| line.strip_prefix("data:")).find(|data| !data.trim().is_empty());
                Reply { status: Some(status), message: serde_json::from_str(data.unwrap_or(&text)).unwrap_or_default(), text }
            }
        }
    }

    async fn begun(mut self) -> Raw {
        let client = json!({"name": "raw", "version": "1"});
        if self.era == Era::Sessions {
            let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
            let request = self.request("initialize", params).to_string();
            let reply = self.send(request.as_bytes(), &[]).await;
            assert_eq!(reply.message["result"]["protocolVersion"], "2025-06-18", "{}", reply.text);
            self.tell(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        } else if !self.is_http() {
            let request = self.request("server/discover", json!({})).to_string();
            let reply = self.send(request.as_bytes(), &[]).await;
            assert!(reply.message["result"]["supportedVersions"].is_array(), "{}", reply.text);
        }
        self
    }

    /// Sends what has no answer.
    ///
    /// # Panics
    /// If it isn't taken.
    pub async fn tell(&mut self, bytes: &[u8]) {
        if self.is_http() {
            assert_eq!(self.send(bytes, &[]).await.status, Some(StatusCode::ACCEPTED));
        } else if let Way::Stdio { input, .. } = &mut self.way {
            input.write_all(&[bytes, b"\n"].concat()).await.expect("written");
        }
    }
}

impl Reply {
    /// What is wrong, in words: of the protocol's error, of the tool's, or the text that came instead.
    ///
    /// # Panics
    /// If nothing is.
    #[must_use]
    pub fn error(&self) -> String {
        let refused = self.status.is_some_and(|status| status.is_client_error() || status.is_server_error());
        let wrong = refused || self.message["error"].is_object() || self.message["result"]["isError"] == true;
        assert!(wrong, "not an error: {:?} {}", self.status, self.text);
        self.text.clone()
    }
}

/// What each request of the newest protocol says of its client.
#[must_use]
pub fn newest_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}
