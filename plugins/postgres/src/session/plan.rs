//! A plan's JSON as text for people, close to EXPLAIN's own.

use serde_json::{Map, Value};
use std::fmt::Write;

/// Plans are trees of some dozens of levels; the server's own limits keep them far below this.
const DEEPEST: usize = 200;
/// What the first line of a node says, so that it isn't said again below it.
const IN_HEADLINE: &[&str] = &[
    "Node Type",
    "Join Type",
    "Operation",
    "Strategy",
    "Relation Name",
    "Schema",
    "Alias",
    "Index Name",
    "CTE Name",
    "Function Name",
    "Startup Cost",
    "Total Cost",
    "Plan Rows",
    "Plan Width",
    "Actual Startup Time",
    "Actual Total Time",
    "Actual Rows",
    "Actual Loops",
    "Parent Relationship",
    "Parallel Aware",
    "Async Capable",
    "Disabled",
    "Plans",
];

/// The text; the JSON itself if it isn't a plan.
pub(super) fn render(json: &str) -> String {
    let Ok(Value::Array(statements)) = serde_json::from_str(json) else {
        return json.to_owned();
    };
    let mut text = String::new();
    for statement in &statements {
        let Value::Object(statement) = statement else {
            continue;
        };
        if let Some(Value::Object(plan)) = statement.get("Plan") {
            node(plan, 0, &mut text);
        }
        for (name, value) in statement.iter().filter(|(name, _)| *name != "Plan") {
            property(name, value, 0, &mut text);
        }
    }
    text.trim_end().to_owned()
}

fn node(plan: &Map<String, Value>, depth: usize, text: &mut String) {
    if depth > DEEPEST {
        return;
    }
    let indent = depth * 6;
    let arrow = if depth == 0 { "" } else { "->  " };
    let start = indent.saturating_sub(if depth == 0 { 0 } else { 4 });
    let _ = write!(text, "{:start$}{arrow}{}", "", headline(plan));
    costs(plan, text);
    text.push('\n');
    for (name, value) in plan {
        if !IN_HEADLINE.contains(&name.as_str()) && !is_nothing(value) {
            property(name, value, indent + 2, text);
        }
    }
    if let Some(Value::Array(plans)) = plan.get("Plans") {
        plans.iter().filter_map(Value::as_object).for_each(|plan| node(plan, depth + 1, text));
    }
}

/// `Index Scan using a_pkey on s.a b`.
fn headline(plan: &Map<String, Value>) -> String {
    let get = |name: &str| plan.get(name).and_then(Value::as_str);
    let mut line = String::new();
    match (get("Strategy"), get("Node Type")) {
        (Some("Hashed"), Some(kind)) => line.push_str(&format!("Hash{kind}")),
        (Some("Sorted"), Some("Aggregate")) => line.push_str("GroupAggregate"),
        (_, Some("ModifyTable")) => line.push_str(get("Operation").unwrap_or("ModifyTable")),
        (_, kind) => line.push_str(kind.unwrap_or("?")),
    }
    if let Some(join) = get("Join Type").filter(|join| *join != "Inner") {
        let _ = write!(line, " {join}");
    }
    if let Some(index) = get("Index Name") {
        let _ = write!(line, " using {index}");
    }
    if let Some(relation) = get("Relation Name").or(get("CTE Name")).or(get("Function Name")) {
        line.push_str(" on ");
        if let Some(schema) = get("Schema") {
            let _ = write!(line, "{schema}.");
        }
        line.push_str(relation);
        if let Some(alias) = get("Alias").filter(|alias| *alias != relation) {
            let _ = write!(line, " {alias}");
        }
    }
    line
}

fn costs(plan: &Map<String, Value>, text: &mut String) {
    let all = |names: [&str; 4]| -> Option<[String; 4]> {
        let [a, b, c, d] = names.map(|name| plan.get(name).map(Value::to_string));
        Some([a?, b?, c?, d?])
    };
    if let Some([start, total, rows, width]) = all(["Startup Cost", "Total Cost", "Plan Rows", "Plan Width"]) {
        let _ = write!(text, "  (cost={start}..{total} rows={rows} width={width})");
    }
    if let Some([start, total, rows, loops]) = all(["Actual Startup Time", "Actual Total Time", "Actual Rows", "Actual Loops"]) {
        let _ = write!(text, " (actual time={start}..{total} rows={rows} loops={loops})");
    }
}

fn property(name: &str, value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::String(value) => drop(writeln!(text, "{:indent$}{name}: {value}", "")),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            let list: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            let _ = writeln!(text, "{:indent$}{name}: {}", "", list.join(", "));
        }
        Value::Number(_) | Value::Bool(_) => drop(writeln!(text, "{:indent$}{name}: {value}", "")),
        Value::Object(inner) => {
            for (inner, value) in inner.iter().filter(|(_, value)| !is_nothing(value)) {
                property(&format!("{name} {inner}"), value, indent, text);
            }
        }
        // Lists of objects (triggers, workers) and nulls: they are in the JSON.
        Value::Array(_) | Value::Null => {}
    }
}

/// Zeros and noes tell nothing: EXPLAIN's own text leaves them out too.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_tree() {
        let json = r#"[{"Plan": {"Node Type": "Aggregate", "Strategy": "Hashed", "Startup Cost": 1.0, "Total Cost": 2.5, "Plan Rows": 3,
            "Plan Width": 4, "Group Key": ["a", "b"], "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "x",
            "Filter": "(a > 1)", "Rows Removed by Filter": 0}]}, "Planning Time": 0.1}]"#;
        let expected = "HashAggregate  (cost=1.0..2.5 rows=3 width=4)\n  Group Key: a, b\n  ->  Seq Scan on t x\n        Filter: (a > 1)\nPlanning Time: 0.1";
        assert_eq!(render(json), expected);
    }

    #[test]
    fn what_is_no_plan_is_shown_as_it_is() {
        assert_eq!(render("hello"), "hello");
    }
}
