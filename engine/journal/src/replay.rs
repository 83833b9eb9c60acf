//! What each owner gets back after a restart: the fold of all entries.
//!
//! It is also the checkpoint that lets old entries be trimmed, so it must be
//! complete: a fold of the first half, written down and read back, then of the
//! second half, equals the fold of everything.

mod agents;

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{AgentId, CallId, CallbackId, LegId, OfferId, QueueId, WallTime};
use serde::{Deserialize, Serialize};

use agents::Agents;
pub use agents::{ChosenStatus, KnownState};

use crate::older::{DialingV1, DialingV2};
use crate::{
    Answer, Answers, Binding, CallEntry, CallEvent, CallRecord, CallbackEntry, CallbackState, Consents, Dialing,
    DialogIdentity, Direction, DoNotCall, Entry, LastAgents, LegKind, Names, Place, Shared, Step, code,
};

/// The fold of the journal.
pub type Replay = Fold<Dialing>;

/// The fold of the journal, with campaigns as this version or an older one keeps them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fold<D> {
    calls: BTreeMap<CallId, Box<CallRecord>>,
    dialogs: BTreeMap<(CallId, LegId), Shared<DialogIdentity>>,
    bindings: BTreeMap<(AgentId, String), Binding>,
    agents: Agents,
    places: BTreeMap<(QueueId, String), KeptPlace>,
    dials: BTreeMap<AgentId, Dials>,
    callbacks: BTreeMap<CallbackId, Shared<CallbackEntry>>,
    /// Callbacks whose callers rang in and wait in these calls: theirs again if a restart cuts those.
    given_up: BTreeMap<CallId, Shared<CallbackEntry>>,
    /// With whom each caller talked last.
    pub last_agents: LastAgents,
    /// The internal do-not-call list.
    pub do_not_call: DoNotCall,
    /// Campaigns.
    pub dialing: D,
    /// Names of agents, queues and trunks.
    pub names: Names,
    /// Answers to requests with an Idempotency-Key.
    pub answers: Answers,
    /// Highest leg id seen: new ones go on from here.
    pub last_leg: LegId,
    /// Highest offer id seen.
    pub last_offer: OfferId,
    /// The node stopped in order: nothing is left to end.
    pub stopped_in_order: bool,
    /// The latest time that an entry names: the node was up until then, at least.
    pub last_at: WallTime,
    /// Consents of numbers.
    pub consents: Consents,
}

impl Replay {
    /// The fold as checkpoints of an older version had it: 6, before each number of a lead had its own tries, or 7, before
    /// campaigns were put away and consents kept; none: it is damaged, or of another version.
    #[must_use]
    pub fn of_older(bytes: &[u8], version: u8) -> Option<Self> {
        match version {
            6 => Self::of::<DialingV1>(bytes),
            7 => Self::of::<DialingV2>(bytes),
            _ => None,
        }
    }

    fn of<D: serde::de::DeserializeOwned + Into<Dialing>>(bytes: &[u8]) -> Option<Self> {
        // Consents are the last of a fold, and came later: a list that is empty is one zero.
        let older: Fold<D> = postcard::from_bytes(&[bytes, &[0]].concat()).ok()?;
        let Fold {
            calls,
            dialogs,
            bindings,
            agents,
            places,
            dials,
            callbacks,
            given_up,
            last_agents,
            do_not_call,
            names,
            answers,
            last_leg,
            last_offer,
            stopped_in_order,
            last_at,
            consents,
            dialing,
        } = older;
        let dialing = dialing.into();
        Some(Self {
            calls,
            dialogs,
            bindings,
            agents,
            places,
            dials,
            callbacks,
            given_up,
            last_agents,
            do_not_call,
            names,
            answers,
            last_leg,
            last_offer,
            stopped_in_order,
            last_at,
            consents,
            dialing,
        })
    }
}

/// A caller whose waiting we cut, or who gave up: he gets his place if he rings again in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPlace {
    /// His place.
    pub place: Place,
    /// Until when it is his.
    pub until: WallTime,
}

/// Calls that an agent dialed out on his newest day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Dials {
    /// UTC, days since 1970-01-01.
    day: i64,
    calls: u32,
}

/// An entry that does not fit what came before. It is counted and alarmed; the fold goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// A step of a call that never started, or is closed.
    UnknownCall,
    /// Steps are missing before this one, which was taken all the same.
    Gap,
    /// The step was taken before.
    Duplicate,
    /// The step contradicts the call's record.
    Contradiction,
}

