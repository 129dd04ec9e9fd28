//! The C side of the VFS: `sqlite3_vfs` and `sqlite3_io_methods` (<https://www.sqlite.org/vfs.html>).
//!
//! Each function turns its arguments into safe ones, calls [`Shared`] or [`VfsFile`], and turns the outcome into a result
//! code. What failed is kept beside the code, since SQLite passes only the code on.

#![allow(unsafe_code)]

use super::Shared;
use super::file::{Filled, Role, VfsFile};
use super::lock::Level;
use crate::environment::{Environment, Opening};
use bulkhead_driver::files::FileError;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Room for a path of the host's, and SQLite's suffixes.
const MAX_PATH_BYTES: c_int = 1100;
/// What a sector is taken to be: a page of the memory and of most disks.
const SECTOR_BYTES: c_int = 4096;
/// 1970-01-01 in milliseconds of the Julian day.
const UNIX_EPOCH_JULIAN_MS: i64 = 210_866_760_000_000;

/// One connection's operating system, registered under a name of its own until it is dropped.
pub(crate) struct Vfs {
    raw: Box<ffi::sqlite3_vfs>,
    name: CString,
    shared: Rc<Shared>,
}

#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw` in `open`; null once closed.
    file: *mut VfsFile,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 1: no shared memory, so SQLite itself refuses a write-ahead log but under an exclusive lock.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

impl Vfs {
    /// Registers it. None: SQLite couldn't be initialised.
    pub(crate) fn new(environment: Environment) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = CString::new(format!("bulkhead-{}", COUNT.fetch_add(1, Ordering::Relaxed))).ok()?;
        let shared = Shared::new(environment);
        let raw = Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<Handle>()).ok()?,
            mxPathname: MAX_PATH_BYTES,
            pNext: std::ptr::null_mut(),
            zName: name.as_ptr(),
            pAppData: Rc::as_ptr(&shared).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(get_last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        let mut vfs = Self { raw, name, shared };
        // In a component this is the only one, and SQLite seeds its random numbers from the default.
        let default = c_int::from(cfg!(target_family = "wasm"));
        // SAFETY: the structure, its name and its application data live as long as `vfs`, whose drop unregisters it.
        let code = unsafe { ffi::sqlite3_vfs_register(&raw mut *vfs.raw, default) };
        (code == ffi::SQLITE_OK).then_some(vfs)
    }

    /// Its name, for `sqlite3_open_v2`.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// What the last failed file call said, once.
    pub(crate) fn take_failure(&self) -> Option<FileError> {
        self.shared.failure.take()
    }
}

impl Drop for Vfs {
    fn drop(&mut self) {
        // SAFETY: it was registered in `new`; every database that used it is closed, since each holds it.
        unsafe { ffi::sqlite3_vfs_unregister(&raw mut *self.raw) };
    }
}

/// SQLite's way to start an operating system's layer: there is none beside the one above.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
extern "C" fn sqlite3_os_init() -> c_int {
    ffi::SQLITE_OK
}

/// Its counterpart.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
extern "C" fn sqlite3_os_end() -> c_int {
    ffi::SQLITE_OK
}

/// # Safety
/// `vfs` is one of ours, so its application data is its `Vfs`'s `Shared`, from an `Rc` that the `Vfs` holds.
unsafe fn shared(vfs: *mut ffi::sqlite3_vfs) -> Rc<Shared> {
    // SAFETY: as above; the count is raised for the `Rc` made here.
    unsafe {
        let raw: *const Shared = (*vfs).pAppData.cast();
        Rc::increment_strong_count(raw);
        Rc::from_raw(raw)
    }
}

/// # Safety
/// `file` was opened by `open` and not closed; SQLite uses a file from one thread at a time, and no method calls another.
unsafe fn vfs_file<'a>(file: *mut ffi::sqlite3_file) -> &'a mut VfsFile {
    // SAFETY: as above: the pointer is from `Box::into_raw`, and this is the only reference made of it now.
    unsafe { &mut *(*file.cast::<Handle>()).file }
}

