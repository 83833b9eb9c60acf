//! Agents whom the rules treat alike, and those of them who are idle.

use crate::agent::Agent;
use crate::bits::Bits;
use crate::contract::{Blend, Skill, State};
use crate::queue::Queue;
use crate::strategy::{Order, Ranking, share};

/// Agents who serve the same queues at the same levels, with the same skills and kinds of work. A freed agent looks at
/// the heads of the classes that fit his profile, a new call at the idle agents of the profiles that fit its class: no
/// decision scans agents or calls (pacing.md section 8).
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    /// By queue slot, ascending.
    pub(crate) queues: Vec<Served>,
    /// By skill, each once.
    pub(crate) skills: Vec<Skill>,
    pub(crate) blend: Blend,
    /// Slots of its agents, ascending.
    pub(crate) members: Vec<usize>,
    /// The idle ones, in each order that one of its queues chooses by.
    pub(crate) rankings: Vec<Ranking>,
    /// How many are idle.
    pub(crate) idle: usize,
    /// Those of them who talk, with a line left.
    pub(crate) idle_on_call: usize,
    /// Classes that it fits.
    pub(crate) classes: Bits,
    /// Agents in each state, by `State as usize`.
    pub(crate) states: [u32; 6],
    /// Changed since others were last told.
    pub(crate) changed: bool,
}

/// A queue that a profile serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Served {
    /// Slot of the queue.
    pub(crate) queue: usize,
    pub(crate) level: u8,
    /// Which ranking the queue chooses by.
    pub(crate) ranking: usize,
}

impl Profile {
    pub(crate) fn served(&self, queue: usize) -> Option<Served> {
        let at = self.queues.binary_search_by_key(&queue, |served| served.queue).ok()?;
        Some(self.queues[at])
    }

    /// An agent of it becomes idle, or is idle no more. What his keys are made of changes only while he is not.
    pub(crate) fn list(&mut self, agent: &mut Agent, slot: usize, idle: bool, queues: &[Queue]) {
        if idle != agent.listed {
            for ranking in &mut self.rankings {
                let key = key(ranking.order, slot, agent, queues);
                if idle {
                    ranking.insert(key, slot);
                } else {
                    ranking.remove(key, slot);
                }
            }
        }
        let on_call = idle && agent.shown.state == State::OnCall;
        count(&mut self.idle, agent.listed, idle);
        count(&mut self.idle_on_call, agent.listed_on_call, on_call);
        (agent.listed, agent.listed_on_call) = (idle, on_call);
    }
}

/// Counts one who counted before, or not, and counts now, or not.
fn count(number: &mut usize, before: bool, now: bool) {
    *number = number.saturating_sub(usize::from(before)) + usize::from(now);
}

/// An agent's key in an order, smallest first.
pub(crate) fn key(order: Order, slot: usize, agent: &Agent, queues: &[Queue]) -> i64 {
    let figures = &agent.figures;
    match order {
        Order::Idle => figures.longest_idle(),
        Order::Calls => figures.fewest_calls(),
        Order::Talk => figures.least_talk(),
        Order::Chance => 0,
        Order::Position(queue) => queues[queue].seat(slot).map_or(0, |seat| i64::from(seat.position)),
        Order::Share(queue) => {
            let weight = queues[queue].seat(slot).map_or(1, |seat| seat.weight);
            share(figures.answered_in(queues[queue].config.queue), weight)
        }
    }
}