impl Replay {
    /// Takes the next entry of the journal.
    ///
    /// # Errors
    /// An [`Anomaly`] is a report: the fold stays usable.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Anomaly> {
        self.last_at = self.last_at.max(time_of(entry).unwrap_or_default());
        self.agents.apply(entry);
        match entry {
            Entry::Call(step) => return self.call_step(step),
            Entry::Dialog(dialog) => {
                self.last_leg = self.last_leg.max(dialog.leg);
                self.dialogs.insert((dialog.call, dialog.leg), dialog.clone());
            }
            Entry::DialogOver { call, leg } => {
                self.dialogs.remove(&(*call, *leg));
            }
            Entry::BindingSet(binding) => {
                self.bindings.insert((binding.agent, binding.contact.clone()), binding.clone());
            }
            Entry::BindingRemoved { agent, contact } => {
                self.bindings.remove(&(*agent, contact.clone()));
            }
            Entry::Idempotency { key_hash, body_hash, status, body, at } => {
                let answer = Answer { body_hash: *body_hash, status: *status, body: body.clone(), at: *at };
                self.answers.insert(*key_hash, answer);
            }
            Entry::Name { kind, id, account, name } => self.names.insert(*kind, *id, account, name),
            Entry::NodeStarted { .. } => self.stopped_in_order = false,
            Entry::NodeStopped { .. } => self.stopped_in_order = true,
            // Only the rows remember these, in the transaction of the rows that they are about.
            Entry::LostCallRules { .. } | Entry::LostCallOverdue { .. } | Entry::CallRecovered(_) => {}
            Entry::Callback(callback) => self.callback(callback),
            Entry::PlaceKept { queue, caller, arrived, until } => {
                let place = Place { queue: *queue, arrived: *arrived, ordered: None };
                keep_place(&mut self.places, caller, KeptPlace { place, until: *until });
            }
            Entry::DoNotCall { pattern, listed, reason, at } => {
                self.do_not_call.apply(pattern, *listed, reason.as_deref(), *at);
            }
            Entry::Consent(consent) => self.consents.apply(consent),
            Entry::Campaign(campaign) => self.dialing.campaign(campaign),
            Entry::Attempt(attempt) => self.dialing.attempt(attempt),
            // Leads of campaigns are the database's: a campaign reads them anew.
            Entry::CampaignLead(_) => {}
            Entry::CampaignStep(step) => self.dialing.step(step),
            Entry::Disposition(given) => self.dialing.disposed(given),
            Entry::FormAnswers(given) => self.dialing.answered(given),
            // Rows of the database, and what a restart ends: nothing that it needs.
            Entry::Audit(_) | Entry::Quarantine(_) | Entry::LeadList(_) | Entry::DialDecision(_) => {}
            Entry::AgentStatus { .. }
            | Entry::AgentStateChanged { .. }
            | Entry::Agent(_)
            | Entry::FailureReason { .. }
            | Entry::NodeAlive { .. } => {}
        }
        Ok(())
    }

    /// Drops what its time has taken at `now`: answers, places, and
    /// recordings that nobody finished. Call it before using what is restored.
    pub fn expire(&mut self, now: WallTime) {
        self.answers.expire(now);
        self.agents.expire(now);
        self.places.retain(|_, kept| kept.until > now);
        self.dials.retain(|_, dials| dials.day == day_of(now));
        self.calls.retain(|_, call| call.ended_at.is_none_or(|at| at + RECORDING_AWAITED > now));
    }

    /// Calls without an end: each gets its `Ended` from the restart. Its next entry is `record.next_seq()`.
    pub fn live_calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.values().map(Box::as_ref).filter(|call| !call.is_ended())
    }

    /// Calls, live or ended, whose recording nobody finished.
    pub fn unfinished_recordings(&self) -> impl Iterator<Item = &CallRecord> {
        let unfinished =
            |call: &&CallRecord| call.recording.as_ref().is_some_and(|r| r.state == crate::RecordingState::Recording);
        self.calls.values().map(Box::as_ref).filter(unfinished)
    }

    /// A call that is not closed.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&CallRecord> {
        self.calls.get(&id).map(Box::as_ref)
    }

    /// Dialogs to end: BYE, CANCEL or 503 by their side (DESIGN section 6, Restart).
    pub fn dialogs(&self) -> impl Iterator<Item = &DialogIdentity> {
        self.dialogs.values().map(|dialog| &**dialog)
    }

    /// Bindings to restore and probe; those over streams went with their connection.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values().filter(|binding| !binding.stream)
    }

    /// What each agent chose last.
    pub fn statuses(&self) -> impl Iterator<Item = (AgentId, &ChosenStatus)> {
        self.agents.statuses.iter().map(|(agent, status)| (*agent, status))
    }

    /// The last state known of each agent.
    pub fn states(&self) -> impl Iterator<Item = (AgentId, &KnownState)> {
        self.agents.states.iter().map(|(agent, state)| (*agent, state))
    }

    /// The queues that agents chose among theirs; who is not named serves all of his.
    pub fn chosen_queues(&self) -> impl Iterator<Item = (AgentId, &[QueueId])> {
        self.agents.queues.iter().map(|(agent, queues)| (*agent, queues.as_slice()))
    }

    /// Agents who are logged in with a standing leg: their phones are called again.
    pub fn standing_legs(&self) -> impl Iterator<Item = AgentId> {
        self.agents.standing.iter().copied()
    }

    /// How long each agent has paused with each reason on the (UTC) day of `now`, in pauses that are over.
    pub fn paused_on(&self, now: WallTime) -> impl Iterator<Item = (AgentId, &str, Duration)> {
        self.agents.paused_on(now)
    }

    /// Callbacks that have not ended, in the order in which they are to be entered again; among them, `Superseded`, those
    /// whose callers rang in and waited in a call that a restart ends: they were promised, and have nothing in their place.
    #[must_use]
    pub fn callbacks(&self) -> Vec<&CallbackEntry> {
        let all = self.callbacks.values().chain(self.given_up.values());
        let mut open: Vec<&CallbackEntry> = all.map(|callback| &**callback).collect();
        open.sort_unstable_by_key(|callback| callback.seq);
        open
    }

    /// Callers who get their place if they ring again in time: those cut off before, those who gave up, and those who
    /// wait in a call that a restart at `now` ends.
    #[must_use]
    pub fn places(&self, now: WallTime) -> Vec<(String, KeptPlace)> {
        let waiting = self
            .live_calls()
            .filter(|call| waits_himself(call))
            .filter_map(|call| Some((call.from.clone(), KeptPlace { place: call.place()?, until: now + PLACE_KEPT })));
        let before = self.places.iter().map(|((_, from), kept)| (from.clone(), *kept));
        let in_time = |(from, kept): &(String, KeptPlace)| !from.is_empty() && kept.until > now;
        before.chain(waiting).filter(in_time).collect()
    }

    /// How many calls each agent dialed out over a trunk on the (UTC) day of `now`: they count for his cap.
    pub fn dialed_on(&self, now: WallTime) -> impl Iterator<Item = (AgentId, u32)> {
        let today = day_of(now);
        self.dials.iter().filter(move |(_, dials)| dials.day == today).map(|(agent, dials)| (*agent, dials.calls))
    }

    fn call_step(&mut self, step: &CallEntry) -> Result<(), Anomaly> {
        self.note_ids(&step.event);
        self.dialing.befell(step);
        let Some(record) = self.calls.get_mut(&step.call) else {
            let record = CallRecord::start(step).ok_or(Anomaly::UnknownCall)?;
            self.calls.insert(step.call, Box::new(record));
            return Ok(());
        };
        let gap = step.seq > record.next_seq();
        let taken = record.apply_past_gap(step);
        if let CallEvent::OfferAnswered { agent, .. } = step.event
            && taken == Step::Taken
            && record.direction == Direction::Inbound
            && !record.internal
        {
            self.last_agents.learn(&record.from, agent);
        }
        if let CallEvent::QueueEntered { queue, .. } = step.event {
            let kept = self.places.remove(&(queue, record.from.clone()));
            kept.and_then(|kept| kept.place.ordered).into_iter().for_each(|priority| record.ordered(priority));
        }
        if matches!(step.event, CallEvent::Ended { .. }) && taken == Step::Taken {
            remember_place(&mut self.places, record, step.at);
        }
        if taken == Step::Taken && goes_out(record, &step.event) {
            let dials = record.agent.map(|agent| self.dials.entry(agent).or_default());
            dials.into_iter().for_each(|dials| dials.count(step.at));
        }
        if record.is_closed() {
            self.calls.remove(&step.call);
        }
        if taken == Step::Taken {
            self.settle_callback(step);
        }
        match taken {
            Step::Taken if !gap => Ok(()),
            Step::Taken | Step::Gap { .. } => Err(Anomaly::Gap),
            Step::Duplicate => Err(Anomaly::Duplicate),
            Step::Contradiction => Err(Anomaly::Contradiction),
        }
    }

    fn callback(&mut self, callback: &Shared<CallbackEntry>) {
        // Who asks anew has the new one, and what was given back is open.
        self.given_up.retain(|call, former| former.callback != callback.callback && callback.related != Some(*call));
        if !callback.state.is_terminal() {
            self.callbacks.insert(callback.callback, callback.clone());
            return;
        }
        self.callbacks.remove(&callback.callback);
        if callback.state == CallbackState::Superseded {
            let is_his = |call: &&CallRecord| {
                call.direction == Direction::Inbound && call.from == callback.number && call.answered_at.is_none()
            };
            let newest = self.live_calls().filter(is_his).max_by_key(|call| (call.started_at, call.id));
            if let Some(call) = newest.map(|call| call.id) {
                self.given_up.insert(call, callback.clone());
            }
        }
    }

    /// The caller who gave his callback up was answered, or his call is over: by a restart, and it is his again. Where a
    /// shard broke the distributor says so itself, maybe before this, maybe not before a crash.
    fn settle_callback(&mut self, step: &CallEntry) {
        let is_cut = match &step.event {
            CallEvent::Answered { .. } => false,
            CallEvent::Ended { cause, .. } => code::is_restart(&cause.code),
            _ => return,
        };
        if let Some(callback) = self.given_up.remove(&step.call).filter(|_| is_cut) {
            self.callbacks.insert(callback.callback, callback);
        }
    }

    fn note_ids(&mut self, event: &CallEvent) {
        if let Some(leg) = event.leg() {
            self.last_leg = self.last_leg.max(leg);
        }
        if let CallEvent::OfferRinging { offer, .. } = event {
            self.last_offer = self.last_offer.max(*offer);
        }
    }
}

