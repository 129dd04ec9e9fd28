//! Byte-range locks of the open file description (`F_OFD_SETLK`, fcntl(2)).
//!
//! Unlike a process's own POSIX locks, these exclude other files of this process too, and don't vanish when somebody
//! closes another handle of the same file. They conflict with the POSIX locks of other processes, which is what a
//! database's own command-line tool takes.

use super::{FileError, LockMode, Range};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::File;

/// Tries to take a lock. False: somebody else holds it.
pub(super) fn lock(file: &File, range: Range, mode: LockMode) -> Result<bool, FileError> {
    let kind = match mode {
        LockMode::Shared => libc::F_RDLCK,
        LockMode::Exclusive => libc::F_WRLCK,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&record(range, kind)?)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(Errno::EBADF) => Err(FileError::Denied("an exclusive lock needs a file opened for writing".to_owned())),
        Err(error) => Err(FileError::Other(format!("lock: {}", error.desc()))),
    }
}

/// Gives a lock up.
pub(super) fn unlock(file: &File, range: Range) -> Result<(), FileError> {
    fcntl(file, FcntlArg::F_OFD_SETLK(&record(range, libc::F_UNLCK)?))
        .map(drop)
        .map_err(|error| FileError::Other(format!("unlock: {}", error.desc())))
}

/// Whether an exclusive lock would be refused now.
pub(super) fn locked(file: &File, range: Range) -> Result<bool, FileError> {
    let mut found = record(range, libc::F_WRLCK)?;
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut found)).map_err(|error| FileError::Other(format!("lock: {}", error.desc())))?;
    Ok(i32::from(found.l_type) != libc::F_UNLCK)
}

fn record(range: Range, kind: i32) -> Result<libc::flock, FileError> {
    let outside = |_| FileError::Denied("a lock past the end of the address space".to_owned());
    Ok(libc::flock {
        l_type: libc::c_short::try_from(kind).map_err(outside)?,
        l_whence: libc::c_short::try_from(libc::SEEK_SET).map_err(outside)?,
        l_start: libc::off_t::try_from(range.offset).map_err(outside)?,
        l_len: libc::off_t::try_from(range.length).map_err(outside)?,
        // The kernel wants 0 here for locks of the open file description.
        l_pid: 0,
    })
}
