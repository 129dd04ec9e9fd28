//! `bulkhead config check`.

use serde_json::{Value, json};

use crate::config::{Config, Fault, Origin, Source};
use crate::mcp;
use crate::registry::{Registry, Unavailable, WrongEntries};

/// Checks and says what was found. Whether there is no error.
pub(super) async fn run(source: &Source, as_json: bool, with_drivers: bool) -> anyhow::Result<bool> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    match source.load() {
        Ok(loaded) => {
            warnings.extend(loaded.warnings.iter().cloned());
            for (key, why) in loaded.config.missing() {
                warnings.push(Fault { origin: Some(loaded.origin_around(&key)), key, message: why });
            }
            if with_drivers {
                let (databases, tools) = opened(&loaded.config).await?;
                for text in tools {
                    let (key, why) = text.split_once(": ").unwrap_or(("server", &text));
                    errors.push(Fault { origin: Some(loaded.origin_around(key)), key: key.to_owned(), message: why.to_owned() });
                }
                for Opened { id, wrong, why } in databases {
                    let (name, said) = why.split_once(": ").filter(|(name, _)| !name.contains(' ')).unwrap_or(("", &why));
                    let key = if name.is_empty() { format!("databases.{id}") } else { format!("databases.{id}.{name}") };
                    let known = warnings.iter().any(|fault| fault.key == key);
                    let fault = Fault { origin: Some(loaded.origin_around(&key)), key, message: said.to_owned() };
                    if wrong {
                        errors.push(fault);
                    } else if !known {
                        warnings.push(fault);
                    }
                }
            }
        }
        Err(why) => errors.extend(why.faults().iter().cloned()),
    }
    if as_json {
        let list = |faults: &[Fault]| faults.iter().map(document).collect::<Vec<_>>();
        super::super::print(&format!("{:#}\n", json!({"errors": list(&errors), "warnings": list(&warnings)})))?;
    } else {
        let said = warnings.iter().map(|warning| format!("warning: {warning}\n"));
        super::super::complain(&said.chain(errors.iter().map(|error| format!("error: {error}\n"))).collect::<String>());
        let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let verdict = if errors.is_empty() { "it can be used" } else { "it can't be used" };
        super::super::print(&format!("{verdict}: {}, {}\n", count(errors.len(), "error"), count(warnings.len(), "warning")))?;
    }
    Ok(errors.is_empty())
}

/// A database that can't be opened.
struct Opened {
    id: String,
    /// Never as it is written; else not now.
    wrong: bool,
    why: String,
}

/// Opens every database, connecting to none. Where some are wrong they and those that can't be had now are said, and the tools' names wait:
/// they are those of a server that starts.
async fn opened(config: &Config) -> anyhow::Result<(Vec<Opened>, Vec<String>)> {
    let mut config = config.clone();
    let mut all = Vec::new();
    loop {
        match Registry::open(config.clone()).await {
            Ok(registry) => {
                let snapshot = registry.current();
                let faults = if all.is_empty() { mcp::faults(&snapshot) } else { Vec::new() };
                let missing =
                    |(id, entry): (&str, &Unavailable)| Opened { id: id.to_owned(), wrong: false, why: entry.reason.clone() };
                all.extend(snapshot.unavailable().map(missing));
                all.sort_by(|one, other| one.id.cmp(&other.id));
                return Ok((all, faults));
            }
            Err(why) => {
                let wrong = why.downcast::<WrongEntries>()?;
                for (id, why) in wrong.each() {
                    config.databases.remove(id);
                    all.push(Opened { id: id.to_owned(), wrong: true, why: why.to_owned() });
                }
            }
        }
    }
}

fn document(fault: &Fault) -> Value {
    let mut document = json!({"key": fault.key, "message": fault.message});
    let place = match &fault.origin {
        Some(Origin::File { path, line, column }) => {
            let path = path.as_ref().map(|path| path.display().to_string());
            json!({"file": path, "line": line, "column": column})
        }
        Some(Origin::Environment(name)) => json!({"environment": &**name}),
        Some(Origin::Flag(name)) => json!({"flag": &**name}),
        Some(Origin::Administrator) => json!({"administrator": true}),
        Some(Origin::Default) | None => Value::Null,
    };
    if let (Some(document), Value::Object(place)) = (document.as_object_mut(), place) {
        document.extend(place);
    }
    document
}
