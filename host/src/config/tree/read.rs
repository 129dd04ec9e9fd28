//! From the text of a YAML or JSON file to a tree. Everything that is wrong is said, as far as the text can be read on.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Entry, Node, Value};
use crate::config::{Fault, Origin};

/// Values in one file, those that references repeat among them: a hundred times what a thousand databases are.
const MAX_NODES: usize = 1_000_000;

/// Reads a text. What is wrong in it is added to `faults`; None: nothing of it can be used.
pub(in crate::config) fn read(text: &str, path: Option<Arc<Path>>, faults: &mut Vec<Fault>) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false };
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text.strip_prefix('\u{feff}').unwrap_or(text), options),
        path,
        anchors: HashMap::new(),
        nodes: 0,
        keys: Vec::new(),
        faults,
    };
    match reader.document() {
        Ok(node) => Some(node),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

/// What is wrong with the keys of a text that is JSON: one that stands twice, of which a parser of JSON takes the last without a word.
pub(crate) fn wrong_key(text: &str) -> Option<Fault> {
    let mut faults = Vec::new();
    let _ = read(text, None, &mut faults);
    faults.into_iter().find(|fault| !fault.key.is_empty())
}

struct Reader<'a, 'input> {
    events: Parser<'input, granit_parser::StrInput<'input>>,
    path: Option<Arc<Path>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    /// Those that lead to where it reads.
    keys: Vec<String>,
    faults: &'a mut Vec<Fault>,
}

impl<'input> Reader<'_, 'input> {
    fn document(&mut self) -> Result<Node, Fault> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(self.fault(&span, "there is a second document; a configuration is one"));
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, &span)?);
                }
                Event::StreamEnd => {
                    let nothing = Node::plain(&Origin::File { path: self.path.clone(), line: 1, column: 1 }, "");
                    return Ok(root.unwrap_or(nothing));
                }
                _ => return Err(self.fault(&span, "this isn't YAML")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'input>, Span), Fault> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            // The parser's own words may hold a piece of the text, and that a secret.
            Some(Err(why)) => {
                let at = why.marker();
                let said = why.info().to_string();
                let said = if said.contains(['\'', '"', '`']) { String::new() } else { format!(": {said}") };
                Err(Fault::new(Some(self.origin(at.line(), at.col())), "", format!("this can't be read as YAML or JSON{said}")))
            }
            None => Err(Fault::new(None, "", "the text ends too early")),
        }
    }

    fn node(&mut self, event: Event<'input>, span: &Span) -> Result<Node, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fault(span, &format!("more than {MAX_NODES} values")));
        }
        let origin = self.place(span);
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain || self.is_string(tag.as_deref(), span);
                let text = text.into_owned();
                (anchor, if quoted { Node::text(&origin, text) } else { Node::plain(&origin, text) })
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, &span)?),
                    }
                }
                (anchor, Node { origin, value: Value::List(items) })
            }
            Event::MappingStart(_, anchor, _) => (anchor, Node { origin, value: Value::Map(self.mapping()?) }),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id) else {
                    return Err(self.fault(span, "a value can't hold itself"));
                };
                self.nodes += count(node);
                if self.nodes > MAX_NODES {
                    return Err(self.fault(span, &format!("more than {MAX_NODES} values")));
                }
                return Ok(node.clone());
            }
            _ => return Err(self.fault(span, "this isn't YAML")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        // Where each key is in `entries`: there may be a thousand databases.
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let origin = self.place(&span);
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(key, style, ..) => (key.into_owned(), style),
                other => {
                    self.node(other, &span)?;
                    let (event, inner) = self.next()?;
                    self.node(event, &inner)?;
                    let fault = self.fault(&span, "a key is a text");
                    self.faults.push(fault);
                    continue;
                }
            };
            let (event, span) = self.next()?;
            self.keys.push(shown(&key.0));
            let node = self.node(event, &span)?;
            let path = self.keys.join(".");
            self.keys.pop();
            if key == ("<<".to_owned(), ScalarStyle::Plain) {
                match node.value {
                    Value::List(items) => merged.extend(items),
                    _ => merged.push(node),
                }
                continue;
            }
            match known.get(&key.0).and_then(|at| entries.get(*at)) {
                Some(first) => {
                    let said = format!("this key is here twice; first at {}", first.origin);
                    self.faults.push(Fault::new(Some(origin), path, said));
                }
                None => {
                    known.insert(key.0.clone(), entries.len());
                    entries.push(Entry { key: key.0, origin, node });
                }
            }
        }
        for entry in merged.iter().flat_map(Node::entries) {
            if !known.contains_key(&entry.key) {
                known.insert(entry.key.clone(), entries.len());
                entries.push(entry.clone());
            }
        }
        Ok(entries)
    }

    /// Whether a tag makes a scalar a text. No others are used here.
    fn is_string(&mut self, tag: Option<&Tag>, span: &Span) -> bool {
        let Some(tag) = tag else { return false };
        match tag.core_suffix() {
            Some("str") => true,
            Some("int" | "bool" | "null" | "float") => false,
            _ => {
                let fault = self.fault(span, "tags aren't used here");
                self.faults.push(fault);
                false
            }
        }
    }

    fn place(&self, span: &Span) -> Origin {
        self.origin(span.start.line(), span.start.col())
    }

    fn origin(&self, line: usize, column: usize) -> Origin {
        Origin::File { path: self.path.clone(), line, column: column + 1 }
    }

    fn fault(&self, span: &Span, message: &str) -> Fault {
        Fault::new(Some(self.place(span)), "", message)
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|entry| count(&entry.node)).sum::<usize>(),
    }
}

/// The longest key that is one.
const MAX_KEY: usize = 64;

/// A key, where it looks like one: a part of a password that stands where a key should isn't repeated.
pub(in crate::config) fn shown(key: &str) -> String {
    let fits = |character: char| character.is_alphanumeric() || "_-. ".contains(character);
    let is_key = !key.is_empty() && key.len() <= MAX_KEY && key.chars().all(fits);
    if is_key { key.to_owned() } else { String::new() }
}
