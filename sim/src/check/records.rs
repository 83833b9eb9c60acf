//! Records: every call in exactly one, exactly one end, no gap, and every call that a caller saw answered has one
//! (DESIGN sections 1 and 6).

use std::collections::{BTreeMap, BTreeSet};

use centre::owner::Alarm;
use clock::{AgentId, CallId, QueueId, WallTime};
use journal_core::{AgentStatus, CallEntry, CallEvent, CallRecord, Direction, Entry, LegKind, Owner, Step, code};

use super::Bench;
use crate::watch::{Seen, short};

/// What the journal holds, and what callers saw.
#[derive(Debug, Default)]
pub(crate) struct RecordJudge {
    calls: BTreeMap<CallId, Vec<CallEntry>>,
    /// Life of the node, and era, in which a call began.
    life_of: BTreeMap<CallId, (u32, u32)>,
    life: u32,
    /// Grows whenever a shard begins anew, with the node or alone.
    era: u32,
    /// Call-IDs that callers saw answered.
    answered: BTreeSet<String>,
    /// Call-IDs whose entries a power loss took.
    lost: BTreeSet<String>,
    /// Call-IDs and agents of conversations that were heard.
    talked: BTreeMap<String, AgentId>,
    statuses: BTreeMap<AgentId, Vec<AgentStatus>>,
    /// Places that a start must give back, and until when.
    owed_places: BTreeMap<(QueueId, String, WallTime), WallTime>,
    /// Places kept, and calls of the same caller that took them, in the order of the journal.
    kept: Vec<Kept>,
    configured: BTreeMap<AgentId, AgentStatus>,
}

/// A step in what is known of a caller's place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    /// He gave up: since when he had waited, until when it is his.
    Until(QueueId, String, WallTime, WallTime),
    /// A call of his entered the queue.
    Taken(QueueId, CallId),
}

