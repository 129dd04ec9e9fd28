//! Where SQLite asks us: may this be done, shall I go on, shall I wait.

#![allow(unsafe_code)]

use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::rc::Rc;

/// The answers. Called from inside SQLite: nothing here may use the database.
pub(crate) trait Callbacks {
    /// Whether a statement being prepared may do this: an action's code and its two details
    /// (<https://www.sqlite.org/c3ref/c_alter_table.html>).
    fn authorize(&self, action: i32, first: Option<&str>, second: Option<&str>) -> bool;
    /// Whether to go on with a statement; asked every so many steps of its.
    fn go_on(&self) -> bool;
    /// Waits for somebody else's lock; `attempts` were made before. False: give up.
    fn wait_for_lock(&self, attempts: u32) -> bool;
}

/// A sized thing to point at; the database owns it.
pub(super) struct Holder(pub(super) Rc<dyn Callbacks>);

/// Sets them all.
///
/// # Safety
/// `database` is open, and `holder` outlives it.
pub(super) unsafe fn install(database: *mut ffi::sqlite3, holder: *const Holder, steps: c_int) {
    let data = holder.cast_mut().cast::<c_void>();
    // SAFETY: as above.
    unsafe {
        ffi::sqlite3_set_authorizer(database, Some(authorize), data);
        ffi::sqlite3_progress_handler(database, steps, Some(progress), data);
        ffi::sqlite3_busy_handler(database, Some(busy), data);
    }
}

/// # Safety
/// `data` is what `install` was given, and its database is open.
unsafe fn callbacks<'a>(data: *mut c_void) -> &'a dyn Callbacks {
    // SAFETY: as above.
    unsafe { &*(*data.cast::<Holder>()).0 }
}

/// # Safety
/// `text` is null or a C string.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

unsafe extern "C" fn authorize(
    data: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    _database: *const c_char,
    _trigger: *const c_char,
) -> c_int {
    // SAFETY: SQLite passes what `install` was given, and C strings or null.
    let allowed = unsafe { callbacks(data).authorize(action, text(first), text(second)) };
    if allowed { ffi::SQLITE_OK } else { ffi::SQLITE_DENY }
}

unsafe extern "C" fn progress(data: *mut c_void) -> c_int {
    // SAFETY: SQLite passes what `install` was given.
    c_int::from(!unsafe { callbacks(data) }.go_on())
}

unsafe extern "C" fn busy(data: *mut c_void, attempts: c_int) -> c_int {
    // SAFETY: SQLite passes what `install` was given.
    c_int::from(unsafe { callbacks(data) }.wait_for_lock(u32::try_from(attempts).unwrap_or(u32::MAX)))
}