impl Dials {
    fn count(&mut self, at: WallTime) {
        let day = day_of(at);
        let calls = if self.day == day { self.calls } else { 0 };
        *self = Self { day, calls: calls.saturating_add(1) };
    }
}

/// Whether an agent's own call leaves the house with this step.
fn goes_out(record: &CallRecord, event: &CallEvent) -> bool {
    let leaves = matches!(event, CallEvent::LegStarted { kind: LegKind::Callee, .. });
    leaves && record.direction == Direction::OutboundDial && !record.internal
}

/// The time that an entry names, where it names one that is past.
const fn time_of(entry: &Entry) -> Option<WallTime> {
    match entry {
        Entry::Call(step) => Some(step.at),
        Entry::Agent(step) => Some(step.at),
        Entry::Disposition(disposition) => Some(disposition.at),
        Entry::AgentStatus { at, .. }
        | Entry::AgentStateChanged { at, .. }
        | Entry::Idempotency { at, .. }
        | Entry::FailureReason { at, .. }
        | Entry::NodeStarted { at }
        | Entry::NodeAlive { at }
        | Entry::NodeStopped { at } => Some(*at),
        _ => None,
    }
}

/// A caller of his own, from outside or within: the call of a callback has a place too, which its callback keeps.
fn waits_himself(record: &CallRecord) -> bool {
    record.direction == Direction::Inbound || record.internal
}

