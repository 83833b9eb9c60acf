//! What others see of the ACD, against the book.

use acd::*;
use clock::*;

use super::Checker;

impl Checker {
    /// P8 and the view: snapshots and counts are what effects say.
    pub(crate) fn judge_view(&mut self, acd: &Acd) {
        let view = acd.snapshot();
        let mut wrong = Vec::new();
        for agent in &view.agents {
            let Some(person) = self.agents.get(&agent.agent) else {
                wrong.push(format!("{:?} is not ours", agent.agent));
                continue;
            };
            let by_book = (person.state(), person.status, person.missed, person.reachable);
            let seen = (agent.state, agent.status, agent.missed, agent.reachable);
            if by_book != seen {
                wrong.push(format!("{:?} is {seen:?}, by the book {by_book:?}", agent.agent));
            }
        }
        let in_order = self.in_order();
        for queue in &view.queues {
            let Some(desk) = self.queues.get(&queue.queue) else {
                wrong.push(format!("{:?} is not ours", queue.queue));
                continue;
            };
            let tally = desk.tally;
            let gone = tally.answered + tally.abandoned + tally.timed_out + tally.moved + tally.called_back;
            let mine = in_order.iter().filter(|call| {
                let row = &self.calls[call];
                row.queue == queue.queue && row.work.kind != WorkKind::Callback
            });
            let by_book: Vec<(CallId, WallTime)> = mine.map(|call| (*call, self.calls[call].told_arrival)).collect();
            let mut states = [0; 6];
            for agent in &desk.config.agents {
                self.agents.get(&agent.agent).into_iter().for_each(|person| states[person.state() as usize] += 1);
            }
            let shown: Vec<_> = queue.waiting.iter().map(|call| (call.call, call.arrived)).collect();
            let is_right = queue.tally == tally && tally.entered == gone + queue.waiting.len() as u64;
            let backs = queue.callbacks == self.back_counts(queue.queue);
            if !is_right || !backs || shown != by_book || queue.agents != states {
                wrong.push(format!("{queue:?}, by the book {tally:?} {by_book:?} {states:?}"));
            }
        }
        if (view.agents.len(), view.queues.len()) != (self.agents.len(), self.queues.len()) {
            wrong.push("a queue or an agent is missing".to_owned());
        }
        let (counts, timers) = (acd.counts(), self.timers());
        let offers = self.agents.values().filter(|person| person.offer.is_some()).count();
        let legs =
            self.agents.values().map(|person| &person.legs).chain(self.gone.values()).map(Vec::len).sum::<usize>();
        let kept = (self.places.len(), self.backs.len());
        if (counts.offers, counts.legs, (counts.places, counts.callbacks), counts.timers)
            != (offers, legs, kept, timers)
        {
            wrong.push(format!("{counts:?}, by the book {offers} offers, {legs} legs, {timers} timers"));
        }
        self.rule("P8 conservation", wrong.is_empty(), || wrong.join("; "));
        self.judge_holds(acd);
    }
}
