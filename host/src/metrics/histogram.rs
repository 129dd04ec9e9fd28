//! How long things took, in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds in seconds: from a statement on this machine to the longest that anybody waits.
pub(super) const BOUNDS: [f64; 15] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// The same in microseconds.
const MICROSECONDS: [u64; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    30_000_000,
];

/// Counts of durations.
#[derive(Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub(super) fn observe(&self, took: Duration) {
        let bucket = MICROSECONDS.iter().position(|bound| took.as_nanos() <= u128::from(*bound) * 1_000);
        bucket.and_then(|bucket| self.buckets.get(bucket)).unwrap_or(&self.beyond).fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The sum in seconds, the count, and the count of each bucket by its upper bound.
    pub(super) fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let counts = BOUNDS.iter().zip(&self.buckets).map(|(bound, count)| (*bound, count.load(Ordering::Relaxed)));
        let buckets: Vec<(f64, u64)> = counts.chain([(f64::INFINITY, self.beyond.load(Ordering::Relaxed))]).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        (Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64(), count, buckets)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        for (bound, microseconds) in BOUNDS.iter().zip(MICROSECONDS) {
            assert!((bound - Duration::from_micros(microseconds).as_secs_f64()).abs() < 1e-12);
            histogram.observe(Duration::from_micros(microseconds));
        }
        histogram.observe(Duration::from_secs(31));
        let (sum, count, buckets) = histogram.read();
        assert_eq!(count, 16);
        assert!(buckets.iter().all(|(_, count)| *count == 1), "{buckets:?}");
        assert!((sum - BOUNDS.iter().sum::<f64>() - 31.0).abs() < 1e-6);
    }
}
