// Included by each test that reads these files: what a line tries, and its statement, of `what | SQL` with `␊`, `␍` and `␀` for a line feed,
// a carriage return and a NUL.
fn read_statements(text: &str) -> Vec<(&str, String)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (what, sql) = line.split_once(" | ").unwrap_or_else(|| panic!("no statement: {line}"));
            (what, sql.replace('␊', "\n").replace('␍', "\r").replace('␀', "\0"))
        })
        .collect()
}
