//! From the offer of a callback to the conversation, or to the next attempt.

use clock::{AgentId, CallId, CallbackId, ShardId};

use super::{Phase, Row};
use crate::acd::Acd;
use crate::contract::{CallbackOrder, CallbackRules, CallbackState, CallbackStep, Effect, WithdrawReason};
use crate::limits::{BEGIN_AGAIN, MIN_RING};
use crate::waiting::Left;

impl Acd {
    /// An agent is about to be asked to take this work: the call of a callback begins with its first offer.
    pub(crate) fn begin_callback(&mut self, work: CallId, shard: ShardId) {
        let Some(id) = self.callbacks.of_work(work) else { return };
        self.callbacks.touch(id);
        if self.callbacks.rows.get(&id).is_some_and(|row| row.shard.is_none()) {
            self.order_call(id, shard);
        }
    }

    /// Tells a shard to begin the call of a callback.
    pub(crate) fn order_call(&mut self, id: CallbackId, shard: ShardId) {
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let rules = self.rules_of(row);
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        row.shard = Some(shard);
        row.missing_since = None;
        let order = CallbackOrder {
            call: row.work,
            callback: id,
            number: row.it.number.clone(),
            queue: row.it.queue,
            agent: row.it.agent,
            device: row.it.device.clone(),
            arrived: row.it.arrived,
            priority: row.it.priority,
            ring: rules.ring.max(MIN_RING),
            customer_first: rules.customer_first,
        };
        self.callbacks.touch(id);
        self.effects.push_back(Effect::BeginCallback { shard, order: Box::new(order) });
    }

    /// How much longer than an agent's ring the lease of this work may take: with the customer first, his ring.
    pub(crate) fn lease_extra(&self, work: CallId) -> core::time::Duration {
        let row = self.callbacks.of_work(work).and_then(|id| self.callbacks.rows.get(&id));
        let rules = row.map(|row| self.rules_of(row)).filter(|rules| rules.customer_first);
        rules.map_or(core::time::Duration::ZERO, |rules| rules.ring.max(MIN_RING))
    }

    /// The offer of this work was made or is over.
    pub(crate) fn touch_callback(&mut self, work: CallId) {
        if let Some(id) = self.callbacks.of_work(work) {
            self.callbacks.touch(id);
        }
    }

    /// An agent has it.
    pub(crate) fn callback_claimed(&mut self, work: CallId, agent: AgentId) {
        let Some(id) = self.callbacks.of_work(work) else { return };
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        let is_dialing = row.phase == Phase::Waiting { is_dialing: true };
        row.phase = Phase::Claimed { is_dialing };
        row.it.served_by = Some(agent);
        self.callbacks.touch(id);
        self.time_callback(id);
    }

    /// The shard says how far the call of a callback has come.
    pub(crate) fn callback_step(&mut self, work: CallId, step: CallbackStep) {
        let Some(id) = self.callbacks.of_work(work) else { return };
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        match step {
            // It was given up and its call is being ended: these words were on their way.
            CallbackStep::Dialing if row.shard.is_none() => {}
            CallbackStep::Dialing => {
                row.it.attempts = row.it.attempts.saturating_add(1);
                row.it.call = Some(work);
                row.phase = match row.phase {
                    Phase::Waiting { .. } => Phase::Waiting { is_dialing: true },
                    _ => Phase::Claimed { is_dialing: true },
                };
                self.callbacks.touch(id);
            }
            CallbackStep::Connected => {
                row.it.call = Some(work);
                let (number, agent) = (row.it.number.clone(), row.it.served_by);
                if let (Phase::Claimed { .. }, Some(agent)) = (row.phase, agent) {
                    self.learn(&number, agent, Some(work));
                }
                self.finish_callback(id, CallbackState::Connected, None);
            }
            CallbackStep::Failed { may_retry, why } => {
                self.leave_quietly(work);
                self.callback_failed(id, may_retry, &why);
            }
        }
    }

    /// Customer and agent did not come together.
    pub(crate) fn callback_failed(&mut self, id: CallbackId, may_retry: bool, why: &str) {
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let rules = self.rules_of(row);
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        let was_dialed = matches!(row.phase, Phase::Waiting { is_dialing: true } | Phase::Claimed { is_dialing: true });
        let is_own = row.it.agent.is_some();
        if is_own && !was_dialed {
            row.it.attempts = row.it.attempts.saturating_add(1);
        }
        row.it.call = Some(row.work);
        row.it.why = Some(why.to_owned());
        row.shard = None;
        if self.rang_in(id) {
            return;
        }
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        if row.it.queue.is_some_and(|queue| self.queue_slot(queue).is_none()) {
            return self.end_with_queue(id);
        }
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        let counts = was_dialed || is_own;
        if !may_retry || (counts && row.it.attempts >= rules.attempts_max.max(1)) {
            self.finish_callback(id, CallbackState::Exhausted, Some(why));
            return;
        }
        row.phase = Phase::Resting;
        row.it.next_at = Some(self.now.wall + if counts { rules.retry_after } else { BEGIN_AGAIN });
        let own = row.it.agent;
        own.into_iter().for_each(|agent| self.follow_own(agent));
        self.callbacks.touch(id);
        self.time_callback(id);
    }

    /// Takes the work of a callback out of its queue without a word about it.
    pub(crate) fn leave_quietly(&mut self, work: CallId) {
        if self.calls.has(work) {
            self.end_offers_of(work, WithdrawReason::CallerGone);
            self.remove_work(work, Left::Moved);
        }
    }

    pub(super) fn rules_of(&self, row: &Row) -> CallbackRules {
        row.it.queue.and_then(|queue| self.callback_rules(queue)).unwrap_or_default()
    }
}
