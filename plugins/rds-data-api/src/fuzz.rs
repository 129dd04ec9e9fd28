//! Entry points for fuzzing, and for property tests of the same: what the service, or whoever answers for it, can send.

use crate::engine::Engine;
use crate::protocol::{Failure, executed, transaction_id};
use crate::statement::Statement;
use crate::values::Rows;
use bulkhead_driver::Error;

/// Any bytes as every answer there is.
pub fn answer(bytes: &[u8]) {
    let _ = transaction_id(bytes);
    let status = bytes.first().map_or(500, |byte| 400 + u16::from(*byte));
    let _ = Error::from(Failure::read(status, None, bytes));
    if let Ok(executed) = executed(bytes) {
        for engine in [Engine::PostgreSql, Engine::MySql] {
            let Some(mut rows) = Rows::of(engine, executed.clone()) else { continue };
            while let Ok(Some(_)) = rows.batch(3, 64) {}
        }
    }
}

/// Any text as a statement.
pub fn statement(text: &str) {
    for engine in [Engine::PostgreSql, Engine::MySql] {
        if let Ok(statement) = Statement::parse(engine, text) {
            let _ = statement.render(|name, out| out.push_str(name));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(r#"{"isNull":true}"#.to_owned()),
            any::<i64>().prop_map(|value| format!(r#"{{"longValue":{value}}}"#)),
            any::<f64>()
                .prop_filter("finite", |value| value.is_finite())
                .prop_map(|value| format!(r#"{{"doubleValue":{value:e}}}"#)),
            "[ -~]{0,30}".prop_map(|text| serde_json::json!({"stringValue": text}).to_string()),
            "[A-Za-z0-9+/=]{0,9}".prop_map(|text| format!(r#"{{"blobValue":"{text}"}}"#)),
            Just(r#"{"arrayValue":{"stringValues":["1",null]}}"#.to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::answer(&bytes);
        }

        #[test]
        fn any_values(
            types in proptest::collection::vec(prop_oneof![Just("int4"), Just("numeric"), Just("timestamptz"), Just("_int4"), Just("bytea"), Just("BIT"), Just("x")], 1..4),
            fields in proptest::collection::vec(field(), 0..12),
        ) {
            let columns: Vec<String> = types.iter().map(|name| format!(r#"{{"name":"c","typeName":"{name}"}}"#)).collect();
            let records: Vec<String> = fields.chunks_exact(types.len()).map(|row| format!("[{}]", row.join(","))).collect();
            super::answer(format!(r#"{{"columnMetadata":[{}],"records":[{}]}}"#, columns.join(","), records.join(",")).as_bytes());
        }

        #[test]
        fn any_text(text in any::<String>()) {
            super::statement(&text);
        }
    }
}
