//! Agents: one live offer, one voice call, busy exactly while a live leg or a running wrap-up says so, never stuck
//! (DESIGN section 1; pacing P1, P6).

use acd::{Effect, State};

use super::Bench;
use super::ledger::Ledger;

/// Before the ledger knows it.
pub(crate) fn said(ledger: &Ledger, effect: &Effect, bench: &mut Bench) {
    match effect {
        Effect::Offer { agent, call, queue, .. } => {
            let Some(row) = ledger.agents.get(agent) else {
                return bench.broken("P1 offer to nobody", format!("{agent:?} is not configured"));
            };
            if row.offer.is_some() || !row.legs.is_empty() {
                bench.broken("P1 one live offer, one call", format!("{agent:?} is {:?}, offered {call}", row.state()));
            }
            if !row.is_idle() {
                let (state, rest, wrap_up) = (row.state(), row.rest, row.wrap_up);
                let what = format!("{agent:?} is {state:?}, rests until {rest:?}, wraps up until {wrap_up:?}: {call}");
                bench.broken("P6 pause, wrap-up and rest are respected", what);
            }
            if !ledger.serves(*agent, *queue) {
                bench.broken("P5 only agents of the queue", format!("{agent:?} does not serve {queue:?}"));
            }
        }
        Effect::ClaimGranted { offer, .. } => {
            let agent = ledger.offers.get(offer).and_then(|open| ledger.agents.get(&open.agent));
            if let Some(row) = agent.filter(|row| !row.legs.is_empty()) {
                bench.broken("P1 never two voice calls", format!("{offer:?} granted over {:?}", row.legs));
            }
        }
        Effect::StatusChanged { agent, status, .. } => {
            let known = ledger.agents.get(agent).map(|row| row.status);
            if known != Some(*status) {
                bench.broken("status is what was chosen", format!("{agent:?}: {known:?} expected, {status:?} said"));
            }
        }
        _ => {}
    }
}

/// After all that follows from an input: what the ACD says of an agent is what is true.
pub(crate) fn settled(ledger: &Ledger, bench: &mut Bench) {
    for (agent, row) in &ledger.agents {
        let (state, told) = (row.state(), row.told.map(|(state, _)| state));
        if told != Some(state) {
            let what = format!("{agent:?} must be {state:?} (legs {:?}), the ACD says {told:?}", row.legs);
            bench.broken("busy exactly while a leg or wrap-up says so", what);
        }
    }
}

/// Nobody is stuck.
pub(crate) fn at_the_end(ledger: &Ledger, bench: &mut Bench) {
    for (agent, row) in &ledger.agents {
        if row.told.map(|(state, _)| state) != Some(State::Ready) {
            bench.broken("no agent gets stuck", format!("{agent:?} is {:?} at the end", row.told));
        }
    }
    if ledger.agents.is_empty() {
        bench.broken("no agent gets stuck", "the ACD knows no agents at the end");
    }
}
