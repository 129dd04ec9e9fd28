//! Arrays, element by element, through PostgreSQL's own syntax.

use serde_json::Value;

use super::compare::same;

/// Whether an array that psql printed and ours hold the same.
pub(super) fn same_array(element: &str, psql: &str, ours: &Value) -> bool {
    let mut rest = psql.chars().peekable();
    let Some(theirs) = parse_array(&mut rest) else {
        return false;
    };
    rest.next().is_none() && array_agrees(element, &theirs, ours)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

enum Element {
    Array(Vec<Element>),
    Null,
    Text(String),
}

fn array_agrees(element: &str, theirs: &Element, ours: &Value) -> bool {
    match (theirs, ours) {
        (Element::Array(theirs), Value::Array(ours)) => {
            theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| array_agrees(element, theirs, ours))
        }
        (Element::Null, Value::Null) => true,
        // In an array a number is one where every client reads it exactly, and else a string; bytes are psql's own.
        (Element::Text(theirs), ours) => same(element, theirs, ours) || text_of(ours) == *theirs,
        _ => false,
    }
}

fn parse_array(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Element> {
    if text.next()? != '{' {
        return None;
    }
    let mut elements = Vec::new();
    if text.next_if_eq(&'}').is_some() {
        return Some(Element::Array(elements));
    }
    loop {
        elements.push(match text.peek()? {
            '{' => parse_array(text)?,
            '"' => {
                text.next();
                let mut value = String::new();
                loop {
                    match text.next()? {
                        '"' => break,
                        '\\' => value.push(text.next()?),
                        other => value.push(other),
                    }
                }
                Element::Text(value)
            }
            _ => {
                let mut value = String::new();
                while let Some(other) = text.next_if(|next| !matches!(next, ',' | '}')) {
                    value.push(other);
                }
                if value == "NULL" { Element::Null } else { Element::Text(value) }
            }
        });
        match text.next()? {
            ',' => {}
            '}' => return Some(Element::Array(elements)),
            _ => return None,
        }
    }
}
