//! What agents choose and what keeps them busy.

use clock::{AgentId, CallId, LegId};

use crate::acd::Acd;
use crate::agent::Leg;
use crate::contract::{AgentFact, Effect, Note, State, Status, WithdrawReason};
use crate::limits::MAX_LEGS;
use crate::not_taken::InARow;
use crate::order::Stamp;
use crate::planted::Planted;
use crate::timers::Timer;

impl Acd {
    /// Stores a status; the state follows after the call or wrap-up that keeps
    /// him busy. False for an agent we do not have.
    pub(crate) fn set_status(&mut self, agent: AgentId, status: Status, reason: Option<String>) -> bool {
        let Some(slot) = self.agent_slot(agent) else { return false };
        let reason = reason.filter(|_| status != Status::Ready);
        let row = &mut self.agents[slot];
        if (row.status, &row.reason) != (status, &reason) {
            row.status = status;
            row.reason.clone_from(&reason);
            self.effects.push_back(Effect::StatusChanged { agent, status, reason });
        }
        let row = &mut self.agents[slot];
        let doing = row.shown.state;
        if status != Status::Ready && matches!(doing, State::OnCall | State::WrapUp) {
            let call = row.shown.call.or(row.wrap_up.as_ref().map(|wrap_up| wrap_up.call));
            let note = Note::StatusDeferred { status, after: doing, call };
            self.effects.push_back(Effect::Noted { agent, note });
        }
        let row = &mut self.agents[slot];
        match status {
            Status::Ready => {
                // He says that he is there: what he missed before is forgotten.
                row.in_a_row = InARow::default();
                row.rest_until = None;
                self.timers.cancel(&Timer::Rest(agent));
                self.cut_wrap_up(slot);
                self.settle(slot);
            }
            Status::Paused => self.withdraw(slot, WithdrawReason::Paused),
            Status::Offline => self.withdraw(slot, WithdrawReason::Offline),
        }
        self.standing_follows_status(slot, status);
        true
    }

    /// His phone can be reached, or no more.
    pub(crate) fn set_reachable(&mut self, agent: AgentId, reachable: bool) {
        if !reachable {
            self.reachable.remove(&agent);
        } else if self.reachable.len() < self.limits.agents {
            self.reachable.insert(agent);
        } else if !self.reachable.contains(&agent) {
            self.refused += 1;
        }
        let Some(slot) = self.agent_slot(agent) else { return };
        let row = &mut self.agents[slot];
        if row.reachable == reachable {
            return;
        }
        row.reachable = reachable;
        // A phone that registers is there.
        row.is_silent = false;
        self.changed_agents.insert(agent, ());
        if reachable {
            row.rest_until = None;
            self.timers.cancel(&Timer::Rest(agent));
            self.settle(slot);
            self.follow_standing_leg(slot);
        } else {
            self.withdraw(slot, WithdrawReason::Offline);
        }
    }

    /// A live leg of his began: he is on a call whatever his status is.
    pub(crate) fn agent_busy(&mut self, fact: AgentFact) {
        let Some(slot) = self.agent_slot(fact.agent) else { return self.gone_busy(fact) };
        let row = &mut self.agents[slot];
        if row.offer.as_ref().is_some_and(|open| open.call == fact.call) {
            return; // The leg of the offer itself: its claim decides.
        }
        // By id alone: a claimed leg whose id is not known yet may be of the same call, when its agent transfers it
        // to himself.
        if let Some(known) = row.legs.iter_mut().find(|known| known.leg == Some(fact.leg)) {
            known.confirm(fact);
        } else if row.legs.len() < MAX_LEGS {
            row.legs.push(Leg::reported(fact, self.now.mono));
            if let Some(queue) = fact.queue {
                self.conversation_began(queue);
            }
        } else {
            self.refused += 1;
        }
        let row = &self.agents[slot];
        if row.offer.is_some() && row.legs.len() < row.lines {
            return self.settle(slot);
        }
        self.withdraw(slot, WithdrawReason::Busy);
    }

