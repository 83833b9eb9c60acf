//! Timers of the naive ACD: each must be due to the tick.

use core::cmp::Reverse;

use acd::*;
use clock::*;

use super::Checker;

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    Wait(CallId),
    Offer(AgentId),
    WrapUp(AgentId),
    Rest(AgentId),
    Step(CallId),
    Join(CallId),
    Place(QueueId, String),
    Back(u64),
}

impl Checker {
    /// Runs every timer that is due.
    pub(crate) fn timeout(&mut self) {
        let now = self.now.mono;
        while self.next_due().is_some_and(|at| at <= now) {
            let Some(Reverse((_, alarm))) = self.alarms.pop() else { return };
            match alarm {
                Alarm::Wait(call) => {
                    self.coverage.hit("call: longest wait over");
                    self.wait_over(call);
                }
                Alarm::Offer(agent) => {
                    self.coverage.hit("offer: overdue");
                    self.withdraw(agent, WithdrawReason::Overdue);
                    self.leave_alone(agent, UNREACHABLE_REST);
                }
                Alarm::WrapUp(agent) => self.person(agent).wrap_up = None,
                Alarm::Rest(agent) => self.person(agent).rest = None,
                Alarm::Step(call) => self.step(call),
                Alarm::Join(call) => self.join_due(call),
                Alarm::Place(queue, caller) => drop(self.places.remove(&(queue, caller))),
                Alarm::Back(nth) => self.look_at(nth),
            }
        }
    }

    /// When the next timer must be due.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, alarm))) = self.alarms.peek() {
            if self.stands(*at, alarm) {
                return Some(*at);
            }
            self.alarms.pop();
        }
        None
    }

    fn stands(&self, at: Instant, alarm: &Alarm) -> bool {
        let (person, row) = (|agent| self.agents.get(agent), |call| self.calls.get(call));
        let set = match alarm {
            Alarm::Wait(call) => row(call).map(|row| row.until),
            Alarm::Step(call) => row(call).and_then(|row| row.next_step),
            Alarm::Join(call) => row(call).and_then(|row| row.next_join),
            Alarm::Offer(agent) => person(agent).and_then(|person| Some(person.offer?.deadline)),
            Alarm::WrapUp(agent) => person(agent).and_then(|person| person.wrap_up),
            Alarm::Rest(agent) => person(agent).and_then(|person| person.rest),
            Alarm::Back(nth) => self.backs.get(nth).and_then(|back| back.wakes),
            Alarm::Place(queue, caller) => self.places.get(&(*queue, caller.clone())).map(|(_, until, _)| *until),
        };
        set == Some(at)
    }

    pub(super) fn alarm(&mut self, at: Instant, alarm: Alarm) {
        self.alarms.push(Reverse((at, alarm)));
    }

    /// How many timers there must be.
    pub(super) fn timers(&self) -> usize {
        let of_agents = self.agents.values().flat_map(|p| [p.offer.is_some(), p.wrap_up.is_some(), p.rest.is_some()]);
        let of_calls = self.calls.values().flat_map(|row| [true, row.next_step.is_some(), row.next_join.is_some()]);
        let of_backs = self.backs.values().map(|back| back.wakes.is_some());
        of_agents.chain(of_calls).chain(of_backs).filter(|set| *set).count() + self.places.len()
    }
}
