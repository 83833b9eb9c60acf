//! Supervisors' orders about waiting calls. Whatever raced with an order has won: a call that was answered, left or
//! hung up meanwhile is not waiting, and the order is refused.

use clock::{AgentId, CallId, QueueId, RequestId};

use crate::acd::Acd;
use crate::contract::{CommandError, Effect, Enqueue, Reply, State, Steer, Steering, WithdrawReason, WorkKind};
use crate::waiting::Left;

impl Acd {
    /// Carries an order out, or says why not.
    pub(crate) fn steer(&mut self, Steer { request, call, steering }: Steer) {
        // The call of a callback is on its way to an agent and has no caller who could wait elsewhere.
        let is_callback = self.calls.get(&call).is_some_and(|row| row.kind == WorkKind::Callback);
        let done = match steering {
            _ if is_callback => Err(CommandError::NotWaiting),
            Steering::Move { queue, keep_arrival } => self.move_call(request, call, queue, keep_arrival),
            Steering::Prioritise { priority } => self.prioritise(request, call, priority),
            Steering::Pull { agent } => self.pull(request, call, agent),
            Steering::Requeue { keep_arrival } => self.requeue(request, call, keep_arrival),
        };
        let result = match done {
            Ok(Done::Told) => return,
            Ok(Done::Nothing) => Ok(Reply::Steered(call)),
            Err(error) => Err(error),
        };
        if let Some(request) = request {
            self.effects.push_back(Effect::Reply { request, result });
        }
    }

    fn move_call(&mut self, request: Request, call: CallId, queue: QueueId, keep_arrival: bool) -> Outcome {
        let row = self.calls.get(&call).ok_or(CommandError::NotWaiting)?;
        if row.queue == queue {
            return Ok(Done::Nothing);
        }
        let target = &self.queues[self.queue_slot(queue).ok_or(CommandError::UnknownQueue)?];
        if target.waiting() >= target.config.max_waiting {
            return Err(CommandError::QueueFull);
        }
        let work = self.work_of(call, queue)?;
        self.end_offers_of(call, WithdrawReason::Moved);
        self.told(request, call, Steering::Move { queue, keep_arrival });
        if !keep_arrival {
            self.leave(call, Left::Moved);
        }
        self.enqueue(work);
        Ok(Done::Told)
    }

    fn prioritise(&mut self, request: Request, call: CallId, priority: i32) -> Outcome {
        let row = self.calls.get(&call).ok_or(CommandError::NotWaiting)?;
        if row.priority == priority {
            return Ok(Done::Nothing);
        }
        let work = Enqueue { priority, ..self.work_of(call, row.queue)? };
        self.told(request, call, Steering::Prioritise { priority });
        self.enqueue(work);
        Ok(Done::Told)
    }

    fn pull(&mut self, request: Request, call: CallId, agent: AgentId) -> Outcome {
        let row = self.calls.get(&call).ok_or(CommandError::NotWaiting)?;
        let slot = self.agent_slot(agent).ok_or(CommandError::UnknownAgent)?;
        if row.ringing.contains(&agent) {
            return Ok(Done::Nothing);
        }
        if self.agents[slot].shown.state != State::Ready {
            return Err(CommandError::AgentNotReady);
        }
        self.end_offers_of(call, WithdrawReason::Moved);
        self.told(request, call, Steering::Pull { agent });
        // Whomever it was kept for: it is decided otherwise.
        self.release(call);
        self.open_offer(call, slot);
        Ok(Done::Told)
    }

    fn requeue(&mut self, request: Request, call: CallId, keep_arrival: bool) -> Outcome {
        let row = self.calls.get(&call).ok_or(CommandError::NotWaiting)?;
        let (queue, ringing) = (row.queue, row.ringing.clone());
        if ringing.is_empty() && keep_arrival {
            return Ok(Done::Nothing);
        }
        for slot in ringing.iter().filter_map(|agent| self.agent_slot(*agent)).collect::<Vec<_>>() {
            self.offer_taken_back(slot, queue);
            self.withdraw(slot, WithdrawReason::Moved);
        }
        let work = self.work_of(call, queue)?;
        self.told(request, call, Steering::Requeue { keep_arrival });
        if !keep_arrival {
            self.leave(call, Left::Moved);
            self.enqueue(work);
        }
        Ok(Done::Told)
    }

    /// A waiting call as it would enter `queue`.
    fn work_of(&self, call: CallId, queue: QueueId) -> Result<Enqueue, CommandError> {
        let row = self.calls.get(&call).ok_or(CommandError::NotWaiting)?;
        Ok(Enqueue {
            call,
            shard: row.shard,
            queue,
            caller: row.caller.as_deref().map(str::to_owned),
            priority: row.priority,
            kind: row.kind,
            steps: row.steps.to_vec(),
            ..Enqueue::default()
        })
    }

    /// The call's shard hears of it before what follows from it, enters it into the journey, and answers.
    fn told(&mut self, request: Request, call: CallId, steering: Steering) {
        let Some(row) = self.calls.get(&call) else { return };
        let (shard, queue) = (row.shard, row.queue);
        self.effects.push_back(Effect::Steered { shard, request, call, queue, steering });
    }
}

/// What became of an order.
enum Done {
    /// The shard was told, and answers.
    Told,
    /// It is so already.
    Nothing,
}

type Request = Option<RequestId>;
type Outcome = Result<Done, CommandError>;
