//! Opening the database of a connection, at first and after a reset.
//!
//! The file is looked at before SQLite sees it, so that a missing file, one of another format and a write-ahead log are
//! told apart; then come the limits and settings; and the schema is read, so that what is wrong shows now.

use super::{Open, Session};
use crate::environment::{Environment, Opening};
use crate::error;
use crate::hooks::Hooks;
use crate::options::Locking;
use crate::rules::Mode;
use crate::session::cache::Cache;
use crate::sqlite::{Callbacks, Database, Failure, Flag, Opened, Setting, codes};
use crate::vfs::Vfs;
use bulkhead_driver::error::Result;
use bulkhead_driver::files::FileError;
use bulkhead_driver::{Error, ErrorKind};
use std::rc::Rc;

/// The name of a database in memory.
const MEMORY: &str = ":memory:";
/// The first bytes of a database file (<https://www.sqlite.org/fileformat.html>, section 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The header.
const HEADER_BYTES: u32 = 100;
/// Where the header says which version of the format readers and writers need: 2 for a write-ahead log.
const FORMAT_VERSIONS: std::ops::Range<usize> = 18..20;
/// Files looked at to find the one database of a directory.
const MOST_CANDIDATES: u32 = 1_000;

/// Triggers calling triggers: each level takes a frame of the guest's small stack.
const TRIGGER_DEPTH: i32 = 100;
/// As above, for each level of an expression.
const EXPRESSION_DEPTH: i32 = 400;
/// A value or row: a few of them have to fit into an instance's memory at once.
const LENGTH_BYTES: i32 = 16 << 20;

const WAL_HINT: &str = "convert it once with `PRAGMA journal_mode=DELETE` in the sqlite3 command, or set the option locking: exclusive (with a pool of one connection) if no other process uses it";

/// Which database of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Catalog {
    /// A file.
    File(String),
    /// None: in memory, empty at first and after each reset.
    Memory,
}

/// What a file turned out to be.
enum Found {
    Nothing,
    /// SQLite takes an empty file for an empty database, and so do its tools.
    Empty,
    Database {
        log: bool,
    },
    Other,
}

impl Catalog {
    /// By its name; without one, the only database in the directory.
    pub(crate) fn choose(environment: &Environment, name: Option<&str>) -> Result<Self> {
        match name {
            Some(MEMORY) => Ok(Self::Memory),
            Some(name) => Ok(Self::File(name.to_owned())),
            None => {
                let mut databases = Self::all(environment)?;
                match (databases.pop(), databases.is_empty()) {
                    (Some((only, _)), true) => Ok(Self::File(only)),
                    (None, _) => {
                        Err(refused(ErrorKind::Undefined, "there is no database file in the directory, and none was named"))
                    }
                    (Some(_), false) => Err(refused(
                        ErrorKind::Undefined,
                        "there are several database files in the directory, and none was named",
                    )
                    .hint("name one as the catalog")),
                }
            }
        }
    }

    /// The database files of the directory, and their sizes.
    pub(crate) fn all(environment: &Environment) -> Result<Vec<(String, u64)>> {
        let files = environment.files.enumerate(MOST_CANDIDATES).map_err(|why| directory_failed(&why))?;
        Ok(files.into_iter().filter(|(name, _)| matches!(look(environment, name), Ok(Found::Database { .. }))).collect())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::File(name) => name,
            Self::Memory => MEMORY,
        }
    }
}

impl Session {
    /// Opens the database.
    pub(super) fn open(&mut self) -> Result<()> {
        let settings = &self.settings;
        let how = match &settings.catalog {
            Catalog::Memory => Opened::Create,
            Catalog::File(name) => self.admit(name)?,
        };
        let hooks = Rc::new(Hooks::new(Rc::clone(&self.environment.call), settings.options.busy_timeout_ms));
        let vfs = Vfs::new(self.environment.clone())
            .ok_or_else(|| refused(ErrorKind::Internal, "SQLite's operating system layer couldn't be set up"))?;
        let path = match &settings.catalog {
            Catalog::File(name) => Some(name.as_str()),
            Catalog::Memory => None,
        };
        let callbacks: Rc<dyn Callbacks> = hooks.clone();
        let database = Database::open(path, vfs, how, callbacks)
            .map_err(|failure| error::translate(&failure, "", &hooks, None).connection_lost())?;
        hooks.begin(Mode::Internal);
        let read_only = settings.read_only;
        let outcome = self.settle(&database);
        let take_failure = || database.take_file_failure();
        if let Err(failure) = outcome {
            let error = error::translate(&failure, "", &hooks, take_failure());
            return Err(explain_log(self, &failure, error).connection_lost());
        }
        self.open = Some(Open { cache: Cache::default(), database, hooks, query_only: read_only });
        Ok(())
    }

