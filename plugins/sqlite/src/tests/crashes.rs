//! Crashes at every point where the files differ: whatever had reached the disk by then, SQLite has to make of it the state
//! before or after a transaction.
//!
//! After each change, the database and its journal are taken as they are (the process died), as they were at their last
//! sync (the power went), and each way for one of them; the `sqlite3` command then opens the copy.

use super::native::{Folder, connect_options};
use crate::environment::{Entry, Environment, File, Files, Opening, Range};
use crate::session::Session;
use bulkhead_driver::files::{FileError, LockMode};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

const FILES: [&str; 2] = ["a.db", "a.db-journal"];

/// What a crash left of `FILES`.
type Left = [Option<Vec<u8>>; 2];

/// The disk as it would be after a crash.
struct Disk {
    live: PathBuf,
    /// What was there at the last sync, by name.
    durable: RefCell<HashMap<String, Vec<u8>>>,
    /// Every disk that a crash could have left, and how many transactions had been committed then.
    left: RefCell<HashSet<(u32, Left)>>,
    committed: Cell<u32>,
}

struct Watched {
    files: Rc<dyn Files>,
    disk: Rc<Disk>,
}

struct WatchedFile {
    file: Rc<dyn File>,
    name: Option<String>,
    disk: Rc<Disk>,
}

impl Disk {
    fn changed(&self) {
        let live = FILES.map(|name| std::fs::read(self.live.join(name)).ok());
        let durable = FILES.map(|name| self.durable.borrow().get(name).cloned());
        for (database, journal) in [(&live, &live), (&live, &durable), (&durable, &live), (&durable, &durable)] {
            self.left.borrow_mut().insert((self.committed.get(), [database[0].clone(), journal[1].clone()]));
        }
    }

    fn synced(&self, name: &str) {
        self.durable.borrow_mut().insert(name.to_owned(), std::fs::read(self.live.join(name)).unwrap());
    }
}

impl Files for Watched {
    fn read_only(&self) -> bool {
        self.files.read_only()
    }

    fn open(&self, path: &str, how: Opening<'_>) -> Result<Rc<dyn File>, FileError> {
        let file = self.files.open(path, how)?;
        Ok(Rc::new(WatchedFile { file, name: Some(path.to_owned()), disk: Rc::clone(&self.disk) }))
    }

    fn temporary(&self) -> Result<Rc<dyn File>, FileError> {
        Ok(Rc::new(WatchedFile { file: self.files.temporary()?, name: None, disk: Rc::clone(&self.disk) }))
    }

    fn stat(&self, path: &str) -> Result<Option<u64>, FileError> {
        self.files.stat(path)
    }

    fn remove(&self, path: &str, durable: bool) -> Result<(), FileError> {
        self.files.remove(path, durable)?;
        if durable {
            self.disk.durable.borrow_mut().remove(path);
        }
        self.disk.changed();
        Ok(())
    }

    fn enumerate(&self, limit: u32) -> Result<Vec<(String, u64)>, FileError> {
        self.files.enumerate(limit)
    }
}

impl File for WatchedFile {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        self.file.read_at(offset, length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        // In two halves: a crash can come in the middle of a run.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.file.write_at(offset, first)?;
        self.disk.changed();
        self.file.write_at(offset + first.len() as u64, second)?;
        self.disk.changed();
        Ok(())
    }

    fn size(&self) -> Result<u64, FileError> {
        self.file.size()
    }

    fn truncate(&self, size: u64) -> Result<(), FileError> {
        self.file.truncate(size)?;
        self.disk.changed();
        Ok(())
    }

    fn sync(&self) -> Result<(), FileError> {
        self.file.sync()?;
        if let Some(name) = &self.name {
            self.disk.synced(name);
        }
        self.disk.changed();
        Ok(())
    }

    fn lock(&self, range: Range, mode: LockMode) -> Result<bool, FileError> {
        self.file.lock(range, mode)
    }

    fn unlock(&self, range: Range) -> Result<(), FileError> {
        self.file.unlock(range)
    }

    fn locked(&self, range: Range) -> Result<bool, FileError> {
        self.file.locked(range)
    }

    fn enter(&self, gate: Range, range: Range, stamp_at: u64) -> Result<Option<Entry>, FileError> {
        self.file.enter(gate, range, stamp_at)
    }
}

/// The transaction that a disk holds, as SQLite reads it after the crash.
fn recovered(folder: &Path, disk: &[Option<Vec<u8>>; 2]) -> u32 {
    for (name, bytes) in FILES.iter().zip(disk) {
        match bytes {
            Some(bytes) => std::fs::write(folder.join(name), bytes).unwrap(),
            None => drop(std::fs::remove_file(folder.join(name))),
        }
    }
    let check = "PRAGMA integrity_check; SELECT count(DISTINCT k) FROM t; SELECT max(k) FROM t; SELECT count(*) FROM t";
    let output = Command::new("sqlite3").arg(folder.join(FILES[0])).arg(check).output().expect("the sqlite3 command");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() == 4 && lines[0] == "ok" && lines[1] == "1", "{text}{}", String::from_utf8_lossy(&output.stderr));
    let transaction: u32 = lines[2].parse().unwrap();
    assert_eq!(lines[3].parse::<u32>().unwrap(), 120 + transaction, "rows of transaction {transaction}");
    transaction
}

fn crash_everywhere(pragma: &str) {
    let folder = Folder::new();
    folder.sqlite3(
        "a.db",
        "CREATE TABLE t(a INTEGER PRIMARY KEY, k, b); CREATE INDEX i ON t(k, a); \
         WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 120) \
         INSERT INTO t SELECT v, 0, hex(randomblob(300)) FROM c",
    );
    let disk = Rc::new(Disk {
        live: folder.path().to_owned(),
        durable: RefCell::default(),
        left: RefCell::default(),
        committed: Cell::new(0),
    });
    disk.synced("a.db");
    let inner = folder.environment(false).0;
    let files = Rc::new(Watched { files: inner.files, disk: Rc::clone(&disk) });
    // So few pages that a transaction spills into the file before its end.
    let options = connect_options("a.db", false, r#"{"cache_kib": 64}"#);
    let mut session = Session::connect(Environment { files, call: inner.call }, &options).unwrap();
    session.ask(pragma).unwrap();
    for transaction in 1..=2 {
        session.does("BEGIN IMMEDIATE");
        session.does("UPDATE t SET k = k + 1, b = hex(randomblob(300))");
        session.does("INSERT INTO t SELECT max(a) + 1, max(k), hex(randomblob(9000)) FROM t");
        session.does("COMMIT");
        disk.committed.set(transaction);
    }
    session.does("BEGIN");
    session.does("DELETE FROM t");
    session.does("ROLLBACK");
    let crash = Folder::new();
    let left = disk.left.take();
    assert!(left.len() > 50, "only {} disks", left.len());
    for (committed, disk) in &left {
        let found = recovered(crash.path(), disk);
        // A journal whose removal hadn't reached the disk takes back the last transaction: so it is with SQLite's FULL.
        assert!((committed.saturating_sub(1)..=committed + 1).contains(&found), "{found} after {committed} commits");
    }
}

#[test]
fn a_crash_with_a_deleted_journal() {
    crash_everywhere("PRAGMA journal_mode = DELETE");
}

#[test]
fn a_crash_with_a_truncated_journal() {
    crash_everywhere("PRAGMA journal_mode = TRUNCATE");
}

#[test]
fn a_crash_with_a_persistent_journal() {
    crash_everywhere("PRAGMA journal_mode = PERSIST");
}