impl RecordJudge {
    pub(crate) fn new(agents: &[acd::AgentConfig]) -> Self {
        let configured = agents.iter().map(|agent| (agent.agent, centre::agent_status(agent.status)));
        Self { configured: configured.collect(), ..Self::default() }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.len() as u64
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Journaled { entry, .. } => self.journaled(entry),
            Seen::EntryLost { owner, entry, .. } => self.entry_lost(*owner, entry),
            Seen::Started => {
                self.life += 1;
                self.era += 1;
            }
            Seen::Alarmed { owner: Owner::Shard(_), alarm: Alarm::Broke { .. } } => self.era += 1,
            Seen::PeerAnswered { sip_call_id, status } if *status > 100 && *status < 300 => {
                self.answered.insert((*sip_call_id).to_owned());
            }
            Seen::Conversation { caller, agent, hears_caller: true, hears_agent: true } => {
                self.talked.insert((*caller).to_owned(), *agent);
            }
            Seen::Replayed { same_again } => {
                if !same_again {
                    bench.broken(
                        "P10 each entry counts once",
                        "the journal with every entry twice folds to another state",
                    );
                }
                let waiting: Vec<_> = self.waiting().collect();
                self.owed_places = self.kept_places();
                self.owed_places.extend(waiting.into_iter().map(|place| (place, FOR_EVER)));
            }
            Seen::AcdTold { input: acd::Input::RestorePlace { queue, caller, arrived, .. }, now } => {
                self.owed_places.remove(&(*queue, caller.clone(), *arrived));
                self.owed_places.retain(|_, until| *until > now.wall);
            }
            // Calls come last: by now every caller has his place.
            Seen::ShardTold { input: call::Input::Restore(_), .. } => {
                for ((queue, caller, arrived), _) in core::mem::take(&mut self.owed_places) {
                    let what = format!("{caller} waited in {queue:?} since {arrived:?} and is forgotten");
                    bench.broken("P10 places survive", what);
                }
            }
            Seen::AcdTold { input: acd::Input::Configure { agents, .. }, now } => {
                self.owed_places.retain(|_, until| *until > now.wall);
                // What a start finds to be over, by whatever its clock says, is gone for good.
                self.kept.retain(|step| !matches!(step, Kept::Until(.., until) if *until <= now.wall));
                self.restored(agents, bench);
            }
            Seen::Misfit { entry, anomaly } => {
                bench.broken("entries fit each other", format!("{anomaly:?}: {entry:?}"));
            }
            Seen::End => self.at_the_end(bench),
            _ => {}
        }
    }

    /// Places of callers who gave up, as far as the journal came.
    fn kept_places(&self) -> BTreeMap<(QueueId, String, WallTime), WallTime> {
        let mut places = BTreeMap::new();
        for step in &self.kept {
            match step {
                Kept::Until(queue, caller, arrived, until) => {
                    places.insert((*queue, caller.clone()), (*arrived, *until));
                }
                Kept::Taken(queue, call) => {
                    if let Some(caller) = self.caller_of(*call) {
                        places.remove(&(*queue, caller));
                    }
                }
            }
        }
        places.into_iter().map(|((queue, caller), (arrived, until))| ((queue, caller, arrived), until)).collect()
    }

    fn caller_of(&self, call: CallId) -> Option<String> {
        self.calls.get(&call)?.iter().find_map(|step| match &step.event {
            CallEvent::Started { from, .. } => Some(from.clone()),
            _ => None,
        })
    }

    /// Callers who wait by the records, with their places.
    fn waiting(&self) -> impl Iterator<Item = (QueueId, String, WallTime)> {
        self.calls.values().filter_map(|steps| {
            let (mut from, mut place) = (String::new(), None);
            for step in steps {
                match &step.event {
                    // Who is called back has a place too, which his callback keeps;
                    // whom a campaign called has none.
                    CallEvent::Started {
                        direction: Direction::OutboundDial | Direction::OutboundAuto,
                        internal: false,
                        ..
                    } => {}
                    CallEvent::Started { from: number, .. } => from.clone_from(number),
                    CallEvent::QueueEntered { queue, arrived, .. } => place = Some((*queue, *arrived)),
                    CallEvent::QueueLeft { .. } | CallEvent::Ended { .. } => place = None,
                    _ => {}
                }
            }
            place.filter(|_| !from.is_empty()).map(|(queue, arrived)| (queue, from, arrived))
        })
    }

    fn journaled(&mut self, entry: &Entry) {
        match entry {
            Entry::Call(step) => {
                self.life_of.entry(step.call).or_insert((self.life, self.era));
                self.calls.entry(step.call).or_default().push(step.clone());
                self.kept.extend(taken(step));
            }
            Entry::AgentStatus { agent, status, .. } => self.statuses.entry(*agent).or_default().push(*status),
            Entry::PlaceKept { queue, caller, arrived, until } => {
                self.kept.push(Kept::Until(*queue, caller.clone(), *arrived, *until));
            }
            _ => {}
        }
    }

    fn entry_lost(&mut self, owner: Owner, entry: &Entry) {
        match entry {
            Entry::PlaceKept { queue, caller, arrived, until } => {
                let lost = Kept::Until(*queue, caller.clone(), *arrived, *until);
                self.kept.retain(|known| *known != lost);
            }
            Entry::Call(step) => {
                if let Some(lost) = taken(step)
                    && let Some(at) = self.kept.iter().rposition(|known| *known == lost)
                {
                    self.kept.remove(at);
                }
                if let CallEvent::LegStarted { sip_call_id, .. } = &step.event {
                    self.lost.insert(sip_call_id.clone());
                }
                let Some(steps) = self.calls.get_mut(&step.call) else { return };
                if matches!(step.event, CallEvent::Answered { .. }) {
                    // While the disk fails calls go on, and a crash then takes what was said meanwhile.
                    let started = steps.iter().filter_map(|step| match &step.event {
                        CallEvent::LegStarted { sip_call_id, .. } => Some(sip_call_id.clone()),
                        _ => None,
                    });
                    self.lost.extend(started);
                }
                steps.retain(|known| known != step);
                if steps.is_empty() {
                    self.calls.remove(&step.call);
                }
            }
            Entry::AgentStatus { agent, .. } if owner == Owner::Acd => {
                if let Some(statuses) = self.statuses.get_mut(agent) {
                    statuses.pop();
                }
            }
            _ => {}
        }
    }

    /// A restart gives every agent the status that he chose last, as far as the disk has it (pacing P10).
    fn restored(&self, agents: &[acd::AgentConfig], bench: &mut Bench) {
        for agent in agents {
            let chosen = self.statuses.get(&agent.agent).and_then(|statuses| statuses.last());
            let expected = chosen.or_else(|| self.configured.get(&agent.agent)).copied();
            let given = centre::agent_status(agent.status);
            if expected != Some(given) {
                bench.broken("P10 status survives", format!("{:?}: {expected:?} chosen, {given:?}", agent.agent));
            }
        }
    }

    fn at_the_end(&self, bench: &mut Bench) {
        let mut by_sip_call_id: BTreeMap<&str, Vec<&CallRecord>> = BTreeMap::new();
        let records: Vec<CallRecord> = self.calls.values().filter_map(|steps| self.fold(steps, bench)).collect();
        // A record names the first legs of a call only, its steps all.
        let by_call: BTreeMap<CallId, &CallRecord> = records.iter().map(|record| (record.id, record)).collect();
        for (call, step) in self.calls.iter().flat_map(|(call, steps)| steps.iter().map(move |step| (call, step))) {
            if let (CallEvent::LegStarted { sip_call_id, .. }, Some(record)) = (&step.event, by_call.get(call)) {
                by_sip_call_id.entry(sip_call_id).or_default().push(record);
            }
        }
        for sip_call_id in self.answered.iter().filter(|id| !self.lost.contains(*id)) {
            if !by_sip_call_id.contains_key(sip_call_id.as_str()) {
                bench.broken("every answered call has a record", format!("{sip_call_id} has none"));
            }
        }
        self.one_record_each(bench);
        for (sip_call_id, agent) in &self.talked {
            let of_call = by_sip_call_id.get(sip_call_id.as_str()).into_iter().flatten();
            let lost = self.lost.contains(sip_call_id);
            if !lost && !of_call.into_iter().any(|record| record.answered_at.is_some()) {
                let what = format!("{sip_call_id} talked to {agent:?}, its record says nothing of it");
                bench.broken("the record says who talked", what);
            }
        }
    }

    /// A caller's INVITE makes one call. (Other legs may move to another call.)
    fn one_record_each(&self, bench: &mut Bench) {
        let mut calls_of: BTreeMap<&str, Vec<CallId>> = BTreeMap::new();
        for (call, steps) in &self.calls {
            for step in steps {
                if let CallEvent::LegStarted { kind: LegKind::Caller, sip_call_id, .. } = &step.event {
                    calls_of.entry(sip_call_id).or_default().push(*call);
                }
            }
        }
        for (sip_call_id, calls) in calls_of {
            let eras: BTreeSet<u32> = calls.iter().filter_map(|call| self.life_of.get(call)).map(|of| of.1).collect();
            // An INVITE that a crash left unanswered is answered anew when it is sent again.
            if eras.len() < calls.len() {
                bench.broken("no call has two records", format!("{sip_call_id} is in {} of one life", calls.len()));
            }
        }
    }

    /// One call's entries, in their order, to its record.
    fn fold(&self, steps: &[CallEntry], bench: &mut Bench) -> Option<CallRecord> {
        let mut steps = steps.iter();
        let first = steps.next()?;
        let Some(mut record) = CallRecord::start(first) else {
            bench.broken("a record begins with its start", format!("{}: {:?}", short(first.call), first.event));
            return None;
        };
        let mut in_queue = 0_i32;
        for step in steps {
            match record.apply(step) {
                Step::Taken => {}
                other => {
                    let what = format!("{}: {other:?} at {} {:?}", short(step.call), step.seq, step.event);
                    bench.broken("one end and no gap", what);
                }
            }
            match step.event {
                CallEvent::QueueEntered { .. } => in_queue += 1,
                CallEvent::QueueLeft { .. } => in_queue -= 1,
                _ => {}
            }
        }
        if !record.is_ended() {
            bench.broken("every call ends", format!("{} has no end: {:?}", short(record.id), record.status));
            return Some(record);
        }
        let of_restart = |code: &str| code == code::NODE_RESTART || code == code::SHARD_RESTART;
        let restarted = record.cause.as_ref().is_some_and(|cause| of_restart(&cause.code));
        if !restarted && in_queue > 0 {
            bench.broken("P8 conservation", format!("{} entered a queue and never left it", short(record.id)));
        }
        if record.cause.as_ref().is_none_or(|cause| cause.code != code::NODE_RESTART) {
            // A recording that a crash cut short is finished by the shell that finds its file.
            let same_life = self.life_of.get(&record.id).is_some_and(|(life, _)| *life == self.life);
            if same_life && !record.is_closed() {
                bench.broken("every recording ends", short(record.id));
            }
        }
        Some(record)
    }
}

/// The step of a call that takes its caller's place, if it is one.
const fn taken(step: &CallEntry) -> Option<Kept> {
    match step.event {
        CallEvent::QueueEntered { queue, .. } => Some(Kept::Taken(queue, step.call)),
        _ => None,
    }
}

/// A caller who waits when the node dies is owed his place whatever the clock says.
const FOR_EVER: WallTime = WallTime::from_micros(i64::MAX);
