//! One `tools/call` over plain HTTP, as MCP 2026-07-28 has it: no session, everything in the one request.
//!
//! Written out rather than taken from a client library: it shows how little a client has to do, and keeps this
//! program quick to build.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

const VERSION: &str = "2026-07-28";
const LIMIT: Duration = Duration::from_secs(30);

/// A result's columns and rows.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Runs `sql` on the database through the server on `port`.
pub(crate) fn query(port: u16, database: &str, sql: &str) -> Result<Answer> {
    answer(&tool(port, "query", &json!({ "sql": sql, "database_id": database }))?)
}

/// Calls a tool and gives the whole message that comes back.
pub(crate) fn tool(port: u16, name: &str, arguments: &Value) -> Result<Value> {
    let request = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": name,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": VERSION,
                "io.modelcontextprotocol/clientInfo": { "name": "cargo-xtask-demo", "version": env!("CARGO_PKG_VERSION") },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let response = post(port, "tools/call", name, &request.to_string())?;
    serde_json::from_str(&response).with_context(|| format!("the server's answer is not JSON: {response}"))
}

fn answer(message: &Value) -> Result<Answer> {
    let result = match message.get("result") {
        Some(result) if result.get("isError") != Some(&Value::Bool(true)) => result,
        _ => bail!("the server refused: {}", refusal(message)),
    };
    let content = result.get("structuredContent").context("the answer has no structured content")?;
    let list = |name: &str| content.get(name).and_then(Value::as_array).with_context(|| format!("no {name}"));
    let columns = list("columns")?
        .iter()
        .map(|column| column.get("name").unwrap_or(column).as_str().unwrap_or_default().to_owned())
        .collect();
    let rows = list("rows")?.iter().map(|row| row.as_array().cloned().context("a row is no array"));
    Ok(Answer { columns, rows: rows.collect::<Result<_>>()? })
}

/// The words of an error: a result's text, else a protocol error's message, else all of it.
fn refusal(message: &Value) -> String {
    let text = ["/result/content/0/text", "/error/message"].iter().find_map(|place| message.pointer(place)?.as_str());
    text.map_or_else(|| message.to_string(), str::to_owned)
}

fn post(port: u16, method: &str, name: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot reach the server")?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(
        stream,
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {VERSION}\r\nMcp-Method: {method}\r\n\
         Mcp-Name: {name}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).context("the server doesn't answer")?;
    let response = String::from_utf8(response).context("the answer is not UTF-8")?;
    let (head, body) = response.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let body =
        if header(head, "transfer-encoding").is_some_and(|value| value == "chunked") { dechunk(body)? } else { body.to_owned() };
    if header(head, "content-type").is_some_and(|value| value.starts_with("text/event-stream")) {
        return last_event(&body);
    }
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{}: {body}", head.lines().next().unwrap_or_default());
    }
    Ok(body)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn dechunk(mut rest: &str) -> Result<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").context("a chunk has no size")?;
        let size = usize::from_str_radix(size, 16).context("a chunk's size is no number")?;
        if size == 0 {
            return Ok(body);
        }
        body.push_str(after.get(..size).context("a chunk was cut")?);
        rest = after.get(size..).and_then(|rest| rest.strip_prefix("\r\n")).context("a chunk was cut")?;
    }
}

/// A server may send progress first: the response is the last event.
fn last_event(body: &str) -> Result<String> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim)
        .rfind(|data| !data.is_empty())
        .map(str::to_owned)
        .context("the event stream ended without an answer")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        assert_eq!(dechunk("4\r\nWiki\r\n6\r\npedia \r\n0\r\n\r\n").unwrap(), "Wikipedia ");
        assert!(dechunk("5\r\nWiki").is_err());
    }

    #[test]
    fn the_last_event_is_the_answer() {
        assert_eq!(last_event("data:\n\nid: 1\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\n").unwrap(), "{\"b\":2}");
    }

    #[test]
    fn an_error_result_is_an_error() {
        let error = answer(&json!({ "result": { "isError": true, "content": [{ "text": "no such table" }] } })).unwrap_err();
        assert_eq!(error.to_string(), "the server refused: no such table");
    }
}
