//! A database's own error, in the service's words.
//!
//! MySQL's is its number and its message: `Database error code: 1146. Message: Table 'd.x' doesn't exist`. PostgreSQL's has more.
//! The service puts what its JDBC driver says into the message: `ERROR: relation "x" does not exist`, lines of `Detail:`, `Hint:`,
//! `Position:` and `Where:`, and `; SQLState: 42P01` at the end. Here it becomes fields again.

use bulkhead_driver::{Error, ErrorKind};

/// What ends a message.
const STATE: &str = "SQLState:";

/// The error that a message tells of; `kind` where it has no SQLSTATE.
#[must_use]
pub fn error(message: &str, kind: ErrorKind) -> Error {
    if let Some((number, text)) = split_number(message) {
        return mysql(number, text, kind);
    }
    let (text, state) = split_state(message);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().trim();
    let mut error =
        Error::new(state.map_or(kind, |state| self::kind(state, first)), first.strip_prefix("ERROR: ").unwrap_or(first));
    let mut last: Option<Part> = None;
    for line in lines {
        let line = line.trim();
        let (part, value) = match line.split_once(": ") {
            Some(("Detail", value)) => (Part::Detail, value),
            Some(("Hint", value)) => (Part::Hint, value),
            Some(("Where", value)) => (Part::Where, value),
            Some(("Position", value)) => {
                error.position = value.trim().parse().ok();
                last = None;
                continue;
            }
            _ => match last {
                Some(part) => (part, line),
                None => {
                    error.message.push('\n');
                    error.message.push_str(line);
                    continue;
                }
            },
        };
        last = Some(part);
        let place = match part {
            Part::Detail => &mut error.detail,
            Part::Hint => &mut error.hint,
            Part::Where => &mut error.context,
        };
        match place {
            Some(text) => {
                text.push('\n');
                text.push_str(value);
            }
            None => *place = Some(value.to_owned()),
        }
    }
    error.retryable =
        state.is_some_and(|state| matches!(state, "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03"));
    error.sqlstate = state.map(str::to_owned);
    error
}

/// `Database error code: 1146. Message: ...`
fn split_number(message: &str) -> Option<(u16, &str)> {
    let (number, text) = message.strip_prefix("Database error code: ")?.split_once(". Message: ")?;
    Some((number.parse().ok()?, text))
}

fn mysql(number: u16, text: &str, kind: ErrorKind) -> Error {
    let Some((_, state, kind)) = MYSQL.iter().find(|(known, ..)| *known == number) else {
        return Error::new(kind, format!("{text} (error {number})"));
    };
    let error = Error::new(*kind, text).sqlstate(*state);
    if matches!(kind, ErrorKind::Serialization) || number == 1205 { error.retryable() } else { error }
}

/// The errors that statements mostly end in, of MySQL's "Server Error Message Reference": number, SQLSTATE, kind.
const MYSQL: &[(u16, &str, ErrorKind)] = &[
    (1044, "42000", ErrorKind::Permission),
    (1045, "28000", ErrorKind::Authentication),
    (1048, "23000", ErrorKind::Constraint),
    (1049, "42000", ErrorKind::Undefined),
    (1050, "42S01", ErrorKind::Constraint),
    (1054, "42S22", ErrorKind::Undefined),
    (1062, "23000", ErrorKind::Constraint),
    (1064, "42000", ErrorKind::Syntax),
    (1142, "42000", ErrorKind::Permission),
    (1143, "42000", ErrorKind::Permission),
    (1146, "42S02", ErrorKind::Undefined),
    (1205, "HY000", ErrorKind::Resources),
    (1213, "40001", ErrorKind::Serialization),
    (1227, "42000", ErrorKind::Permission),
    (1264, "22003", ErrorKind::InvalidValue),
    (1292, "22007", ErrorKind::InvalidValue),
    (1305, "42000", ErrorKind::Undefined),
    (1317, "70100", ErrorKind::Cancelled),
    (1365, "22012", ErrorKind::InvalidValue),
    (1370, "42000", ErrorKind::Permission),
    (1406, "22001", ErrorKind::InvalidValue),
    (1451, "23000", ErrorKind::Constraint),
    (1452, "23000", ErrorKind::Constraint),
    (1568, "25001", ErrorKind::InvalidValue),
    (1690, "22003", ErrorKind::InvalidValue),
    (1792, "25006", ErrorKind::ReadOnly),
    (3024, "HY000", ErrorKind::Timeout),
    (3819, "HY000", ErrorKind::Constraint),
];

#[derive(Clone, Copy)]
enum Part {
    Detail,
    Hint,
    Where,
}

fn split_state(message: &str) -> (&str, Option<&str>) {
    let Some((text, state)) = message.rsplit_once(STATE) else {
        return (message, None);
    };
    let state = state.trim();
    if state.len() == 5 && state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        (text.trim_end().trim_end_matches(';'), Some(state))
    } else {
        (message, None)
    }
}

