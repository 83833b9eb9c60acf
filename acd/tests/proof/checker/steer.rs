//! Supervisors' orders about waiting calls, by the book.

use acd::*;
use clock::*;

use super::{Answer, Checker};

impl Checker {
    pub(super) fn steer(&mut self, Steer { call, steering, .. }: Steer) {
        self.accepted = false;
        let Some(row) = self.calls.get(&call).cloned() else {
            return self.coverage.hit("supervisor: the call waits no more");
        };
        // Its steps and its kind stay; for whom it was kept is asked anew where the queue is another one.
        let work = Enqueue { preferred: None, arrived: None, ..row.work };
        match steering {
            Steering::Move { queue, keep_arrival } => {
                let room = self.queues.get(&queue).is_some_and(|desk| self.in_queue(queue) < desk.config.max_waiting);
                if queue == row.queue || !room {
                    return self.coverage.hit("supervisor: no room there, or it is there");
                }
                self.told_to_shard(call);
                let work = Enqueue { queue, ..work };
                if keep_arrival {
                    self.coverage.hit("supervisor: moved with its arrival");
                } else {
                    self.coverage.hit("supervisor: moved to the end");
                    self.remove(call, WithdrawReason::Moved, |tally| &mut tally.moved);
                }
                self.enqueue(&work);
            }
            Steering::Prioritise { priority } if priority == work.priority => {}
            Steering::Prioritise { priority } => {
                self.told_to_shard(call);
                self.coverage.hit("supervisor: another priority");
                self.enqueue(&Enqueue { priority, ..work });
            }
            Steering::Pull { agent } => {
                let is_ready = self.agents.get(&agent).is_some_and(|person| person.state() == State::Ready);
                if row.ringing.contains(&agent) || !is_ready {
                    return self.coverage.hit("supervisor: that agent is not ready");
                }
                self.told_to_shard(call);
                self.coverage.hit("supervisor: pulled to an agent");
                for ringing in row.ringing {
                    self.withdraw(ringing, WithdrawReason::Moved);
                }
                self.calls.entry(call).and_modify(|row| row.held = None);
                self.arm_step(call);
                self.pulled = Some((call, agent));
            }
            Steering::Requeue { keep_arrival } => {
                if row.ringing.is_empty() && keep_arrival {
                    return;
                }
                for agent in row.ringing {
                    self.leave_alone(agent, MISSED_REST);
                    self.withdraw(agent, WithdrawReason::Moved);
                }
                self.told_to_shard(call);
                self.coverage.hit(if keep_arrival {
                    "supervisor: back to its place"
                } else {
                    "supervisor: to the end"
                });
                if !keep_arrival {
                    self.remove(call, WithdrawReason::Moved, |tally| &mut tally.moved);
                    self.enqueue(&work);
                }
            }
        }
    }

    fn told_to_shard(&mut self, call: CallId) {
        self.accepted = true;
        self.expected.push(Answer::Steered(call));
    }

    /// Calls and callbacks in a queue.
    pub(super) fn in_queue(&self, queue: QueueId) -> usize {
        self.calls.values().filter(|row| row.queue == queue).count()
    }
}
