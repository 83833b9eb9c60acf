//! P12: the figures that the wallboard folds from what is said, against a recount of whole visits by the book.

use std::collections::BTreeMap;

use acd::measure::{Board, Fact, Goal, Leave, Visit};
use acd::*;
use clock::*;

use super::Checker;

/// The fold under test with what it is told from, and the visits that the book has.
#[derive(Default)]
pub(crate) struct Counted {
    board: Board,
    /// Where each call waits, and its shard, by what was said.
    waits: BTreeMap<CallId, (QueueId, ShardId)>,
    offers: BTreeMap<(OfferId, Generation), CallId>,
    visits: Vec<Visit>,
    open: BTreeMap<CallId, usize>,
}

impl Counted {
    pub(crate) fn new() -> Self {
        let mut counted = Self::default();
        counted.board.begin_day(WallTime::from_micros(0)..WallTime::from_micros(i64::MAX / 2));
        counted
    }

    /// What the journal has of an input, before what follows from it.
    fn told(&mut self, input: &Input, at: WallTime) {
        match input {
            Input::CallerGone { call } => self.leaves(*call, at, Leave::Abandoned),
            Input::CallerMoved { call } => self.leaves(*call, at, Leave::Overflowed),
            Input::OfferEnded { offer, generation, outcome } => {
                let call = self.offers.remove(&(*offer, *generation));
                if let Some(call) = call.filter(|_| *outcome == OfferOutcome::CallerGone) {
                    self.leaves(call, at, Leave::Abandoned);
                }
            }
            Input::ShardLost { shard } => {
                let of_shard = self.waits.iter().filter(|(_, (_, its))| its == shard).map(|(call, _)| *call);
                for call in of_shard.collect::<Vec<_>>() {
                    self.leaves(call, at, Leave::Abandoned);
                }
            }
            _ => {}
        }
    }

    /// What the journal has of an effect.
    fn said(&mut self, effect: &Effect, at: WallTime) {
        match *effect {
            Effect::Enqueued { call, shard, queue, .. } if !super::callbacks::is_minted(call) => {
                self.waits.insert(call, (queue, shard));
                self.board.take(&Fact::Entered { call, queue, at });
            }
            Effect::Offer { offer, generation, call, .. } => drop(self.offers.insert((offer, generation), call)),
            Effect::Withdraw { offer, generation, .. } => drop(self.offers.remove(&(offer, generation))),
            Effect::ClaimGranted { offer, generation, .. } => {
                if let Some(call) = self.offers.remove(&(offer, generation)) {
                    self.leaves(call, at, Leave::Answered);
                }
            }
            Effect::LeaveQueue { call, queue, .. } => {
                // Refused by another queue than it waited in: it ends.
                let waits_there = self.waits.get(&call).is_some_and(|(known, _)| *known == queue);
                self.leaves(call, at, if waits_there { Leave::TimedOut } else { Leave::Ended });
            }
            Effect::CallbackAnswer { call, result: Ok(_), .. } => self.leaves(call, at, Leave::Callback),
            Effect::CallbackAnswer { call, result: Err(CallbackRefusal::Limit), .. } => {
                self.leaves(call, at, Leave::TimedOut);
            }
            _ => {}
        }
    }

    fn leaves(&mut self, call: CallId, at: WallTime, how: Leave) {
        match self.waits.remove(&call) {
            Some(_) if how == Leave::Ended => self.board.take(&Fact::CallEnded { call, at }),
            Some((queue, _)) => self.board.take(&Fact::Left { call, queue, at, how }),
            None => {}
        }
    }

    fn close(&mut self, call: CallId, at: WallTime, how: Leave) {
        if let Some(nth) = self.open.remove(&call) {
            self.visits[nth].left = Some((at, how));
        }
    }

