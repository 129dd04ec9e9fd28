//! The one directory that the driver was given, and how it tries to get more out of it.

use bulkhead_driver::files::{self, ByteRange, File, FileError, LockMode, OpenOptions};

/// More than the host lets one connection have.
const MANY: usize = 1_000;
/// Ends of the range of a file's offsets.
const FAR: [u64; 4] = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1];

/// What could be done with a path that isn't one of the directory's; nothing if the walls hold.
pub(crate) fn escape(path: &str) -> String {
    let options = |write, create| OpenOptions { write, create, exclusive: false, siblings: vec![] };
    let mut done = Vec::new();
    if let Ok(file) = files::open(path, &options(false, false)) {
        done.push(format!("read {:?}", file.read_at(0, 64)));
    }
    if files::open(path, &options(true, false)).is_ok() {
        done.push("opened for writing".to_owned());
    }
    if files::open(path, &options(true, true)).is_ok() {
        done.push("created".to_owned());
    }
    if let Ok(Some(size)) = files::stat(path) {
        done.push(format!("saw {size} bytes"));
    }
    if files::remove(path, true).is_ok() {
        done.push("removed".to_owned());
    }
    done.join("\n")
}

/// Asks for too much of a file that is the directory's own, and tells what was granted, one to a line.
pub(crate) fn exhaust(path: &str) -> String {
    let options = OpenOptions { write: true, create: true, exclusive: false, siblings: vec!["-x".repeat(600); 100] };
    let plain = OpenOptions { siblings: vec![], ..options.clone() };
    let mut told = vec![format!("siblings: {}", outcome(&files::open(path, &options)))];
    if let Ok(file) = files::open(path, &plain) {
        for at in FAR {
            told.push(format!("write at {at}: {}", outcome(&file.write_at(at, b"far"))));
            told.push(format!("truncate to {at}: {}", outcome(&file.truncate(at))));
            told.push(format!("read at {at}: {}", file.read_at(at, u32::MAX).map_or(0, |bytes| bytes.len())));
            let range = ByteRange { offset: at, length: u64::MAX };
            told.push(format!("lock at {at}: {}", outcome(&file.lock(range, LockMode::Exclusive))));
            told.push(format!("enter at {at}: {}", outcome(&file.enter(range, range, at))));
        }
        told.push(format!("size: {}", file.size().unwrap_or(0)));
    }
    let open = hoard(|| files::open(path, &plain));
    let temporary = hoard(files::temporary);
    told.push(format!("open at once: {open}"));
    told.push(format!("temporary at once: {temporary}"));
    told.push(format!("listed: {}", files::enumerate(u32::MAX).map_or(0, |listed| listed.len())));
    told.join("\n")
}

/// Takes files without giving any back, until the host says no.
fn hoard(take: impl Fn() -> Result<File, FileError>) -> usize {
    let taken: Vec<File> = (0..MANY).map_while(|_| take().ok()).collect();
    let count = taken.len();
    std::mem::forget(taken);
    count
}

fn outcome<T>(result: &Result<T, FileError>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(FileError::NotFound) => "not found",
        Err(FileError::Denied(_)) => "denied",
        Err(FileError::Full(_)) => "full",
        Err(FileError::Other(_)) => "refused",
    }
}
