//! Agents of the naive ACD: what they choose and what keeps them busy.

use acd::*;
use clock::*;
use core::time::Duration;

use super::{Alarm, Answer, Checker, Figures, Person, Talk};

impl Checker {
    pub(super) fn withdraw(&mut self, agent: AgentId, reason: WithdrawReason) {
        if let Some(lease) = self.person(agent).offer.take() {
            self.coverage.hit(WITHDRAWN[(reason as usize).min(WITHDRAWN.len() - 1)]);
            self.expected.push(Answer::Withdraw(lease.offer, lease.generation, reason as u8));
            self.rings_no_more(lease.call, agent);
        }
    }

    pub(super) fn busy(&mut self, fact: AgentFact) {
        let Some(person) = self.agents.get(&fact.agent) else {
            let AgentFact { call, leg, queue, shard, .. } = fact;
            let talk = Talk { leg: Some(leg), call, shard, queue, offer: None, since: self.now.mono };
            return self.gone.entry(fact.agent).or_default().push(talk);
        };
        if person.offer.is_some_and(|lease| lease.call == fact.call) {
            self.accepted = false;
            return;
        }
        let known = person.legs.iter().any(|talk| talk.leg == Some(fact.leg));
        if !known || !self.busy_known(fact) {
            let AgentFact { call, leg, queue, shard, .. } = fact;
            let since = self.now.mono;
            self.coverage.hit("agent: a call of his own");
            self.person(fact.agent).legs.push(Talk { leg: Some(leg), call, shard, queue, offer: None, since });
        }
        self.withdraw(fact.agent, WithdrawReason::Busy);
    }

    /// A leg that we know is named: its id and shard are known from now.
    pub(super) fn busy_known(&mut self, fact: AgentFact) -> bool {
        let Some(person) = self.agents.get_mut(&fact.agent) else {
            let mut legs = self.gone.get_mut(&fact.agent).into_iter().flatten();
            if let Some(talk) = legs.find(|talk| talk.leg.is_none() && talk.call == fact.call) {
                talk.leg = Some(fact.leg);
            }
            return false;
        };
        let Some(index) = person.find(fact.leg, fact.call) else { return false };
        person.legs[index].leg = Some(fact.leg);
        person.legs[index].shard = fact.shard;
        true
    }

    pub(super) fn free(&mut self, agent: AgentId, call: CallId, leg: LegId, talked: bool) {
        match self.agents.get(&agent).and_then(|person| person.find(leg, call)) {
            Some(index) => self.end_leg(agent, index, talked, talked),
            None => {
                self.accepted = self.free_gone(agent, |talk| talk.leg.is_none_or(|id| id == leg) && talk.call == call)
            }
        }
    }

    /// The calls of one whom the rules do not name end without more. False where there is none.
    pub(super) fn free_gone(&mut self, agent: AgentId, is_over: impl Fn(&Talk) -> bool) -> bool {
        let Some(legs) = self.gone.get_mut(&agent) else { return false };
        let before = legs.len();
        legs.retain(|talk| !is_over(talk));
        let ended = before > legs.len();
        if legs.is_empty() {
            self.gone.remove(&agent);
        }
        if ended {
            self.coverage.hit("agent: removed, his call ends");
        }
        ended
    }

    pub(super) fn end_leg(&mut self, agent: AgentId, index: usize, talked: bool, contact: bool) {
        let now = self.now.mono;
        let talk = self.person(agent).legs.remove(index);
        let desk = talk.queue.and_then(|queue| self.queues.get(&queue));
        let wrap_up = desk.map_or(Duration::ZERO, |desk| desk.config.wrap_up);
        let person = self.person(agent);
        if talk.queue.is_some() {
            person.figures.talked += now.since(talk.since);
        }
        if talk.queue.is_some() && contact {
            person.idle = now;
        }
        if talk.queue.is_some() && talked {
            person.owed = person.owed.max(wrap_up);
        }
        if !person.legs.is_empty() {
            return self.coverage.hit("leg: ends, another lives");
        }
        if person.owed == Duration::ZERO {
            return self.coverage.hit("leg: ends");
        }
        let until = (now + core::mem::take(&mut person.owed)).max(person.wrap_up.unwrap_or(now));
        person.wrap_up = Some(until);
        self.alarm(until, Alarm::WrapUp(agent));
        self.coverage.hit("leg: ends, wrap-up follows");
    }

