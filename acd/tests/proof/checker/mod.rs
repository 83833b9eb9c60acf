//! A naive ACD to judge the real one by: rows in maps, every decision a scan, written from DESIGN sections 4 and 9, the
//! words of `acd`'s contract and pacing.md section 8, sharing no code with the crate. It sees inputs and effects only.

mod alarms;
mod callbacks;
mod calls;
mod choice;
mod coverage;
mod figures;
mod holds;
mod judge;
mod offers;
mod people;
mod rules;
mod steer;
mod view;

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use acd::measure::Leave;
use acd::*;
use clock::*;
use core::time::Duration;

use alarms::Alarm;

pub(crate) use callbacks::{Back, Phase};
pub(crate) use coverage::Coverage;
pub(crate) use figures::Counted;

/// All that the naive ACD knows.
#[derive(Default)]
pub(crate) struct Checker {
    pub(crate) now: Now,
    pub(crate) queues: BTreeMap<QueueId, Desk>,
    pub(crate) agents: BTreeMap<AgentId, Person>,
    /// What agents talk in whom the rules do not name any more.
    pub(crate) gone: BTreeMap<AgentId, Vec<Talk>>,
    pub(crate) calls: BTreeMap<CallId, Caller>,
    pub(crate) places: BTreeMap<(QueueId, String), (i64, Instant, WallTime)>,
    /// Open callbacks, in the order in which they were asked for.
    pub(crate) backs: BTreeMap<u64, Back>,
    next_back: u64,
    /// Lines that callbacks stood in so far.
    works: u128,
    /// Calls that have the place of a callback of their caller, as it was.
    took_over: BTreeMap<CallId, Back>,
    backs_over: BTreeSet<CallbackId>,
    backs_told: BTreeMap<CallbackId, CallbackState>,
    /// The fold of figures beside the book, where it is judged.
    pub(crate) counted: Option<Counted>,
    /// An offer that a supervisor ordered.
    pulled: Option<(CallId, AgentId)>,
    /// What happened how often.
    pub(crate) coverage: Coverage,
    /// What does not hold: the rule, and what was expected and came.
    pub(crate) violations: Vec<(&'static str, String)>,
    phones: BTreeSet<AgentId>,
    /// To whom each offer went, ended or not.
    offers: BTreeMap<OfferId, AgentId>,
    /// What was once set; what does not stand any more is passed over.
    alarms: BinaryHeap<Reverse<(Instant, Alarm)>>,
    told: BTreeMap<AgentId, (State, Option<CallId>)>,
    expected: Vec<Answer>,
    next_seq: u64,
    /// With whom each caller talked last, and in which call.
    last: BTreeMap<String, (AgentId, CallId)>,
    /// The offer whose claim was granted last, its agent and call, and how long the caller had waited.
    granted: Option<(OfferId, AgentId, CallId, Duration)>,
    /// The input just taken changed something: it was no stale or impossible word.
    accepted: bool,
}

/// A queue.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) config: QueueConfig,
    pub(crate) tally: QueueTally,
    /// Position of the agent who was offered a call of it last.
    cursor: i64,
}

/// An agent.
pub(crate) struct Person {
    pub(crate) status: Status,
    pub(crate) reachable: bool,
    pub(crate) legs: Vec<Talk>,
    pub(crate) offer: Option<Lease>,
    pub(crate) max_missed: u32,
    pub(crate) missed: u32,
    skills: Vec<Skill>,
    blend: Blend,
    figures: Figures,
    owed: Duration,
    wrap_up: Option<Instant>,
    rest: Option<Instant>,
    idle: Instant,
}

/// What he has done for queues.
#[derive(Clone, Default)]
struct Figures {
    answered: u32,
    talked: Duration,
    by_queue: BTreeMap<QueueId, u32>,
}

/// A live leg.
#[derive(Clone)]
pub(crate) struct Talk {
    pub(crate) leg: Option<LegId>,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) offer: Option<OfferId>,
    since: Instant,
}

/// An open offer.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) offer: OfferId,
    pub(crate) generation: Generation,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    deadline: Instant,
}

