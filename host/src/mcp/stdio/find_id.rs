//! The id of a message that is too long to keep.

use rmcp::model::RequestId;

/// The longest id that is looked for: clients count, or take a UUID.
const MAX_ID_BYTES: usize = 256;

/// Looks through a JSON object for the value of its own `id`, keeping nothing else. What isn't JSON has none, or a wrong one, and
/// nobody to be told.
#[derive(Debug, Default)]
pub(super) struct FindId {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The text of the last key of the object itself, or of the value of its id.
    text: Vec<u8>,
    is_value: bool,
    is_id: bool,
    found: Option<RequestId>,
}

impl FindId {
    /// Reads on.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.take(*byte);
        }
    }

    /// What has been found.
    pub(super) fn found(self) -> Option<RequestId> {
        self.found
    }

    fn take(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.keep(byte);
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.value_ends();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => {
                self.is_id = self.text == br#""id""#;
                self.is_value = true;
                self.text.clear();
            }
            b',' if self.depth == 1 => self.value_ends(),
            _ if byte.is_ascii_whitespace() => {}
            _ => self.keep(byte),
        }
    }

    /// Only keys, and the value of the one key.
    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && (!self.is_value || self.is_id) && self.text.len() <= MAX_ID_BYTES {
            self.text.push(byte);
        }
    }

    fn value_ends(&mut self) {
        if self.is_id && self.text.len() <= MAX_ID_BYTES {
            self.found = serde_json::from_slice(&self.text).ok().or(self.found.take());
        }
        self.text.clear();
        (self.is_value, self.is_id) = (false, false);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn find(text: &str, at_once: usize) -> Option<Value> {
        let mut find = FindId::default();
        text.as_bytes().chunks(at_once).for_each(|part| find.read(part));
        find.found().map(|id| serde_json::to_value(id).unwrap())
    }

    #[test]
    fn its_own_and_no_other() {
        for (text, id) in [
            (r#"{"id":1}"#, Some(json!(1))),
            (r#"{"a":{"id":2},"b":["id",3],"c":"\"id\":4", "id" : "x\"y" , "d":5}"#, Some(json!("x\"y"))),
            (r#"{"a":{"id":2}}"#, None),
            (r#"{"id":{"id":2}}"#, None),
            (r#"{"x":"id","y":7}"#, None),
            (r#"[{"id":2}]"#, None),
            ("", None),
        ] {
            for at_once in [1, 3, 1_000] {
                assert_eq!(find(text, at_once), id, "{text}");
            }
        }
        assert_eq!(find(&format!(r#"{{"id":"{}"}}"#, "x".repeat(MAX_ID_BYTES)), 64), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<i32>().prop_map(Value::from), ".{0,8}".prop_map(Value::from), Just(Value::Null)];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let key = prop_oneof![Just("id".to_owned()), ".{0,4}"];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((key, inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn as_a_parser_finds_it(before in value(), id in prop_oneof![any::<u32>().prop_map(Value::from), ".{0,40}".prop_map(Value::from)], after in value(), at_once in 1_usize..40) {
            let object: Map<String, Value> = [("params".to_owned(), before), ("id".to_owned(), id.clone()), ("method".to_owned(), after)].into_iter().collect();
            prop_assert_eq!(find(&serde_json::to_string_pretty(&object).unwrap(), at_once), Some(id));
        }
    }
}
