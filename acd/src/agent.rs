//! One agent: what he chose, what keeps him busy, and the state that follows.

use clock::{AgentId, CallId, Generation, Instant, LegId, Now, OfferId, QueueId, ShardId, WallTime};

use crate::contract::{AgentConfig, AgentFact, AgentSnapshot, Blend, OfferRules, Skill, State, Status};
use crate::not_taken::InARow;
use crate::order::Stamp;
use crate::pause::{Pause, PausedToday};
use crate::skills;
use crate::standing::Stands;
use crate::strategy::Figures;
use crate::wrap_up::{Owed, WrapUp};

/// An agent's row. `status` is what he chose; the state is derived from all the
/// rest and never set (DESIGN section 8).
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) agent: AgentId,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) max_missed: u32,
    pub(crate) callbacks_max: Option<u32>,
    pub(crate) not_taken: OfferRules,
    /// Calls at the same time.
    pub(crate) lines: usize,
    /// Of his queues those that he serves; `None` for all.
    pub(crate) queues: Option<Vec<QueueId>>,
    pub(crate) reachable: bool,
    /// His standing leg.
    pub(crate) stands: Stands,
    /// His phone left probes without an answer.
    pub(crate) is_silent: bool,
    /// When his phone is asked next whether it is there. Drawn, so a rebuild keeps it and draws nothing (P10).
    pub(crate) probe_at: Option<Instant>,
    /// What he is talking in: each a lease that facts must confirm.
    pub(crate) legs: Vec<Leg>,
    pub(crate) offer: Option<OpenOffer>,
    /// The call of a callback of his own for which his phone is called.
    pub(crate) own: Option<CallId>,
    /// Calls whose wrap-up begins when the last leg has ended.
    pub(crate) wrap_up_owed: Vec<Owed>,
    pub(crate) wrap_up: Option<WrapUp>,
    pub(crate) pause: Option<Pause>,
    pub(crate) paused_before: PausedToday,
    /// No offers until then, after one that he did not take.
    pub(crate) rest_until: Option<Instant>,
    pub(crate) in_a_row: InARow,
    /// What strategies choose by. It moves only while he is not listed.
    pub(crate) figures: Figures,
    /// By skill, each once.
    pub(crate) skills: Vec<Skill>,
    pub(crate) blend: Blend,
    pub(crate) shown: Shown,
    pub(crate) shown_since: WallTime,
    /// When others were last told of his state: it never goes back, whatever the clock does.
    pub(crate) told_at: WallTime,
    /// Index into the profiles; set when they are built.
    pub(crate) profile: usize,
    /// He stands among the idle agents of his profile.
    pub(crate) listed: bool,
    /// He does so while he talks, for one more call on another line.
    pub(crate) listed_on_call: bool,
    /// The call of a queue that keeps him from others: for its estimator.
    pub(crate) engaged: Option<Engaged>,
}

/// An agent between the ring and the end of the wrap-up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engaged {
    pub(crate) queue: QueueId,
    /// He answered.
    pub(crate) served: bool,
}

/// One live leg of an agent.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    /// Unknown from the granted claim until a fact or the end names it.
    pub(crate) leg: Option<LegId>,
    /// The offer whose claim began it.
    pub(crate) offer: Option<OfferId>,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: Option<QueueId>,
    /// What came of the call was said already.
    pub(crate) is_disposed: bool,
    /// On hold.
    pub(crate) is_held: bool,
    /// When it became known.
    pub(crate) since: Instant,
    /// Since when its shard's facts do not name it.
    pub(crate) missing_since: Option<Instant>,
}

/// An open offer, kept with its agent.
#[derive(Clone, Debug)]
pub(crate) struct OpenOffer {
    pub(crate) offer: OfferId,
    pub(crate) generation: Generation,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: QueueId,
    pub(crate) deadline: Instant,
}

/// The state as last told to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) call: Option<CallId>,
}

impl Agent {
    /// An agent who becomes known now.
    pub(crate) fn new(config: AgentConfig, reachable: bool, now: Now) -> Self {
        let AgentConfig { agent, status, reason, max_missed, skills, blend, callbacks_max, .. } = config;
        let AgentConfig { not_taken, lines, queues, standing_leg, paused_today, .. } = config;
        Self {
            agent,
            status,
            reason,
            max_missed,
            callbacks_max,
            not_taken,
            lines: lines.max(1),
            queues,
            reachable,
            stands: Stands::new(standing_leg),
            is_silent: false,
            probe_at: None,
            legs: Vec::new(),
            offer: None,
            own: None,
            wrap_up_owed: Vec::new(),
            wrap_up: None,
            pause: None,
            paused_before: PausedToday::restored(now.wall, paused_today),
            rest_until: None,
            in_a_row: InARow::default(),
            figures: Figures { idle_since: Stamp::at(now.mono), ..Figures::default() },
            skills: skills::sorted(skills),
            blend,
            shown: Shown { state: State::Offline, reason: None, call: None },
            shown_since: now.wall,
            told_at: now.wall,
            profile: 0,
            listed: false,
            listed_on_call: false,
            engaged: None,
        }
    }

