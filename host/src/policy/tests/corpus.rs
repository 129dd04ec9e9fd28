//! The statements of tests/corpus against the host's reading alone: the other layers read the same files.

use super::{LITE, MS, MY, PG, check};

const BYPASSES: [(&str, &str); 2] = [
    (PG, include_str!("../../../../tests/corpus/bypasses.postgresql.txt")),
    (LITE, include_str!("../../../../tests/corpus/bypasses.sqlite.txt")),
];
const INNOCENTS: [(&str, &str); 4] = [
    (PG, include_str!("../../../../tests/corpus/innocents.postgresql.txt")),
    (LITE, include_str!("../../../../tests/corpus/innocents.sqlite.txt")),
    (MS, include_str!("../../../../tests/corpus/innocents.mssql.txt")),
    (MY, include_str!("../../../../tests/corpus/innocents.mysql.txt")),
];

include!("../../../../tests/corpus/statements.rs");

#[test]
fn every_bypass_is_refused() {
    for (dialect, text) in BYPASSES {
        let statements = read_statements(text);
        assert!(statements.len() >= 60);
        let through: Vec<_> = statements.iter().filter(|(_, sql)| check(dialect, true, sql).is_ok()).collect();
        assert!(through.is_empty(), "{dialect} let through: {through:#?}");
    }
}

#[test]
fn no_innocent_is() {
    for (dialect, text) in INNOCENTS {
        let statements = read_statements(text);
        assert!(statements.len() >= 60);
        let refused: Vec<_> =
            statements.iter().filter_map(|(_, sql)| Some((sql, check(dialect, true, sql).err()?.to_string()))).collect();
        assert!(refused.is_empty(), "{dialect} refused: {refused:#?}");
    }
}
