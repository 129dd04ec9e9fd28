//! What SQLite keeps only in the text of CREATE TABLE and CREATE INDEX: checks, collations, generated columns' expressions,
//! constraints' names, a partial index's condition.
//!
//! The text has been accepted by SQLite, so this doesn't judge it: it splits it at the commas and keywords outside
//! parentheses and quotes, and what it doesn't find isn't there.

mod tokens;

use tokens::{Token, tokens};

/// What CREATE TABLE says beyond the pragmas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableText {
    /// By column.
    pub(crate) columns: Vec<ColumnText>,
    /// Each check's name, if it has one, and its expression.
    pub(crate) checks: Vec<(Option<String>, String)>,
    /// Names of unique and primary keys, with their columns, in lower case.
    pub(crate) key_names: Vec<(String, Vec<String>)>,
    /// Names of foreign keys, in the order in which they are written; None: without one.
    pub(crate) foreign_key_names: Vec<Option<String>>,
}

/// What one column's definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnText {
    pub(crate) name: String,
    pub(crate) collation: Option<String>,
    pub(crate) generated: Option<String>,
}

/// What CREATE INDEX says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IndexText {
    /// Columns or expressions, as written, without COLLATE, ASC and DESC.
    pub(crate) columns: Vec<String>,
    pub(crate) predicate: Option<String>,
}

/// Reads the text of a CREATE TABLE.
pub(crate) fn table(text: &str) -> TableText {
    let mut found = TableText::default();
    let all = tokens(text);
    let Some(Token::Group { inner, .. }) = all.iter().find(|token| matches!(token, Token::Group { .. })) else {
        return found;
    };
    for definition in split(inner) {
        let parts = tokens(definition);
        if is_table_constraint(&parts) {
            constraint(&parts, None, &mut found);
        } else if let Some(name) = parts.first().map(Token::name) {
            let column = ColumnText {
                collation: after(&parts, "COLLATE").map(Token::name),
                generated: generated(&parts),
                name: name.clone(),
            };
            constraint(parts.get(1..).unwrap_or_default(), Some(&name), &mut found);
            found.columns.push(column);
        }
    }
    found
}

/// Reads the text of a CREATE INDEX.
pub(crate) fn index(text: &str) -> IndexText {
    let all = tokens(text);
    let Some(at) = all.iter().position(|token| matches!(token, Token::Group { .. })) else {
        return IndexText::default();
    };
    let columns = match all.get(at) {
        Some(Token::Group { inner, .. }) => split(inner).into_iter().map(|part| without_order(part).to_owned()).collect(),
        _ => Vec::new(),
    };
    let predicate = all
        .get(at + 1..)
        .unwrap_or_default()
        .iter()
        .find(|token| token.is_word("WHERE"))
        .and_then(|token| text.get(token.end()..))
        .map(|rest| rest.trim().trim_end_matches(';').to_owned());
    IndexText { columns, predicate }
}

