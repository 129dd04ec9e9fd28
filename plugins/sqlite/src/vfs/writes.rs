//! Writes that wait for their neighbours.
//!
//! SQLite writes page by page; what is contiguous goes to the host in one piece. One run is held at a time, so writes reach
//! the host in the order in which they were made, whichever file they are for; and the callers flush before anything whose
//! place in that order matters: a sync, a truncation, the removal of a journal, a lock given up, a read of the same file. A
//! guest that is thrown away in between leaves what a crash at that moment would have left.

use crate::environment::File;
use bulkhead_driver::files::FileError;
use std::cell::RefCell;
use std::rc::Rc;

/// A run is sent when it is this long: past it a crossing costs little by the byte.
const LONGEST_RUN: usize = 256 << 10;

/// The run that is held back.
#[derive(Default)]
pub(super) struct WriteBuffer(RefCell<Option<Run>>);

struct Run {
    file: Rc<dyn File>,
    offset: u64,
    bytes: Vec<u8>,
}

impl WriteBuffer {
    /// Appends to the run, or sends it and begins another.
    pub(super) fn write(&self, file: &Rc<dyn File>, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        let mut held = self.0.borrow_mut();
        if let Some(run) = held.as_mut() {
            let next = run.offset.saturating_add(run.bytes.len() as u64);
            if Rc::ptr_eq(&run.file, file) && next == offset && run.bytes.len() + bytes.len() <= LONGEST_RUN {
                run.bytes.extend_from_slice(bytes);
                return Ok(());
            }
        }
        drop(held);
        self.flush()?;
        self.0.replace(Some(Run { file: Rc::clone(file), offset, bytes: bytes.to_vec() }));
        Ok(())
    }

    /// Sends what is held.
    pub(super) fn flush(&self) -> Result<(), FileError> {
        match self.0.take() {
            Some(run) => run.file.write_at(run.offset, &run.bytes),
            None => Ok(()),
        }
    }

    /// Sends what is held for this file.
    pub(super) fn flush_for(&self, file: &Rc<dyn File>) -> Result<(), FileError> {
        let held = self.0.borrow().as_ref().is_some_and(|run| Rc::ptr_eq(&run.file, file));
        if held { self.flush() } else { Ok(()) }
    }

    /// Forgets what is held for a file that nobody will read again.
    pub(super) fn discard_for(&self, file: &Rc<dyn File>) {
        let held = self.0.borrow().as_ref().is_some_and(|run| Rc::ptr_eq(&run.file, file));
        if held {
            self.0.take();
        }
    }
}