/// A waiting call.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) queue: QueueId,
    pub(crate) shard: ShardId,
    pub(crate) work: Enqueue,
    pub(crate) arrived: i64,
    pub(crate) told_arrival: WallTime,
    /// Who rings for it.
    pub(crate) ringing: Vec<AgentId>,
    /// Whom it is kept for, and until when.
    pub(crate) held: Option<(AgentId, Instant)>,
    /// Its place, fixed when it enters.
    key: Key,
    /// By which rules: what waiting was worth, the priority of the queue, the deadline.
    placed_by: (Option<Duration>, i32, Option<Duration>),
    until: Instant,
    attempts: u32,
    joins: usize,
    next_join: Option<Instant>,
    next_step: Option<Instant>,
}

/// A place in the one order: priority, the time that stands for the arrival, sequence.
type Key = (Reverse<i32>, i64, u64);

/// What the ACD must say after an input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Steered(CallId),
    /// A callback is taken (is it a second request?), or why not.
    Asked(Result<bool, &'static str>),
    EndCall(CallId),
    Over(Option<CallbackId>, CallbackState),
    Withdraw(OfferId, Generation, u8),
    Grant(OfferId, Generation),
    Refuse(OfferId, Generation),
    Leave(CallId),
}

impl Checker {
    /// Applies an input by the book; effects that must follow are expected. True when it changed something.
    pub(crate) fn input(&mut self, input: &Input) -> bool {
        self.accepted = true;
        match input {
            Input::Configure { queues, agents } => self.configure(queues, agents),
            Input::Enqueue(work) => self.enqueue(work),
            Input::CallerGone { call } => {
                self.accepted = self.calls.contains_key(call);
                self.hit_if_waiting(*call);
                self.gives_up(*call);
            }
            Input::CallerMoved { call } => {
                self.accepted = self.calls.contains_key(call);
                if self.accepted {
                    self.coverage.hit("call: overflows, or goes elsewhere by a key");
                    self.visit_ends(*call, Leave::Overflowed);
                }
                self.remove(*call, WithdrawReason::Moved, |tally| &mut tally.moved);
            }
            Input::AskPlace { call } => self.accepted = self.calls.contains_key(call),
            Input::Claim { shard, offer, generation } => self.claim(*shard, *offer, *generation),
            Input::OfferEnded { offer, generation, outcome } => self.ended(*offer, *generation, *outcome),
            Input::AgentBusy(fact) => self.busy(*fact),
            Input::AgentFree { agent, call, leg, talked } => self.free(*agent, *call, *leg, *talked),
            Input::Reachable { agent, reachable } => self.reachable(*agent, *reachable),
            Input::SetStatus { agent, status, .. } => self.status(*agent, *status),
            Input::Facts { legs, .. } => {
                for fact in legs {
                    self.busy_known(*fact);
                }
            }
            Input::ShardLost { shard } => self.shard_lost(*shard),
            Input::WhyIdle { .. } | Input::WhyWait { .. } | Input::LastAgents(_) => {}
            Input::Owners(_) | Input::Lent(_) => {}
            Input::Steer(order) => self.steer(*order),
            Input::RestorePlace { queue, caller, arrived, until, .. } => {
                self.restore_place(*queue, caller.clone(), *arrived, *until, "place: kept over a restart");
            }
            Input::RequestCallback(request) => self.request(request),
            Input::CancelCallback { pick, .. } => self.cancel(pick),
            Input::CallbackStep { call, step } => self.back_step(*call, step),
            // An honest shard names what it was told to begin; nothing follows.
            Input::CallbackFacts { .. } => {}
            // Restarts have tests of their own (`callbacks`), and these a table each (`duty`).
            Input::RestoreCallback(_) => {}
            Input::AgentRules { .. }
            | Input::Answers { .. }
            | Input::AgentHolds { .. }
            | Input::Dispose { .. }
            | Input::ExtendWrapUp { .. }
            | Input::SetStandingLeg { .. }
            | Input::StandingLeg { .. }
            | Input::StandingFacts { .. }
            | Input::ChooseQueues { .. } => {}
        }
        self.accepted
    }