    /// A live leg of his ended. Wrap-up follows a queue call in which he talked,
    /// also when he transferred it, once the last of his legs has ended.
    pub(crate) fn agent_free(&mut self, agent: AgentId, call: CallId, leg: LegId, talked: bool) {
        let Some(slot) = self.agent_slot(agent) else { return self.gone_free(agent, call, leg) };
        let Some(index) = self.agents[slot].leg_index(leg, call) else { return };
        self.end_leg(slot, index, talked);
    }

    /// A live leg of his is on hold, or is so no more: his call is the one that is active.
    pub(crate) fn agent_holds(&mut self, agent: AgentId, call: CallId, leg: LegId, holds: bool) {
        let Some(slot) = self.agent_slot(agent) else { return self.gone_holds(agent, call, leg, holds) };
        let row = &mut self.agents[slot];
        let Some(known) = row.leg_index(leg, call).and_then(|index| row.legs.get_mut(index)) else { return };
        known.is_held = holds;
        self.changed_agents.insert(agent, ());
        self.settle(slot);
    }

    /// Ends one leg of an agent.
    pub(crate) fn end_leg(&mut self, slot: usize, index: usize, talked: bool) {
        let now = self.now.mono;
        self.unlist(slot);
        let leg = self.agents[slot].legs.remove(index);
        if let Some(queue) = leg.queue {
            let figures = &mut self.agents[slot].figures;
            figures.talked = figures.talked.saturating_add(now.since(leg.since));
            self.conversation_over(queue);
        }
        if let (true, Some(queue)) = (talked, leg.queue) {
            self.agents[slot].figures.idle_since = Stamp::at(now);
            self.owe_wrap_up(slot, &leg, queue);
        }
        if !self.agents[slot].legs.is_empty() && self.strikes(Planted::WrapUpLost) {
            self.agents[slot].wrap_up_owed.clear();
        }
        if self.agents[slot].legs.is_empty() && !self.agents[slot].wrap_up_owed.is_empty() {
            self.begin_wrap_up(slot);
        }
        self.settle(slot);
    }

    /// An agent may be offered calls again.
    pub(crate) fn rest_over(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        self.agents[slot].rest_until = None;
        self.settle(slot);
    }

    /// Brings what others see, and the set of idle agents, in line with what is true.
    pub(crate) fn settle(&mut self, slot: usize) {
        let row = &mut self.agents[slot];
        let profile = &mut self.profiles[row.profile];
        let shown = row.derive();
        if shown != row.shown {
            profile.states[row.shown.state as usize] -= 1;
            profile.states[shown.state as usize] += 1;
            profile.changed = true;
            if (shown.state, &shown.reason) != (row.shown.state, &row.shown.reason) {
                row.shown_since = self.now.wall.max(row.told_at);
            }
            row.shown = shown.clone();
            self.changed_agents.insert(row.agent, ());
            row.told_at = row.told_at.max(self.now.wall);
            let (agent, state, reason, call) = (row.agent, shown.state, shown.reason, shown.call);
            let (at, cause) = (row.told_at, self.cause);
            self.effects.push_back(Effect::StateChanged { agent, state, reason, call, at, cause });
            let profile = row.profile;
            self.follow_pause(slot);
            self.follow_probe(slot);
            self.staff_changed(profile);
        }
        if self.agents[slot].shown.state == State::Ready {
            self.callbacks.agent_ready(self.agents[slot].agent);
        }
        let row = &mut self.agents[slot];
        let profile = &mut self.profiles[row.profile];
        let (idle, on_call) = (row.is_idle(), row.shown.state == State::OnCall);
        if (row.listed, row.listed_on_call) != (idle, idle && on_call) {
            if idle && !row.listed {
                self.woken.agent(slot);
            }
            profile.list(row, slot, idle, &self.queues);
        }
        self.release_held(slot);
        self.disengage_if_free(slot);
    }

    /// What strategies choose him by is about to change: it may only while he is not listed. Settling lists him again.
    pub(crate) fn unlist(&mut self, slot: usize) {
        let row = &mut self.agents[slot];
        self.profiles[row.profile].list(row, slot, false, &self.queues);
    }
}
