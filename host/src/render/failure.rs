//! A failure for people and models: the message, what is known beside it, and the place in the statement.

use std::fmt::Write;

use crate::error::{CallError, kind_name};

/// The line around a failure's place is cut to so many characters on each side of it.
const CONTEXT: usize = 60;

/// Writes a failure in a few lines.
pub fn failure(out: &mut String, error: &CallError, sql: Option<&str>) {
    let record = error.record();
    let _ = writeln!(out, "{} error: {error}", kind_name(record.kind));
    if let (Some(sql), Some(position)) = (sql, record.position) {
        place(out, sql, position as usize);
    }
    let known = [
        ("Code", &record.native_code),
        ("Detail", &record.detail),
        ("Object", &record.object),
        ("Context", &record.context),
        ("Hint", &record.hint),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            let _ = writeln!(out, "{name}: {value}");
        }
    }
    if record.retryable {
        out.push_str("The same call may succeed when made again.\n");
    }
}

/// The line of the statement that holds the place, and a mark under it.
fn place(out: &mut String, sql: &str, position: usize) {
    let Some(at) = position.checked_sub(1) else { return };
    let before: Vec<char> = sql.chars().take(at).collect();
    if before.len() < at {
        return;
    }
    let line = before.iter().filter(|character| **character == '\n').count() + 1;
    let mut start: Vec<char> = before.into_iter().rev().take_while(|character| *character != '\n').take(CONTEXT).collect();
    start.reverse();
    let rest = sql.chars().skip(at).take_while(|character| *character != '\n').take(CONTEXT);
    let shown: String =
        start.iter().copied().chain(rest).map(|character| if character.is_control() { ' ' } else { character }).collect();
    let _ = writeln!(out, "Line {line}: {shown}");
    let mark = format!("Line {line}: ").len() + start.len();
    let _ = writeln!(out, "{}^", " ".repeat(mark));
}
