//! The statements of tests/corpus against the driver alone: nothing has read them before it, and its directory may be written.

use super::native::{Folder, reading};
use crate::session::Session;

const BYPASSES: &str = include_str!("../../../../tests/corpus/bypasses.sqlite.txt");
const INNOCENTS: &str = include_str!("../../../../tests/corpus/innocents.sqlite.txt");
const SETUP: &str = include_str!("../../../../tests/corpus/setup.sqlite.sql");

fn statements(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" | ").unwrap().1.replace('␊', "\n").replace('␍', "\r").replace('␀', "\0")).collect()
}

fn set_up() -> (Folder, Session) {
    let folder = Folder::new();
    folder.sqlite3("test.db", SETUP);
    let session = folder.connect("test.db");
    (folder, session)
}

#[test]
fn every_bypass_is_refused_or_changes_nothing() {
    let (folder, mut session) = set_up();
    let before = std::fs::read(folder.file("test.db")).unwrap();
    for sql in statements(BYPASSES) {
        let _ = session.query(&sql, &[], &reading());
        // Whatever was loosened: the next read-only statement is refused all the same.
        assert!(session.query("INSERT INTO ledger VALUES (9, 'x', NULL)", &[], &reading()).is_err(), "after {sql}");
        assert_eq!(std::fs::read(folder.file("test.db")).unwrap(), before, "{sql}");
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["test.db"], "no other file was made");
    assert_eq!(session.one("SELECT count(*) FROM ledger"), "i1");
}

#[test]
fn no_innocent_is() {
    let (_folder, mut session) = set_up();
    for sql in statements(INNOCENTS) {
        session.query(&sql, &[], &reading()).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}
