//! One text out of a JSON object, leaving nothing behind.
//!
//! serde_json unescapes through a buffer of its own and makes a string of every member, none of which it wipes. So it is asked only whether
//! the text is JSON, which copies nothing; where the members are is found here, and what is wanted is written once, into a buffer that never
//! grows and is wiped.

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// A member's value, as it stands in the text.
pub(super) struct Member<'a>(&'a str);

/// The value of the last member of that name. Err: the text isn't a JSON object.
pub(super) fn member<'a>(text: &'a str, name: &str) -> Result<Option<Member<'a>>, NotAnObject> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Err(NotAnObject);
    }
    let mut rest = text.trim_ascii().strip_prefix('{').ok_or(NotAnObject)?;
    let mut found = None;
    loop {
        rest = rest.trim_ascii_start();
        if rest.starts_with('}') {
            return Ok(found);
        }
        let (key, after) = value(rest).ok_or(NotAnObject)?;
        let after = after.trim_ascii_start().strip_prefix(':').ok_or(NotAnObject)?;
        let (member, after) = value(after.trim_ascii_start()).ok_or(NotAnObject)?;
        if unescaped(key).is_some_and(|key| *key == *name) {
            found = Some(Member(member));
        }
        let after = after.trim_ascii_start();
        rest = after.strip_prefix(',').unwrap_or(after);
    }
}

/// It isn't a JSON object. Says nothing of what it is.
#[derive(Debug)]
pub(super) struct NotAnObject;

impl Member<'_> {
    /// A string's content, or a number as it is written.
    pub(super) fn text(&self) -> Option<Zeroizing<String>> {
        if self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Some(Zeroizing::new(self.0.to_owned()));
        }
        self.string()
    }

    /// A string's content.
    pub(super) fn string(&self) -> Option<Zeroizing<String>> {
        unescaped(self.0)
    }
}

/// A value at the beginning of a text that is JSON, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            (quoted, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
        } else {
            match byte {
                b'"' => quoted = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => depth -= 1,
                // After a number, a word, or the string that this one ended.
                b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return text.split_at_checked(at),
                _ => {}
            }
        }
    }
    None
}

/// The content of a string in quotes. None: it is no string, or none of Unicode.
fn unescaped(quoted: &str) -> Option<Zeroizing<String>> {
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // An escape is longer than what it stands for.
    let mut content = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((plain, escape)) = rest.split_once('\\') {
        content.push_str(plain);
        let (one, after) = escape_of(escape)?;
        content.push(one);
        rest = after;
    }
    content.push_str(rest);
    Some(content)
}

/// What an escape stands for, after its backslash, and what follows it. RFC 8259 section 7.
fn escape_of(escape: &str) -> Option<(char, &str)> {
    let (letter, rest) = escape.split_at_checked(1)?;
    let plain = match letter {
        "b" => '\u{8}',
        "f" => '\u{c}',
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "u" => return unit(rest).and_then(|(high, rest)| of_units(high, rest)),
        other => other.chars().next()?,
    };
    Some((plain, rest))
}

/// A character of one UTF-16 unit, or of two.
fn of_units(high: u16, rest: &str) -> Option<(char, &str)> {
    if let Some(Ok(one)) = char::decode_utf16([high]).next() {
        return Some((one, rest));
    }
    let (low, rest) = unit(rest.strip_prefix("\\u")?)?;
    Some((char::decode_utf16([high, low]).next()?.ok()?, rest))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn of(text: &str, name: &str) -> Result<Option<String>, NotAnObject> {
        Ok(member(text, name)?.and_then(|member| member.text()).map(|text| text.to_string()))
    }

    #[test]
    fn members() {
        let text = r#" { "a" : "x\"}\\" , "b":{"a":["}",{"a":1}],"c":null},"n": -1.5e3,"port":5432, "\u0061b" :"\ud83d\ude00\n\/" , "a":"last", "t":true} "#;
        for (name, expected) in [
            ("a", Some("last")),
            ("b", None),
            ("c", None),
            ("n", Some("-1.5e3")),
            ("port", Some("5432")),
            ("ab", Some("😀\n/")),
            ("t", None),
            ("", None),
        ] {
            assert_eq!(of(text, name).unwrap().as_deref(), expected, "{name}");
        }
        assert_eq!(of("{}", "a").unwrap(), None);
        assert_eq!(of(r#"{"a":"\ud800"}"#, "a").unwrap_or(None), None);
        for wrong in
            ["", "[]", "\"a\"", "{", "{\"a\":1", "{\"a\":1}}", "{\"a\" 1}", "{\"a\":1,}", "{'a':1}", "null", "{\"a\":\"\\x\"}"]
        {
            assert!(of(wrong, "a").is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn as_serde_json_reads_it(pairs in proptest::collection::vec((".{0,6}", ".{0,12}"), 0..5), pretty: bool, ascii: bool) {
            let whole = Value::Object(pairs.iter().map(|(key, text)| (key.clone(), json!(text))).collect());
            let mut text = if pretty { serde_json::to_string_pretty(&whole) } else { serde_json::to_string(&whole) }.unwrap();
            if ascii {
                let escaped = |one: char| one.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                text = text.chars().map(|one| if one.is_ascii() { one.to_string() } else { escaped(one) }).collect();
            }
            for (key, _) in &pairs {
                let found = of(&text, key).unwrap();
                prop_assert_eq!(found.as_deref(), whole[key].as_str());
            }
        }

        #[test]
        fn nothing_makes_it_panic(text: String, inner in "[\\\\\"{}:,u0-9a d]{0,24}") {
            let _ = of(&text, "a");
            let _ = of(&format!("{{\"a\":{inner}}}"), "a");
            let _ = of(&format!("{{\"a\":\"{inner}\"}}"), "a");
        }
    }
}
