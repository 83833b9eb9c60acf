//! Who may send how much, by source address alone, before anything is parsed (DESIGN section 7).
//!
//! A trunk is not limited here: it has limits of its own, in calls. A phone is an address from which someone is
//! registered. Everyone else is a stranger, and shares what strangers may use together.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use clock::TrunkId;
use sip::trunk::Targets;
use tokio::sync::watch;
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
    known: watch::Sender<Known>,
    spent: Mutex<Spent>,
    start: Instant,
}

/// The addresses that are someone's.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Whence trunks call, as configured.
    trunks: HashSet<IpAddr>,
    /// Where calls to trunks go, as configured; of one that is known by name only, zeros.
    destinations: HashMap<TrunkId, IpAddr>,
    /// Those that a trunk's names lead to now.
    targets: HashMap<TrunkId, HashSet<IpAddr>>,
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
        Self { known: watch::Sender::default(), spent: Mutex::new(spent), start: Instant::now() }
    }
}

impl Admission {
    /// These addresses are trunks' from now, and no others.
    pub(crate) fn set_trunks(&self, trunks: impl IntoIterator<Item = IpAddr>) {
        self.change(|known| &mut known.trunks, canonical(trunks));
    }

    /// Calls to these trunks go there, as long as nothing more is known of them; there are no other trunks.
    pub(crate) fn set_destinations(&self, trunks: impl IntoIterator<Item = (TrunkId, IpAddr)>) {
        let destinations: HashMap<_, _> =
            trunks.into_iter().map(|(trunk, address)| (trunk, address.to_canonical())).collect();
        self.known.send_if_modified(|known| {
            let is_new = known.destinations != destinations;
            known.targets.retain(|trunk, _| destinations.contains_key(trunk));
            known.destinations = destinations;
            is_new
        });
    }

    /// What a trunk's names lead to now, and whence its requests come besides.
    pub(crate) fn set_targets(&self, targets: &Targets) {
        let peers = targets.targets.iter().map(|target| target.peer.addr.ip());
        let addresses = canonical(peers.chain(targets.sources.iter().copied()));
        self.change(|known| known.targets.entry(targets.trunk).or_default(), addresses);
    }

    /// From these addresses someone is registered now, and from no others.
    pub(crate) fn set_phones(&self, phones: impl IntoIterator<Item = IpAddr>) {
        self.change(|known| &mut known.phones, canonical(phones));
    }

    /// What is known of an address.
    pub(crate) fn standing(&self, address: IpAddr) -> Standing {
        self.known.borrow().standing(address.to_canonical())
    }

    /// What is known of addresses, and when it changes.
    pub(super) fn known(&self) -> watch::Receiver<Known> {
        self.known.subscribe()
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

    /// Followers hear only of what is new: most registrations come from where the former did.
    fn change<T: PartialEq>(&self, place: impl FnOnce(&mut Known) -> &mut T, new: T) {
        self.known.send_if_modified(|known| {
            let place = place(known);
            let is_new = *place != new;
            *place = new;
            is_new
        });
    }
}

impl Known {
    /// Of an address in canonical notation.
    fn standing(&self, address: IpAddr) -> Standing {
        match () {
            () if self.trunks.contains(&address) => Standing::Trunk,
            () if self.destinations.values().any(|destination| *destination == address) => Standing::Trunk,
            () if self.targets.values().any(|targets| targets.contains(&address)) => Standing::Trunk,
            () if self.phones.contains(&address) => Standing::Phone,
            () => Standing::Stranger,
        }
    }

    /// At most so many addresses, those of trunks first, in an order that depends on nothing else.
    pub(super) fn addresses(&self, count_max: usize) -> Vec<IpAddr> {
        let (configured, of_names) = (self.destinations.values(), self.targets.values().flatten());
        let trunks = self.trunks.iter().chain(configured).chain(of_names).copied();
        let trunks: BTreeSet<IpAddr> = trunks.filter(|address| !address.is_unspecified()).collect();
        let phones: BTreeSet<IpAddr> = self.phones.iter().copied().filter(|phone| !trunks.contains(phone)).collect();
        trunks.into_iter().chain(phones).take(count_max).collect()
    }
}

fn canonical(addresses: impl IntoIterator<Item = IpAddr>) -> HashSet<IpAddr> {
    addresses.into_iter().map(|address| address.to_canonical()).collect()
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
    fn a_destination_is_a_trunks_from_the_start_and_only_as_long_as_there_is_the_trunk() {
        let admission = Admission::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let sources = vec![address(3)];
        admission.set_destinations([(TrunkId(1), address(1)), (TrunkId(2), IpAddr::from([0, 0, 0, 0]))]);
        admission.set_targets(&Targets { trunk: TrunkId(2), targets: Vec::new(), sources, contact_user: None });
        admission.set_phones([address(0), address(3)]);
        assert_eq!(admission.standing(address(1)), Standing::Trunk);
        assert_eq!(admission.standing(address(3)), Standing::Trunk);
        assert_eq!(admission.known().borrow().addresses(9), [address(1), address(3), address(0)]);
        assert_eq!(admission.known().borrow().addresses(2), [address(1), address(3)], "trunks first");
        admission.set_destinations([(TrunkId(1), address(2))]);
        assert_eq!(admission.standing(address(1)), Standing::Stranger);
        assert_eq!(admission.standing(address(3)), Standing::Phone);
    }

    #[test]
    fn who_follows_hears_of_what_is_new_only() {
        let admission = Admission::default();
        let phone = IpAddr::from([192, 0, 2, 1]);
        admission.set_phones([phone]);
        let known = admission.known();
        admission.set_phones([phone]);
        assert!(!known.has_changed().expect("the sender lives"));
        admission.set_phones([]);
        assert!(known.has_changed().expect("the sender lives"));
    }

    #[test]
    fn an_address_in_the_other_notation_is_the_same() {
        let admission = Admission::default();
        admission.set_trunks([IpAddr::from([192, 0, 2, 1])]);
        assert_eq!(admission.standing("::ffff:192.0.2.1".parse().expect("an address")), Standing::Trunk);
    }
}