/// Splits at the commas outside of parentheses and quotes.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for token in tokens(text) {
        if let Token::Other { symbol: ',', end } = token {
            parts.push(text.get(start..end - 1).unwrap_or_default().trim());
            start = end;
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn is_table_constraint(parts: &[Token<'_>]) -> bool {
    parts
        .first()
        .is_some_and(|first| ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| first.is_word(word)))
}

/// Collects the constraints of a definition; `column` is the one that it belongs to, if it is a column's.
fn constraint(parts: &[Token<'_>], column: Option<&str>, found: &mut TableText) {
    let mut name = None;
    let mut rest = parts.iter();
    while let Some(token) = rest.next() {
        if token.is_word("CONSTRAINT") {
            name = rest.next().map(Token::name);
        } else if token.is_word("CHECK") {
            if let Some(Token::Group { inner, .. }) = rest.next() {
                found.checks.push((name.take(), inner.trim().to_owned()));
            }
        } else if token.is_word("PRIMARY") || token.is_word("UNIQUE") {
            let columns = match column {
                Some(column) => vec![column.to_lowercase()],
                None => rest.find_map(Token::group).map(key_columns).unwrap_or_default(),
            };
            found.key_names.extend(name.take().map(|name| (name, columns)));
        } else if token.is_word("REFERENCES") {
            found.foreign_key_names.push(name.take());
        } else if column.is_some() && (token.is_word("NOT") || token.is_word("DEFAULT") || token.is_word("COLLATE")) {
            // Their names are no use to anybody, and must not go to the next constraint.
            name = None;
        }
    }
}

fn key_columns(inner: &str) -> Vec<String> {
    split(inner).into_iter().filter_map(|part| tokens(part).first().map(|token| token.name().to_lowercase())).collect()
}

fn generated(parts: &[Token<'_>]) -> Option<String> {
    after(parts, "AS").and_then(Token::group).map(|inner| inner.trim().to_owned())
}

fn after<'a, 'b>(parts: &'b [Token<'a>], word: &str) -> Option<&'b Token<'a>> {
    let at = parts.iter().position(|token| token.is_word(word))?;
    parts.get(at + 1)
}

fn without_order(part: &str) -> &str {
    let mut end = part.len();
    let all = tokens(part);
    for token in all.iter().rev() {
        if token.is_word("ASC") || token.is_word("DESC") {
            end = token.start(part);
        }
        if token.is_word("COLLATE") {
            end = token.start(part);
            break;
        }
    }
    part.get(..end).unwrap_or(part).trim()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_everything() {
        let text = r#"CREATE TABLE "order (1)" ( -- a, comment (
            id INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT,
            "a,b" TEXT COLLATE NOCASE DEFAULT ('x,)') CONSTRAINT short CHECK (length("a,b") < 10),
            price DECIMAL(10,2) CHECK (price >= 0 AND (price < 100)),
            total AS (price * 2) STORED, /* ) */
            twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL,
            other INTEGER CONSTRAINT fk1 REFERENCES other(id) ON DELETE CASCADE,
            CONSTRAINT u UNIQUE ("a,b", Price),
            CHECK (id <> 3),
            FOREIGN KEY (id) REFERENCES other(id)
        ) STRICT"#;
        let found = table(text);
        let names: Vec<_> = found.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "a,b", "price", "total", "twice", "other"]);
        assert_eq!(found.columns[1].collation.as_deref(), Some("NOCASE"));
        assert_eq!(found.columns[3].generated.as_deref(), Some("price * 2"));
        assert_eq!(found.columns[4].generated.as_deref(), Some("id * 2"));
        assert_eq!(
            found.checks,
            [
                (Some("short".to_owned()), r#"length("a,b") < 10"#.to_owned()),
                (None, "price >= 0 AND (price < 100)".to_owned()),
                (None, "id <> 3".to_owned()),
            ]
        );
        assert_eq!(
            found.key_names,
            [("pk".to_owned(), vec!["id".to_owned()]), ("u".to_owned(), vec!["a,b".to_owned(), "price".to_owned()])]
        );
        assert_eq!(found.foreign_key_names, [Some("fk1".to_owned()), None]);
    }

    #[test]
    fn an_index_with_everything() {
        let text =
            "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE DESC, lower(b || ','), [c d] ASC) WHERE a IS NOT NULL AND b > '('";
        let found = index(text);
        assert_eq!(found.columns, ["a", "lower(b || ',')", "[c d]"]);
        assert_eq!(found.predicate.as_deref(), Some("a IS NOT NULL AND b > '('"));
        assert_eq!(index("CREATE INDEX j ON t(a)"), IndexText { columns: vec!["a".to_owned()], predicate: None });
    }

    #[test]
    fn nonsense_does_no_harm() {
        for text in
            ["", "CREATE TABLE t", "CREATE TABLE t(", "(((", "CREATE TABLE t('", "a)b(c", "CREATE TABLE t(,,)", "\"", "é(é,é)"]
        {
            let _ = (table(text), index(text));
        }
    }
}