/// A path as the host has it: SQLite's is absolute, so that it can't be taken for a URI.
///
/// # Safety
/// `name` is null or ends with a NUL.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as above.
    let text = unsafe { CStr::from_ptr(name) }.to_str().ok()?;
    Some(text.strip_prefix('/').unwrap_or(text))
}

fn code(shared: &Shared, outcome: Result<(), FileError>, otherwise: c_int) -> c_int {
    match outcome.map_err(|error| shared.failed(error)) {
        Ok(()) => ffi::SQLITE_OK,
        Err(FileError::Full(_)) => ffi::SQLITE_FULL,
        Err(FileError::NotFound | FileError::Denied(_) | FileError::Other(_)) => otherwise,
    }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: called by SQLite with a VFS of ours, a name that is null or a C string, and `szOsFile` bytes at `file`.
    let (shared, path) = unsafe {
        let handle = file.cast::<Handle>();
        // Null methods say that there is nothing to close.
        (*handle).base.pMethods = std::ptr::null();
        (*handle).file = std::ptr::null_mut();
        (shared(vfs), path(name))
    };
    let has = |flag: c_int| flags & flag != 0;
    let role = if has(ffi::SQLITE_OPEN_MAIN_DB) { Role::Database } else { Role::Journal };
    let how = Opening {
        write: has(ffi::SQLITE_OPEN_READWRITE),
        create: has(ffi::SQLITE_OPEN_CREATE),
        exclusive: has(ffi::SQLITE_OPEN_EXCLUSIVE),
        siblings: &[],
    };
    match shared.open(path, role, how) {
        Ok((opened, writable)) => {
            let read_only = how.write && !writable;
            // SAFETY: as above; `out_flags` may be null.
            unsafe {
                if !out_flags.is_null() {
                    *out_flags = if read_only {
                        flags & !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE) | ffi::SQLITE_OPEN_READONLY
                    } else {
                        flags
                    };
                }
                let handle = file.cast::<Handle>();
                (*handle).file = Box::into_raw(Box::new(opened));
                (*handle).base.pMethods = &raw const METHODS;
            }
            ffi::SQLITE_OK
        }
        Err(error) => code(&shared, Err(error), ffi::SQLITE_CANTOPEN),
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once; the box from `open` is taken back.
    let mut closed = unsafe {
        let handle = file.cast::<Handle>();
        let closed = Box::from_raw((*handle).file);
        (*handle).file = std::ptr::null_mut();
        closed
    };
    let outcome = closed.close();
    code(closed.shared(), outcome, ffi::SQLITE_IOERR_CLOSE)
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, buffer: *mut c_void, amount: c_int, offset: i64) -> c_int {
    let (Ok(amount), Ok(offset)) = (usize::try_from(amount), u64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: an open file, and `amount` bytes to fill at `buffer`, which SQLite allocated.
    let (file, buffer) = unsafe { (vfs_file(file), std::slice::from_raw_parts_mut(buffer.cast::<u8>(), amount)) };
    match file.read(offset, buffer) {
        Ok(Filled::All) => ffi::SQLITE_OK,
        Ok(Filled::Short) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(error) => code(file.shared(), Err(error), ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, buffer: *const c_void, amount: c_int, offset: i64) -> c_int {
    let (Ok(amount), Ok(offset)) = (usize::try_from(amount), u64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: an open file, and `amount` bytes at `buffer`.
    let (file, bytes) = unsafe { (vfs_file(file), std::slice::from_raw_parts(buffer.cast::<u8>(), amount)) };
    let outcome = file.write(offset, bytes);
    code(file.shared(), outcome, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    let outcome = file.truncate(u64::try_from(size).unwrap_or(0));
    code(file.shared(), outcome, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    code(file.shared(), file.sync(), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    match file.size() {
        Ok(found) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *size = i64::try_from(found).unwrap_or(i64::MAX) };
            ffi::SQLITE_OK
        }
        Err(error) => code(file.shared(), Err(error), ffi::SQLITE_IOERR_FSTAT),
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    let Some(level) = Level::from_code(level) else {
        return ffi::SQLITE_MISUSE;
    };
    match file.raise(level) {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_BUSY,
        Err(error) => code(file.shared(), Err(error), ffi::SQLITE_IOERR_LOCK),
    }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    let Some(level) = Level::from_code(level) else {
        return ffi::SQLITE_MISUSE;
    };
    let outcome = file.lower(level);
    code(file.shared(), outcome, ffi::SQLITE_IOERR_UNLOCK)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { vfs_file(file) };
    match file.reserved() {
        Ok(found) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *reserved = c_int::from(found) };
            ffi::SQLITE_OK
        }
        Err(error) => code(file.shared(), Err(error), ffi::SQLITE_IOERR_CHECKRESERVEDLOCK),
    }
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    if operation != ffi::SQLITE_FCNTL_LOCKSTATE {
        return ffi::SQLITE_NOTFOUND;
    }
    // SAFETY: an open file; for this operation the argument is a place for an int.
    unsafe { *argument.cast::<c_int>() = vfs_file(file).level() as c_int };
    ffi::SQLITE_OK
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    // As `os_unix.c` assumes: bytes beside those being written survive a loss of power.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    // SAFETY: a VFS of ours and a C string.
    let (shared, path) = unsafe { (shared(vfs), path(name)) };
    let Some(path) = path else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    match shared.remove(path, sync_directory != 0) {
        Err(FileError::NotFound) => ffi::SQLITE_IOERR_DELETE_NOENT,
        outcome => code(&shared, outcome, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, _flags: c_int, found: *mut c_int) -> c_int {
    // SAFETY: a VFS of ours and a C string.
    let (shared, path) = unsafe { (shared(vfs), path(name)) };
    let Some(path) = path else {
        return ffi::SQLITE_IOERR_ACCESS;
    };
    match shared.exists(path) {
        Ok(there) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *found = c_int::from(there) };
            ffi::SQLITE_OK
        }
        Err(error) => code(&shared, Err(error), ffi::SQLITE_IOERR_ACCESS),
    }
}

unsafe extern "C" fn full_pathname(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: a C string.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(room).unwrap_or(0) < bytes.len() {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: there is room for `room` bytes at `out`, at least as many as are copied.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, amount: c_int, out: *mut c_char) -> c_int {
    let Ok(length) = usize::try_from(amount) else {
        return 0;
    };
    // SAFETY: there is room for `amount` bytes at `out`.
    let buffer = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), length) };
    // The standard library keys its hashers from the system's random numbers.
    let keyed = RandomState::new();
    for (index, chunk) in buffer.chunks_mut(size_of::<u64>()).enumerate() {
        let bytes = keyed.hash_one(index).to_ne_bytes();
        for (to, from) in chunk.iter_mut().zip(bytes) {
            *to = from;
        }
    }
    amount
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    let milliseconds = u32::try_from(microseconds).unwrap_or(0).div_ceil(1000);
    // SAFETY: a VFS of ours.
    unsafe { shared(vfs) }.environment.call.wait(milliseconds);
    microseconds
}

unsafe extern "C" fn current_time_int64(_vfs: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let milliseconds = i64::try_from(since.as_millis()).unwrap_or(0);
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *out = UNIX_EPOCH_JULIAN_MS + milliseconds };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    /// Milliseconds of a day.
    const DAY_MS: f64 = 86_400_000.0;
    let mut milliseconds = 0;
    // SAFETY: places for the answers, ours and SQLite's.
    unsafe {
        let code = current_time_int64(vfs, &raw mut milliseconds);
        // Exact up to 2^53 milliseconds, 285,000 years.
        #[allow(clippy::cast_precision_loss)]
        let days = milliseconds as f64 / DAY_MS;
        *out = days;
        code
    }
}

unsafe extern "C" fn get_last_error(_vfs: *mut ffi::sqlite3_vfs, _length: c_int, _out: *mut c_char) -> c_int {
    0
}
