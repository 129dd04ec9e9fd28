//! The surroundings of a connection in tests.

use crate::environment::{Call, Entry, Environment, File, Files, Opening, Range};
use crate::query::{Answer, Ending};
use crate::session::Session;
use bulkhead::files as host;
use bulkhead_driver::call::Interruption;
use bulkhead_driver::error::Result;
use bulkhead_driver::files::{FileError, LockMode};
use bulkhead_driver::{Batch, Completion, ConnectOptions, Parameter, QueryOptions, Value, Values};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A directory for one test.
pub(super) struct Folder(tempfile::TempDir);

/// A call that can be ended.
#[derive(Default)]
pub(super) struct Clock {
    pub(super) deadline: Cell<Option<Instant>>,
    pub(super) questions: Cell<u32>,
    pub(super) waited_ms: Cell<u32>,
}

/// Files, and how often they were asked.
pub(super) struct Counted {
    directory: host::Directory,
    pub(super) crossings: Rc<Cell<u32>>,
}

struct NativeFile {
    file: host::OpenFile,
    crossings: Rc<Cell<u32>>,
}

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the sqlite3 command on a file of the folder; its output.
    pub(super) fn sqlite3(&self, name: &str, sql: &str) -> String {
        let output = Command::new("sqlite3").arg(self.file(name)).arg(sql).output().expect("the sqlite3 command");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn environment(&self, read_only: bool) -> (Environment, Rc<Clock>, Rc<Cell<u32>>) {
        let directory = host::Directory::open_ambient(self.path(), read_only, host::Limits::default()).unwrap();
        let clock = Rc::new(Clock::default());
        let crossings = Rc::new(Cell::new(0));
        let files = Rc::new(Counted { directory, crossings: Rc::clone(&crossings) });
        (Environment { files, call: clock.clone() }, clock, crossings)
    }

    pub(super) fn try_connect(&self, catalog: &str, read_only: bool, options: &str) -> Result<Session> {
        Session::connect(self.environment(false).0, &connect_options(catalog, read_only, options))
    }

    pub(super) fn connect(&self, catalog: &str) -> Session {
        self.try_connect(catalog, false, r#"{"create": true}"#).unwrap()
    }

    /// A connection whose files have other limits.
    pub(super) fn connect_within(&self, limits: host::Limits, catalog: &str) -> Session {
        let directory = host::Directory::open_ambient(self.path(), false, limits).unwrap();
        let files = Rc::new(Counted { directory, crossings: Rc::default() });
        let environment = Environment { files, call: Rc::new(Clock::default()) };
        Session::connect(environment, &connect_options(catalog, false, r#"{"create": true}"#)).unwrap()
    }

    pub(super) fn connect_read_only(&self, catalog: &str) -> Session {
        Session::connect(self.environment(true).0, &connect_options(catalog, true, "{}")).unwrap()
    }
}

pub(super) fn connect_options(catalog: &str, read_only: bool, options: &str) -> ConnectOptions {
    ConnectOptions {
        catalog: Some(catalog.to_owned()),
        user: None,
        application_name: "test".to_owned(),
        read_only,
        timeout_ms: 1_000,
        options: options.to_owned(),
    }
}

pub(super) fn all() -> QueryOptions {
    QueryOptions { read_only: false, timeout_ms: None, max_rows: None, batch_rows: 1_000_000, batch_bytes: u32::MAX }
}

pub(super) fn reading() -> QueryOptions {
    QueryOptions { read_only: true, ..all() }
}

pub(super) fn param(value: Value) -> Parameter {
    Parameter { name: None, value, type_hint: None }
}

impl Session {
    pub(super) fn ask(&mut self, sql: &str) -> Result<Answer> {
        self.query(sql, &[], &all())
    }

    /// Runs a statement that has to work.
    pub(super) fn does(&mut self, sql: &str) -> Completion {
        match self.ask(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}")).ending {
            Ending::Done(completion) => completion,
            Ending::Rest(_) => panic!("{sql}: goes on"),
        }
    }

    /// The values of a result, spelled: `NULL`, `i1`, `f1.5`, `tx`, `x00ff`.
    pub(super) fn table(&mut self, sql: &str) -> Vec<Vec<String>> {
        self.ask(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}")).batch.map(|batch| spell(&batch)).unwrap_or_default()
    }

    /// The only value of a result.
    pub(super) fn one(&mut self, sql: &str) -> String {
        let table = self.table(sql);
        assert!(table.len() == 1 && table[0].len() == 1, "{sql}: {table:?}");
        table[0][0].clone()
    }
}

/// The values of a batch, spelled.
pub(super) fn spell(batch: &Batch) -> Vec<Vec<String>> {
    (0..batch.rows as usize)
        .map(|row| {
            batch
                .columns
                .iter()
                .map(|column| {
                    if column.validity.as_ref().is_some_and(|bits| bits[row / 8] >> (row % 8) & 1 == 0) {
                        return "NULL".to_owned();
                    }
                    match &column.values {
                        Values::Booleans(bits) => format!("b{}", bits[row / 8] >> (row % 8) & 1),
                        Values::Int64s(values) => format!("i{}", values[row]),
                        Values::Float64s(values) => format!("f{:?}", values[row]),
                        Values::Varying(values) => {
                            let bytes = &values.data[values.offsets[row] as usize..values.offsets[row + 1] as usize];
                            std::str::from_utf8(bytes).map_or_else(|_| hex(bytes), |text| format!("t{text}"))
                        }
                        Values::Mixed(values) => {
                            let bytes = &values.data[values.offsets[row] as usize..values.offsets[row + 1] as usize];
                            if bytes[0] == b'x' { hex(&bytes[1..]) } else { String::from_utf8(bytes.to_vec()).unwrap() }
                        }
                    }
                })
                .collect()
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

impl Call for Clock {
    fn interrupted(&self) -> Option<Interruption> {
        self.questions.set(self.questions.get() + 1);
        self.deadline.get().filter(|deadline| Instant::now() >= *deadline).map(|_| Interruption::Timeout)
    }

    fn wait(&self, milliseconds: u32) -> Option<Interruption> {
        self.waited_ms.set(self.waited_ms.get() + milliseconds);
        std::thread::sleep(Duration::from_millis(u64::from(milliseconds)));
        self.interrupted()
    }
}

impl Counted {
    fn crossing(&self) {
        self.crossings.set(self.crossings.get() + 1);
    }

    fn opened(
        &self,
        opened: std::result::Result<host::OpenFile, host::FileError>,
    ) -> std::result::Result<Rc<dyn File>, FileError> {
        self.crossing();
        let file = opened.map_err(error)?;
        Ok(Rc::new(NativeFile { file, crossings: Rc::clone(&self.crossings) }))
    }
}

impl Files for Counted {
    fn read_only(&self) -> bool {
        self.directory.read_only()
    }

    fn open(&self, path: &str, how: Opening<'_>) -> std::result::Result<Rc<dyn File>, FileError> {
        let how = host::Opening {
            write: how.write,
            create: how.create,
            exclusive: how.exclusive,
            siblings: how.siblings.iter().map(|&suffix| suffix.to_owned()).collect(),
        };
        self.opened(self.directory.open(path, how))
    }

    fn temporary(&self) -> std::result::Result<Rc<dyn File>, FileError> {
        self.opened(self.directory.temporary())
    }

    fn stat(&self, path: &str) -> std::result::Result<Option<u64>, FileError> {
        self.crossing();
        self.directory.stat(path).map_err(error)
    }

    fn remove(&self, path: &str, durable: bool) -> std::result::Result<(), FileError> {
        self.crossing();
        self.directory.remove(path, durable).map_err(error)
    }

    fn enumerate(&self, limit: u32) -> std::result::Result<Vec<(String, u64)>, FileError> {
        self.crossing();
        Ok(self.directory.enumerate(limit).map_err(error)?.into_iter().map(|file| (file.path, file.size)).collect())
    }
}

impl NativeFile {
    fn crossing(&self) -> &host::OpenFile {
        self.crossings.set(self.crossings.get() + 1);
        &self.file
    }
}

impl File for NativeFile {
    fn read_at(&self, offset: u64, length: u32) -> std::result::Result<Vec<u8>, FileError> {
        self.crossing().read_at(offset, length).map_err(error)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> std::result::Result<(), FileError> {
        self.crossing().write_at(offset, bytes).map_err(error)
    }

    fn size(&self) -> std::result::Result<u64, FileError> {
        self.crossing().size().map_err(error)
    }

    fn truncate(&self, size: u64) -> std::result::Result<(), FileError> {
        self.crossing().truncate(size).map_err(error)
    }

    fn sync(&self) -> std::result::Result<(), FileError> {
        self.crossing().sync().map_err(error)
    }

    fn lock(&self, range: Range, mode: LockMode) -> std::result::Result<bool, FileError> {
        let mode = match mode {
            LockMode::Shared => host::LockMode::Shared,
            LockMode::Exclusive => host::LockMode::Exclusive,
        };
        self.crossing().lock(bytes(range), mode).map_err(error)
    }

    fn unlock(&self, range: Range) -> std::result::Result<(), FileError> {
        self.crossing().unlock(bytes(range)).map_err(error)
    }

    fn locked(&self, range: Range) -> std::result::Result<bool, FileError> {
        self.crossing().locked(bytes(range)).map_err(error)
    }

    fn enter(&self, gate: Range, range: Range, stamp_at: u64) -> std::result::Result<Option<Entry>, FileError> {
        let entry = self.crossing().enter(bytes(gate), bytes(range), stamp_at).map_err(error)?;
        Ok(entry.map(|entry| Entry {
            size: entry.size,
            stamp: [entry.stamp.0, entry.stamp.1].map(u64::to_le_bytes),
            siblings: entry.siblings,
        }))
    }
}

fn bytes(range: Range) -> host::Range {
    host::Range { offset: range.offset, length: range.length }
}

fn error(error: host::FileError) -> FileError {
    match error {
        host::FileError::NotFound => FileError::NotFound,
        host::FileError::Denied(why) => FileError::Denied(why),
        host::FileError::Full(why) => FileError::Full(why),
        host::FileError::Other(why) => FileError::Other(why),
    }
}
