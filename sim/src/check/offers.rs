//! Offers: every one ends, every claim is answered, exactly one claim is granted a call (DESIGN section 4, pacing P2).

use std::collections::{BTreeMap, BTreeSet};

use acd::{Effect, Input};
use clock::{CallId, OfferId};

use super::Bench;
use super::dispatch::TICK;
use super::ledger::Ledger;
use crate::watch::short;

/// What is remembered of offers besides the ledger.
#[derive(Debug, Default)]
pub(crate) struct OfferJudge {
    /// Claims that are to be answered in this step.
    claimed: Option<OfferId>,
    granted: BTreeSet<OfferId>,
    /// The offer whose claim was granted a call, until it waits anew.
    winner: BTreeMap<CallId, OfferId>,
    seen: BTreeSet<OfferId>,
}

impl OfferJudge {
    /// Time has come on: none is open far beyond its deadline.
    pub(crate) fn woken(&mut self, ledger: &Ledger, bench: &mut Bench) {
        for (offer, open) in &ledger.offers {
            if ledger.now.mono.since(open.deadline) > TICK {
                bench.broken("every offer ends", format!("{offer:?} to {:?} is overdue", open.agent));
            }
        }
    }

    pub(crate) fn told(&mut self, ledger: &Ledger, input: &Input, bench: &mut Bench) {
        match input {
            Input::Claim { offer, .. } => self.claimed = Some(*offer),
            Input::Enqueue(acd::Enqueue { call, .. }) => {
                if ledger.calls.contains_key(call) {
                    return;
                }
                self.winner.remove(call);
            }
            _ => self.woken(ledger, bench),
        }
    }

    pub(crate) fn said(&mut self, ledger: &Ledger, effect: &Effect, bench: &mut Bench) {
        match effect {
            Effect::Offer { offer, call, .. } => {
                if !self.seen.insert(*offer) {
                    bench.broken("offers are new", format!("{offer:?} was made before"));
                }
                if ledger.calls.get(call).is_some_and(|row| row.offer.is_some()) {
                    bench.broken("P2 one live offer a call", short(*call));
                }
            }
            Effect::ClaimGranted { offer, .. } => self.granted(ledger, *offer, bench),
            Effect::ClaimRefused { offer, generation, .. } => {
                self.answered(*offer, bench);
                if ledger.offers.get(offer).is_some_and(|open| open.generation == *generation) {
                    bench.broken("a claim of an open offer is granted", format!("{offer:?} refused"));
                }
            }
            _ => {}
        }
    }

    /// After all that follows: the claim has its answer, and offers are of waiting calls.
    pub(crate) fn settled(&mut self, ledger: &Ledger, bench: &mut Bench) {
        if let Some(offer) = self.claimed.take()
            && !self.granted.contains(&offer)
        {
            bench.broken("every claim is answered", format!("{offer:?} is not"));
        }
        for (offer, open) in &ledger.offers {
            if ledger.calls.get(&open.call).is_none_or(|row| row.offer != Some(*offer)) {
                bench.broken("every offer ends", format!("{offer:?} is open, {} waits no more", short(open.call)));
            }
        }
    }

    fn granted(&mut self, ledger: &Ledger, offer: OfferId, bench: &mut Bench) {
        self.answered(offer, bench);
        self.granted.insert(offer);
        let Some(open) = ledger.offers.get(&offer) else {
            return bench.broken("only an open offer is granted", format!("{offer:?} was not open"));
        };
        if let Some(winner) = self.winner.insert(open.call, offer) {
            let what = format!("{} is granted to {offer:?} and was to {winner:?}", short(open.call));
            bench.broken("exactly one claim is granted a call", what);
        }
    }

    fn answered(&mut self, offer: OfferId, bench: &mut Bench) {
        if self.claimed.take() != Some(offer) {
            bench.broken("answers follow claims", format!("{offer:?} was not claimed in this step"));
        }
    }
}
