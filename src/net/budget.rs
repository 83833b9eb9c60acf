//! How many messages a source may send: a bucket for each address, and their table, bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Messages a second, and at once after a pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) per_s: u64,
    pub(super) burst: u64,
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    left_millionths: u64,
    at_micros: u64,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now_micros: u64) -> Self {
        Self { left_millionths: rate.burst * MILLION, at_micros: now_micros }
    }

    /// Takes one message; false when there is none left now.
    pub(super) fn take(&mut self, rate: Rate, now_micros: u64) -> bool {
        let gained = now_micros.saturating_sub(self.at_micros).saturating_mul(rate.per_s);
        self.left_millionths = self.left_millionths.saturating_add(gained).min(rate.burst * MILLION);
        self.at_micros = self.at_micros.max(now_micros);
        let is_left = self.left_millionths >= MILLION;
        if is_left {
            self.left_millionths -= MILLION;
        }
        is_left
    }

    fn is_full(&self, rate: Rate, now_micros: u64) -> bool {
        let gained = now_micros.saturating_sub(self.at_micros).saturating_mul(rate.per_s);
        self.left_millionths.saturating_add(gained) >= rate.burst * MILLION
    }
}

/// A bucket for each address; of IPv6 for each /64, which is what one site or host has.
#[derive(Debug)]
pub(super) struct Budgets {
    rate: Rate,
    buckets: HashMap<IpAddr, Bucket>,
}

impl Budgets {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// Takes one message of `address`.
    pub(super) fn take(&mut self, address: IpAddr, now_micros: u64) -> bool {
        let (rate, site) = (self.rate, site_of(address));
        if self.buckets.len() >= ADDRESSES_MAX && !self.buckets.contains_key(&site) {
            // Full buckets say nothing. Where few are full, a flood from everywhere starts afresh: clearing the half
            // of the table at least keeps the cost of a new address constant.
            self.buckets.retain(|_, bucket| !bucket.is_full(rate, now_micros));
            if self.buckets.len() > ADDRESSES_MAX / 2 {
                self.buckets.clear();
            }
        }
        self.buckets.entry(site).or_insert_with(|| Bucket::full(rate, now_micros)).take(rate, now_micros)
    }
}

fn site_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

const MILLION: u64 = 1_000_000;
/// Addresses counted at a time: a distributed attack of ten thousand hosts, in a MB.
const ADDRESSES_MAX: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 100, burst: 200 };

    #[test]
    fn a_burst_then_a_steady_rate_for_each_address() {
        let mut budgets = Budgets::new(RATE);
        let mut taken = |address: [u8; 4], at| (0..1_000).filter(|_| budgets.take(address.into(), at)).count();
        assert_eq!(taken([192, 0, 2, 1], 0), 200);
        assert_eq!(taken([192, 0, 2, 1], 500_000), 50);
        assert_eq!(taken([192, 0, 2, 2], 500_000), 200, "another has his own");
        assert_eq!(taken([192, 0, 2, 1], 60_000_000), 200);
        assert_eq!(taken([192, 0, 2, 1], 0), 0, "a clock that went back gains nothing");
    }

    #[test]
    fn a_site_of_ipv6_has_one_bucket() {
        let mut budgets = Budgets::new(RATE);
        let host = |site: u16, host| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, site, 0, 0, 0, host));
        assert_eq!((0..300).filter(|number| budgets.take(host(1, *number), 0)).count(), 200);
        assert!(budgets.take(host(2, 1), 0));
    }

    #[test]
    fn the_table_stays_bounded() {
        let mut budgets = Budgets::new(RATE);
        for host in 0..100_000_u32 {
            assert!(budgets.take(IpAddr::from(host.to_be_bytes()), u64::from(host)));
        }
        assert!(budgets.buckets.len() <= ADDRESSES_MAX);
    }
}