    fn settle(&self, database: &Database) -> std::result::Result<(), Failure> {
        let options = &self.settings.options;
        database.limit(Setting::Attached, 0);
        database.limit(Setting::TriggerDepth, TRIGGER_DEPTH);
        database.limit(Setting::ExpressionDepth, EXPRESSION_DEPTH);
        database.limit(Setting::Length, LENGTH_BYTES);
        database.set(Flag::Defensive, true)?;
        database.set(Flag::TrustedSchema, false)?;
        database.set(Flag::ForeignKeys, options.foreign_keys)?;
        if options.locking == Locking::Exclusive {
            database.execute("PRAGMA locking_mode = EXCLUSIVE")?;
        }
        database.execute(&format!("PRAGMA cache_size = -{}", options.cache_kib))?;
        database.execute(&format!("PRAGMA synchronous = {}", options.synchronous.word()))?;
        // A temporary file's own cache fills first, so that small ones never reach the disk.
        database.execute("PRAGMA temp_store = FILE")?;
        database.execute("SELECT 1 FROM sqlite_schema LIMIT 1")?;
        if self.settings.read_only {
            database.execute("PRAGMA query_only = 1")?;
        }
        Ok(())
    }

    /// Looks at the file, and says how to open it.
    fn admit(&self, name: &str) -> Result<Opened> {
        let found = look(&self.environment, name).map_err(|why| match why {
            FileError::Denied(why) => refused(ErrorKind::Permission, &why),
            why => refused(ErrorKind::Connection, &format!("{name:?}: {}", error::file_error(&why))),
        })?;
        let how = if self.settings.read_only { Opened::ReadOnly } else { Opened::ReadWrite };
        match found {
            Found::Other => {
                Err(refused(ErrorKind::Connection, &format!("{name:?} is not a SQLite database, or it is encrypted")))
            }
            Found::Nothing if self.settings.options.create && !self.settings.read_only => Ok(Opened::Create),
            Found::Nothing => Err(refused(ErrorKind::Undefined, &format!("there is no database file {name:?}"))
                .hint("set the option create: true to make it")),
            Found::Database { log: true } if self.settings.options.locking == Locking::Normal => Err(write_ahead_log(name)),
            Found::Database { log: true } if self.settings.read_only => {
                Err(write_ahead_log(name)
                    .detail("a log is read under an exclusive lock, which a read-only connection can't take"))
            }
            Found::Empty | Found::Database { .. } => Ok(how),
        }
    }
}

/// Says so where a failure is due to a write-ahead log that came after we opened the database.
pub(super) fn explain_log(session: &Session, failure: &Failure, error: Error) -> Error {
    let Catalog::File(name) = &session.settings.catalog else {
        return error;
    };
    if failure.primary() != codes::SQLITE_CANTOPEN {
        return error;
    }
    let log = matches!(look(&session.environment, name), Ok(Found::Database { log: true }));
    if log { write_ahead_log(name) } else { error }
}

fn look(environment: &Environment, name: &str) -> std::result::Result<Found, FileError> {
    let file = match environment.files.open(name, Opening::default()) {
        Ok(file) => file,
        Err(FileError::NotFound) => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let header = file.read_at(0, HEADER_BYTES)?;
    if header.is_empty() {
        return Ok(Found::Empty);
    }
    if !header.starts_with(MAGIC) {
        return Ok(Found::Other);
    }
    let log_file = environment.files.stat(&format!("{name}-wal"))?.is_some_and(|size| size > 0);
    let versions = header.get(FORMAT_VERSIONS).unwrap_or_default();
    Ok(Found::Database { log: log_file || versions.contains(&2) })
}

fn write_ahead_log(name: &str) -> Error {
    refused(
        ErrorKind::Unsupported,
        &format!("{name:?} is in WAL mode: its write-ahead log needs memory shared with the other processes, which a sandbox doesn't have"),
    )
    .hint(WAL_HINT)
}

fn directory_failed(why: &FileError) -> Error {
    refused(ErrorKind::Connection, &format!("the database's directory: {}", error::file_error(why)))
}

fn refused(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message).connection_lost()
}