    /// What is true now (data-model.md section 4): a live leg comes before an
    /// offer, an offer before wrap-up, and only then counts what he chose.
    pub(crate) fn derive(&self) -> Shown {
        let active = self.legs.iter().find(|leg| !leg.is_held).or(self.legs.first());
        let (state, reason, call) = if let Some(leg) = active {
            (State::OnCall, None, Some(leg.call))
        } else if let Some(offer) = &self.offer {
            (State::Reserved, None, Some(offer.call))
        } else if self.wrap_up.is_some() {
            (State::WrapUp, None, None)
        } else {
            match (self.status, self.reachable) {
                (Status::Offline, _) => (State::Offline, self.reason.clone(), None),
                (_, false) => (State::Offline, Some(NO_DEVICE.to_owned()), None),
                _ if self.is_silent => (State::Offline, Some(NO_ANSWER.to_owned()), None),
                (Status::Paused, true) => (State::Paused, self.reason.clone(), None),
                (Status::Ready, true) if self.own.is_some() => (State::Reserved, None, self.own),
                (Status::Ready, true) => (State::Ready, None, None),
            }
        };
        Shown { state, reason, call }
    }

    /// May be offered a call at this moment.
    pub(crate) fn is_idle(&self) -> bool {
        let is_free = match self.shown.state {
            State::Ready => true,
            // One more call on another line, the others held.
            State::OnCall => self.has_free_line(),
            _ => false,
        };
        is_free && self.rest_until.is_none()
    }

    /// He talks, and may be offered one more call.
    fn has_free_line(&self) -> bool {
        let is_there = self.status == Status::Ready && self.reachable && !self.is_silent;
        is_there && self.offer.is_none() && self.own.is_none() && self.wrap_up.is_none() && self.legs.len() < self.lines
    }

    /// The row of a leg.
    pub(crate) fn leg_index(&self, leg: LegId, call: CallId) -> Option<usize> {
        Leg::index(&self.legs, leg, call)
    }

    /// What others may see of him.
    pub(crate) fn snapshot(&self, now: Now) -> AgentSnapshot {
        AgentSnapshot {
            agent: self.agent,
            status: self.status,
            state: self.shown.state,
            state_since: self.shown_since,
            reason: self.shown.reason.clone(),
            reachable: self.reachable,
            call: self.shown.call,
            calls: self.legs.iter().map(|leg| leg.call).collect(),
            held: self.legs.iter().filter(|leg| leg.is_held).map(|leg| leg.call).collect(),
            missed: self.in_a_row.missed,
            queues: self.queues.clone(),
            answers: !self.is_silent,
            standing_leg: self.stands.view(),
            wrap_up: self.wrap_up_view(now),
        }
    }
}

impl Leg {
    /// Which of these it is: by its id, else a claimed one of the same call whose id is not known yet.
    pub(crate) fn index(legs: &[Self], leg: LegId, call: CallId) -> Option<usize> {
        let by_id = legs.iter().position(|row| row.leg == Some(leg));
        by_id.or_else(|| legs.iter().position(|row| row.leg.is_none() && row.call == call))
    }

    /// A leg that a shard reports.
    pub(crate) fn reported(fact: AgentFact, since: Instant) -> Self {
        let AgentFact { shard, call, leg, queue, .. } = fact;
        let (is_disposed, is_held) = (false, false);
        Self { leg: Some(leg), offer: None, call, shard, queue, is_disposed, is_held, since, missing_since: None }
    }

    /// The shard says that it is alive.
    pub(crate) fn confirm(&mut self, fact: AgentFact) {
        self.leg = Some(fact.leg);
        self.shard = fact.shard;
        self.missing_since = None;
    }
}

/// Reason of the state offline while no phone is registered (DESIGN section 10).
pub(crate) const NO_DEVICE: &str = "no_device";
/// Reason of the state offline while his phone leaves probes without an answer.
pub(crate) const NO_ANSWER: &str = "no_answer_to_probe";
/// Reason of the pause after too many missed offers in a row (DESIGN section 9).
pub(crate) const RONA: &str = "rona";
/// Reason of the last state of an agent who is not configured any more.
pub(crate) const REMOVED: &str = "removed";
