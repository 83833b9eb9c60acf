//! New rules, and the index that is built from the rows.

use std::collections::BTreeMap;

use clock::{AgentId, QueueId, RequestId};

use crate::acd::Acd;
use crate::agent::{Agent, REMOVED};
use crate::contract::{
    AgentConfig, CommandError, Effect, Lent, Note, QueueAgent, QueueConfig, Skill, State, StateCause, WithdrawReason,
};
use crate::profile::{Profile, Served};
use crate::queue::{Queue, Seat};
use crate::skills;
use crate::strategy::{Figures, Order, Ranking, answered_for, share};
use crate::timers::{Timer, Timers};

impl Acd {
    /// Takes new rules. An agent whom we know keeps his status, a waiting call
    /// the longest wait that it began with; what is not named any more ends in order.
    pub(crate) fn configure(&mut self, queues: Vec<QueueConfig>, agents: Vec<AgentConfig>) {
        let queues = self.bounded(queues, |queue| queue.queue, self.limits.queues);
        let agents = self.bounded(agents, |agent| agent.agent, self.limits.agents);
        self.drop_queues(&queues);
        self.drop_agents(&agents);
        let mut known: BTreeMap<QueueId, Queue> = self.queues.take();
        let mut joined = Vec::new();
        for (queue, config) in queues {
            match known.get_mut(&queue) {
                Some(row) => {
                    joined.extend(newcomers(&row.config, &config).map(|seat| (queue, seat)));
                    row.config = config;
                }
                None => drop(known.insert(queue, Queue::new(config))),
            }
        }
        self.queues = known.into();
        // Else a new agent would get every call until he has as many as the others.
        let least = self.agents.iter().map(|row| &row.figures).min_by_key(|figures| figures.answered);
        let least = least.cloned().unwrap_or_default();
        let mut known: BTreeMap<AgentId, Agent> = self.agents.take();
        let mut new = Vec::new();
        for (agent, config) in agents {
            match known.get_mut(&agent) {
                Some(row) => {
                    row.max_missed = config.max_missed;
                    row.callbacks_max = config.callbacks_max;
                    row.not_taken = config.not_taken;
                    row.lines = config.lines.max(1);
                    row.skills = skills::sorted(config.skills);
                    row.blend = config.blend;
                }
                None => {
                    let mut row = Agent::new(config, self.reachable.contains(&agent), self.now);
                    row.figures = Figures { idle_since: row.figures.idle_since, ..least.clone() };
                    row.legs = self.gone.remove(&agent).unwrap_or_default();
                    new.push(agent);
                    known.insert(agent, row);
                }
            }
        }
        self.agents = known.into();
        self.share_in(&joined);
        self.announce(&new);
        self.reindex();
        self.follow_all_hours();
        for agent in new {
            if let Some(slot) = self.agent_slot(agent) {
                self.follow_standing_leg(slot);
            }
        }
    }

    /// Who joins a queue has the share there of whoever is furthest behind his, as one who is new to the node begins
    /// with the fewest calls: else he had every call until he has caught up.
    fn share_in(&mut self, joined: &[(QueueId, QueueAgent)]) {
        for (queue, newcomer) in joined {
            let Some(slot) = self.queue_slot(*queue) else { continue };
            let others = self.queues[slot].config.agents.iter();
            let others =
                others.filter(|seat| !joined.iter().any(|(at, other)| at == queue && other.agent == seat.agent));
            let shares = others.filter_map(|seat| {
                let figures = &self.agents[self.agent_slot(seat.agent)?].figures;
                Some(share(figures.answered_in(*queue), seat.weight))
            });
            let Some(least) = shares.min() else { continue };
            let Some(agent) = self.agent_slot(newcomer.agent) else { continue };
            self.agents[agent].figures.begin_in(*queue, answered_for(least, newcomer.weight));
        }
    }

    /// The configured rows by id, the first of two with one id, and no more than the limit.
    fn bounded<T, K: Ord + Copy>(&mut self, rows: Vec<T>, id: impl Fn(&T) -> K, limit: usize) -> BTreeMap<K, T> {
        let mut kept = BTreeMap::new();
        for row in rows {
            if kept.len() < limit {
                kept.entry(id(&row)).or_insert(row);
            } else {
                self.refused += 1;
            }
        }
        kept
    }

