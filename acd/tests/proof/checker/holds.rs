//! P3, by name: which rule holds each waiting call back, against what the ACD says of it.

use acd::*;
use clock::*;

use super::callbacks::is_unbound;
use super::rules::Unfit;
use super::{Caller, Checker};

impl Checker {
    /// For each waiting call the rule in force that keeps it from an agent; the ACD names the same.
    pub(super) fn judge_holds(&mut self, acd: &Acd) {
        let (mut wrong, mut seen) = (Vec::new(), Vec::new());
        for (call, row) in self.calls.iter().filter(|(call, _)| !is_unbound(**call)) {
            let (name, by_book) = self.hold(row);
            seen.push(name);
            let said = acd.why_waits(*call);
            if said != Some(by_book) {
                wrong.push(format!("{call}: {said:?}, by the book {by_book:?}"));
            }
        }
        seen.into_iter().for_each(|name| self.coverage.hit(name));
        self.rule("P3 the rule that holds a call back", wrong.is_empty(), || wrong.join("; "));
    }

    fn hold(&self, row: &Caller) -> (&'static str, WhyWaits) {
        let queue = &self.queues[&row.queue].config;
        let rings = row.ringing.len() as u32;
        match (rings, row.held, queue.max_conversations.filter(|_| self.is_closed(row.queue))) {
            (1.., ..) => ("hold: it rings", WhyWaits::Rings(rings)),
            (0, _, Some(max)) => ("hold: the queue has its conversations", WhyWaits::Conversations { max }),
            (0, Some((agent, until)), None) => ("hold: kept for its agent", WhyWaits::HeldFor { agent, until }),
            (0, None, None) => self.nobody(row),
        }
    }

    fn nobody(&self, row: &Caller) -> (&'static str, WhyWaits) {
        let (ask, mut others) = (self.ask(row), Others::default());
        let mut name = "hold: nobody free";
        let mut known: Vec<AgentId> = Vec::new();
        for one in &self.queues[&row.queue].config.agents {
            let Some(person) = self.agents.get(&one.agent).filter(|_| !known.contains(&one.agent)) else { continue };
            known.push(one.agent);
            let (is_free, state) = (person.is_free(), person.state());
            let unfit = self.unfit(one.agent, row, &ask);
            match unfit {
                Some(Unfit::Kind) => others.kind += 1,
                Some(Unfit::Level) => others.level += 1,
                Some(Unfit::Skill) => others.skill += 1,
                None if is_free => others.behind += 1,
                None if state == State::Ready => others.resting += 1,
                None => others.states[state as usize] += 1,
            }
            name = match unfit.filter(|_| is_free) {
                Some(Unfit::Kind) => "hold: who is free takes no such work",
                Some(Unfit::Level) => "hold: who is free is of a higher level",
                Some(Unfit::Skill) => "hold: who is free lacks a skill",
                None => name,
            };
        }
        (name, WhyWaits::NobodyFree(others))
    }
}
