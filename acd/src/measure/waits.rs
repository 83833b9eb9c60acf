//! The distribution of waits: exact in number and sum, quantiles to about 1 %.

use core::time::Duration;
use std::collections::BTreeMap;

/// Waits in buckets whose width is 1/64 of their value, so that any number of
/// them takes bounded room and distributions can be added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    count: u64,
    sum_ms: u64,
    /// Number by bucket.
    buckets: BTreeMap<u16, u64>,
}

impl Waits {
    /// One more.
    pub fn add(&mut self, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).min(LONGEST_MS);
        self.count += 1;
        self.sum_ms += ms;
        *self.buckets.entry(bucket(ms)).or_default() += 1;
    }

    /// Those of another distribution too.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_ms += other.sum_ms;
        for (bucket, number) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += number;
        }
    }

    /// How many.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; `None` of none.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.sum_ms.checked_div(self.count).map(Duration::from_millis)
    }

    /// The wait that `percent` of them do not exceed: the middle of its bucket; `None` of none.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let rank = (self.count * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, number) in &self.buckets {
            seen += number;
            if seen >= rank {
                return Some(Duration::from_millis(middle(*bucket)));
            }
        }
        None
    }
}

/// Below 128 ms each has its own; above, 64 buckets for each doubling.
fn bucket(ms: u64) -> u16 {
    let shift = (64 - ms.leading_zeros()).saturating_sub(BITS + 1);
    ((shift << BITS) + (ms >> shift) as u32) as u16
}

fn middle(bucket: u16) -> u64 {
    let bucket = u32::from(bucket);
    let shift = (bucket >> BITS).saturating_sub(1);
    let first = u64::from(bucket - (shift << BITS)) << shift;
    first + (1 << shift) / 2
}

/// Bits of a wait that its bucket keeps, the leading one aside.
const BITS: u32 = 6;
/// A week: longer waits count as that.
const LONGEST_MS: u64 = 7 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_falls_into_a_bucket_near_it() {
        for ms in (0..5_000).chain([59_999, 60_000, 3_600_000, LONGEST_MS]) {
            let near = middle(bucket(ms));
            assert!(near.abs_diff(ms) * 100 <= ms, "{ms} ms in the bucket of {near} ms");
        }
        assert!((1..100_000).all(|ms| bucket(ms) >= bucket(ms - 1)));
    }

    #[test]
    fn mean_and_percentiles_are_those_of_the_waits() {
        let mut waits = Waits::default();
        assert_eq!((waits.mean(), waits.percentile(50)), (None, None));
        (1..=100).for_each(|seconds| waits.add(Duration::from_secs(seconds)));
        assert_eq!(waits.mean(), Some(Duration::from_millis(50_500)));
        for (percent, seconds) in [(0, 1.0), (50, 50.0), (90, 90.0), (100, 100.0)] {
            let found = waits.percentile(percent).unwrap().as_secs_f64();
            assert!((found - seconds).abs() <= seconds / 100.0, "{percent} %: {found}");
        }
    }

    #[test]
    fn parts_add_up() {
        let (mut odd, mut even, mut all) = (Waits::default(), Waits::default(), Waits::default());
        for ms in 0..999 {
            let part = if ms % 2 == 0 { &mut even } else { &mut odd };
            part.add(Duration::from_millis(ms * 37));
            all.add(Duration::from_millis(ms * 37));
        }
        odd.merge(&even);
        assert_eq!(odd, all);
    }
}
