//! One of SQLite's files: reading ahead, writing behind, and its lock.
//!
//! What was read is kept only while nobody else can change it: a database while its lock is held, a file of our own
//! always. Anything we write ourselves drops it.

use super::Shared;
use super::lock::{Level, Lock, Outcome, STAMP_AT};
use crate::environment::{Entry, File};
use bulkhead_driver::files::FileError;
use std::rc::Rc;

/// The farthest a scan reads ahead: past it a crossing costs little by the byte.
const FARTHEST_AHEAD: usize = 128 << 10;
/// A read within so many bytes after the last one still counts as going on: pages of an index lie between a table's.
const SCAN_GAP: u64 = 16 << 10;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A database: locked, and changed by others.
    Database,
    /// Its journal, or a log read under an exclusive lock.
    Journal,
    /// Without a name, ours alone.
    Temporary,
}

/// How a read ended.
pub(super) enum Filled {
    /// The buffer is full.
    All,
    /// The file ended; the rest is zeros.
    Short,
}

/// An open file.
pub(crate) struct VfsFile {
    shared: Rc<Shared>,
    file: Rc<dyn File>,
    role: Role,
    lock: Lock,
    /// Known while nobody else can change it.
    size: Option<u64>,
    window: Window,
}

/// Bytes read ahead.
#[derive(Default)]
struct Window {
    offset: u64,
    bytes: Vec<u8>,
    /// Where the last read of the host's ended.
    next: u64,
    /// How far to read ahead when the scan goes on.
    ahead: usize,
}

impl VfsFile {
    pub(super) fn new(shared: Rc<Shared>, file: Rc<dyn File>, role: Role) -> Self {
        let lock = Lock::new(Rc::clone(&file));
        Self { shared, file, role, lock, size: None, window: Window::default() }
    }

    /// Fills the buffer from `offset`, with zeros past the end.
    pub(super) fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<Filled, FileError> {
        if self.window.copy(offset, buffer) {
            return Ok(Filled::All);
        }
        self.shared.writes.flush_for(&self.file)?;
        let asked = buffer.len();
        let ahead = if self.unchanging() { self.window.plan(offset, asked) } else { 0 };
        let bytes = self.file.read_at(offset, u32::try_from(asked.max(ahead)).unwrap_or(u32::MAX))?;
        let count = bytes.len().min(asked);
        let (filled, rest) = buffer.split_at_mut(count);
        filled.copy_from_slice(bytes.get(..count).unwrap_or_default());
        rest.fill(0);
        let short = !rest.is_empty();
        self.window.took(offset, bytes, ahead > asked);
        Ok(if short { Filled::Short } else { Filled::All })
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.window.clear();
        self.size = None;
        self.shared.writes.write(&self.file, offset, bytes)
    }

    pub(super) fn truncate(&mut self, size: u64) -> Result<(), FileError> {
        self.window.clear();
        self.size = None;
        self.shared.writes.flush()?;
        self.file.truncate(size)
    }

    pub(super) fn sync(&self) -> Result<(), FileError> {
        // Nobody reads a temporary file after a crash.
        if self.role == Role::Temporary { Ok(()) } else { self.shared.sync(&self.file) }
    }

    pub(super) fn size(&mut self) -> Result<u64, FileError> {
        if let Some(size) = self.size {
            return Ok(size);
        }
        self.shared.writes.flush_for(&self.file)?;
        let size = self.file.size()?;
        if self.unchanging() {
            self.size = Some(size);
        }
        Ok(size)
    }

    /// Raises the lock. False: somebody else is in the way.
    pub(super) fn raise(&mut self, wanted: Level) -> Result<bool, FileError> {
        match self.lock.raise(wanted)? {
            Outcome::Busy => Ok(false),
            Outcome::Held(entry) => {
                if let Some(entry) = entry {
                    self.entered(&entry);
                }
                Ok(true)
            }
        }
    }

    /// Lowers the lock.
    pub(super) fn lower(&mut self, wanted: Level) -> Result<(), FileError> {
        let flushed = self.shared.writes.flush();
        if wanted == Level::None {
            self.window.clear();
            self.size = None;
            self.shared.forget();
        }
        self.lock.lower(wanted)?;
        flushed
    }

    pub(super) fn reserved(&self) -> Result<bool, FileError> {
        self.lock.reserved()
    }

    pub(super) fn level(&self) -> Level {
        self.lock.level()
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Takes leave: what is still held back is sent, but for files that are gone with this.
    pub(super) fn close(&mut self) -> Result<(), FileError> {
        if self.role == Role::Temporary {
            self.shared.writes.discard_for(&self.file);
            return Ok(());
        }
        let flushed = self.shared.writes.flush_for(&self.file);
        if self.lock.level() > Level::None {
            self.lower(Level::None)?;
        }
        flushed
    }

    fn entered(&mut self, entry: &Entry) {
        self.size = Some(entry.size);
        let stamp = entry.stamp.as_flattened();
        // A shorter file is read as it is, to its end.
        if entry.size >= STAMP_AT + stamp.len() as u64 {
            self.window.begin(STAMP_AT, stamp);
        }
        self.shared.entered(entry.siblings);
    }

    /// Whether only we can change the file now.
    fn unchanging(&self) -> bool {
        self.role != Role::Database || self.lock.level() > Level::None
    }
}

impl Window {
    /// Fills the buffer if all of it is here.
    fn copy(&self, offset: u64, buffer: &mut [u8]) -> bool {
        let Some(from) = offset.checked_sub(self.offset).and_then(|from| usize::try_from(from).ok()) else {
            return false;
        };
        let Some(bytes) = from.checked_add(buffer.len()).and_then(|to| self.bytes.get(from..to)) else {
            return false;
        };
        buffer.copy_from_slice(bytes);
        true
    }

    /// How much to read for a read of `asked` bytes: more, and twice as much each time, while a scan goes on.
    fn plan(&mut self, offset: u64, asked: usize) -> usize {
        let after = |end: u64| offset.checked_sub(end).is_some_and(|gap| gap <= SCAN_GAP);
        let goes_on = after(self.next) || after(self.offset.saturating_add(self.bytes.len() as u64));
        self.ahead = if goes_on { (self.ahead * 2).clamp(asked, FARTHEST_AHEAD.max(asked)) } else { asked };
        self.ahead
    }

    fn took(&mut self, offset: u64, bytes: Vec<u8>, ahead: bool) {
        self.next = offset.saturating_add(bytes.len() as u64);
        // A single page goes to SQLite's own cache; what was read ahead before stays.
        if ahead {
            self.offset = offset;
            self.bytes = bytes;
        }
    }

    fn begin(&mut self, offset: u64, bytes: &[u8]) {
        self.offset = offset;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.next = 0;
        self.ahead = 0;
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }
}
