//! Random calls of a few customers, and their entries in an order in which they may reach the journal.

use std::collections::VecDeque;

use clock::{AgentId, CallId, LegId, OfferId, QueueId, Rng, WallTime};
use journal_core::{
    CallEntry, CallEvent, CallStatus, Cause, Entry, LegKind, LostCallRules, NameKind, Outcome, QueueLeft, Recovers, Who,
};

use crate::world::{World, at};

/// Calls, and the journal that they make.
pub(super) struct History {
    pub(super) calls: Vec<Made>,
    pub(super) entries: Vec<Entry>,
}

/// A call as it was made up.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: CallId,
    pub(super) kind: Kind,
    /// The customer's.
    pub(super) number: String,
    pub(super) internal: bool,
    pub(super) unknown_number: bool,
    pub(super) queue: Option<&'static str>,
    pub(super) offered_to: Option<&'static str>,
    pub(super) started_at: WallTime,
    /// A person answered.
    pub(super) answered_at: Option<WallTime>,
    pub(super) ended_at: WallTime,
    pub(super) status: CallStatus,
    /// Those in force when the customer's phone was called.
    pub(super) rules: LostCallRules,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Inbound,
    Dialed,
    Campaign,
}

impl History {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut calls: Vec<Made> = (1..=CALLS).map(|n| Made::random(rng, n)).collect();
        // Mostly in order of time, as journals are; where several shards write, not quite.
        let mut lanes: Vec<(i64, usize, VecDeque<CallEntry>)> =
            calls.iter().enumerate().map(|(place, made)| (0, place, made.steps())).collect();
        let disorder = [0, 5, 2_000][rng.below(3) as usize];
        let (mut entries, mut rules) = (Vec::new(), LostCallRules::default());
        loop {
            for (due, _, steps) in &mut lanes {
                let late = rng.below(disorder + 1) as i64 * 1_000_000;
                *due = steps.front().map_or(i64::MAX, |step| step.at.as_micros() + late);
            }
            let Some((due, place, steps)) = lanes.iter_mut().min_by_key(|(due, place, _)| (*due, *place)) else {
                break;
            };
            if *due == i64::MAX {
                break;
            }
            if rng.chance(0.03) {
                rules = random_rules(rng);
                entries.push(Entry::LostCallRules { rules, at: at(0) });
            }
            let Some(step) = steps.pop_front() else { break };
            if matches!(step.event, CallEvent::LegStarted { kind: LegKind::Callee, .. }) {
                calls[*place].rules = rules;
            }
            if matches!(step.event, CallEvent::Answered { .. }) && calls[*place].kind == Kind::Inbound {
                calls[*place].rules = rules;
            }
            entries.push(Entry::Call(step));
        }
        Self { calls, entries }
    }

    pub(super) fn give_names(&self, world: &World) {
        let names = [(NameKind::Agent, 2, AGENTS[1]), (NameKind::Queue, 5, QUEUES[1])];
        for (kind, id, name) in names {
            world.append(Entry::Name { kind, id, account: "demo".to_owned(), name: name.to_owned() });
        }
    }
}

impl Made {
    fn random(rng: &mut Rng, n: u64) -> Self {
        let kind = [Kind::Inbound, Kind::Inbound, Kind::Inbound, Kind::Dialed, Kind::Campaign][rng.below(5) as usize];
        let started = rng.below(SPAN_S);
        let rings = 1 + rng.below(60);
        let (answered, talks) = (rng.chance(0.35), rng.below(300));
        let unserved = [CallStatus::Canceled, CallStatus::NoAnswer, CallStatus::Failed][rng.below(3) as usize];
        let numbers = ["+442070000001", "+442070000002", "+33140000003", "anonymous"];
        let queued = kind == Kind::Inbound && rng.chance(0.8);
        Self {
            id: CallId(u128::from(1_000 + (n * 7_919) % 1_000)),
            kind,
            number: numbers[rng.below(4) as usize].to_owned(),
            internal: rng.chance(0.1),
            unknown_number: kind == Kind::Inbound && !queued && rng.chance(0.5),
            queue: queued.then(|| QUEUES[rng.below(2) as usize]),
            offered_to: (queued && rng.chance(0.6)).then(|| AGENTS[rng.below(2) as usize]),
            started_at: at(started),
            answered_at: answered.then(|| at(started + rings)),
            ended_at: at(started + rings + if answered { talks } else { 0 }),
            // A conversation that is cut by a failure is lost as well.
            status: if answered && rng.chance(0.9) { CallStatus::Completed } else { unserved },
            rules: LostCallRules::default(),
        }
    }

    fn steps(&self) -> VecDeque<CallEntry> {
        let outbound = self.kind != Kind::Inbound;
        let (from, to) = if outbound { (OURS, self.number.as_str()) } else { (self.number.as_str(), OURS) };
        let agent = outbound.then_some(AgentId(1));
        let (from, to) = (from.to_owned(), to.to_owned());
        let (direction, internal) = (self.kind.direction(), self.internal);
        let mut events = vec![
            (self.started_at, CallEvent::Started { direction, internal, from, to, parent: None, trunk: None, agent }),
            (self.started_at, leg(1, LegKind::Caller)),
        ];
        if outbound {
            events.push((self.started_at, leg(2, LegKind::Callee)));
        }
        if let Some(queue) = self.queue {
            let queue = if queue == QUEUES[0] { QueueId(2) } else { QueueId(5) };
            let place = CallEvent::QueueEntered { queue, arrived: self.started_at, priority: 0 };
            events.push((self.started_at, place));
            if let Some(offered) = self.offered_to {
                let agent = if offered == AGENTS[0] { AgentId(1) } else { AgentId(2) };
                events.push((self.started_at, CallEvent::OfferRinging { offer: OfferId(1), agent, leg: LegId(2) }));
                events.push((self.started_at, CallEvent::OfferMissed { offer: OfferId(1), agent }));
            }
            if self.answered_at.is_none() {
                events.push((self.ended_at, CallEvent::QueueLeft { queue, how: QueueLeft::Abandoned }));
            }
        }
        if let Some(answered) = self.answered_at {
            events.push((answered, CallEvent::Answered { leg: LegId(2), agent: None }));
        }
        let outcome = Outcome::NoAnswer;
        let code = if self.unknown_number { "unknown_number" } else { "normal" };
        let cause = Cause { who: Who::Caller, q850: None, sip: None, code: code.to_owned() };
        events.push((self.ended_at, CallEvent::Ended { status: self.status, outcome, cause }));
        let numbered = events.into_iter().zip(1..);
        numbered.map(|((at, event), seq)| CallEntry { call: self.id, seq, at, event }).collect()
    }
}

fn leg(leg: u64, kind: LegKind) -> CallEvent {
    CallEvent::LegStarted { leg: LegId(leg), kind, sip_call_id: format!("sip-{leg}"), agent: None }
}

fn random_rules(rng: &mut Rng) -> LostCallRules {
    LostCallRules {
        recovers: [Recovers::Newest, Recovers::Oldest, Recovers::All][rng.below(3) as usize],
        only_answered: rng.chance(0.3),
        outbound_auto: rng.chance(0.3),
        window_s: if rng.chance(0.5) { 0 } else { rng.below(3_000) as u32 },
    }
}

/// From the first start of a call to the last.
pub(super) const SPAN_S: u64 = 5_000;
pub(super) const QUEUES: [&str; 2] = ["support", "sales"];
const AGENTS: [&str; 2] = ["1001", "1002"];
const OURS: &str = "+442071830001";
const CALLS: u64 = 90;
