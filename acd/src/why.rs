//! Why an agent was chosen, why a call waits, why an agent is idle.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use clock::{AgentId, CallId};

use crate::acd::Acd;
use crate::class::{Class, Unfit};
use crate::contract::{Candidate, IdleIn, NoCall, Others, Standing, State, Strategy, Waits, Why, WhyIdle, WhyWaits};
use crate::limits::CANDIDATES_MAX;
use crate::order::Stamp;
use crate::profile::{self, Profile};
use crate::queue::{Stand, Waiting};
use crate::skills;
use crate::strategy::Order;

impl Acd {
    /// Which rule holds a call back; `None` when it does not wait. Costs as much as there are profiles that may serve it.
    #[must_use]
    pub fn why_waits(&self, call: CallId) -> Option<WhyWaits> {
        let row = self.calls.get(&call)?;
        let queue = &self.queues[self.queue_slot(row.queue)?];
        let max = queue.config.max_conversations.filter(|_| queue.closed);
        Some(match (row.stands, row.held, max) {
            (Stand::Full, ..) => WhyWaits::Rings(count(row.ringing.len())),
            (Stand::Joining, ..) => match self.others(row) {
                Others { behind: 0, .. } => WhyWaits::Rings(count(row.ringing.len())),
                broken => WhyWaits::NobodyFree(broken),
            },
            (_, _, Some(max)) => WhyWaits::Conversations { max },
            (Stand::Held(agent), Some(held), _) if !self.is_free(agent) => {
                WhyWaits::HeldFor { agent, until: held.until }
            }
            (Stand::Held(_), ..) => WhyWaits::NobodyFree(Others { behind: 1, ..Others::default() }),
            _ => WhyWaits::NobodyFree(self.others(row)),
        })
    }

    /// The same with what the call asks for.
    pub(crate) fn waits(&self, call: CallId) -> Option<Waits> {
        let why = self.why_waits(call)?;
        let required = self.classes.class(self.calls.get(&call)?.class).ask.required.clone();
        Some(Waits { call, why, required })
    }

    /// Why an agent has no offer, for each of his queues; `None` for one we do not have.
    #[must_use]
    pub fn why_idle(&self, agent: AgentId) -> Option<WhyIdle> {
        let slot = self.agent_slot(agent)?;
        let row = &self.agents[slot];
        let queues = self.profiles[row.profile].queues.iter().map(|served| {
            let queue = &self.queues[served.queue];
            let first = queue.calls.values().find_map(|call| self.calls.get(call));
            IdleIn {
                queue: queue.config.queue,
                waiting: count(queue.calls.len()),
                reason: first.map_or(NoCall::NothingWaits, |first| self.no_call(slot, first)),
            }
        });
        Some(WhyIdle {
            state: row.shown.state,
            resting: row.rest_until.map(|until| until.since(self.now.mono)),
            queues: queues.collect(),
        })
    }

    /// What keeps a waiting call from an agent.
    fn no_call(&self, slot: usize, call: &Waiting) -> NoCall {
        let held = call.held.filter(|held| held.agent != self.agents[slot].agent);
        let queue = self.queue_slot(call.queue).map(|queue| &self.queues[queue]);
        let max = queue.filter(|queue| queue.closed).and_then(|queue| queue.config.max_conversations);
        match (self.standing(slot, call), held, max) {
            (_, Some(held), _) => NoCall::HeldFor { agent: held.agent, left: held.until.since(self.now.mono) },
            (Standing::Kind, ..) => NoCall::Kind,
            (Standing::Level, ..) => NoCall::Level,
            (Standing::Skill(need), ..) => NoCall::Skill(need),
            (Standing::State(_) | Standing::Resting, ..) => NoCall::NotReady,
            _ if call.stands == Stand::Full => NoCall::Rings,
            (_, _, Some(max)) if call.stands == Stand::Open => NoCall::Conversations { max },
            _ => NoCall::Next,
        }
    }

    fn is_free(&self, agent: AgentId) -> bool {
        self.agent_slot(agent).is_some_and(|slot| self.agents[slot].listed)
    }

    /// Why a call is offered to this agent, at the moment before.
    pub(crate) fn why(&self, row: &Waiting, slot: usize) -> Why {
        let (agent, mono) = (&self.agents[slot], self.now.mono);
        let class = self.classes.class(row.class);
        let joined = !row.ringing.is_empty();
        let mut others = if row.held.is_some() { Others::default() } else { self.others(row) };
        let candidates = others.behind.max(1);
        others.behind = candidates - 1;
        let mut agents = vec![self.candidate(slot, row, Standing::Chosen)];
        if !joined
            && row.held.is_none()
            && (candidates > 1 || self.queues[class.ask.queue].seats.len() <= CANDIDATES_MAX)
        {
            self.list_others(row, slot, &mut agents);
        }
        Why {
            strategy: self.queues[class.ask.queue].config.strategy,
            preferred: row.held.is_some(),
            joined,
            candidates,
            idle: agent.figures.idle_since.age(mono),
            waited: row.since.age(mono),
            attempt: row.attempts.saturating_add(1),
            required: class.ask.required.clone(),
            agents,
            others,
        }
    }

