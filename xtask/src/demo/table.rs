//! Rows as a table for a terminal: numbers to the right, everything else to the left.

use serde_json::Value;

/// Renders rows under their columns' names.
pub(super) fn render(columns: &[String], rows: &[Vec<Value>]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let columns = columns.iter().enumerate().map(|(index, name)| {
        let values: Vec<&str> = cells.iter().map(|row| row.get(index).map_or("", String::as_str)).collect();
        let width = values.iter().copied().chain([name.as_str()]).map(width).max().unwrap_or(0);
        let right = rows.iter().all(|row| row.get(index).is_none_or(|value| value.is_number() || value.is_null()));
        let pad = |value: &str| {
            let gap = " ".repeat(width.saturating_sub(self::width(value)));
            if right { format!("{gap}{value}") } else { format!("{value}{gap}") }
        };
        let mut lines = vec![pad(name), "-".repeat(width)];
        lines.extend(values.iter().map(|value| pad(value)));
        lines
    });
    let columns: Vec<Vec<String>> = columns.collect();
    let mut table = String::new();
    for line in 0..rows.len() + 2 {
        let parts: Vec<&str> = columns.iter().map(|column| column.get(line).map_or("", String::as_str)).collect();
        table += format!("  {}", parts.join("  ")).trim_end();
        table.push('\n');
    }
    table
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let columns = ["port".to_owned(), "n".to_owned()];
        let rows = [vec![json!("Århus"), json!(5)], vec![json!("Riga"), json!(1200)], vec![json!(null), json!(null)]];
        assert_eq!(render(&columns, &rows), "  port      n\n  -----  ----\n  Århus     5\n  Riga   1200\n\n");
    }
}
