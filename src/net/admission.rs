//! Who may send how much, by source address alone, before anything is parsed (DESIGN section 7).
//!
//! A trunk is not limited here: it has limits of its own, in calls. A phone is an address from which someone is
//! registered. Everyone else is a stranger, and shares what strangers may use together.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use clock::TrunkId;
use sip::trunk::Targets;
use tokio::time::Instant;

use super::budget::{Bucket, Budgets, Rate};

/// What is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    Stranger,
    /// A phone is registered from there.
    Phone,
    /// It is a trunk's.
    Trunk,
}

/// Decides whether a message is read at all.
#[derive(Debug)]
pub(crate) struct Admission {
    known: RwLock<Arc<Known>>,
    spent: Mutex<Spent>,
    start: Instant,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// As configured.
    trunks: HashSet<IpAddr>,
    /// Those that a trunk's names lead to now.
    targets: HashMap<TrunkId, Vec<IpAddr>>,
    phones: HashSet<IpAddr>,
}

#[derive(Debug)]
struct Spent {
    phones: Budgets,
    strangers: Budgets,
    all_strangers: Bucket,
}

impl Default for Admission {
    fn default() -> Self {
        let spent = Spent {
            phones: Budgets::new(PHONE),
            strangers: Budgets::new(STRANGER),
            all_strangers: Bucket::full(STRANGERS, 0),
        };
        Self { known: RwLock::default(), spent: Mutex::new(spent), start: Instant::now() }
    }
}

impl Admission {
    /// These addresses are trunks' from now, and no others.
    pub(crate) fn set_trunks(&self, trunks: impl IntoIterator<Item = IpAddr>) {
        self.change(|known| known.trunks = trunks.into_iter().map(|address| address.to_canonical()).collect());
    }

    /// What a trunk's names lead to now, and whence its requests come besides.
    pub(crate) fn set_targets(&self, targets: &Targets) {
        let peers = targets.targets.iter().map(|target| target.peer.addr.ip());
        let addresses = peers.chain(targets.sources.iter().copied()).map(|address| address.to_canonical());
        self.change(|known| drop(known.targets.insert(targets.trunk, addresses.collect())));
    }

    /// From these addresses someone is registered now, and from no others.
    pub(crate) fn set_phones(&self, phones: impl IntoIterator<Item = IpAddr>) {
        self.change(|known| known.phones = phones.into_iter().map(|address| address.to_canonical()).collect());
    }

    /// What is known of an address.
    pub(crate) fn standing(&self, address: IpAddr) -> Standing {
        let address = address.to_canonical();
        let known = Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner));
        match () {
            () if known.trunks.contains(&address) => Standing::Trunk,
            () if known.targets.values().any(|targets| targets.contains(&address)) => Standing::Trunk,
            () if known.phones.contains(&address) => Standing::Phone,
            () => Standing::Stranger,
        }
    }

    /// Takes one message from the budget of its address.
    ///
    /// # Errors
    /// There is none left: the word for `trunkline_drops_total{reason}`.
    pub(crate) fn admit(&self, address: IpAddr, standing: Standing) -> Result<(), &'static str> {
        if standing == Standing::Trunk {
            return Ok(());
        }
        let now_micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        // Nothing that holds the lock can panic.
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        match standing {
            Standing::Phone if !spent.phones.take(address, now_micros) => Err("phone_rate"),
            Standing::Stranger if !spent.strangers.take(address, now_micros) => Err("stranger_rate"),
            Standing::Stranger if !spent.all_strangers.take(STRANGERS, now_micros) => Err("strangers_rate"),
            _ => Ok(()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Known::clone(&known);
        change(&mut changed);
        *known = Arc::new(changed);
    }
}

/// Messages of an address from which someone is registered: a site of a thousand phones behind one address, each in
/// a call that begins, ends and is held within a second.
const PHONE: Rate = Rate { per_s: 10_000, burst: 20_000 };
/// Messages of an address of which nothing is known: after a power cut a site of 200 phones registers at once, by two
/// messages each; the first that succeeds makes the address known.
const STRANGER: Rate = Rate { per_s: 100, burst: 400 };
/// Messages of all strangers together: a thousand sites that come back within two seconds, and a fraction of what one
/// core can challenge.
const STRANGERS: Rate = Rate { per_s: 2_000, burst: 4_000 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_are_not_limited_phones_are_a_little_strangers_much() {
        let admission = Admission::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        admission.set_trunks([address(1)]);
        admission.set_phones([address(2)]);
        let through = |last| {
            let standing = admission.standing(address(last));
            (standing, (0..30_000).filter(|_| admission.admit(address(last), standing).is_ok()).count())
        };
        assert_eq!(through(1), (Standing::Trunk, 30_000));
        let (standing, count) = through(2);
        assert!(standing == Standing::Phone && (20_000..30_000).contains(&count), "{count}");
        let (standing, count) = through(3);
        assert!(standing == Standing::Stranger && (400..2_000).contains(&count), "{count}");
        admission.set_phones([]);
        assert_eq!(admission.standing(address(2)), Standing::Stranger);
    }

    #[test]
    fn strangers_together_have_a_bound() {
        let admission = Admission::default();
        let hosts = (0..20_000_u32).map(|host| IpAddr::from((0x0a00_0000 + host).to_be_bytes()));
        let through = hosts.filter(|host| admission.admit(*host, Standing::Stranger).is_ok()).count();
        assert!((4_000..12_000).contains(&through), "{through}");
    }

    #[test]
    fn an_address_in_the_other_notation_is_the_same() {
        let admission = Admission::default();
        admission.set_trunks([IpAddr::from([192, 0, 2, 1])]);
        assert_eq!(admission.standing("::ffff:192.0.2.1".parse().expect("an address")), Standing::Trunk);
    }
}