/// By the SQLSTATE, of either engine (PostgreSQL's appendix "Error Codes", MySQL's "Server Error Message Reference").
fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        "57014" if message.contains("timeout") => ErrorKind::Timeout,
        "57014" | "70100" => ErrorKind::Cancelled,
        "25006" => ErrorKind::ReadOnly,
        "42501" | "42000" if message.contains("denied") => ErrorKind::Permission,
        "42501" => ErrorKind::Permission,
        "42703" | "42883" | "42P01" | "42P02" | "42704" | "3D000" | "3F000" | "42S02" | "42S22" => ErrorKind::Undefined,
        "42804" | "42846" | "42P18" | "42P22" => ErrorKind::InvalidValue,
        "42P05" | "42P03" | "42701" | "42710" | "42P07" | "42712" | "42723" | "42S01" | "42S21" => ErrorKind::Constraint,
        "40001" | "40P01" => ErrorKind::Serialization,
        "55P03" => ErrorKind::Resources,
        // MySQL's "cannot execute statement in a READ ONLY transaction" has a state of its own, and its general one.
        "HY000" if message.contains("READ ONLY") || message.contains("read-only") => ErrorKind::ReadOnly,
        "HY000" => ErrorKind::InvalidValue,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "57" => ErrorKind::Connection,
            "0A" => ErrorKind::Unsupported,
            "23" | "27" | "44" => ErrorKind::Constraint,
            "42" => ErrorKind::Syntax,
            "28" => ErrorKind::Authentication,
            "40" => ErrorKind::Serialization,
            "53" | "54" | "58" => ErrorKind::Resources,
            "XX" => ErrorKind::Internal,
            _ => ErrorKind::InvalidValue,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_fields() {
        let error = error(
            "ERROR: duplicate key value violates unique constraint \"t_pkey\"\n  Detail: Key (id)=(1) already exists.\n  Hint: one\nmore\n  Position: 15; SQLState: 23505",
            ErrorKind::Internal,
        );
        assert_eq!(error.kind, ErrorKind::Constraint);
        assert_eq!(error.message, "duplicate key value violates unique constraint \"t_pkey\"");
        assert_eq!(error.detail.as_deref(), Some("Key (id)=(1) already exists."));
        assert_eq!(error.hint.as_deref(), Some("one\nmore"));
        assert_eq!((error.position, error.sqlstate.as_deref()), (Some(15), Some("23505")));
    }

    #[test]
    fn mysql_has_numbers() {
        let of = |message: &str| {
            let error = error(message, ErrorKind::InvalidValue);
            (error.kind, error.sqlstate, error.message, error.retryable)
        };
        for (message, kind, state, text, retryable) in [
            (
                "Database error code: 1146. Message: Table 'd.x' doesn't exist",
                ErrorKind::Undefined,
                Some("42S02"),
                "Table 'd.x' doesn't exist",
                false,
            ),
            (
                "Database error code: 1213. Message: Deadlock found",
                ErrorKind::Serialization,
                Some("40001"),
                "Deadlock found",
                true,
            ),
            ("Database error code: 9. Message: new", ErrorKind::InvalidValue, None, "new (error 9)", false),
            (
                "Database error code: 70000. Message: x",
                ErrorKind::InvalidValue,
                None,
                "Database error code: 70000. Message: x",
                false,
            ),
        ] {
            assert_eq!(of(message), (kind, state.map(str::to_owned), text.to_owned(), retryable), "{message}");
        }
    }

    #[test]
    fn other_messages_stay_whole() {
        for text in ["", "Bad request", "a; SQLState: none of five", "first\nsecond"] {
            let error = error(text, ErrorKind::InvalidValue);
            assert_eq!((error.message.as_str(), error.kind, error.sqlstate), (text, ErrorKind::InvalidValue, None));
        }
    }

    #[test]
    fn kinds_of_both_engines() {
        for (code, kind) in [
            ("42601", ErrorKind::Syntax),
            ("42P01", ErrorKind::Undefined),
            ("42S02", ErrorKind::Undefined),
            ("42000", ErrorKind::Syntax),
            ("22012", ErrorKind::InvalidValue),
            ("25006", ErrorKind::ReadOnly),
            ("23000", ErrorKind::Constraint),
            ("40001", ErrorKind::Serialization),
            ("57014", ErrorKind::Cancelled),
            ("28P01", ErrorKind::Authentication),
        ] {
            assert_eq!(super::kind(code, ""), kind, "{code}");
        }
        assert_eq!(super::kind("HY000", "Cannot execute statement in a READ ONLY transaction."), ErrorKind::ReadOnly);
    }
}