    /// Calls of queues that are gone leave as after their longest wait, and nobody waits to be called back by one.
    fn drop_queues(&mut self, kept: &BTreeMap<QueueId, QueueConfig>) {
        self.drop_callbacks(|queue| !kept.contains_key(&queue));
        for call in self.calls.which(|row| !kept.contains_key(&row.queue)) {
            self.wait_over(call);
        }
        self.queues.retain(|queue| kept.contains_key(&queue));
    }

    /// Agents who are gone: their offers end, and so does the log of their states; their calls go on.
    fn drop_agents(&mut self, kept: &BTreeMap<AgentId, AgentConfig>) {
        for slot in 0..self.agents.len() {
            let agent = self.agents[slot].agent;
            if kept.contains_key(&agent) {
                continue;
            }
            if let Some(open) = self.close_offer(slot) {
                let (offer, generation, reason) = (open.offer, open.generation, WithdrawReason::Offline);
                self.effects.push_back(Effect::Withdraw { shard: open.shard, offer, generation, reason });
            }
            let (state, reason, call) = (State::Offline, Some(REMOVED.to_owned()), None);
            let (at, cause) = (self.agents[slot].told_at.max(self.now.wall), StateCause::Removed);
            self.effects.push_back(Effect::StateChanged { agent, state, reason, call, at, cause });
            self.changed_agents.insert(agent, ());
            let legs = core::mem::take(&mut self.agents[slot].legs);
            self.keep_talking(agent, legs);
        }
        self.agents.retain(|agent| kept.contains_key(&agent));
    }

    /// The first state of new agents, which closes what a former life of the node left open.
    fn announce(&mut self, new: &[AgentId]) {
        for agent in new {
            let Some(slot) = self.agent_slot(*agent) else { continue };
            let row = &mut self.agents[slot];
            row.shown = row.derive();
            let (agent, shown) = (row.agent, row.shown.clone());
            self.changed_agents.insert(agent, ());
            let (state, reason, call) = (shown.state, shown.reason, shown.call);
            let (at, cause) = (self.now.wall, StateCause::Configured);
            self.effects.push_back(Effect::StateChanged { agent, state, reason, call, at, cause });
            self.follow_pause(slot);
        }
    }

    /// Which of his queues an agent serves from now. An open offer of another one is withdrawn.
    pub(crate) fn choose_queues(&mut self, request: Option<RequestId>, agent: AgentId, queues: Option<Vec<QueueId>>) {
        let Some(slot) = self.agent_slot(agent) else {
            return self.reply(request, Err(CommandError::UnknownAgent));
        };
        if self.agents[slot].queues != queues {
            self.agents[slot].queues.clone_from(&queues);
            let offered = self.agents[slot].offer.as_ref().map(|open| open.queue);
            if offered.zip(queues.as_ref()).is_some_and(|(queue, chosen)| !chosen.contains(&queue)) {
                self.withdraw(slot, WithdrawReason::Paused);
            }
            self.effects.push_back(Effect::Noted { agent, note: Note::QueuesChosen { queues } });
            self.changed_agents.insert(agent, ());
            self.reindex();
        }
        self.dispatch();
        self.reply_with(request, agent);
    }

    /// Takes which skills agents have beside their own. Whoever waits is served by those who have them now.
    pub(crate) fn lend(&mut self, lent: Lent) {
        if self.lent != lent {
            self.lent = lent;
            self.reindex();
        }
    }

    /// An agent's skills: his own, and those that he has for now.
    fn skills(&self, row: &Agent) -> Vec<Skill> {
        let Some(lent) = self.lent.get(&row.agent) else { return row.skills.clone() };
        let lent = lent.iter().map(|skill| Skill { skill: *skill, level: 1 });
        skills::sorted(row.skills.iter().copied().chain(lent).collect())
    }

