//! What the host can act on, from an error's number (`sys.messages`) and class.

use crate::protocol::ServerMessage;
use bulkhead_driver::{Error, ErrorKind};

/// The server's error as the contract's.
#[must_use]
pub fn error(message: ServerMessage) -> Error {
    let fatal = message.is_fatal();
    let kind = kind(message.number, message.class);
    let mut error = Error::new(kind, message.text.trim_end().to_owned()).native_code(message.number.to_string());
    error.retryable = retryable(message.number);
    error.detail = Some(format!("class {}, state {}", message.class, message.state));
    let mut context = Vec::new();
    if !message.procedure.is_empty() {
        context.push(format!("procedure {}", message.procedure));
    }
    if message.line > 0 {
        context.push(format!("line {}", message.line));
    }
    error.context = (!context.is_empty()).then(|| context.join("\n"));
    if kind == ErrorKind::Constraint {
        error.object = quoted(&error.message);
    }
    if fatal { error.connection_lost() } else { error }
}

fn kind(number: i32, class: u8) -> ErrorKind {
    match number {
        // Invalid column, object, procedure; a database or a type that isn't there; an index; a parameter.
        207 | 208 | 911 | 1088 | 2706 | 2715 | 2812 | 3701 | 4121 | 4701 | 4902 | 15151 | 15225 => ErrorKind::Undefined,
        229 | 230 | 262 | 297 | 300 | 916 | 2571 | 5011 | 6004 | 6102 | 15247 | 21089 => ErrorKind::Permission,
        3906 => ErrorKind::ReadOnly,
        // Snapshot conflicts, deadlocks.
        1205 | 3960 | 3961 | 41302 | 41305 | 41325 => ErrorKind::Serialization,
        // NOT NULL, foreign key or check, unique index, unique constraint; an object that is there already.
        515 | 547 | 2601 | 2627 | 1505 | 2714 | 1750 | 1801 | 1913 | 2705 => ErrorKind::Constraint,
        // Login failed in all its ways; the password has to be changed.
        4060 | 4062 | 4064 | 18452..=18463 | 18470 | 18486..=18488 | 33134 => ErrorKind::Authentication,
        // A lock not to be had in time; a query's memory not to be had in time.
        1222 | 8645 => ErrorKind::Timeout,
        701 | 802 | 1105 | 1204 | 3624 | 8651 | 9002 | 10928 | 10929 | 17300 | 40501 | 40544 | 40549..=40553 | 49918..=49920 => {
            ErrorKind::Resources
        }
        40197 | 40613 | 40615 | 10053 | 10054 | 10060 | 64 | 233 | 6005 | 17142 => ErrorKind::Connection,
        // Conversion, truncation, overflow, division, an argument out of range, a parameter left out.
        201
        | 206
        | 220
        | 232
        | 234..=237
        | 241..=245
        | 248
        | 256
        | 257
        | 402
        | 512
        | 517
        | 529
        | 535
        | 2628
        | 8114
        | 8115
        | 8134
        | 8144
        | 8145
        | 8152
        | 8162
        | 8169
        | 9803
        | 3902
        | 3903
        | 50000 => ErrorKind::InvalidValue,
        // Read as the text's fault: not supported here, or in this edition.
        40508 | 40510 | 40512..=40530 => ErrorKind::Unsupported,
        101..=199 | 319 | 1003..=1069 | 4104 | 8120 | 8155 | 8156 | 209 | 213 | 264 | 10738 => ErrorKind::Syntax,
        _ => by_class(class),
    }
}

fn by_class(class: u8) -> ErrorKind {
    match class {
        13 => ErrorKind::Serialization,
        14 => ErrorKind::Permission,
        15 => ErrorKind::Syntax,
        17 => ErrorKind::Resources,
        18 | 19 => ErrorKind::Internal,
        20.. => ErrorKind::Connection,
        _ => ErrorKind::InvalidValue,
    }
}

/// Deadlocks, snapshot conflicts, locks, and what Azure SQL says when it moves a database or is busy.
fn retryable(number: i32) -> bool {
    matches!(
        number,
        1205 | 1222 | 3960 | 4060 | 8645 | 10928 | 10929 | 40197 | 40501 | 40613 | 41302 | 41305 | 41325 | 49918..=49920
    )
}

/// The first name between quotes: `Violation of PRIMARY KEY constraint 'PK_t'. ...`.
fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(['\'', '"'])?;
    let (name, _) = rest.split_once(['\'', '"'])?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (number, class, expected) in [
            (102, 15, ErrorKind::Syntax),
            (156, 15, ErrorKind::Syntax),
            (208, 16, ErrorKind::Undefined),
            (207, 16, ErrorKind::Undefined),
            (2812, 16, ErrorKind::Undefined),
            (229, 14, ErrorKind::Permission),
            (3906, 16, ErrorKind::ReadOnly),
            (1205, 13, ErrorKind::Serialization),
            (2627, 14, ErrorKind::Constraint),
            (547, 16, ErrorKind::Constraint),
            (18456, 14, ErrorKind::Authentication),
            (4060, 11, ErrorKind::Authentication),
            (1222, 16, ErrorKind::Timeout),
            (8134, 16, ErrorKind::InvalidValue),
            (701, 17, ErrorKind::Resources),
            (40613, 17, ErrorKind::Connection),
            (50000, 16, ErrorKind::InvalidValue),
            (60000, 21, ErrorKind::Connection),
        ] {
            assert_eq!(kind(number, class), expected, "{number}");
        }
    }

    #[test]
    fn everything_the_server_said_is_kept() {
        let message = ServerMessage {
            number: 2627,
            state: 1,
            class: 14,
            text: "Violation of PRIMARY KEY constraint 'PK_t'. Cannot insert duplicate key in object 'dbo.t'.".into(),
            procedure: "dbo.p".into(),
            line: 7,
        };
        let error = error(message);
        assert_eq!(error.native_code.as_deref(), Some("2627"));
        assert_eq!(error.object.as_deref(), Some("PK_t"));
        assert_eq!(error.context.as_deref(), Some("procedure dbo.p\nline 7"));
        assert_eq!(error.detail.as_deref(), Some("class 14, state 1"));
        assert!(error.connection_usable && !error.retryable);
    }

    #[test]
    fn a_high_class_costs_the_connection() {
        let error = error(ServerMessage { number: 40197, class: 20, ..ServerMessage::default() });
        assert!(!error.connection_usable && error.retryable);
    }
}
