//! Connections of all databases together: how many may be open, and who makes room.
//!
//! A place is taken before a connection is made and goes with it. Where none is free the connection that was unused for longest, whosever
//! it is, is closed; and as long as somebody waits, what is given back is closed instead of kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often it is looked again for an unused connection: one may come to rest just after the last look.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// However many wait, the pools aren't looked at more often: a look at a thousand takes a tenth of a millisecond.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// Places for connections.
pub(crate) struct Budget {
    places: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
    pools: Mutex<Vec<Weak<dyn Unused>>>,
    looked: Mutex<Option<Instant>>,
}

/// What has unused connections.
pub(crate) trait Unused: Send + Sync {
    /// For how long its longest unused one has been that. None: it has none.
    fn longest(&self) -> Option<Duration>;
    /// Closes that one.
    fn close_longest(&self);
}

/// A connection's place.
#[derive(Debug)]
pub(crate) struct Place(#[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Budget {
    /// This many places.
    pub(crate) fn new(most: usize) -> Arc<Budget> {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Budget {
            places: Arc::new(Semaphore::new(most)),
            most,
            waiting: AtomicUsize::new(0),
            pools: Mutex::default(),
            looked: Mutex::default(),
        })
    }

    /// How many there are.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Whether somebody waits for a place.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Counts a pool among those that can make room.
    pub(crate) fn join(&self, pool: Weak<dyn Unused>) {
        let mut pools = self.lock();
        // Now and then, so that a long list isn't walked for each new one.
        if pools.len().is_power_of_two() {
            pools.retain(|pool| pool.strong_count() > 0);
        }
        pools.push(pool);
    }

    /// A place, waited for if need be. None: none came free in time.
    pub(crate) async fn take(self: &Arc<Self>, patience: Duration) -> Option<Place> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(Place(place));
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(self);
        let place = async {
            loop {
                self.make_room();
                if let Ok(place) = tokio::time::timeout(LOOK_AGAIN, self.places.clone().acquire_owned()).await {
                    return place.ok().map(Place);
                }
            }
        };
        tokio::time::timeout(patience, place).await.ok().flatten()
    }

    /// Closes as many unused connections as there are who wait, those that were unused for longest.
    fn make_room(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|looked| looked.elapsed() < LOOK_PAUSE) {
            return;
        }
        let pools: Vec<Arc<dyn Unused>> = self.lock().iter().filter_map(Weak::upgrade).collect();
        let mut unused: Vec<_> = pools.iter().filter_map(|pool| Some((pool.longest()?, pool))).collect();
        unused.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        for (_, pool) in unused.iter().take(self.waiting.load(Ordering::Acquire)) {
            pool.close_longest();
        }
        *looked = Some(Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<dyn Unused>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Budget({} of {} free)", self.places.available_permits(), self.most)
    }
}

struct Waiting<'a>(&'a Budget);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Unused connections, each unused for so many seconds.
    struct Resting(Mutex<Vec<(u64, Place)>>);

    impl Unused for Resting {
        fn longest(&self) -> Option<Duration> {
            self.0.lock().unwrap().iter().map(|(seconds, _)| Duration::from_secs(*seconds)).max()
        }

        fn close_longest(&self) {
            let mut resting = self.0.lock().unwrap();
            let at = (0..resting.len()).max_by_key(|at| resting[*at].0).unwrap();
            resting.remove(at);
        }
    }

    fn soon() -> Duration {
        Duration::from_millis(100)
    }

    #[tokio::test]
    async fn the_longest_unused_makes_room_whosever_it_is() {
        let budget = Budget::new(3);
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(budget.take(soon()).await.unwrap());
        }
        let mut next = || places.pop().unwrap();
        let one = Arc::new(Resting(Mutex::new(vec![(5, next()), (1, next())])));
        let other = Arc::new(Resting(Mutex::new(vec![(9, next())])));
        for pool in [&one, &other] {
            let weak: Weak<dyn Unused> = Arc::downgrade(&(pool.clone() as Arc<dyn Unused>));
            budget.join(weak);
        }
        let first = budget.take(soon()).await.unwrap();
        assert_eq!((one.longest().map(|time| time.as_secs()), other.longest()), (Some(5), None));
        let second = budget.take(soon()).await.unwrap();
        assert_eq!(one.longest().map(|time| time.as_secs()), Some(1));
        let third = budget.take(soon()).await.unwrap();
        // All are in use.
        assert!(budget.take(soon()).await.is_none());
        assert!(!budget.is_wanted());
        drop((first, second, third));
    }

    #[tokio::test]
    async fn what_comes_free_goes_to_who_waits() {
        let budget = Budget::new(1);
        let held = budget.take(soon()).await.unwrap();
        let waiter = {
            let budget = budget.clone();
            tokio::spawn(async move { budget.take(Duration::from_secs(10)).await.is_some() })
        };
        while !budget.is_wanted() {
            tokio::task::yield_now().await;
        }
        drop(held);
        assert!(waiter.await.unwrap());
        assert!(!budget.is_wanted());
    }
}
