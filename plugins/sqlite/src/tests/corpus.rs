//! The statements of tests/corpus against the driver alone (nothing has read them before it, and its directory may be written), and
//! against what is behind it alone: the host's files, opened for reading, and SQLite's own way to open a file so.

use super::native::{Folder, all, connect_options, reading};
use crate::environment::{Environment, File, Files, Opening};
use crate::session::Session;
use bulkhead_driver::files::FileError;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

const BYPASSES: &str = include_str!("../../../../tests/corpus/bypasses.sqlite.txt");
const INNOCENTS: &str = include_str!("../../../../tests/corpus/innocents.sqlite.txt");
const SETUP: &str = include_str!("../../../../tests/corpus/setup.sqlite.sql");

/// What writes another file than the one that is open, so that opening that for reading doesn't stop it: the host's reading, the driver and
/// the host's directory do.
const WRITE_ANOTHER_FILE: &[&str] = &["VACUUM main INTO", "VACUUM INTO", "writefile("];

include!("../../../../tests/corpus/statements.rs");

fn statements(text: &str) -> Vec<String> {
    read_statements(text).into_iter().map(|(_, sql)| sql).collect()
}

fn set_up() -> (Folder, Session) {
    let folder = Folder::new();
    folder.sqlite3("test.db", SETUP);
    let session = folder.connect("test.db");
    (folder, session)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_bypass_is_refused_or_changes_nothing() {
    let (folder, mut session) = set_up();
    let before = std::fs::read(folder.file("test.db")).unwrap();
    let statements = statements(BYPASSES);
    assert!(statements.len() >= 60);
    for sql in statements {
        let _ = session.query(&sql, &[], &reading());
        // Whatever was loosened: the next read-only statement is refused all the same.
        assert!(session.query("INSERT INTO ledger VALUES (9, 'x', NULL)", &[], &reading()).is_err(), "after {sql}");
        assert_eq!(std::fs::read(folder.file("test.db")).unwrap(), before, "{sql}");
    }
    assert_eq!(names(folder.path()), ["test.db"], "no other file was made");
    assert_eq!(session.one("SELECT count(*) FROM ledger"), "i1");
}

#[test]
fn no_innocent_is() {
    let (_folder, mut session) = set_up();
    let statements = statements(INNOCENTS);
    assert!(statements.len() >= 100);
    for sql in statements {
        session.query(&sql, &[], &reading()).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// Files that may only be read, and don't say so: the driver takes them for others, and refuses nothing by itself.
struct Silent(Rc<dyn Files>);

impl Files for Silent {
    fn read_only(&self) -> bool {
        false
    }

    fn open(&self, path: &str, how: Opening<'_>) -> Result<Rc<dyn File>, FileError> {
        self.0.open(path, how)
    }

    fn temporary(&self) -> Result<Rc<dyn File>, FileError> {
        self.0.temporary()
    }

    fn stat(&self, path: &str) -> Result<Option<u64>, FileError> {
        self.0.stat(path)
    }

    fn remove(&self, path: &str, durable: bool) -> Result<(), FileError> {
        self.0.remove(path, durable)
    }

    fn enumerate(&self, limit: u32) -> Result<Vec<(String, u64)>, FileError> {
        self.0.enumerate(limit)
    }
}

/// The host's files alone: neither its reading nor the driver stands before them.
#[test]
fn files_opened_for_reading_alone() {
    let (folder, first) = set_up();
    drop(first);
    let (environment, _, _) = folder.environment(true);
    let silent = Environment { files: Rc::new(Silent(environment.files)), call: environment.call };
    let mut session = Session::connect(silent, &connect_options("test.db", false, "{}")).unwrap();
    let before = std::fs::read(folder.file("test.db")).unwrap();
    for sql in statements(BYPASSES) {
        let _ = session.query(&sql, &[], &all());
        assert_eq!(std::fs::read(folder.file("test.db")).unwrap(), before, "{sql}");
        assert_eq!(names(folder.path()), ["test.db"], "{sql}");
        let _ = session.query("ROLLBACK", &[], &all());
    }
    assert_eq!(session.one("SELECT count(*) FROM ledger"), "i1");
    assert!(session.ask("INSERT INTO ledger VALUES (9, 'x', NULL)").is_err(), "the driver let it through, and the files didn't");
}

/// SQLite itself, by its own command: `-readonly` is `mode=ro`.
#[test]
fn a_file_opened_for_reading_by_sqlite_alone() {
    let (folder, first) = set_up();
    drop(first);
    let before = std::fs::read(folder.file("test.db")).unwrap();
    let mut others = 0;
    // No argument of a command holds a NUL.
    for sql in statements(BYPASSES).iter().filter(|sql| !sql.contains('\0')) {
        let mut command = Command::new("sqlite3");
        command.args(["-batch", "-init", "/dev/null", "-readonly", "test.db", sql]).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().expect("the sqlite3 command");
        assert_eq!(std::fs::read(folder.file("test.db")).unwrap(), before, "{sql}: {output:?}");
        let made: Vec<_> = names(folder.path()).into_iter().filter(|name| name != "test.db").collect();
        let expected = usize::from(WRITE_ANOTHER_FILE.iter().any(|text| sql.contains(text)));
        assert_eq!(made.len(), expected, "{sql}: {made:?}");
        others += expected;
        made.iter().for_each(|name| std::fs::remove_file(folder.file(name)).unwrap());
    }
    assert_eq!(others, WRITE_ANOTHER_FILE.len());
}
