//! What a statement may leave in its session, judged by its text.
//!
//! The judgement decides only *when* the session is cleaned, never whether: what looks like plain reading is cleaned in the
//! same message as the next caller's statement, before it; everything else as soon as the connection is given back, so that
//! no lock, temporary table or open cursor outlasts its caller's use. A view that takes an advisory lock is judged wrongly:
//! the lock then lasts until the connection is used again or closed.

/// What is in a session that a caller has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Traces {
    /// Nothing has run.
    None,
    /// Only what reads.
    Reading,
    /// Anything.
    Any,
}

/// Words that may stand before a parenthesis in a statement that only reads: keywords, types, and functions of the server's
/// own that change nothing, not even a setting or a lock. Sorted.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "abs", "age", "all", "and", "any", "array_agg", "array_length", "array_to_string", "as", "avg", "between", "bool_and",
    "bool_or", "by", "case", "cast", "ceil", "ceiling", "char", "coalesce", "concat", "concat_ws", "count", "date_part",
    "date_trunc", "decimal", "dense_rank", "distinct", "else", "except", "exists", "extract", "filter", "first_value", "floor",
    "format", "from", "generate_series", "greatest", "group", "having", "in", "initcap", "intersect", "join", "json_agg",
    "json_build_object", "jsonb_agg", "jsonb_array_elements", "jsonb_build_object", "lag", "last_value", "lateral", "lead",
    "least", "left", "length", "like", "limit", "ln", "log", "lower", "ltrim", "make_date", "max", "md5", "min", "mod", "not",
    "now", "ntile", "nullif", "numeric", "on", "or", "over", "partition", "percentile_cont", "position", "power", "random",
    "rank", "regexp_replace", "repeat", "replace", "reverse", "right", "round", "row", "row_number", "rtrim", "select", "sets",
    "sign", "some", "split_part", "sqrt", "stddev", "string_agg", "strpos", "substr", "substring", "sum", "then", "timestamp",
    "to_char", "to_date", "to_json", "to_jsonb", "to_number", "to_timestamp", "trim", "trunc", "union", "unnest", "upper",
    "using", "values", "varchar", "variance", "when", "where", "with", "within",
];

/// Words that make a statement more than reading, wherever they stand. Sorted.
const MORE: &[&str] = &["create", "delete", "insert", "into", "merge", "update"];

/// Judges a statement. In doubt it may leave anything.
pub(super) fn of(sql: &str) -> Traces {
    if reads_only(sql) == Some(true) { Traces::Reading } else { Traces::Any }
}

/// None: the text has something that isn't looked into.
fn reads_only(sql: &str) -> Option<bool> {
    let bytes = sql.as_bytes();
    let mut at = 0;
    let mut first = true;
    // The word just before, if nothing but white space has come since.
    let mut word = Word::default();
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end = end_of_word(bytes, at);
                word = Word::lower(bytes.get(at..end)?);
                at = end;
                if first && !matches!(word.text(), b"select" | b"with" | b"values" | b"table") || word.is_in(MORE) {
                    return Some(false);
                }
                first = false;
            }
            b'(' => {
                if !word.text().is_empty() && !word.is_in(HARMLESS) {
                    return Some(false);
                }
                word = Word::default();
                at += 1;
            }
            b'\'' => {
                // A prefix (E, U&, ...) changes what is in it.
                if at
                    .checked_sub(1)
                    .and_then(|before| bytes.get(before))
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'&')
                {
                    return None;
                }
                at = after(bytes, at, b'\'')?;
                word = Word::default();
            }
            b'"' => {
                at = after(bytes, at, b'"')?;
                // What is quoted may be a function's name.
                word = Word::lower(b"\"");
            }
            // Comments, dollar quotes, and what isn't ASCII.
            b'-' if bytes.get(at + 1) == Some(&b'-') => return None,
            b'/' if bytes.get(at + 1) == Some(&b'*') => return None,
            b'$' if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return None,
            128.. => return None,
            _ => {
                word = Word::default();
                at += 1;
            }
        }
    }
    Some(!first)
}

/// A word in lower case; what is longer than any in the lists is cut, and in none of them.
#[derive(Default)]
struct Word {
    bytes: [u8; 32],
    len: usize,
}

impl Word {
    fn lower(text: &[u8]) -> Self {
        let mut word = Self::default();
        for (place, byte) in word.bytes.iter_mut().zip(text) {
            *place = byte.to_ascii_lowercase();
        }
        word.len = text.len().min(word.bytes.len());
        word
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Whether it is in a sorted list.
    fn is_in(&self, list: &[&str]) -> bool {
        list.binary_search_by(|entry| entry.as_bytes().cmp(self.text())).is_ok()
    }
}

fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let len = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && *byte != b'$');
    start.saturating_add(len.unwrap_or(rest.len()))
}

/// Past the closing quote, a doubled one being none.
fn after(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start.checked_add(1)?;
    loop {
        let close = at.checked_add(bytes.get(at..)?.iter().position(|byte| *byte == quote)?)?;
        at = close.checked_add(1)?;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at = at.checked_add(1)?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(HARMLESS.is_sorted() && MORE.is_sorted());
        assert!(HARMLESS.iter().all(|word| word.len() < 32));
    }

    #[test]
    fn plain_reading() {
        for sql in [
            "SELECT 1",
            "select a, count(*) FROM \"T x\" WHERE b = 'it''s (x)' AND c IN (1, 2) GROUP BY a",
            "WITH x AS (SELECT lower(name) FROM t WHERE id = $1) SELECT * FROM x",
            "VALUES (1), (2)",
            "SELECT x::numeric(10,2), round(avg(y), 2) OVER (PARTITION BY z) FROM t",
        ] {
            assert_eq!(of(sql), Traces::Reading, "{sql}");
        }
    }

    #[test]
    fn everything_else() {
        for sql in [
            "SELECT set_config('a.b', 'c', false)",
            "SELECT pg_advisory_lock(1)",
            "SELECT \"pg_advisory_lock\"(1)",
            "SELECT pg_catalog.pg_advisory_lock (1)",
            "SELECT f(1)",
            "SELECT 1 INTO TEMP x",
            "SET a = b",
            "INSERT INTO t VALUES (1)",
            "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x",
            "SELECT 1 -- f(1)",
            "SELECT $$x$$",
            "SELECT E'\\'' || f(1) || ''",
            "",
            "PREPARE a AS SELECT 1",
            "SELECT 'unterminated",
        ] {
            assert_eq!(of(sql), Traces::Any, "{sql}");
        }
    }
}