    /// Each count of a queue: by the fold, and anew.
    fn counts(&self, queue: QueueId, now: WallTime) -> [[u64; 12]; 2] {
        let goal = Goal::default();
        let live = self.board.figures(queue, now).day;
        let mut anew = [0; 12];
        for visit in self.visits.iter().filter(|visit| visit.queue == queue) {
            anew[0] += 1;
            let Some((at, how)) = visit.left else { continue };
            let waited_ms = (at.as_micros() - visit.entered.as_micros()).max(0) as u64 / 1_000;
            let within = |limit: core::time::Duration| u64::from(u128::from(waited_ms) <= limit.as_millis());
            match how {
                Leave::Answered => {
                    anew[1] += 1;
                    anew[2] += within(goal.within);
                    anew[11] += waited_ms;
                }
                Leave::Abandoned => {
                    anew[3] += 1;
                    anew[4] += within(goal.within);
                    anew[5] += within(goal.short);
                }
                Leave::TimedOut => anew[6] += 1,
                Leave::Overflowed => anew[7] += 1,
                Leave::Moved => anew[8] += 1,
                Leave::Callback => anew[9] += 1,
                Leave::Ended => anew[10] += 1,
            }
        }
        anew[11] = anew[11].checked_div(anew[1]).unwrap_or(0);
        let mean = live.waits.mean().map_or(0, |mean| mean.as_millis() as u64);
        let of_fold = [
            live.offered,
            live.answered,
            live.answered_in_time,
            live.abandoned,
            live.abandoned_in_time,
            live.abandoned_short,
            live.timed_out,
            live.overflowed,
            live.moved,
            live.called_back,
            live.ended,
            mean,
        ];
        [of_fold, anew]
    }
}

impl Checker {
    /// Takes an input and what followed into the fold.
    pub(crate) fn fold(&mut self, input: Option<&Input>, effects: &[Effect]) {
        let at = self.now.wall;
        if let Some(counted) = &mut self.counted {
            input.into_iter().for_each(|input| counted.told(input, at));
            effects.iter().for_each(|effect| counted.said(effect, at));
        }
    }

    /// By the book a call is in a queue from now; in one that it is in already nothing is new.
    pub(super) fn visit(&mut self, call: CallId, queue: QueueId) {
        let at = self.now.wall;
        let Some(counted) = &mut self.counted else { return };
        if counted.open.get(&call).is_some_and(|nth| counted.visits[*nth].queue == queue) {
            return;
        }
        counted.close(call, at, Leave::Moved);
        counted.open.insert(call, counted.visits.len());
        counted.visits.push(Visit { call, queue, entered: at, left: None });
    }

    /// By the book it is in none any more.
    pub(super) fn visit_ends(&mut self, call: CallId, how: Leave) {
        let at = self.now.wall;
        self.counted.iter_mut().for_each(|counted| counted.close(call, at, how));
    }

    /// A queue does not take it: where it came from the end of that queue itself, its time there is over.
    pub(super) fn visit_refused(&mut self, call: CallId, queue: QueueId) {
        let waits_there =
            |counted: &Counted| counted.open.get(&call).is_some_and(|nth| counted.visits[*nth].queue == queue);
        let is_there = self.counted.as_ref().is_some_and(waits_there);
        self.visit_ends(call, if is_there { Leave::TimedOut } else { Leave::Ended });
    }

    /// P12: live figures are those that a recount gives.
    pub(crate) fn judge_figures(&mut self) {
        let Some(counted) = &self.counted else { return };
        let queues: Vec<QueueId> = self.queues.keys().copied().collect();
        let all: Vec<_> = queues.into_iter().map(|queue| (queue, counted.counts(queue, self.now.wall))).collect();
        for (queue, [live, anew]) in all {
            self.coverage.hit("figures: recounted");
            self.rule("P12 figures", live == anew, || format!("{queue:?} {live:?}, by the book {anew:?}"));
        }
    }
}

/// How a call left, by the number of the tally that grew; moved ones enter again.
pub(super) fn how(before: &QueueTally, after: &QueueTally) -> Option<Leave> {
    match () {
        () if after.answered > before.answered => Some(Leave::Answered),
        () if after.abandoned > before.abandoned => Some(Leave::Abandoned),
        () if after.timed_out > before.timed_out => Some(Leave::TimedOut),
        () if after.called_back > before.called_back => Some(Leave::Callback),
        () => None,
    }
}
