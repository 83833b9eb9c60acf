//! Who gets whom: work conserving, first come first served, longest idle first (pacing P3, P4, P5).

use acd::Effect;
use clock::Instant;

use super::Bench;
use super::ledger::{Caller, Ledger};
use crate::watch::short;

/// An offer, judged against everyone else who could have been chosen.
pub(crate) fn said(ledger: &Ledger, effect: &Effect, bench: &mut Bench) {
    match effect {
        Effect::Offer { call, agent, queue, .. } => {
            let Some(row) = ledger.calls.get(call) else {
                return bench.broken("P2 offer of a waiting call", format!("{} does not wait", short(*call)));
            };
            if row.queue != *queue {
                bench.broken("P2 offer of a waiting call", format!("{} waits in {:?}", short(*call), row.queue));
            }
            let is_earlier = |other: &Caller| other.offer.is_none() && other.is_before(row);
            let mut others = ledger.calls.iter().filter(|(_, other)| ledger.serves(*agent, other.queue));
            if let Some((first, _)) = others.find(|(_, other)| is_earlier(other)) {
                let what = format!("{} came before {}, which {agent:?} is offered", short(*first), short(*call));
                bench.broken("P4 order of arrival", what);
            }
            let idle_since =
                |agent: &clock::AgentId| ledger.agents.get(agent).map_or(Instant::ZERO, |row| row.idle_since);
            let idle = ledger.agents.iter().filter(|(_, row)| row.is_idle()).map(|(other, _)| other);
            let mut eligible = idle.filter(|other| ledger.serves(**other, *queue));
            let key = |agent: &clock::AgentId| (idle_since(agent), *agent);
            if let Some(first) = eligible.find(|other| key(other) < key(agent)) {
                bench.broken("P5 longest idle", format!("{first:?} is idle longer than {agent:?}"));
            }
        }
        Effect::Enqueued { call, queue, arrived, .. } => {
            let Some(row) = ledger.calls.get(call) else {
                // A callback's: its place is of a time at which somebody asked, or came and asked then.
                if !ledger.arrivals.contains_key(&(*queue, *arrived)) {
                    let what = format!("{} has its place since {arrived:?}, when nobody came", short(*call));
                    bench.broken("P7 the original arrival is kept", what);
                }
                return;
            };
            let key = (*queue, row.number.clone().unwrap_or_default());
            let place = ledger.places.get(&key).filter(|_| row.is_new).map(|place| place.arrived_wall);
            let of_callback = ledger.taken_over.get(&key).copied();
            let expected = of_callback.or(place).unwrap_or(row.arrived_wall);
            if *arrived != expected {
                let what = format!("{} has its place since {expected:?}, the ACD says {arrived:?}", short(*call));
                bench.broken("P4 order of arrival", what);
            }
        }
        _ => {}
    }
}

/// No caller waits for nobody's sake while an agent is idle.
pub(crate) fn settled(ledger: &Ledger, bench: &mut Bench) {
    if ledger.calls.is_empty() {
        return;
    }
    let idle: Vec<_> = ledger.agents.iter().filter(|(_, row)| row.is_idle()).map(|(agent, _)| *agent).collect();
    for (call, row) in ledger.calls.iter().filter(|(_, row)| row.offer.is_none()) {
        if let Some(agent) = idle.iter().find(|agent| ledger.serves(**agent, row.queue)) {
            let what = format!("{} waits in {:?} while {agent:?} is idle", short(*call), row.queue);
            bench.broken("P3 work conserving", what);
        }
        if ledger.now.mono.since(row.until) > TICK {
            bench.broken("P6 timers to one tick", format!("{} waits beyond its longest wait", short(*call)));
        }
    }
}

/// Timers are exact to this.
pub(crate) const TICK: core::time::Duration = core::time::Duration::from_millis(1);
