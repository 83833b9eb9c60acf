//! Callbacks (pacing P7): never more than the limit, duplicates collapse to the first, who rings again has his
//! callback's place, each ends in exactly one terminal state; and a crash at any event gives back the same callbacks.
//! And the do-not-call list: what it acknowledged binds.

use std::collections::{BTreeMap, BTreeSet};

use acd::{Callback, CallbackRefusal, CallbackState, CommandError, Effect, Input, Reply};
use centre::owner::DialerInput;
use clock::{CallId, CallbackId, QueueId, RequestId};
use journal_core::{CallEvent, CallbackEntry, Entry};

use super::Bench;
use super::ledger::{Caller, Ledger};
use crate::watch::Seen;

/// What the ACD says of callbacks, what the journal holds of them, and what others were promised.
#[derive(Debug, Default)]
pub(crate) struct CallbackJudge {
    /// Open in this life, as the ACD last said.
    open: BTreeMap<CallbackId, Callback>,
    /// Those that took no slot: their caller had the place of an earlier one.
    successors: BTreeSet<CallbackId>,
    /// Callers who must have the place of their callback after this step.
    rang_again: Vec<(CallId, CallbackId)>,
    /// As the journal has them, entry by entry: a crash may take the last ones.
    journaled: BTreeMap<CallbackId, Vec<CallbackEntry>>,
    /// Answers on their way: what the clients will know of then.
    answers: BTreeMap<RequestId, CallbackId>,
    /// Somebody was told that he will be called back.
    promised: BTreeSet<CallbackId>,
    /// Callers who rang in and have the place of a callback, which is theirs again if the node cuts them.
    took_over: BTreeMap<CallId, CallbackId>,
    /// Whose callers the shard cut that broke just now.
    cut: Vec<CallbackId>,
    /// Superseded, and open again after a crash.
    given_back: BTreeSet<CallbackId>,
    /// What a start must give back, in this order.
    owed: Vec<CallbackId>,
    /// Changes of the do-not-call list that are not acknowledged: the number, and whether it is to be on it.
    listing: BTreeMap<RequestId, (String, bool)>,
    /// Numbers on it, and acknowledged.
    listed: BTreeSet<String>,
}

