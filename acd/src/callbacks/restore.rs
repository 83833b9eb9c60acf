//! What comes back after a restart, and what a shard still has.

use std::collections::BTreeSet;

use clock::{CallId, CallbackId, ShardId};

use super::{Phase, Row};
use crate::acd::Acd;
use crate::contract::{Callback, CallbackState, Effect, WorkKind};
use crate::limits::{BEGIN_AGAIN, FACTS_SETTLE};
use crate::order::Stamp;

impl Acd {
    /// A callback from before the restart, in its place again. Those of one moment are to come in the order of their
    /// sequence. What was being dialed is dialed again: the call that the restart cut is nobody's fault.
    pub(crate) fn restore_callback(&mut self, it: Callback) {
        let stamp = Stamp::of_wall(self.now, it.arrived);
        self.restore_at(it, stamp);
    }

    /// A shard broke and cut a caller who had the place of his callback: he was promised it, gave nothing up himself, and
    /// has it again. If he waits in another call of his, that one has the place.
    pub(crate) fn give_back(&mut self, stamp: Stamp, over: Callback) {
        let Some(slot) = over.queue.and_then(|queue| self.queue_slot(queue)) else { return };
        let queue = self.queues[slot].config.queue;
        if self.callbacks.of_caller(queue, &over.number).is_some() {
            return;
        }
        let is_his = |call: &&CallId| {
            let row = self.calls.get(call).filter(|row| row.kind == WorkKind::Inbound);
            row.is_some_and(|row| row.caller.as_deref() == Some(over.number.as_str()))
        };
        match self.queues[slot].calls.values().find(is_his).copied() {
            Some(call) => {
                let place = (stamp, over.arrived, over.seq, over.priority);
                self.callbacks.took_over.entry(call).or_insert((stamp, over));
                self.put_in_place(call, place);
            }
            None => self.restore_at(over, stamp),
        }
    }

    fn restore_at(&mut self, it: Callback, stamp: Stamp) {
        let id = it.id;
        // Its caller had rung in, and the restart cut him: he was promised it, and has it again.
        let is_back = it.state == CallbackState::Superseded;
        if (it.state.is_terminal() && !is_back) || self.callbacks.rows.contains_key(&id) {
            return;
        }
        if self.callbacks.rows.len() >= self.limits.callbacks {
            self.refused += 1;
            return;
        }
        self.next_seq = self.next_seq.max(it.seq.saturating_add(1));
        let is_resting = it.state == CallbackState::NoAnswer;
        let is_early = it.state == CallbackState::Requested;
        let rng = self.callbacks.rng.fork();
        let told = Some(it.clone()).filter(|_| !is_back);
        let phase = if is_resting { Phase::Resting } else { Phase::NotDue };
        let mut row = Row { phase, told, ..Row::new(it, stamp, self.now.wall, rng) };
        if is_resting {
            // A wall clock that was set back meanwhile makes the rest no longer than its rule.
            let latest = self.now.wall + self.rules_of(&row).retry_after.max(BEGIN_AGAIN);
            row.it.next_at = row.it.next_at.map(|at| at.min(latest));
        }
        self.callbacks.insert(row);
        if let Some(row) = self.callbacks.rows.get_mut(&id)
            && !is_resting
            && !is_early
        {
            // It had begun: nothing is to be waited for, save the agent whose own it is.
            row.it.next_at = row.it.agent.is_some().then_some(self.now.wall);
            if row.it.agent.is_none() && row.it.expires_at > self.now.wall {
                return self.place_callback(id);
            }
        }
        self.callback_due(id);
    }

    /// All calls of callbacks on a shard in which customer and agent do not talk yet. What we hold and the shard does
    /// not name is tried again; what we do not hold is ended.
    pub(crate) fn callback_facts(&mut self, shard: ShardId, calls: &[CallId]) {
        self.callbacks.shards.insert(shard);
        let named: BTreeSet<CallId> = calls.iter().copied().collect();
        let now = self.now.mono;
        let mut gone = Vec::new();
        for (id, row) in &mut self.callbacks.rows {
            if row.shard != Some(shard) {
                continue;
            }
            if named.contains(&row.work) {
                row.missing_since = None;
            } else if now.since(*row.missing_since.get_or_insert(now)) >= FACTS_SETTLE {
                gone.push(*id);
            }
        }
        for id in gone {
            let work = self.callbacks.rows.get(&id).map(|row| row.work);
            self.repaired("a callback was dialed in no call", None, work);
            self.lose_callback(id);
        }
        let unknown: BTreeSet<CallId> =
            named.into_iter().filter(|call| self.callbacks.of_work(*call).is_none()).collect();
        self.end_strangers(shard, unknown);
    }

    /// A call that we do not know, and did not know at the shard's last report, is ended.
    fn end_strangers(&mut self, shard: ShardId, unknown: BTreeSet<CallId>) {
        let now = self.now.mono;
        let former = self.callbacks.strangers.remove(&shard).unwrap_or_default();
        let mut strangers = std::collections::BTreeMap::new();
        for call in unknown {
            let since = former.get(&call).copied().unwrap_or(now);
            if now.since(since) >= FACTS_SETTLE {
                self.repaired("a call was made for no callback", None, Some(call));
                self.effects.push_back(Effect::EndCallback { shard, call });
            } else {
                strangers.insert(call, since);
            }
        }
        if !strangers.is_empty() {
            self.callbacks.strangers.insert(shard, strangers);
        }
    }

    /// A shard broke: the calls of its callbacks are gone with it.
    pub(crate) fn callbacks_lost(&mut self, shard: ShardId) {
        self.callbacks.strangers.remove(&shard);
        let of_shard = |row: &&Row| row.shard == Some(shard);
        let lost: Vec<CallbackId> = self.callbacks.rows.values().filter(of_shard).map(|row| row.it.id).collect();
        for id in lost {
            self.lose_callback(id);
        }
    }

    /// What the shard has of it, if the order to begin reached it late, is ended.
    fn lose_callback(&mut self, id: CallbackId) {
        let Some(work) = self.callbacks.rows.get(&id).map(|row| row.work) else { return };
        self.leave_quietly(work);
        if let Some(row) = self.callbacks.rows.get_mut(&id)
            && let Some(shard) = row.shard.take()
        {
            self.effects.push_back(Effect::EndCallback { shard, call: work });
        }
        self.callback_failed(id, true, "lost");
    }
}