    /// The agents of a call's queue by what keeps them from it; `behind` are those who could take it now.
    fn others(&self, row: &Waiting) -> Others {
        let class = self.classes.class(row.class);
        let mut sum =
            Others { kind: class.unfit.kind, level: class.unfit.level, skill: class.unfit.skill, ..Others::default() };
        for fit in &class.fits {
            let profile = &self.profiles[fit.profile];
            // Who talks and has a line left could take it: he counts as one of those.
            let (idle, on_call) = (count(profile.idle), count(profile.idle_on_call));
            let mut states = profile.states;
            states[State::OnCall as usize] = states[State::OnCall as usize].saturating_sub(on_call);
            sum.behind += idle;
            sum.resting += states[State::Ready as usize].saturating_sub(idle - on_call);
            for (total, agents) in sum.states.iter_mut().zip(states) {
                *total += agents;
            }
        }
        sum.states[State::Ready as usize] = 0;
        sum
    }

    /// All agents of a small queue, else the next best of those who could take the call.
    fn list_others(&self, row: &Waiting, chosen: usize, agents: &mut Vec<Candidate>) {
        let class = self.classes.class(row.class);
        let queue = class.ask.queue;
        let seats = &self.queues[queue].seats;
        if seats.len() <= CANDIDATES_MAX {
            // Who chose other queues is none of its agents at present.
            let serves = |slot: &usize| self.profiles[self.agents[*slot].profile].served(queue).is_some();
            let others = seats.iter().map(|seat| seat.agent).filter(|slot| *slot != chosen && serves(slot));
            agents.extend(others.map(|slot| self.candidate(slot, row, self.standing(slot, row))));
            return;
        }
        agents.reserve_exact(CANDIDATES_MAX);
        let idle = class.fits.iter().filter(|fit| self.profiles[fit.profile].idle > 0);
        let mut lists: Vec<_> =
            idle.map(|fit| (fit, self.profiles[fit.profile].rankings[fit.ranking].in_order())).collect();
        let mut heads = BinaryHeap::with_capacity(lists.len());
        for (index, (fit, list)) in lists.iter_mut().enumerate() {
            heads.extend(list.next().map(|(key, slot)| Reverse((fit.grade, key, slot, index))));
        }
        while let Some(Reverse((_, key, slot, index))) = heads.pop() {
            let (fit, list) = &mut lists[index];
            if slot != chosen {
                agents.push(self.seen(slot, &self.profiles[fit.profile], class, key, Standing::Behind));
            }
            if agents.len() >= CANDIDATES_MAX {
                return;
            }
            heads.extend(list.next().map(|(key, slot)| Reverse((fit.grade, key, slot, index))));
        }
    }

    /// How an agent of its queue stands to a call.
    fn standing(&self, slot: usize, row: &Waiting) -> Standing {
        let agent = &self.agents[slot];
        let profile = &self.profiles[agent.profile];
        let ask = &self.classes.class(row.class).ask;
        let level = profile.served(ask.queue).map_or(u8::MAX, |served| served.level);
        let unfit = if row.held.is_some() { None } else { ask.unfit(level, profile) };
        match unfit {
            _ if row.held.is_some_and(|held| held.agent != agent.agent) => Standing::Held,
            Some(Unfit::Kind) => Standing::Kind,
            Some(Unfit::Level) => Standing::Level,
            Some(Unfit::Skill(need)) => Standing::Skill(need),
            None if agent.listed => Standing::Behind,
            None if agent.shown.state == State::Ready => Standing::Resting,
            None => Standing::State(agent.shown.state),
        }
    }

    fn candidate(&self, slot: usize, row: &Waiting, standing: Standing) -> Candidate {
        let agent = &self.agents[slot];
        let class = self.classes.class(row.class);
        let order = Order::of(self.queues[class.ask.queue].config.strategy, class.ask.queue);
        let key = profile::key(order, slot, agent, &self.queues);
        self.seen(slot, &self.profiles[agent.profile], class, key, standing)
    }

    /// An agent by his profile and his key alone: his own row, one of thousands, is not read.
    fn seen(&self, slot: usize, profile: &Profile, class: &Class, key: i64, standing: Standing) -> Candidate {
        let figure = match self.queues[class.ask.queue].config.strategy {
            Strategy::LongestIdle | Strategy::RingAll => {
                u64::try_from(Stamp::from_nanos(key).age(self.now.mono).as_millis()).unwrap_or(u64::MAX)
            }
            Strategy::LeastTalk => u64::try_from(key / 1_000).unwrap_or(0),
            _ => u64::try_from(key).unwrap_or(0),
        };
        Candidate {
            agent: self.agents.id(slot),
            standing,
            level: profile.served(class.ask.queue).map_or(0, |served| served.level),
            proficiency: skills::proficiency(&profile.skills, &class.ask.preferred),
            figure,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
