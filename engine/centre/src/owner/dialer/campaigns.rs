//! The campaigns within the dialer's owner: what it is told as inputs of the core, what the core does as deliveries.

use std::collections::{BTreeMap, VecDeque};

use clock::{AgentId, AttemptId, CampaignId, Now, QueueId, Rng, ShardId};
use dialer::contract::{AgentFact, Doing, EndClass, Ending, Fact, Order, Report};
use dialer::gate::{ConsentTold, Lists};
use dialer::hopper::Wanted;
use dialer::runner::{self, Dialer, Effect, Input, Reply};
use journal_core::{Durability, Entry, Mark};

use super::guarded::Guarded;
use crate::{Answer, CommandError, Delivery, Directory, dialing};

/// The core, and what it was told of agents.
#[derive(Debug)]
pub(super) struct Campaigns {
    core: Guarded,
    serves: BTreeMap<AgentId, Vec<QueueId>>,
    told: BTreeMap<(QueueId, AgentId), AgentFact>,
    is_changed: bool,
}

/// What the owner does for its campaigns.
#[derive(Debug)]
pub(super) enum Done {
    /// It is delivered.
    Deliver(Delivery),
    /// It is written down.
    Journal(Entry),
    /// It is delivered when everything that was written down before is synced.
    Gated(ShardId, call::Input),
    /// Leads are wanted when everything that was written down before is synced.
    Leads(CampaignId, Wanted),
    /// The answer, when everything that was written down before is synced; at once when it is a read.
    Answer(clock::RequestId, Result<Answer, CommandError>, bool),
    /// These numbers go on the do-not-call list.
    DoNotCall(Vec<String>, String),
}

impl Campaigns {
    pub(super) fn new(rng: Rng) -> Self {
        Self { core: Guarded::new(Dialer::new(rng)), serves: BTreeMap::new(), told: BTreeMap::new(), is_changed: false }
    }

    #[cfg(feature = "planted-faults")]
    pub(super) fn plant(&mut self, fault: runner::Planted) {
        self.core.plant(fault);
    }

    pub(super) fn handle(&mut self, now: Now, input: Input) {
        self.is_changed = true;
        self.core.handle(now, input);
    }

    /// There is room for what somebody tells of a consent.
    pub(super) fn has_room_for(&self, told: &ConsentTold) -> bool {
        self.core.has_room_for(told)
    }