fn day_of(at: WallTime) -> i64 {
    at.as_micros().div_euclid(MICROS_A_DAY)
}

/// Keeps the place of a caller whose call a restart ended.
fn remember_place(places: &mut BTreeMap<(QueueId, String), KeptPlace>, record: &CallRecord, at: WallTime) {
    let cut_by_restart = record.cause.as_ref().is_some_and(|cause| code::is_restart(&cause.code));
    let is_caller = waits_himself(record) && !record.from.is_empty();
    let Some(place) = record.place().filter(|_| cut_by_restart && is_caller) else { return };
    keep_place(places, &record.from, KeptPlace { place, until: at + PLACE_KEPT });
}

/// One that is kept twice stays for the longer time; at the limit the one that is kept for the shortest gives way.
fn keep_place(places: &mut BTreeMap<(QueueId, String), KeptPlace>, from: &str, mut kept: KeptPlace) {
    let key = (kept.place.queue, from.to_owned());
    if let Some(known) = places.get(&key).filter(|known| known.place.arrived == kept.place.arrived) {
        kept.until = kept.until.max(known.until);
    }
    places.insert(key, kept);
    if places.len() > MAX_PLACES {
        let first = places.iter().min_by_key(|(_, kept)| kept.until).map(|(key, _)| key.clone());
        first.and_then(|key| places.remove(&key));
    }
}

const MICROS_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// A caller whom a restart cut off gets his place if he rings again within this time.
pub const PLACE_KEPT: Duration = Duration::from_secs(10 * 60);
/// All callers of a large centre at the moment of a crash, and those who gave up in the minutes before.
pub const MAX_PLACES: usize = 10_000;
/// After this a recording that nobody finished will not be: the call counts as closed.
const RECORDING_AWAITED: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
