//! Agents' phones, from outside: the messages between them and the node, and the records. One phone is rung for one
//! offer at a time, a caller rings one phone at a time, and wrap-up comes before the next ring (pacing P1, P2, P6).
//!
//! It knows nothing of what shards and ACD tell each other, so a lie between the two is no excuse.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use centre::owner::Alarm;
use clock::{AgentId, CallId, Instant, LegId, QueueId};
use journal_core::{CallEvent, Entry, LegKind, code};

use super::Bench;
use super::glance::Glance;
use crate::node::NODE_ADDR;
use crate::watch::{Seen, short};

/// What is known of phones.
#[derive(Debug, Default)]
pub(crate) struct PhoneJudge {
    wrap_up: BTreeMap<QueueId, Duration>,
    queue_of: BTreeMap<CallId, QueueId>,
    legs: BTreeMap<LegId, Rung>,
    by_call_id: BTreeMap<String, LegId>,
    /// Granted offers: who talks, in which call, since when.
    granted: BTreeMap<LegId, (AgentId, CallId, Instant)>,
    /// Calls whose customer is being called and has not answered: their agents only wait.
    unanswered: BTreeSet<CallId>,
    /// Until when an agent wraps up.
    owed: BTreeMap<AgentId, Instant>,
    /// Rings that are over, as long as another may have crossed them.
    over: Vec<Rung>,
}

/// A phone that is rung for an offer, and talks perhaps.
#[derive(Clone, Debug)]
struct Rung {
    call: CallId,
    agent: AgentId,
    since: Instant,
    until: Option<Instant>,
    /// The phone has said that it rings, so that CANCEL can be sent (RFC 3261 9.1).
    has_rung: bool,
    /// Its agent transfers the call, or was transferred to a queue himself: another phone rings for it meanwhile.
    leaves: bool,
}

impl PhoneJudge {
    pub(crate) fn new(queues: &[acd::QueueConfig]) -> Self {
        let wrap_up = queues.iter().map(|queue| (queue.queue, queue.wrap_up)).collect();
        Self { wrap_up, ..Self::default() }
    }