    /// Builds slots, profiles, classes, lines and timers anew from the rows alone: after
    /// new rules, and from a checkpoint, whose index nobody should have to trust.
    pub(crate) fn reindex(&mut self) {
        self.build_profiles();
        self.offers = self.agents.iter().filter_map(|row| Some((row.offer.as_ref()?.offer, row.agent))).collect();
        self.timers = Timers::default();
        self.classes.clear();
        self.open.clear();
        self.joining.clear();
        self.held.clear();
        self.count_conversations();
        for call in self.calls.which(|_| true) {
            let Some(mut row) = self.calls.remove(call) else { continue };
            row.next_step = None;
            self.put_in(row);
        }
        for place in self.places.iter() {
            self.timers.set(Timer::Place(place.id), place.until);
        }
        for (id, row) in &self.callbacks.rows {
            if let Some(at) = row.wakes_at {
                self.timers.set(Timer::Callback(*id), at);
            }
        }
        for slot in 0..self.agents.len() {
            let row = &mut self.agents[slot];
            row.own = self.callbacks.begun_own(row.agent);
            (row.listed, row.listed_on_call) = (false, false);
            let offer = row.offer.as_ref().map(|open| open.deadline);
            let due = [
                (Timer::Offer(row.agent), offer),
                (Timer::WrapUp(row.agent), row.wrap_up.as_ref().map(|wrap_up| wrap_up.until)),
                (Timer::Rest(row.agent), row.rest_until),
                (Timer::Probe(row.agent), row.probe_at),
                (Timer::Standing(row.agent), row.stands.retry_at),
            ];
            for (timer, at) in due {
                if let Some(at) = at {
                    self.timers.set(timer, at);
                }
            }
            self.settle(slot);
            self.arm_pause(slot);
            self.follow_probe(slot);
        }
        self.index_rivals();
        for slot in 0..self.queues.len() {
            self.check_empty(slot);
            let queue = &self.queues[slot];
            if let Some(at) = queue.hours_at {
                self.timers.set(Timer::Hours(queue.config.queue), at);
            }
        }
        self.woken.everything();
    }

    /// Agents whom the rules treat alike share a profile.
    fn build_profiles(&mut self) {
        let mut served: Vec<Vec<(usize, u8)>> = vec![Vec::new(); self.agents.len()];
        for slot in 0..self.queues.len() {
            let seats = self.seats(slot);
            for seat in &seats {
                let (agent, queue) = (&self.agents[seat.agent], &self.queues[slot].config);
                let is_chosen = agent.queues.as_ref().is_none_or(|queues| queues.contains(&queue.queue));
                if is_chosen && (agent.stands.is_up() || !queue.standing_leg) {
                    served[seat.agent].push((slot, seat.level));
                }
            }
            let queue = &mut self.queues[slot];
            queue.seats = seats;
            queue.calls.clear();
            queue.classes.clear();
            queue.profiles.clear();
            queue.changed = true;
        }
        let mut members: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (slot, queues) in served.into_iter().enumerate() {
            let row = &self.agents[slot];
            members.entry((queues, self.skills(row), row.blend)).or_default().push(slot);
        }
        self.profiles.clear();
        for ((queues, skills, blend), members) in members {
            let index = self.profiles.len();
            let mut profile = Profile { skills, blend, members, ..Profile::default() };
            for (queue, level) in queues {
                self.queues[queue].profiles.push(index);
                let order = Order::of(self.queues[queue].config.strategy, queue);
                let known = profile.rankings.iter().position(|ranking| ranking.order == order);
                let ranking = known.unwrap_or(profile.rankings.len());
                if known.is_none() {
                    profile.rankings.push(Ranking::new(order, &profile.members));
                }
                profile.queues.push(Served { queue, level, ranking });
            }
            for slot in &profile.members {
                profile.states[self.agents[*slot].shown.state as usize] += 1;
                self.agents[*slot].profile = index;
            }
            self.profiles.push(profile);
        }
    }

    /// The agents of a queue by slot; of one who is named twice the first position.
    fn seats(&self, queue: usize) -> Vec<Seat> {
        let agents = self.queues[queue].config.agents.iter().zip(0_u32..);
        let seat = |(one, position): (&crate::contract::QueueAgent, u32)| {
            let agent = self.agent_slot(one.agent)?;
            Some(Seat { agent, position, level: one.level, weight: one.weight })
        };
        let mut seats: Vec<Seat> = agents.filter_map(seat).collect();
        seats.sort_unstable();
        seats.dedup_by_key(|seat| seat.agent);
        seats
    }
}

/// Agents whom the new rules of a queue name, and the former did not.
fn newcomers<'a>(former: &'a QueueConfig, new: &'a QueueConfig) -> impl Iterator<Item = QueueAgent> + 'a {
    let is_known = move |seat: &QueueAgent| former.agents.iter().any(|known| known.agent == seat.agent);
    new.agents.iter().filter(move |seat| !is_known(seat)).copied()
}
