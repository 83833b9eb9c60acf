//! The routing rules, as scans: what a call asks, who may have it, whom it is kept for.

use core::cmp::Reverse;
use core::time::Duration;

use acd::*;
use clock::*;

use super::{Alarm, Caller, Checker, Key, Person, nanos};

/// What a call asks of an agent at this moment.
pub(super) struct Ask {
    pub(super) required: Vec<Need>,
    pub(super) preferred: Vec<SkillId>,
    pub(super) level_max: u8,
}

/// What keeps an agent of its queue from a call whatever he does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Kind,
    Level,
    Skill,
}

impl Checker {
    /// A place: where priority is worth waiting, the call stands as if it had come earlier; where deadlines decide, as if
    /// it had come when its service level is missed.
    pub(super) fn key(&self, queue: QueueId, priority: i32, arrived: i64, seq: u64) -> Key {
        let config = &self.queues[&queue].config;
        let priority = priority + config.priority;
        let deadline = if config.by_deadline { config.service_level.as_nanos() as i64 } else { 0 };
        match config.priority_worth {
            None => (Reverse(priority), arrived + deadline, seq),
            Some(worth) => (Reverse(0), arrived + deadline - worth.as_nanos() as i64 * i64::from(priority), seq),
        }
    }

    pub(super) fn placing(&self, queue: QueueId) -> (Option<Duration>, i32, Option<Duration>) {
        let config = &self.queues[&queue].config;
        (config.priority_worth, config.priority, config.by_deadline.then_some(config.service_level))
    }

    fn age(&self, row: &Caller) -> Duration {
        Duration::from_nanos((nanos(self.now.mono) - row.arrived).max(0) as u64)
    }

    pub(super) fn ask(&self, row: &Caller) -> Ask {
        let age = self.age(row);
        let of_queue = in_force(&self.queues[&row.queue].config.steps, age);
        let both = [of_queue, in_force(&row.work.steps, age)];
        let both = both.iter().flatten();
        let mut preferred: Vec<SkillId> = both.clone().flat_map(|step| &step.preferred).copied().collect();
        preferred.sort_unstable();
        preferred.dedup();
        Ask {
            required: both.clone().flat_map(|step| &step.required).copied().collect(),
            preferred,
            level_max: both.filter_map(|step| step.level_max).min().unwrap_or(u8::MAX),
        }
    }

    /// What an agent of its queue lacks for a call.
    pub(super) fn unfit(&self, agent: AgentId, row: &Caller, ask: &Ask) -> Option<Unfit> {
        let person = &self.agents[&agent];
        let level = self.seat(agent, row.queue)?.level;
        let has = |need: &Need| person.level_of(need.skill) >= need.level.max(1);
        match () {
            () if person.blend.rank(row.work.kind).is_none() => Some(Unfit::Kind),
            () if level > ask.level_max => Some(Unfit::Level),
            () if !ask.required.iter().all(has) => Some(Unfit::Skill),
            () => None,
        }
    }

    /// An agent's place in a queue; of one who is named twice the first.
    pub(super) fn seat(&self, agent: AgentId, queue: QueueId) -> Option<&QueueAgent> {
        self.queues.get(&queue)?.config.agents.iter().find(|one| one.agent == agent)
    }

    /// Conversations and ringing calls of a queue are as many as there may be.
    pub(super) fn is_closed(&self, queue: QueueId) -> bool {
        let Some(max) = self.queues[&queue].config.max_conversations else { return false };
        let ringing = self.calls.values().filter(|row| row.queue == queue && !row.ringing.is_empty()).count();
        let legs = self.agents.values().map(|person| &person.legs).chain(self.gone.values()).flatten();
        ringing + legs.filter(|talk| talk.queue == Some(queue)).count() >= max as usize
    }

    /// For whom a call that enters is kept, and until when: nobody, where his agent is away.
    pub(super) fn held_for(&self, work: &Enqueue, arrived: i64) -> Option<(AgentId, Instant)> {
        let until = arrived + self.queues[&work.queue].config.preferred_for.as_nanos() as i64;
        if until <= nanos(self.now.mono) {
            return None;
        }
        let last = work.caller.as_ref().and_then(|caller| self.last.get(caller).copied());
        let agent = work.preferred.or(last.map(|(agent, _)| agent))?;
        // He had this very call, and has sent it on.
        let had_it = last == Some((agent, work.call));
        (!had_it).then_some((agent, Instant::from_nanos(until as u64)))
    }

    /// He is there, in the queue, takes such work and has what the call requires now; his level does not count.
    fn may_hold(&self, agent: AgentId, row: &Caller) -> bool {
        let is_there = self.agents.get(&agent).is_some_and(Person::is_there);
        let ask = Ask { level_max: u8::MAX, ..self.ask(row) };
        is_there && self.seat(agent, row.queue).is_some() && self.unfit(agent, row, &ask).is_none()
    }

    /// The call is kept on only for one for whom it may still be.
    pub(super) fn hold_on(&mut self, call: CallId) {
        let row = &self.calls[&call];
        let held = row.held.filter(|(agent, _)| self.may_hold(*agent, row));
        self.calls.entry(call).and_modify(|row| row.held = held);
    }

    /// New rules.
    pub(super) fn hold_again(&mut self) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.hold_on(call);
            self.arm_step(call);
        }
    }

    /// Whatever was kept for an agent who is away goes to anybody.
    pub(super) fn away(&mut self, agent: AgentId) {
        let kept = self.calls.iter().filter(|(_, row)| row.held.is_some_and(|(held, _)| held == agent));
        for call in kept.map(|(call, _)| *call).collect::<Vec<_>>() {
            self.coverage.hit("preferred: went away");
            self.calls.entry(call).and_modify(|row| row.held = None);
            self.arm_step(call);
        }
    }

    /// A call asks for less, or is kept for nobody any more.
    pub(super) fn step(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(row) = self.calls.get_mut(&call) else { return };
        let held = row.held.filter(|(_, until)| *until > now);
        let is_over = row.held != held;
        row.held = held;
        self.coverage.hit(if is_over { "preferred: time over" } else { "step: comes into force" });
        self.hold_on(call);
        self.arm_step(call);
    }

    /// When what the call asks changes next.
    pub(super) fn arm_step(&mut self, call: CallId) {
        let row = &self.calls[&call];
        let age = self.age(row);
        let steps = self.queues[&row.queue].config.steps.iter().chain(&row.work.steps);
        let next = steps.map(|step| step.after).filter(|after| *after > age).min();
        let next = next.map(|after| Instant::from_nanos((row.arrived + after.as_nanos() as i64) as u64));
        let next = next.into_iter().chain(row.held.map(|(_, until)| until)).min();
        self.calls.entry(call).and_modify(|row| row.next_step = next);
        if let Some(at) = next {
            self.alarm(at, Alarm::Step(call));
        }
    }
}

impl super::Person {
    /// His level of a skill; of one that is named twice the better; 0 without it.
    pub(super) fn level_of(&self, skill: SkillId) -> u8 {
        self.skills.iter().filter(|one| one.skill == skill).map(|one| one.level).max().unwrap_or(0)
    }
}

/// The last step whose time has come.
fn in_force(steps: &[Step], age: Duration) -> Option<&Step> {
    steps.iter().filter(|step| step.after <= age).max_by_key(|step| step.after)
}