    pub(crate) fn see(&mut self, at: Instant, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Journaled { entry: Entry::Call(step), .. } => self.record(at, step.call, &step.event, bench),
            Seen::Sent { from, bytes, .. } if *from == NODE_ADDR && is_any(bytes, &[b"CANCEL", b"BYE "]) => {
                self.said(at, bytes, bench);
            }
            Seen::Arrived { bytes } if is_any(bytes, &[b"SIP/2.0", b"BYE "]) => self.said(at, bytes, bench),
            // He says that he works again: that ends his wrap-up.
            Seen::AcdTold { input: acd::Input::SetStatus { agent, status: acd::Status::Ready, .. }, .. } => {
                self.owed.remove(agent);
            }
            // So does saying what came of his call.
            Seen::AcdTold { input: acd::Input::Dispose { disposed, .. }, .. } => {
                self.owed.remove(&disposed.agent);
            }
            // Whom the ACD asks nothing of any more owes nothing either.
            Seen::Alarmed { alarm: Alarm::Quarantined(_), .. } => self.owed.clear(),
            Seen::Crashed => *self = Self { wrap_up: core::mem::take(&mut self.wrap_up), ..Self::default() },
            _ => {}
        }
    }

    fn record(&mut self, at: Instant, call: CallId, event: &CallEvent, bench: &mut Bench) {
        match event {
            CallEvent::QueueEntered { queue, .. } => drop(self.queue_of.insert(call, *queue)),
            CallEvent::Ended { .. } => {
                self.queue_of.remove(&call);
                self.unanswered.remove(&call);
            }
            CallEvent::CallbackDialing { .. } => drop(self.unanswered.insert(call)),
            CallEvent::Answered { .. } if self.unanswered.remove(&call) => {
                self.granted.values_mut().filter(|granted| granted.1 == call).for_each(|granted| granted.2 = at);
            }
            CallEvent::LegStarted { leg, kind: LegKind::Agent, sip_call_id, agent: Some(agent) } => {
                let (since, until, has_rung, leaves) = (at, None, false, false);
                self.legs.insert(*leg, Rung { call, agent: *agent, since, until, has_rung, leaves });
                self.by_call_id.insert(sip_call_id.clone(), *leg);
                if let Some(until) = self.owed.get(agent).filter(|until| until.since(at) > TOLERANCE) {
                    let what = format!("{agent:?} is rung for {} and wraps up until {until:?}", short(call));
                    bench.broken("P6 wrap-up on the wire", what);
                }
            }
            CallEvent::OfferAnswered { leg, agent, .. } => drop(self.granted.insert(*leg, (*agent, call, at))),
            CallEvent::TransferStarted { leg, .. } => self.transfers(call, *leg),
            CallEvent::LegEnded { leg, cause } => {
                let was_lost = cause.code == code::SHARD_RESTART || cause.code == code::NODE_RESTART;
                if let Some((agent, call, granted)) = self.granted.remove(leg)
                    && at.since(granted) >= TALKED
                    && !was_lost
                    && !self.unanswered.contains(&call)
                {
                    let wrap_up = self.queue_of.get(&call).and_then(|queue| self.wrap_up.get(queue));
                    self.owed.insert(agent, at + wrap_up.copied().unwrap_or_default());
                }
                if self.legs.get(leg).is_some_and(|rung| !rung.has_rung) {
                    self.end(at, *leg, bench);
                }
            }
            _ => {}
        }
    }

    /// The agent who transfers goes; one whom the other side transfers is a caller from then on.
    fn transfers(&mut self, call: CallId, by: LegId) {
        let by_other_side = !self.legs.contains_key(&by);
        let goes = |(leg, rung): &(&LegId, &mut Rung)| **leg == by || (by_other_side && rung.call == call);
        self.legs.iter_mut().filter(goes).for_each(|(_, rung)| rung.leaves = true);
    }

    fn change(&mut self, leg: LegId, change: impl FnOnce(&mut Rung)) {
        if let Some(rung) = self.legs.get_mut(&leg) {
            change(rung);
        }
    }

    /// What the node sent to a phone, or has from it.
    fn said(&mut self, at: Instant, bytes: &[u8], bench: &mut Bench) {
        let Some(glance) = Glance::at(bytes).filter(|_| !self.legs.is_empty()) else { return };
        let Some(leg) = self.by_call_id.get(glance.call_id).copied() else { return };
        match (glance.method, glance.status) {
            // One that talks over its standing leg agrees to a change only.
            ("INVITE", Some(101..300)) if !self.granted.contains_key(&leg) => {
                self.change(leg, |rung| rung.has_rung = true);
            }
            // Of a phone that has answered it refuses a change only.
            ("INVITE", Some(300..)) if !self.granted.contains_key(&leg) => self.end(at, leg, bench),
            ("CANCEL" | "BYE", None) => self.end(at, leg, bench),
            _ => {}
        }
    }

    /// A ring, or the call that followed, is over: did another one go on beside it?
    fn end(&mut self, at: Instant, leg: LegId, bench: &mut Bench) {
        let Some(mut ended) = self.legs.remove(&leg) else { return };
        self.by_call_id.retain(|_, known| *known != leg);
        ended.until = Some(at);
        self.over.retain(|rung| rung.until.is_some_and(|until| at.since(until) < REMEMBERED));
        for other in self.over.iter().chain(self.legs.values()) {
            let both_since = ended.since.max(other.since);
            let both_until = other.until.unwrap_or(at).min(at);
            if both_until.since(both_since) <= CROSSING {
                continue;
            }
            if other.agent == ended.agent {
                let what = format!("{:?} for {} and {}", ended.agent, short(ended.call), short(other.call));
                bench.broken("P1 one ring a phone", what);
            }
            if other.call == ended.call && !(other.leaves || ended.leaves) {
                let what = format!("{}: {:?} and {:?}", short(ended.call), ended.agent, other.agent);
                bench.broken("P2 one phone a caller", what);
            }
        }
        self.over.push(ended);
    }
}

fn is_any(bytes: &[u8], beginnings: &[&[u8]]) -> bool {
    beginnings.iter().any(|beginning| bytes.starts_with(beginning))
}

/// A withdrawal and the next offer, or a 180 and the end of its ring, may cross between owners for so long.
const CROSSING: Duration = Duration::from_millis(3_500);
/// Rings that are over are remembered for so long: none that is live began before.
const REMEMBERED: Duration = Duration::from_secs(30);
/// From the grant on, surely connected.
const TALKED: Duration = Duration::from_secs(4);
/// Words between owners on the way to the wrap-up make it later, never earlier; clocks drift.
const TOLERANCE: Duration = Duration::from_millis(10);
