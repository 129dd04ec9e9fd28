//! A configuration before it is typed: what was said, and where.
//!
//! Files, environment variables and the command line all become such a tree; it is held against the schema, and only then read
//! into types. A scalar keeps its text: whether `1433` is a number or a name is the schema's to say.

mod deserialize;
mod read;

use zeroize::Zeroizing;

use super::Origin;

pub(super) use deserialize::deserialize;
pub(crate) use read::wrong_key;
pub(super) use read::{read, shown};

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// What was said.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) origin: Origin,
    pub(super) node: Node,
}

/// A text that may be a number, a truth value or nothing, unless it was quoted. It may be a password, too.
#[derive(Clone)]
pub(super) struct Scalar {
    pub(super) text: Zeroizing<String>,
    pub(super) plain: bool,
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Scalar {
    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i128> {
        if !self.plain {
            return None;
        }
        let text = self.text.as_str();
        if let Some(digits) = text.strip_prefix("0x") {
            return i128::from_str_radix(digits, 16).ok();
        }
        if let Some(digits) = text.strip_prefix("0o") {
            return i128::from_str_radix(digits, 8).ok();
        }
        text.parse().ok()
    }

    pub(super) fn float(&self) -> Option<f64> {
        let looks = self.text.bytes().any(|byte| byte.is_ascii_digit());
        if self.plain && looks { self.text.parse().ok() } else { None }
    }
}

impl Node {
    /// A text, whatever it looks like.
    pub(super) fn text(origin: &Origin, text: impl Into<String>) -> Node {
        Node::scalar(origin, text.into(), false)
    }

    /// A text that may be a number or a truth value.
    pub(super) fn plain(origin: &Origin, text: impl ToString) -> Node {
        Node::scalar(origin, text.to_string(), true)
    }

    fn scalar(origin: &Origin, text: String, plain: bool) -> Node {
        Node { origin: origin.clone(), value: Value::Scalar(Scalar { text: Zeroizing::new(text), plain }) }
    }

    /// A mapping without anything in it.
    pub(super) fn map(origin: &Origin) -> Node {
        Node { origin: origin.clone(), value: Value::Map(Vec::new()) }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Value::Map(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// The text of a scalar that isn't nothing.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// Takes a key out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let Value::Map(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at).node)
    }

    /// Sets a key in a mapping in mappings; in place of what was there.
    pub(super) fn set(&mut self, path: &[&str], node: Node) {
        let Some((key, rest)) = path.split_first() else {
            *self = node;
            return;
        };
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Vec::new());
        }
        let Value::Map(entries) = &mut self.value else { return };
        let origin = node.origin.clone();
        match entries.iter_mut().find(|entry| entry.key == *key) {
            Some(entry) => entry.node.set(rest, node),
            None => {
                let mut inner = Node::map(&origin);
                inner.set(rest, node);
                entries.push(Entry { key: (*key).to_owned(), origin, node: inner });
            }
        }
    }

    /// Where the value of a key is said: of the nearest mapping around it, where it isn't there itself.
    pub(super) fn origin_of(&self, key: &str) -> Origin {
        let mut found = &self.origin;
        let mut node = self;
        let mut rest = key;
        while !rest.is_empty() {
            // An id may hold dots: the longest key that fits is taken.
            let next = match &node.value {
                Value::Map(entries) => entries
                    .iter()
                    .filter_map(|entry| Some((entry, rest.strip_prefix(entry.key.as_str())?)))
                    .filter(|(_, after)| after.is_empty() || after.starts_with(['.', '[']))
                    .max_by_key(|(entry, _)| entry.key.len())
                    .map(|(entry, after)| (&entry.node, after)),
                Value::List(items) => index(rest).and_then(|(at, after)| Some((items.get(at)?, after))),
                Value::Scalar(_) => None,
            };
            let Some((inner, after)) = next else { break };
            found = &inner.origin;
            node = inner;
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        found.clone()
    }
}

/// `[3].name`: 3 and `.name`.
fn index(text: &str) -> Option<(usize, &str)> {
    let (number, after) = text.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, after))
}

impl Node {
    /// The value of a key, if it was said.
    pub(super) fn exactly(&self, key: &str) -> Option<&Node> {
        if key.is_empty() {
            return Some(self);
        }
        match &self.value {
            Value::Map(entries) => entries.iter().find_map(|entry| {
                let after = key.strip_prefix(entry.key.as_str())?;
                match after.chars().next() {
                    None | Some('[') => entry.node.exactly(after),
                    Some('.') => entry.node.exactly(after.get(1..)?),
                    Some(_) => None,
                }
            }),
            Value::List(items) => {
                let (at, after) = index(key)?;
                items.get(at)?.exactly(after.strip_prefix('.').unwrap_or(after))
            }
            Value::Scalar(_) => None,
        }
    }
}
