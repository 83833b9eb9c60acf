//! Who gets whom: the first waiting call that an idle agent can take, and the agent whom its queue's strategy chooses,
//! until no such pair is left.
//!
//! Calls that nobody rings for come before those that one more may ring for; then the kinds of work as the agent puts
//! them; then the one order of all calls.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use clock::{AgentId, CallId};

use crate::acd::Acd;
use crate::contract::Strategy;
use crate::limits::MAX_WOKEN;
use crate::order::CallKey;
use crate::queue::Stand;

/// What an input set free. Before it no pair was left, so every new pair has an
/// agent or a call of these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Woken {
    agents: Vec<usize>,
    calls: Vec<CallId>,
    /// Whichever call is the first of it by then.
    classes: Vec<usize>,
    everything: bool,
}

/// A call that an agent can take, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    /// Others ring for it already.
    joins: bool,
    /// Of the kind of work, to the agent.
    rank: u8,
    key: CallKey,
    call: CallId,
}

/// Where a pair was found: there the next one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Profile(usize),
    /// Calls that are kept for this agent.
    Held(AgentId),
}

impl Woken {
    pub(crate) fn agent(&mut self, slot: usize) {
        self.agents.push(slot);
        self.bound();
    }

    pub(crate) fn call(&mut self, call: CallId) {
        self.calls.push(call);
        self.bound();
    }

    /// The calls of a class may be served again. Its head may be gone before it is looked at; then the next one counts.
    pub(crate) fn class(&mut self, class: usize) {
        self.classes.push(class);
        self.bound();
    }

    /// All queues are to be looked at: slots may have changed.
    pub(crate) fn everything(&mut self) {
        self.everything = true;
        self.bound();
    }

    /// Many at once are not worth looking at one by one.
    fn bound(&mut self) {
        self.everything |= self.agents.len() + self.calls.len() + self.classes.len() > MAX_WOKEN;
        if self.everything {
            self.agents.clear();
            self.calls.clear();
            self.classes.clear();
        }
    }

    fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.calls.is_empty() && self.classes.is_empty() && !self.everything
    }
}

impl Acd {
    /// Makes every offer that can be made. Each takes an idle agent away, so it ends.
    pub(crate) fn dispatch(&mut self) {
        self.begin_owed();
        while !self.woken.is_empty() {
            if self.woken.everything {
                self.woken = Woken::default();
                self.dispatch_all();
            } else if let Some(pair) = self.first_of_woken() {
                self.join(pair.call);
            } else {
                self.woken = Woken::default();
            }
        }
    }

    /// The first pair of each profile in a heap. What is found there may be gone by its turn; then the next is found.
    fn dispatch_all(&mut self) {
        let mut heap: BinaryHeap<Reverse<(Pair, Source)>> = BinaryHeap::new();
        let profiles = (0..self.profiles.len()).map(Source::Profile);
        let sources = profiles.chain(self.held.keys().map(|agent| Source::Held(*agent)));
        heap.extend(sources.filter_map(|source| Some(Reverse((self.first_of(source)?, source)))));
        while let Some(Reverse((pair, source))) = heap.pop() {
            if self.first_of(source) == Some(pair) {
                self.join(pair.call);
            }
            heap.extend(self.first_of(source).map(|next| Reverse((next, source))));
        }
    }

    /// The first call that a woken agent can take, or that woke and finds an agent.
    fn first_of_woken(&self) -> Option<Pair> {
        let of_agents = self.woken.agents.iter().filter(|slot| self.agents[**slot].listed).filter_map(|slot| {
            let agent = &self.agents[*slot];
            let sources = [Source::Profile(agent.profile), Source::Held(agent.agent)];
            sources.into_iter().filter_map(|source| self.first_of(source)).min()
        });
        let heads = self.woken.classes.iter().filter_map(|class| self.open.head(*class)).map(|(_, call)| call);
        let of_calls = self.woken.calls.iter().copied().chain(heads).filter_map(|call| self.pair_of(call));
        of_agents.chain(of_calls).min()
    }

    /// The first call that an idle agent of a profile can take, or that is kept for an agent who is idle.
    fn first_of(&self, source: Source) -> Option<Pair> {
        match source {
            Source::Profile(profile) => {
                let profile = &self.profiles[profile];
                if profile.idle == 0 {
                    return None;
                }
                let rank = |class: usize| profile.blend.rank(self.classes.class(class).ask.kind).unwrap_or(u8::MAX);
                let pair = |joins| move |(rank, key, call)| Pair { joins, rank, key, call };
                let open = self.open.first(&profile.classes, rank).map(pair(false));
                open.or_else(|| self.joining.first(&profile.classes, rank).map(pair(true)))
            }
            Source::Held(agent) => {
                let calls = self.held.get(&agent)?;
                calls.iter().filter_map(|(_, call)| self.pair_of(*call)).min()
            }
        }
    }

    /// A call with the best of the ranks that its kind has for an idle agent who can take it.
    fn pair_of(&self, call: CallId) -> Option<Pair> {
        let row = self.calls.get(&call)?;
        let rank = match row.stands {
            Stand::Full => None,
            Stand::Held(agent) => {
                let agent = &self.agents[self.agent_slot(agent)?];
                let closed = self.queues[self.queue_slot(row.queue)?].closed;
                (agent.listed && !closed).then(|| self.profiles[agent.profile].blend.rank(row.kind))?
            }
            Stand::Open if self.queues[self.classes.class(row.class).ask.queue].closed => None,
            Stand::Open | Stand::Joining => {
                let idle = self.classes.class(row.class).fits.iter().map(|fit| &self.profiles[fit.profile]);
                idle.filter(|profile| profile.idle > 0).filter_map(|profile| profile.blend.rank(row.kind)).min()
            }
        }?;
        Some(Pair { joins: row.stands == Stand::Joining, rank, key: row.key, call })
    }

    /// Offers a call to the agent who is chosen for it.
    fn join(&mut self, call: CallId) {
        let Some(row) = self.calls.get(&call) else { return };
        let slot = match row.stands {
            Stand::Held(agent) => self.agent_slot(agent),
            _ => self.choose(row.class),
        };
        if let Some(slot) = slot {
            self.open_offer(call, slot);
        }
    }

    /// The agent whom a class's strategy chooses among the idle ones whom it fits.
    fn choose(&mut self, class: usize) -> Option<usize> {
        let class = self.classes.class(class);
        let queue = &self.queues[class.ask.queue];
        let fits = class.best(&self.profiles);
        let ranking = |fit: &crate::class::Fit| &self.profiles[fit.profile].rankings[fit.ranking];
        match queue.config.strategy {
            Strategy::Random => {
                let idle: u64 = fits.clone().map(|fit| self.profiles[fit.profile].idle as u64).sum();
                let mut number = self.rng.below(idle.max(1));
                for fit in fits {
                    let idle = self.profiles[fit.profile].idle as u64;
                    if number < idle {
                        return ranking(fit).nth(number);
                    }
                    number -= idle;
                }
                None
            }
            Strategy::RoundRobin => {
                fits.filter_map(|fit| ranking(fit).first_after(queue.cursor)).min().map(|(_, _, slot)| slot)
            }
            _ => fits.filter_map(|fit| ranking(fit).first()).min().map(|(_, slot)| slot),
        }
    }
}
