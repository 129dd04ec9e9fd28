//! All meters of the process, and what is looked at only when somebody asks.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::meter::Meter;
use crate::pool::PoolStatus;

/// Databases with numbers of their own. One has some 60 lines in the text, so that it stays under a few megabytes; those that are
/// used after so many others count together as [`OTHER`].
pub(super) const MAX_METERS: usize = 256;
pub(super) const OTHER: &str = "other";
/// Those that callers connected to, which come and go: one name for all of them, which is no configured database's.
pub(crate) const DYNAMIC: &str = "dynamic";

/// The labels of a database's numbers.
pub(super) type Labels = (Arc<str>, Arc<str>);

/// A database's meter, which exists once it is first used: those that nobody uses have no lines.
pub(crate) struct Measured {
    labels: Labels,
    found: OnceLock<(Labels, Arc<Meter>)>,
}

impl Measured {
    /// Of a database and its driver. What many databases that come and go share, they pass as one name.
    pub(crate) fn new(database: Arc<str>, driver: Arc<str>) -> Measured {
        Measured { labels: (database, driver), found: OnceLock::new() }
    }

    fn found(&self) -> &(Labels, Arc<Meter>) {
        self.found.get_or_init(|| book().meter(&self.labels))
    }
}

impl Deref for Measured {
    type Target = Meter;

    fn deref(&self) -> &Meter {
        &self.found().1
    }
}

/// How a database stands at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) pool: PoolStatus,
    /// In one word, and how bad it is.
    pub(crate) state: crate::database::State,
}

/// A database that can be asked how it stands.
pub(crate) trait Live: Send + Sync {
    /// Whose.
    fn measured(&self) -> &Measured;

    /// How it stands now.
    fn standing(&self) -> Standing;
}

/// From now on, and as long as it lives, this is asked when somebody wants to know.
pub(crate) fn attach(live: Weak<dyn Live>) {
    let mut all = held(&book().live);
    if all.len() == all.capacity() {
        all.retain(|live| live.strong_count() > 0);
    }
    all.push(live);
}

/// Counts a configuration that was read anew.
pub(crate) fn reloaded(taken: bool) {
    let count = if taken { &book().reloads_taken } else { &book().reloads_refused };
    count.fetch_add(1, Ordering::Relaxed);
}

/// The meter of calls that go to no database.
pub(super) fn nowhere() -> &'static Meter {
    &book().nowhere
}

/// The process's own.
pub(super) fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(Book::default)
}

#[derive(Default)]
pub(super) struct Book {
    meters: Mutex<BTreeMap<Labels, Arc<Meter>>>,
    live: Mutex<Vec<Weak<dyn Live>>>,
    pub(super) nowhere: Meter,
    pub(super) reloads_taken: AtomicU64,
    pub(super) reloads_refused: AtomicU64,
}

impl Book {
    fn meter(&self, labels: &Labels) -> (Labels, Arc<Meter>) {
        let mut meters = held(&self.meters);
        if let Some(meter) = meters.get(labels) {
            return (labels.clone(), meter.clone());
        }
        let mut labels = labels.clone();
        let is_own = |labels: &Labels| &*labels.0 != OTHER;
        if meters.keys().filter(|labels| is_own(labels)).count() >= MAX_METERS {
            // Those of databases that are gone make room.
            let gone = meters.iter().find(|(labels, meter)| is_own(labels) && Arc::strong_count(meter) == 1);
            let gone = gone.map(|(labels, _)| labels.clone());
            if gone.and_then(|gone| meters.remove(&gone)).is_none() {
                labels.0 = OTHER.into();
            }
        }
        let meter = meters.entry(labels.clone()).or_default().clone();
        (labels, meter)
    }

    /// Every meter, by its labels.
    pub(super) fn meters(&self) -> Vec<(Labels, Arc<Meter>)> {
        held(&self.meters).iter().map(|(labels, meter)| (labels.clone(), meter.clone())).collect()
    }

    /// How every database stands: under its labels, where it was ever used.
    pub(super) fn standings(&self) -> Vec<(Option<Labels>, Standing)> {
        let live: Vec<Arc<dyn Live>> = held(&self.live).iter().filter_map(Weak::upgrade).collect();
        let labels = |measured: &Measured| measured.found.get().map(|(labels, _)| labels.clone());
        live.iter().map(|live| (labels(live.measured()), live.standing())).collect()
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn labels(number: usize) -> Labels {
        (format!("db{number}").into(), "postgres".into())
    }

    #[test]
    fn there_are_so_many_and_then_one_for_all_others() {
        let book = Book::default();
        let mut kept: Vec<_> = (0..MAX_METERS).map(|number| book.meter(&labels(number))).collect();
        assert!(kept.iter().enumerate().all(|(number, (given, _))| *given == labels(number)));
        for number in MAX_METERS..MAX_METERS + 10 {
            assert_eq!(&*book.meter(&labels(number)).0.0, OTHER);
        }
        assert_eq!(book.meters().len(), MAX_METERS + 1);
        // One that is used again has its own, and one that is gone makes room.
        assert_eq!(book.meter(&labels(3)).0, labels(3));
        kept.remove(5);
        drop(book.meter(&labels(MAX_METERS)));
        assert!(!book.meters().iter().any(|(known, _)| *known == labels(5)));
    }
}