impl CallbackJudge {
    pub(crate) fn see(&mut self, seen: &Seen<'_>, ledger: &Ledger, bench: &mut Bench) {
        match seen {
            Seen::AcdTold { input, .. } => self.told(input, ledger, bench),
            Seen::AcdSaid { effect } => self.said(effect, ledger, bench),
            Seen::AcdSettled => self.settled(ledger, bench),
            Seen::Journaled { entry: Entry::Callback(entry), .. } => self.journaled(entry, bench),
            Seen::Journaled { entry: Entry::Call(step), .. } => {
                self.dialed(&step.event, bench);
                self.caller_over(step.call, &step.event, bench);
            }
            Seen::EntryLost { entry: Entry::Callback(entry), .. } => self.lost(entry, bench),
            Seen::DialerTold { input: DialerInput::DoNotCall { request, pattern, listed, .. } } => {
                let number = pattern.to_string();
                if !listed {
                    self.listed.remove(&number);
                }
                self.listing.insert(*request, (number, *listed));
            }
            Seen::Answered { request } => self.answered(*request),
            Seen::Refused { request } => {
                self.answers.remove(request);
                self.listing.remove(request);
            }
            Seen::ShardTold { input: call::Input::CallbackAnswer { result: Ok((id, _)), .. }, .. } => {
                self.promised.insert(*id);
            }
            Seen::Crashed => self.crashed(),
            Seen::Replayed { .. } => self.owe(),
            // Calls come last: by now every callback is back.
            Seen::ShardTold { input: call::Input::Restore(_), .. } => {
                for id in core::mem::take(&mut self.owed) {
                    bench.broken("P7 a crash gives back the same", format!("{id} was open and is forgotten"));
                }
            }
            Seen::End => {
                for callback in self.open.values() {
                    bench.broken("P7 each callback ends", format!("{callback:?}"));
                }
            }
            _ => {}
        }
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    fn told(&mut self, input: &Input, ledger: &Ledger, bench: &mut Bench) {
        match input {
            Input::RestoreCallback(callback) => self.restored(callback, bench),
            Input::ShardLost { shard } => {
                let of_shard = |call: &CallId| ledger.calls.get(call).is_some_and(|row| row.shard == *shard);
                let cut: Vec<CallId> = self.took_over.keys().filter(|call| of_shard(call)).copied().collect();
                self.cut = cut.iter().filter_map(|call| self.took_over.remove(call)).collect();
                self.given_back.extend(&self.cut);
                // Their callers waited on the line, and took no slot.
                self.successors.extend(&self.cut);
            }
            Input::Enqueue(work) if !ledger.calls.contains_key(&work.call) => {
                let rests = |callback: &Callback| {
                    use CallbackState::{NoAnswer, Queued, Reserved};
                    [NoAnswer, Queued, Reserved].contains(&callback.state)
                };
                let his = |callback: &&Callback| {
                    callback.queue == Some(work.queue) && work.caller.as_ref() == Some(&callback.number)
                };
                let known = self.open.values().find(|callback| his(callback) && rests(callback));
                self.rang_again.extend(known.map(|callback| (work.call, callback.id)));
            }
            _ => {}
        }
    }

    fn said(&mut self, effect: &Effect, ledger: &Ledger, bench: &mut Bench) {
        match effect {
            Effect::CallbackChanged(now) => self.changed(now, ledger, bench),
            Effect::Reply { request, result: Ok(Reply::Callback(taken)) } => {
                self.answers.insert(*request, taken.callback.id);
            }
            Effect::Reply { result: Err(CommandError::Callback(CallbackRefusal::Limit)), .. } => {}
            Effect::CallbackAnswer { call, result: Ok((id, true)), .. } => {
                self.took_over.remove(call);
                // He had the place of an earlier one, or asked twice: neither takes a slot that was not his.
                self.successors.insert(*id);
            }
            Effect::CallbackAnswer { call, result: Err(CallbackRefusal::Limit), .. } => {
                let queue = ledger.calls.get(call).map(|row| row.queue);
                let Some((queue, max)) = queue.and_then(|queue| Some((queue, max_of(ledger, queue)?))) else { return };
                if self.taken_slots(queue).count() < max && self.all_slots(queue) + self.kept_slots(queue) < max {
                    bench.broken("P7 the limit is no less", format!("{call} refused with slots free in {queue:?}"));
                }
            }
            // Whom the queue does not take has no place.
            Effect::LeaveQueue { call, .. } => self.rang_again.retain(|(known, _)| known != call),
            _ => {}
        }
    }

    fn changed(&mut self, now: &Callback, ledger: &Ledger, bench: &mut Bench) {
        let before = self.open.get(&now.id);
        if let Some(before) = before {
            let kept = |callback: &Callback| (callback.arrived, callback.requested_at, callback.seq);
            if kept(before) != kept(now) || before.number != now.number || before.queue != now.queue {
                bench.broken("P7 the original arrival is kept", format!("{before:?} became {now:?}"));
            }
            if now.attempts < before.attempts {
                bench.broken("P7 attempts are counted", format!("{before:?} became {now:?}"));
            }
        } else if now.state.is_terminal() {
            bench.broken("P7 each callback ends once", format!("{now:?} was not open"));
        }
        if now.state == CallbackState::Superseded {
            let by = self.rang_again.iter().find(|(_, id)| *id == now.id).copied();
            // Who rang in while his callback rang has its place when nobody answers that.
            let his = |row: &Caller| Some(row.queue) == now.queue && row.number.as_ref() == Some(&now.number);
            let waits = |row: &Caller| row.callback.is_none() && his(row);
            let waiting = || ledger.calls.iter().find(|(_, row)| waits(row)).map(|(call, _)| (*call, now.id));
            self.took_over.extend(by.or_else(waiting));
        }
        if now.state.is_terminal() {
            self.open.remove(&now.id);
        } else {
            self.open.insert(now.id, now.clone());
        }
    }

    fn settled(&mut self, ledger: &Ledger, bench: &mut Bench) {
        for (call, id) in core::mem::take(&mut self.rang_again) {
            if self.open.contains_key(&id) && ledger.calls.contains_key(&call) {
                bench.broken("P7 who rings again has the place", format!("{call} waits, and so does {id}"));
            }
        }
        for id in core::mem::take(&mut self.cut) {
            let Some(last) = self.journaled.get(&id).and_then(|entries| entries.last()) else { continue };
            let waits = |row: &Caller| Some(row.queue) == last.queue && row.number.as_ref() == Some(&last.number);
            let is_over = last.expires_at <= ledger.now.wall || ledger.calls.values().any(waits);
            if !is_over && !self.open.contains_key(&id) {
                bench.broken(
                    "P7 a broken shard gives back the same",
                    format!("{id}, whose caller it cut, is forgotten"),
                );
            }
        }
        let mut numbers = BTreeSet::new();
        for callback in self.open.values() {
            if !numbers.insert((callback.queue, &callback.number)) {
                bench.broken("P7 duplicates collapse", format!("two of {}", callback.number));
            }
        }
        let queues: BTreeSet<QueueId> = self.open.values().filter_map(|callback| callback.queue).collect();
        for queue in queues {
            let (taken, max) = (self.taken_slots(queue).count(), max_of(ledger, queue));
            if max.is_some_and(|max| taken > max) {
                bench.broken("P7 the limit holds", format!("{taken} open in {queue:?}, {max:?} allowed"));
            }
        }
    }

    fn taken_slots(&self, queue: QueueId) -> impl Iterator<Item = &Callback> {
        let is_here = move |callback: &&Callback| callback.queue == Some(queue);
        self.open.values().filter(is_here).filter(|callback| !self.successors.contains(&callback.id))
    }

    fn all_slots(&self, queue: QueueId) -> usize {
        self.open.values().filter(|callback| callback.queue == Some(queue)).count()
    }

    /// Slots of callers who rang in and may press the key again.
    fn kept_slots(&self, queue: QueueId) -> usize {
        let of_queue = |id: &&CallbackId| {
            let entries = self.journaled.get(id);
            entries.and_then(|entries| entries.last()).is_some_and(|last| last.queue == Some(queue))
        };
        self.took_over.values().filter(of_queue).count()
    }

    fn journaled(&mut self, entry: &CallbackEntry, bench: &mut Bench) {
        let entries = self.journaled.entry(entry.callback).or_default();
        if entries.last().is_some_and(|last| last.state.is_terminal()) && !self.given_back.remove(&entry.callback) {
            bench.broken("P7 each callback ends once", format!("{entry:?} after its end"));
        }
        entries.push(entry.clone());
    }

    fn lost(&mut self, entry: &CallbackEntry, bench: &mut Bench) {
        let Some(entries) = self.journaled.get_mut(&entry.callback) else { return };
        entries.retain(|known| known != entry);
        if entries.is_empty() {
            self.journaled.remove(&entry.callback);
            self.took_over.retain(|_, id| *id != entry.callback);
            if self.promised.contains(&entry.callback) {
                let what = format!("{} was promised, and a crash took it", entry.callback);
                bench.broken("what is acknowledged is kept", what);
            }
        }
    }

    fn answered(&mut self, request: RequestId) {
        self.promised.extend(self.answers.remove(&request));
        if let Some((number, true)) = self.listing.remove(&request) {
            self.listed.insert(number);
        }
    }

    fn crashed(&mut self) {
        self.open.clear();
        self.answers.clear();
        self.listing.clear();
        self.rang_again.clear();
        self.cut.clear();
    }

    /// All that the crash took is known: the rest comes back.
    fn owe(&mut self) {
        let last = |entries: &Vec<CallbackEntry>| entries.last().cloned();
        let mut owed: Vec<CallbackEntry> = self.journaled.values().filter_map(last).collect();
        owed.retain(|entry| !entry.state.is_terminal());
        owed.sort_by_key(|entry| entry.seq);
        self.owed = owed.into_iter().map(|entry| entry.callback).collect();
    }

    fn restored(&mut self, callback: &Callback, bench: &mut Bench) {
        let last = self.journaled.get(&callback.id).and_then(|entries| entries.last());
        if last.is_some_and(|last| last.state == journal_core::CallbackState::Superseded) {
            // Its caller waited on the line, and took no slot.
            self.given_back.insert(callback.id);
            self.successors.insert(callback.id);
        } else if self.owed.first() == Some(&callback.id) {
            self.owed.remove(0);
        } else {
            bench.broken("P7 a crash gives back the same", format!("{:?} expected, {callback:?} came", self.owed));
        }
        let known = self.journaled.get(&callback.id).and_then(|entries| entries.last());
        let same = known.is_some_and(|known| {
            (known.number.as_str(), known.queue, known.arrived, known.attempts, known.expires_at)
                == (callback.number.as_str(), callback.queue, callback.arrived, callback.attempts, callback.expires_at)
        });
        if !same {
            bench.broken("P7 a crash gives back the same", format!("{known:?} was written, {callback:?} came"));
        }
        self.open.insert(callback.id, callback.clone());
    }

    /// A caller who took the place of his callback over was answered, gave up, or was cut by the node: then it is open.
    fn caller_over(&mut self, call: CallId, event: &CallEvent, bench: &mut Bench) {
        let is_cut = match event {
            CallEvent::Answered { .. } => false,
            // The distributor is yet to hear of a broken shard, or has heard of it already.
            CallEvent::Ended { cause, .. } if cause.code == journal_core::code::SHARD_RESTART => return,
            CallEvent::Ended { cause, .. } => cause.code == journal_core::code::NODE_RESTART,
            _ => return,
        };
        let Some(id) = self.took_over.remove(&call).filter(|_| is_cut) else { return };
        // The node was down for so long that it expired as it came back.
        let last = self.journaled.get(&id).and_then(|entries| entries.last());
        let is_expired = last.is_some_and(|last| last.state == journal_core::CallbackState::Expired);
        if !self.open.contains_key(&id) && !is_expired {
            bench.broken("P7 a crash gives back the same", format!("{id} was superseded by {call}, which a crash cut"));
        }
    }

    fn dialed(&self, event: &CallEvent, bench: &mut Bench) {
        let CallEvent::CallbackDialing { callback, .. } = event else { return };
        let number = self.open.get(callback).map(|callback| callback.number.as_str());
        if number.is_some_and(|number| self.listed.contains(number)) {
            bench.broken("the do-not-call list binds", format!("{number:?} is on it, and is called"));
        }
    }
}

/// As many as may be open; none where there is no limit.
fn max_of(ledger: &Ledger, queue: QueueId) -> Option<usize> {
    let (config, _) = ledger.queues.get(&queue)?;
    usize::try_from(config.callbacks.max).ok().filter(|max| *max > 0)
}
