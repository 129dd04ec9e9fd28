//! Messages as lines, as standard input and output carry them.
//!
//! A line that isn't a message is answered, not passed over: with the id that it has, where it has one, so that whoever sent it
//! doesn't wait for ever. That holds for lines that are too long, too: they aren't kept, but looked through for their id.

use std::sync::Arc;

use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::{ErrorData, RoleServer};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;

use super::find_id::FindId;

/// Both ways. What is read is kept here and not in a future: a read may be given up at any point, and goes on later.
pub(super) struct Lines<R, W> {
    input: BufReader<R>,
    output: Arc<Mutex<Option<W>>>,
    line: Vec<u8>,
    longest: usize,
    /// Of a line that is too long, until its end.
    too_long: Option<FindId>,
}

/// What a line was.
enum Line {
    Whole,
    TooLong(Option<RequestId>),
    End,
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Lines<R, W> {
    /// With a limit on the length of what is read.
    pub(super) fn new(input: R, output: W, longest: usize) -> Lines<R, W> {
        let output = Arc::new(Mutex::new(Some(output)));
        Lines { input: BufReader::new(input), output, line: Vec::new(), longest, too_long: None }
    }

    async fn next(&mut self) -> std::io::Result<Line> {
        loop {
            let there = self.input.fill_buf().await?;
            if there.is_empty() {
                return Ok(Line::End);
            }
            let (part, ends) = match there.iter().position(|byte| *byte == b'\n') {
                Some(at) => (there.get(..at).unwrap_or_default(), true),
                None => (there, false),
            };
            match &mut self.too_long {
                Some(find) => find.read(part),
                None if self.line.len() + part.len() > self.longest => {
                    let mut find = FindId::default();
                    find.read(&self.line);
                    find.read(part);
                    self.line = Vec::new();
                    self.too_long = Some(find);
                }
                None => self.line.extend_from_slice(part),
            }
            let read = part.len() + usize::from(ends);
            self.input.consume(read);
            if ends {
                return Ok(self.too_long.take().map_or(Line::Whole, |find| Line::TooLong(find.found())));
            }
        }
    }

    /// Answers a line that isn't a message, while others are read.
    fn refuse(&mut self, id: Option<RequestId>, why: ErrorData) {
        tracing::debug!("refused what was sent: {}", why.message);
        tokio::spawn(self.send(ServerJsonRpcMessage::error(why, id)));
    }
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer> for Lines<R, W> {
    type Error = std::io::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        let output = self.output.clone();
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let mut output = output.lock().await;
            let output = output.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
            output.write_all(&line).await?;
            output.flush().await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            match self.next().await {
                Ok(Line::Whole) => {}
                Ok(Line::TooLong(id)) => {
                    let why = format!("the message is longer than {} bytes", self.longest);
                    self.refuse(id, ErrorData::invalid_request(why, None));
                    continue;
                }
                // What there is without a line's end isn't whole.
                Ok(Line::End) => return None,
                Err(why) => {
                    tracing::error!("reading standard input: {why}");
                    return None;
                }
            }
            let line = std::mem::take(&mut self.line);
            match message(&line) {
                Ok(message) => return Some(message),
                Err(Unread::PassedOver) => {}
                Err(Unread::Refused(id, why)) => self.refuse(id, *why),
            }
        }
    }

    async fn close(&mut self) -> std::io::Result<()> {
        self.output.lock().await.take();
        Ok(())
    }
}

/// What of a message is there whatever else is wrong with it.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Option<RequestId>,
    #[serde(default)]
    method: Option<String>,
}

/// Why a line gave no message.
enum Unread {
    /// There is nothing to answer.
    PassedOver,
    Refused(Option<RequestId>, Box<ErrorData>),
}

fn message(line: &[u8]) -> Result<ClientJsonRpcMessage, Unread> {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Err(Unread::PassedOver);
    }
    let why = match serde_json::from_slice(line) {
        Ok(message) => return Ok(message),
        Err(why) => why,
    };
    // Bytes that aren't UTF-8 are in some string, and the rest can be read. Depth is no matter where values aren't kept.
    let envelope = || serde_json::from_str(&String::from_utf8_lossy(line)).ok();
    match line.starts_with(b"{").then(envelope).flatten() {
        Some(Envelope { id: None, method: Some(method) }) => {
            tracing::debug!("a notification that isn't known: {method}: {why}");
            Err(Unread::PassedOver)
        }
        Some(Envelope { id, .. }) => Err(Unread::Refused(id, no_message(&why))),
        None if why.is_data() => Err(Unread::Refused(None, no_message(&why))),
        None => Err(Unread::Refused(None, Box::new(ErrorData::parse_error(format!("not JSON: {why}"), None)))),
    }
}

fn no_message(why: &serde_json::Error) -> Box<ErrorData> {
    Box::new(ErrorData::invalid_request(format!("not a message of the protocol: {why}"), None))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    const LONGEST: usize = 200;

    #[tokio::test]
    async fn what_is_no_message_is_answered_and_the_next_is_read() {
        let good = r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#;
        let long = "x".repeat(LONGEST);
        let deep = format!("{}{}", "[".repeat(80), "]".repeat(80));
        for (bad, code, id) in [
            (b"{".to_vec(), -32700, Value::Null),
            (b"[1]".to_vec(), -32600, Value::Null),
            (b"null".to_vec(), -32600, Value::Null),
            (vec![0xFF], -32700, Value::Null),
            (br#"{"jsonrpc":"2.0","id":7}"#.to_vec(), -32600, json!(7)),
            ([br#"{"jsonrpc":"2.0","method":"ping","x":""#.as_slice(), &[0xFF], br#"","id":"a"}"#].concat(), -32600, json!("a")),
            (format!(r#"{{"jsonrpc":"2.0","method":"ping","params":"{long}","id":8}}"#).into_bytes(), -32600, json!(8)),
            (format!(r#"{{"jsonrpc":"2.0","id":"long","params":"{long}"}}"#).into_bytes(), -32600, json!("long")),
            (format!(r#"{{"id":5,"x":{deep}}}"#).into_bytes(), -32600, json!(5)),
        ] {
            let (output, mut answers) = duplex(1 << 16);
            let input = [&bad[..], b"\n\n", good.as_bytes(), b"\n"].concat();
            let mut lines = Lines::new(&input[..], output, LONGEST);
            assert!(lines.receive().await.is_some(), "{}", String::from_utf8_lossy(&bad));
            assert!(lines.receive().await.is_none());
            let mut answer = vec![0; 1 << 16];
            let read = answers.read(&mut answer).await.unwrap();
            let answer: Value = serde_json::from_slice(&answer[..read]).unwrap();
            assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{answer}");
        }
    }
}