    pub(super) fn handle_timeout(&mut self, now: Now) {
        if self.core.poll_timeout().is_some_and(|at| at <= now.mono) {
            self.is_changed = true;
            self.core.handle_timeout(now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<clock::Instant> {
        self.core.poll_timeout()
    }

    pub(super) fn lists(&mut self, now: Now, lists: std::sync::Arc<Lists>) {
        self.core.handle(now, Input::Lists(lists));
    }

    /// Which agents serve which queues.
    pub(super) fn directory(&mut self, directory: &Directory) {
        self.serves = directory.agents.iter().map(|(agent, named)| (*agent, named.queues.clone())).collect();
    }

    /// What is true of the agents: told to the core where it is new.
    pub(super) fn agents(&mut self, now: Now, acd: &acd::Snapshot) {
        let mut facts = BTreeMap::new();
        for agent in &acd.agents {
            let none = Vec::new();
            let his = self.serves.get(&agent.agent).unwrap_or(&none);
            let chosen = |queue: &&QueueId| agent.queues.as_ref().is_none_or(|chosen| chosen.contains(*queue));
            for queue in his.iter().filter(chosen) {
                facts.insert((*queue, agent.agent), fact(agent));
            }
        }
        let over: Vec<_> =
            self.told.iter().filter(|(key, _)| !facts.contains_key(*key)).map(|(key, fact)| (*key, *fact)).collect();
        for ((queue, _), fact) in over {
            self.handle(now, Input::Agent { queue, fact: AgentFact { doing: Doing::Gone, ..fact } });
        }
        for ((queue, agent), fact) in &facts {
            if self.told.get(&(*queue, *agent)) != Some(fact) {
                self.handle(now, Input::Agent { queue: *queue, fact: *fact });
            }
        }
        self.told = facts;
    }

    /// Something happened to an attempt.
    pub(super) fn report(&mut self, now: Now, report: Report) {
        self.handle(now, Input::Report(report));
    }

    /// All attempts that are under way on a shard. Only one shard has any.
    pub(super) fn live(&mut self, now: Now, shard: ShardId, attempts: Vec<AttemptId>) {
        if shard == DIALING_SHARD {
            self.handle(now, Input::Live(attempts));
        }
    }

    /// An agent said what came of a call: a lead's, where a campaign made it.
    pub(super) fn disposed(&mut self, now: Now, said: acd::Disposed) {
        self.handle(now, Input::Disposed(dialing::said(said)));
    }

    /// An attempt that was ordered was not carried out: its start could not be written down.
    pub(super) fn not_dialed(&mut self, now: Now, attempt: AttemptId) {
        let ending = Ending { class: EndClass::NotDialed, code: "journal_failing".to_owned(), q850: 41, sip: None };
        self.report(now, Report { attempt, at: now.wall, fact: Fact::Ended(ending) });
    }

    /// Anything happened since it was last asked what others may see.
    pub(super) const fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// What others may see, if anything happened since this was asked last.
    pub(super) fn changed(&mut self, now: Now) -> Option<runner::Snapshot> {
        core::mem::take(&mut self.is_changed).then(|| self.core.snapshot(now.wall))
    }

    /// Lets the core break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub(super) fn break_at(&mut self, fault: super::super::Fault) {
        self.core.break_at(fault);
    }

    /// What the core does, all of it.
    pub(super) fn drain(&mut self, now: Now, to: &mut VecDeque<Done>) {
        while let Some(effect) = self.core.poll_effect() {
            to.push_back(done(effect, now));
        }
        while let Some(alarm) = self.core.poll_alarm() {
            to.push_back(Done::Deliver(Delivery::Alarm(alarm)));
        }
        for request in self.core.take_refused() {
            let reason = "owner_broke".to_owned();
            to.push_back(Done::Answer(request, Err(CommandError::Unavailable { reason }), true));
        }
    }
}

fn done(effect: Effect, now: Now) -> Done {
    match effect {
        Effect::Order(Order::Dial(dial)) => Done::Gated(DIALING_SHARD, call::Input::Dial(dial)),
        Effect::Order(Order::Cancel { attempt }) => {
            Done::Deliver(Delivery::Shard(DIALING_SHARD, call::Input::CancelDial { attempt }))
        }
        Effect::Note(note) => Done::Journal(dialing::entry(note, now.wall)),
        Effect::Wanted { campaign, wanted } => Done::Leads(campaign, wanted),
        Effect::Show { campaign, agent, shown } => Done::Journal(dialing::shown(campaign, agent, shown, now.wall)),
        Effect::Lend(lent) => Done::Deliver(Delivery::Acd(acd::Input::Lent(lent))),
        Effect::DoNotCall { numbers, reason } => Done::DoNotCall(numbers, reason),
        Effect::Reply { request, result } => {
            let is_read = matches!(result, Ok(Reply::WhyNot(_) | Reply::Callback(_) | Reply::Consents(_)));
            let result = result.map(|reply| Answer::Campaign(Box::new(reply)));
            Done::Answer(request, result.map_err(|refusal| CommandError::Campaign(Box::new(refusal))), is_read)
        }
        Effect::Repaired { what } => Done::Deliver(Delivery::Repaired { what }),
    }
}

/// Mark of everything that was written down so far.
pub(super) const fn all_of(entries: u64) -> Mark {
    Mark { entry: entries, durability: Durability::Synced }
}

fn fact(agent: &acd::AgentSnapshot) -> AgentFact {
    let doing = match agent.state {
        acd::State::Ready => Doing::Ready,
        acd::State::Reserved | acd::State::OnCall => Doing::OnCall,
        acd::State::WrapUp => Doing::WrapUp,
        acd::State::Paused => Doing::Paused,
        acd::State::Offline => Doing::Gone,
    };
    let standing = agent.standing_leg == acd::StandingLeg::Up;
    AgentFact { agent: agent.agent, doing, since: agent.state_since, standing }
}

/// The shard that has standing legs, and so the calls of campaigns (decision 0019).
const DIALING_SHARD: ShardId = ShardId(0);
