//! How tests look from outside: a line of JSON with a batch of T-SQL, a line of JSON with the rows of its queries.
//!
//! `{"database": "shop", "sql": "SELECT …"}` is answered by `{"rows": [[…], …]}`, the values as they are kept, or by
//! `{"error": "…"}`.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::error::SqlError;
use crate::run::session::Session;
use crate::server::{Cancel, Server};
use crate::sql::ast::Statement;
use crate::sql::statements;
use crate::tds::reply::Reply;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    database: String,
    sql: String,
}

pub(crate) async fn serve(listener: TcpListener, server: Arc<Server>) {
    while let Ok((socket, _)) = listener.accept().await {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let _ = answer(socket, server).await;
        });
    }
}

async fn answer(mut socket: TcpStream, server: Arc<Server>) -> std::io::Result<()> {
    let (incoming, mut outgoing) = socket.split();
    let mut lines = BufReader::new(incoming).lines();
    while let Some(line) = lines.next_line().await? {
        let server = Arc::clone(&server);
        let outcome = tokio::task::spawn_blocking(move || run(server, &line)).await;
        let answer = match outcome {
            Ok(Ok(rows)) => json!({ "rows": rows }),
            Ok(Err(error)) => json!({ "error": format!("{}: {}", error.number, error.message) }),
            Err(_) => json!({ "error": "the statement broke the server" }),
        };
        outgoing.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

fn run(server: Arc<Server>, line: &str) -> Result<Vec<Value>, SqlError> {
    let question: Question = serde_json::from_str(line).map_err(|error| SqlError::new(50_000, 16, error.to_string()))?;
    // What is sent goes nowhere, and waits for nobody.
    let (packets, mut nowhere) = mpsc::channel(1);
    let drain = std::thread::spawn(move || while nowhere.blocking_recv().is_some() {});
    let reply = Reply::new(packets, 0, String::new());
    let mut session = Session::new(server, reply, Arc::new(Cancel::default()), "admin".to_owned(), question.database)?;
    let outcome = statements(&mut session, &question.sql);
    drop(session);
    let _ = drain.join();
    outcome
}

fn statements(session: &mut Session, sql: &str) -> Result<Vec<Value>, SqlError> {
    let list = statements::batch(sql)?;
    // An error of any statement is the answer.
    session.tries = 1;
    let mut found = Vec::new();
    for placed in &list {
        match &placed.statement {
            Statement::Query(query) => {
                let compiled = session.compile(|compiler| compiler.query(query, None))?;
                let mut statement = session.conn.prepare(&compiled.sql)?;
                session.bind(&mut statement)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    let values: Vec<Value> =
                        (0..compiled.columns.len()).map(|index| row.get_ref(index).map(shown)).collect::<Result<_, _>>()?;
                    found.push(Value::Array(values));
                }
            }
            _ => drop(session.run(std::slice::from_ref(placed))?),
        }
    }
    Ok(found)
}

fn shown(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json!(crate::convert::hex(bytes)),
    }
}
