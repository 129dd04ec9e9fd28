//! What a connection answers when SQLite asks, and what it remembers of it for the errors.

use crate::environment::Call;
use crate::rules::{self, Denial, Effect, Mode};
use crate::sqlite::Callbacks;
use bulkhead_driver::call::Interruption;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Waits between attempts at somebody's lock, in milliseconds: short at first, since most are held for one small write; the
/// last is repeated. SQLite's own go on to 100, with which a reader between busy writers seldom finds the gap.
const WAITS_MS: [u32; 8] = [1, 1, 2, 3, 5, 8, 12, 20];

/// A connection's answers. Shared with the database handle that asks.
pub(crate) struct Hooks {
    call: Rc<dyn Call>,
    busy_timeout_ms: u32,
    mode: Cell<Mode>,
    waited_ms: Cell<u32>,
    interruption: Cell<Option<Interruption>>,
    denial: RefCell<Option<Denial>>,
    session_changed: Cell<bool>,
}

impl Hooks {
    pub(crate) fn new(call: Rc<dyn Call>, busy_timeout_ms: u32) -> Self {
        Self {
            call,
            busy_timeout_ms,
            mode: Cell::new(Mode::Internal),
            waited_ms: Cell::new(0),
            interruption: Cell::new(None),
            denial: RefCell::new(None),
            session_changed: Cell::new(false),
        }
    }

    /// Whose statements come now; what was remembered of the ones before is dropped.
    pub(crate) fn begin(&self, mode: Mode) {
        self.mode.set(mode);
        self.interruption.set(None);
        self.denial.replace(None);
    }

    /// Changes the mode in the middle of a call.
    pub(crate) fn set_mode(&self, mode: Mode) -> Mode {
        self.mode.replace(mode)
    }

    /// Why the call was ended, if it was.
    pub(crate) fn interruption(&self) -> Option<Interruption> {
        self.interruption.get()
    }

    /// What was refused, if anything was.
    pub(crate) fn take_denial(&self) -> Option<Denial> {
        self.denial.take()
    }

    /// Whether what was refused may be an R-tree preparing itself.
    pub(crate) fn refused_perhaps_shadow(&self) -> bool {
        self.denial.borrow().as_ref().is_some_and(|denial| denial.perhaps_shadow)
    }

    /// How long the last wait for a lock took, in milliseconds.
    pub(crate) fn waited_ms(&self) -> u32 {
        self.waited_ms.get()
    }

    /// Whether anything was done that only opening anew undoes.
    pub(crate) fn session_changed(&self) -> bool {
        self.session_changed.get()
    }

    fn end_if(&self, interruption: Option<Interruption>) -> bool {
        if interruption.is_some() {
            self.interruption.set(interruption);
        }
        interruption.is_some()
    }
}

impl Callbacks for Hooks {
    fn authorize(&self, action: i32, first: Option<&str>, second: Option<&str>) -> bool {
        match rules::decide(self.mode.get(), action, first, second) {
            Ok(Effect::Clean) => true,
            Ok(Effect::Session) => {
                self.session_changed.set(true);
                true
            }
            Err(denial) => {
                self.denial.borrow_mut().get_or_insert(denial);
                false
            }
        }
    }

    fn go_on(&self) -> bool {
        !self.end_if(self.call.interrupted())
    }

    fn wait_for_lock(&self, attempts: u32) -> bool {
        if attempts == 0 {
            self.waited_ms.set(0);
        }
        let waited = self.waited_ms.get();
        let left = self.busy_timeout_ms.saturating_sub(waited);
        if left == 0 {
            return false;
        }
        let index = usize::try_from(attempts).unwrap_or(usize::MAX).min(WAITS_MS.len() - 1);
        let wait = WAITS_MS.get(index).copied().unwrap_or(1).min(left);
        self.waited_ms.set(waited.saturating_add(wait));
        !self.end_if(self.call.wait(wait))
    }
}