    pub(super) fn reachable(&mut self, agent: AgentId, reachable: bool) {
        self.accepted = self.phones.contains(&agent) != reachable;
        if reachable {
            self.phones.insert(agent)
        } else {
            self.phones.remove(&agent)
        };
        let Some(person) = self.agents.get_mut(&agent) else { return };
        let rested = person.rest.is_some();
        if reachable && !person.reachable {
            person.rest = None;
        }
        person.reachable = reachable;
        self.coverage.hit(match (reachable, rested) {
            (true, true) => "phone: back, ends his rest",
            (true, false) => "phone: back",
            (false, _) => "phone: gone",
        });
        if !reachable {
            self.withdraw(agent, WithdrawReason::Offline);
            self.away(agent);
        }
    }

    pub(super) fn status(&mut self, agent: AgentId, status: Status) {
        let Some(person) = self.agents.get_mut(&agent) else {
            self.accepted = false;
            return;
        };
        let mut rule = ["status: ready", "status: paused", "status: offline"][status as usize];
        person.status = status;
        match status {
            Status::Ready => {
                if person.state() == State::WrapUp {
                    person.wrap_up = None;
                    rule = "status: ready ends wrap-up";
                }
                person.missed = 0;
                person.rest = None;
            }
            Status::Paused => self.withdraw(agent, WithdrawReason::Paused),
            Status::Offline => {
                self.withdraw(agent, WithdrawReason::Offline);
                self.away(agent);
            }
        }
        self.coverage.hit(rule);
    }

    /// He did not take an offer.
    pub(super) fn leave_alone(&mut self, agent: AgentId, rest: Duration) {
        let now = self.now.mono;
        let person = self.person(agent);
        person.idle = now;
        person.rest = Some(now + rest);
        self.alarm(now + rest, Alarm::Rest(agent));
    }

    pub(super) fn person(&mut self, agent: AgentId) -> &mut Person {
        self.agents.get_mut(&agent).expect("an agent of ours")
    }
}

impl Person {
    pub(super) fn new(status: Status, reachable: bool, idle: Instant) -> Self {
        Self {
            status,
            reachable,
            legs: Vec::new(),
            offer: None,
            max_missed: 0,
            missed: 0,
            skills: Vec::new(),
            blend: Blend::default(),
            figures: Figures::default(),
            owed: Duration::ZERO,
            wrap_up: None,
            rest: None,
            idle,
        }
    }

    pub(super) fn find(&self, leg: LegId, call: CallId) -> Option<usize> {
        let exact = self.legs.iter().position(|talk| talk.leg == Some(leg));
        exact.or(self.legs.iter().position(|talk| talk.leg.is_none() && talk.call == call))
    }

    /// Since when nothing of a queue's has come to him.
    pub(super) fn idle_since(&self) -> Instant {
        self.idle
    }

    /// He has signed on and has a phone, whatever keeps him busy.
    pub(super) fn is_there(&self) -> bool {
        self.status != Status::Offline && self.reachable
    }

    /// He may be offered a call at this moment.
    pub(crate) fn is_free(&self) -> bool {
        self.state() == State::Ready && self.rest.is_none()
    }

    /// He is left alone after an offer that he did not take.
    pub(crate) fn rests(&self) -> bool {
        self.rest.is_some()
    }

    pub(crate) fn state(&self) -> State {
        match self {
            _ if !self.legs.is_empty() => State::OnCall,
            _ if self.offer.is_some() => State::Reserved,
            _ if self.wrap_up.is_some() => State::WrapUp,
            _ if self.status == Status::Offline || !self.reachable => State::Offline,
            _ if self.status == Status::Paused => State::Paused,
            _ => State::Ready,
        }
    }
}

/// By [`WithdrawReason`].
const WITHDRAWN: [&str; 8] = [
    "withdrawn: agent paused",
    "withdrawn: agent offline",
    "withdrawn: longest wait over",
    "withdrawn: overdue",
    "withdrawn: caller gone",
    "withdrawn: agent busy",
    "withdrawn: call moved",
    "withdrawn: answered elsewhere",
];
