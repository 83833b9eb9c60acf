//! Where the calls of a trunk go: what the shards are told.

use core::net::IpAddr;

use clock::{Rng, TrunkId};

use super::Reason;
use crate::ua::Peer;

/// Where calls to a trunk go now, and whose calls are its.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The trunk.
    pub trunk: TrunkId,
    /// By rank. For one call, ask `order`.
    pub targets: Vec<Target>,
    /// Addresses whose requests are the trunk's: those of its targets and of its registrar, besides the configured
    /// `sources`.
    pub sources: Vec<IpAddr>,
    /// User part of the Contact that we registered: an INVITE with it in its request URI is the trunk's, wherever it
    /// comes from; whom it is for says its To.
    pub contact_user: Option<String>,
}

/// One target of a trunk: an address and the name it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host of the request URI as text, with a port where it was configured or is an address's: `carrier.example`,
    /// `192.0.2.1:5080` (RFC 3263 4: the name stays, whatever it resolved to).
    pub host: String,
    /// Where to send it.
    pub peer: Peer,
    /// Lower is tried first: the place of its destination in the configuration, then SRV's priority.
    pub rank: u32,
    /// Share of the calls among targets of one rank (RFC 2782).
    pub weight: u16,
    /// It serves, as far as is known.
    pub up: bool,
    /// Why.
    pub reason: Reason,
}

impl Targets {
    /// The order to try for one call: by rank, among equals by chance and weight (RFC 2782), those that are down
    /// after all that are up. Down is a guess from what was heard last, so they still come, last.
    #[must_use]
    pub fn order(&self, rng: &mut Rng) -> Vec<&Target> {
        let mut left: Vec<&Target> = self.targets.iter().collect();
        let mut ordered = Vec::with_capacity(left.len());
        while let Some(first) = left.iter().map(|target| (!target.up, target.rank)).min() {
            let equals = |target: &&Target| (!target.up, target.rank) == first;
            let chosen = draw(left.iter().filter(|target| equals(target)).map(|target| target.weight), rng);
            let Some(at) = (0..left.len()).filter(|at| equals(&left[*at])).nth(chosen) else { break };
            ordered.push(left.remove(at));
        }
        ordered
    }
}

/// Which of the weights is drawn. One of zero has a small chance (RFC 2782).
fn draw(weights: impl Iterator<Item = u16>, rng: &mut Rng) -> usize {
    let shares: Vec<u64> = weights.map(|weight| u64::from(weight) * WEIGHT_UNIT + 1).collect();
    if shares.len() < 2 {
        return 0;
    }
    let mut drawn = rng.below(shares.iter().sum());
    for (at, share) in shares.iter().enumerate() {
        match drawn.checked_sub(*share) {
            Some(left) => drawn = left,
            None => return at,
        }
    }
    0
}

/// A weight of zero counts as a hundredth of a weight of one.
const WEIGHT_UNIT: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ua::Transport;

    fn target(port: u16, rank: u32, weight: u16, up: bool) -> Target {
        let peer = Peer { transport: Transport::Udp, addr: ([192, 0, 2, 1], port).into(), flow: None };
        let reason = if up { Reason::Ok } else { Reason::Unanswered };
        Target { host: "carrier.example".into(), peer, rank, weight, up, reason }
    }

    fn targets(targets: Vec<Target>) -> Targets {
        Targets { trunk: TrunkId(1), targets, sources: vec![], contact_user: None }
    }

    #[test]
    fn by_rank_and_those_that_are_down_last() {
        let all = targets(vec![target(1, 0, 5, false), target(2, 1, 5, true), target(3, 2, 5, true)]);
        let ports: Vec<u16> = all.order(&mut Rng::new(1)).iter().map(|one| one.peer.addr.port()).collect();
        assert_eq!(ports, [2, 3, 1]);
        assert!(targets(vec![]).order(&mut Rng::new(1)).is_empty());
    }

    #[test]
    fn weights_share_the_calls() {
        let all = targets(vec![target(1, 0, 10, true), target(2, 0, 30, true), target(3, 0, 0, true)]);
        let mut rng = Rng::new(7);
        let mut first = [0u32; 4];
        for _ in 0..4_000 {
            let order = all.order(&mut rng);
            assert_eq!(order.len(), 3);
            first[usize::from(order[0].peer.addr.port())] += 1;
        }
        assert!((900..1_100).contains(&first[1]) && (2_900..3_100).contains(&first[2]), "{first:?}");
    }
}