    /// `rule` does not hold unless `holds`.
    fn rule(&mut self, rule: &'static str, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.violations.len() < VIOLATIONS_MAX {
            self.violations.push((rule, what()));
        }
    }

    fn configure(&mut self, queues: &[QueueConfig], agents: &[AgentConfig]) {
        let kept: BTreeSet<QueueId> = queues.iter().map(|config| config.queue).collect();
        self.drop_backs(&kept);
        let orphans: Vec<CallId> =
            self.calls.iter().filter(|(_, row)| !kept.contains(&row.queue)).map(|(call, _)| *call).collect();
        for call in orphans {
            self.coverage.hit("call: queue removed");
            self.wait_over(call);
        }
        self.queues.retain(|queue, _| kept.contains(queue));
        let kept: BTreeSet<AgentId> = agents.iter().map(|config| config.agent).collect();
        let gone: Vec<AgentId> = self.agents.keys().filter(|agent| !kept.contains(agent)).copied().collect();
        for agent in gone {
            self.coverage.hit("agent: removed");
            self.withdraw(agent, WithdrawReason::Offline);
            let legs = self.agents.remove(&agent).map(|person| person.legs).filter(|legs| !legs.is_empty());
            if let Some(legs) = legs {
                self.coverage.hit("agent: removed while he talks");
                self.gone.insert(agent, legs);
            }
            self.told.remove(&agent);
        }
        let joined = self.joined(queues);
        for config in queues {
            let new = || Desk { config: config.clone(), tally: QueueTally::default(), cursor: -1 };
            self.queues.entry(config.queue).or_insert_with(new).config = config.clone();
        }
        // Else a new agent would get every call until he has as many as the others.
        let least = self.agents.values().map(|person| &person.figures).min_by_key(|figures| figures.answered);
        let least = least.cloned().unwrap_or_default();
        for config in agents {
            let (idle, reachable) = (self.now.mono, self.phones.contains(&config.agent));
            let new = || Person { figures: least.clone(), ..Person::new(config.status, reachable, idle) };
            let person = self.agents.entry(config.agent).or_insert_with(new);
            if let Some(legs) = self.gone.remove(&config.agent) {
                self.coverage.hit("agent: put back while he talks");
                person.legs = legs;
            }
            person.max_missed = config.max_missed;
            (person.skills, person.blend) = (config.skills.clone(), config.blend);
        }
        self.share_in(&joined);
        self.hold_again();
    }

    /// Who is in a queue that is known, and was not.
    fn joined(&self, queues: &[QueueConfig]) -> Vec<(QueueId, QueueAgent)> {
        let mut joined = Vec::new();
        for config in queues {
            let Some(desk) = self.queues.get(&config.queue) else { continue };
            let was_there = |agent| desk.config.agents.iter().any(|known| known.agent == agent);
            let new = config.agents.iter().filter(|seat| !was_there(seat.agent));
            joined.extend(new.map(|seat| (config.queue, *seat)));
        }
        joined
    }

    /// They have the least share of those who were there, or their own of a former time if that is more.
    fn share_in(&mut self, joined: &[(QueueId, QueueAgent)]) {
        for (queue, seat) in joined {
            let others = self.queues[queue]
                .config
                .agents
                .iter()
                .filter(|other| !joined.iter().any(|(at, new)| at == queue && new.agent == other.agent));
            let shares = others.filter_map(|other| {
                let answered = self.agents.get(&other.agent)?.figures.by_queue.get(queue).copied().unwrap_or(0);
                Some(u64::from(answered) * 1_000 / u64::from(other.weight.max(1)))
            });
            let Some(least) = shares.min() else { continue };
            let Some(person) = self.agents.get_mut(&seat.agent) else { continue };
            let answered = person.figures.by_queue.entry(*queue).or_default();
            let so_many = least * u64::from(seat.weight.max(1)) / 1_000;
            *answered = (*answered).max(u32::try_from(so_many).unwrap_or(u32::MAX));
        }
    }
}

impl Desk {
    /// Calls in the queue, by what came and went.
    pub(crate) fn waiting(&self) -> usize {
        let QueueTally { entered, answered, abandoned, timed_out, moved, called_back } = self.tally;
        (entered - answered - abandoned - timed_out - moved - called_back) as usize
    }
}

/// A point of the monotonic clock that may lie before its start.
fn nanos(instant: Instant) -> i64 {
    instant.as_nanos() as i64
}

/// The first ones tell most.
const VIOLATIONS_MAX: usize = 20;
