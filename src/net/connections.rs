//! How many TCP connections there are, and whose: strangers never keep a trunk out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::admission::Standing;

/// Counts connections that others opened.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    strangers: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection that counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    is_stranger: bool,
}

impl Connections {
    /// Room for `max` connections.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, open: Mutex::default() })
    }

    /// A place for one more connection from `address`.
    ///
    /// # Errors
    /// There is none: the word for `trunkline_drops_total{reason}`.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, standing: Standing) -> Result<Place, &'static str> {
        let is_stranger = standing == Standing::Stranger;
        let of_address_max = match standing {
            Standing::Trunk => usize::MAX,
            Standing::Phone => OF_PHONES_MAX,
            Standing::Stranger => OF_STRANGER_MAX,
        };
        let mut open = self.lock();
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.max {
            return Err("connections_full");
        }
        if of_address >= of_address_max {
            return Err("connections_address");
        }
        if is_stranger && open.strangers >= self.max.div_ceil(STRANGERS_SHARE) {
            return Err("connections_strangers");
        }
        open.all += 1;
        open.strangers += usize::from(is_stranger);
        open.by_address.insert(address, of_address + 1);
        drop(open);
        Ok(Place { connections: Arc::clone(self), address, is_stranger })
    }

    /// Nothing that holds the lock can panic.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whoever it is has registered, or is in a call: he leaves the strangers' share.
    pub(crate) fn becomes_known(&mut self) {
        if std::mem::take(&mut self.is_stranger) {
            self.connections.lock().strangers -= 1;
        }
    }

    /// True while nothing is known of the other side.
    pub(crate) fn is_stranger(&self) -> bool {
        self.is_stranger
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.all -= 1;
        open.strangers -= usize::from(self.is_stranger);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// Connections of one address of which nothing is known: a site whose phones come back after a power cut, as its first
/// registration makes it known.
const OF_STRANGER_MAX: usize = 64;
/// Connections of one address from which someone is registered: a site of a thousand phones.
const OF_PHONES_MAX: usize = 1_024;
/// Strangers together have one connection in so many. Each may hold a message that is not whole: with the default of
/// `sip.connections_max` at most 1,024 of 64 KB, for 10 s.
const STRANGERS_SHARE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_stranger_has_a_few_and_all_have_a_quarter() {
        let connections = Connections::new(400);
        let mut places: Vec<Place> = Vec::new();
        for _ in 0..OF_STRANGER_MAX {
            places.push(connections.enter(address(1), Standing::Stranger).expect("room"));
        }
        let refused = connections.enter(address(1), Standing::Stranger).err();
        assert_eq!(refused, Some("connections_address"));
        for _ in OF_STRANGER_MAX..100 {
            places.push(connections.enter(address(2), Standing::Stranger).expect("room"));
        }
        assert_eq!(connections.enter(address(3), Standing::Stranger).err(), Some("connections_strangers"));
        places[0].becomes_known();
        places[0].becomes_known();
        let third = connections.enter(address(3), Standing::Stranger);
        assert!(third.is_ok(), "one of them is known now");
        let trunk: Vec<_> = (0..299).map(|_| connections.enter(address(9), Standing::Trunk)).collect();
        assert!(trunk.iter().all(Result::is_ok), "a trunk has all the rest");
        assert_eq!(connections.enter(address(9), Standing::Trunk).err(), Some("connections_full"));
        drop((places, third, trunk));
        let open = connections.lock();
        assert_eq!((open.all, open.strangers, open.by_address.len()), (0, 0, 0));
    }
}
