//! From a declared type to a kind, by SQLite's own rules of affinity (<https://www.sqlite.org/datatype3.html>, section 3.1).

use bulkhead_driver::ColumnKind;

/// The kind that a declaration promises. None: it promises nothing (NUMERIC affinity, `ANY`): the first values decide.
pub(super) fn kind(declared: &str) -> Option<ColumnKind> {
    let has = |part: &str| {
        let mut windows = declared.as_bytes().windows(part.len());
        windows.any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    };
    if has("INT") {
        Some(ColumnKind::Int64)
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Some(ColumnKind::Text)
    } else if has("BLOB") {
        Some(ColumnKind::Bytes)
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Some(ColumnKind::Float64)
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_sqlites_documentation() {
        for (declared, wanted) in [
            ("INTEGER", Some(ColumnKind::Int64)),
            ("unsigned big int", Some(ColumnKind::Int64)),
            ("FLOATING POINT", Some(ColumnKind::Int64)),
            ("NVARCHAR(100)", Some(ColumnKind::Text)),
            ("CHARINT", Some(ColumnKind::Int64)),
            ("blob", Some(ColumnKind::Bytes)),
            ("DOUBLE PRECISION", Some(ColumnKind::Float64)),
            ("DECIMAL(10,5)", None),
            ("BOOLEAN", None),
            ("DATETIME", None),
            ("JSON", None),
            ("STRING", None),
            ("", None),
        ] {
            assert_eq!(kind(declared), wanted, "{declared}");
        }
    }
}
