//! What the host can act on, from an SQLSTATE (PostgreSQL's documentation, appendix "PostgreSQL Error Codes").

use crate::protocol::ErrorFields;
use bulkhead_driver::{Error, ErrorKind};

/// The server's error as the contract's.
#[must_use]
pub fn error(fields: ErrorFields) -> Error {
    let fatal = fields.is_fatal();
    let object = fields.constraint.or(fields.column).or(fields.table);
    Error {
        kind: kind(&fields.code, &fields.message),
        retryable: retryable(&fields.code),
        message: fields.message,
        sqlstate: Some(fields.code),
        native_code: None,
        detail: fields.detail,
        hint: fields.hint,
        position: fields.position,
        context: fields.context,
        object,
        connection_usable: !fatal,
    }
}

fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        // A statement that was stopped: by its own time limit, or by somebody. The code is the same for both, so the
        // message decides; where it is translated it says "cancelled", which is true as well.
        "57014" if message.contains("timeout") => ErrorKind::Timeout,
        "57014" => ErrorKind::Cancelled,
        "25006" => ErrorKind::ReadOnly,
        "25P03" | "25P04" => ErrorKind::Timeout,
        "28000" | "28P01" => ErrorKind::Authentication,
        "42501" => ErrorKind::Permission,
        // Undefined column, function, object, parameter, table; ambiguous ones are faults of the text.
        "42703" | "42883" | "42P01" | "42P02" | "42704" | "3D000" | "3F000" => ErrorKind::Undefined,
        // Types that don't fit each other.
        "42804" | "42846" | "42P18" | "42P22" => ErrorKind::InvalidValue,
        // What can be said of a statement of ours that is gone.
        "26000" | "34000" => ErrorKind::Undefined,
        "40001" | "40P01" => ErrorKind::Serialization,
        "40002" => ErrorKind::Constraint,
        "55P03" => ErrorKind::Resources,
        "42P05" | "42P03" | "42701" | "42710" | "42P07" | "42712" | "42723" => ErrorKind::Constraint,
        _ => by_class(code.get(..2).unwrap_or_default()),
    }
}

fn by_class(class: &str) -> ErrorKind {
    match class {
        "08" | "57" => ErrorKind::Connection,
        "0A" => ErrorKind::Unsupported,
        "23" | "27" | "44" => ErrorKind::Constraint,
        "42" => ErrorKind::Syntax,
        "2F" | "38" | "39" | "P0" | "20" | "21" | "22" | "24" | "25" | "2B" | "2D" | "0L" | "0P" | "0Z" | "0F" | "0B" | "01"
        | "02" | "03" | "09" | "34" | "3B" | "55" => ErrorKind::InvalidValue,
        "40" => ErrorKind::Serialization,
        "53" | "54" | "58" => ErrorKind::Resources,
        "28" => ErrorKind::Authentication,
        _ => ErrorKind::Internal,
    }
}

/// Serialization, deadlock, a lock not to be had, and a server that is starting, stopping or full.
fn retryable(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "08006" | "08001" | "08004")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let kind = |code| kind(code, "");
        assert_eq!(kind("42601"), ErrorKind::Syntax);
        assert_eq!(kind("42P01"), ErrorKind::Undefined);
        assert_eq!(kind("22012"), ErrorKind::InvalidValue);
        assert_eq!(kind("42501"), ErrorKind::Permission);
        assert_eq!(kind("25006"), ErrorKind::ReadOnly);
        assert_eq!(kind("28P01"), ErrorKind::Authentication);
        assert_eq!(kind("23505"), ErrorKind::Constraint);
        assert_eq!(kind("40001"), ErrorKind::Serialization);
        assert_eq!(kind("53100"), ErrorKind::Resources);
        assert_eq!(kind("57014"), ErrorKind::Cancelled);
        assert_eq!(kind("0A000"), ErrorKind::Unsupported);
        assert_eq!(kind("57P01"), ErrorKind::Connection);
        assert_eq!(kind("XX000"), ErrorKind::Internal);
        assert_eq!(super::kind("57014", "canceling statement due to statement timeout"), ErrorKind::Timeout);
    }

    #[test]
    fn a_fatal_error_costs_the_connection() {
        let fatal = ErrorFields { severity: "FATAL".into(), code: "57P01".into(), ..ErrorFields::default() };
        let error = error(fatal);
        assert!(!error.connection_usable && error.retryable);
    }

    #[test]
    fn the_constraint_is_the_object() {
        let fields = ErrorFields { constraint: Some("pk".into()), table: Some("t".into()), ..ErrorFields::default() };
        assert_eq!(error(fields).object.as_deref(), Some("pk"));
    }
}
