//! How many OPTIONS an address gets answered.

use core::net::IpAddr;
use std::collections::BTreeMap;

use clock::Instant;

/// A bucket of answers for each address, bounded.
#[derive(Debug, Default)]
pub(super) struct RateLimit {
    buckets: BTreeMap<IpAddr, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Answers left, in millionths.
    left_millionths: u64,
    at: Instant,
}

impl RateLimit {
    /// Takes one answer for `address`; false when there is none left now.
    pub(super) fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        let full = BURST * MILLION;
        if self.buckets.len() >= MAX_BUCKETS && !self.buckets.contains_key(&address) {
            // Full buckets say nothing; if none is full, a flood from everywhere starts afresh.
            self.buckets.retain(|_, bucket| bucket.at_time(now).left_millionths < full);
            if self.buckets.len() >= MAX_BUCKETS {
                self.buckets.clear();
            }
        }
        let bucket = self.buckets.entry(address).or_insert(Bucket { left_millionths: full, at: now });
        *bucket = bucket.at_time(now);
        let is_admitted = bucket.left_millionths >= MILLION;
        if is_admitted {
            bucket.left_millionths -= MILLION;
        }
        is_admitted
    }
}

impl Bucket {
    fn at_time(self, now: Instant) -> Self {
        let micros = u64::try_from((now - self.at).as_micros()).unwrap_or(u64::MAX);
        let gained = micros.saturating_mul(OPTIONS_PER_S);
        Self { left_millionths: self.left_millionths.saturating_add(gained).min(BURST * MILLION), at: now.max(self.at) }
    }
}

/// OPTIONS a second that one address gets answered: a carrier asks once in some seconds, a monitoring tool a few
/// times; a scanner asks by the thousand.
const OPTIONS_PER_S: u64 = 50;
/// OPTIONS answered at once after a pause.
const BURST: u64 = 100;
/// Addresses that are counted at a time.
const MAX_BUCKETS: usize = 4_096;
const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut rate = RateLimit::default();
        let address = IpAddr::from([192, 0, 2, 1]);
        let admitted = |rate: &mut RateLimit, at| (0..1_000).filter(|_| rate.admit(at, address)).count();
        assert_eq!(admitted(&mut rate, Instant::ZERO), 100);
        assert_eq!(admitted(&mut rate, Instant::ZERO + Duration::from_millis(500)), 25);
        assert_eq!(admitted(&mut rate, Instant::ZERO + Duration::from_secs(60)), 100);
    }

    #[test]
    fn the_table_stays_bounded() {
        let mut rate = RateLimit::default();
        for host in 0..20_000u32 {
            assert!(rate.admit(Instant::ZERO, IpAddr::from(host.to_be_bytes())));
        }
        assert!(rate.buckets.len() <= MAX_BUCKETS);
    }
}
