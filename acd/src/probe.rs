//! Phones are asked in the background whether they are still there; an offer uses the last answer and never waits.

use core::time::Duration;

use clock::AgentId;

use crate::acd::Acd;
use crate::agent::NO_ANSWER;
use crate::contract::{Effect, State, StateCause, WithdrawReason};
use crate::timers::Timer;

impl Acd {
    /// Location heard from his phone, or did not for too long.
    pub(crate) fn set_answers(&mut self, agent: AgentId, answers: bool) {
        let Some(slot) = self.agent_slot(agent) else { return };
        let row = &mut self.agents[slot];
        if row.is_silent != answers {
            return;
        }
        row.is_silent = !answers;
        self.changed_agents.insert(agent, ());
        if answers {
            self.settle(slot);
        } else {
            self.withdraw(slot, WithdrawReason::Offline);
        }
    }

    /// He is to be asked now: at the end of a wrap-up.
    pub(crate) fn probe(&mut self, slot: usize) {
        let row = &self.agents[slot];
        if self.probe_every.is_some() && row.reachable {
            self.effects.push_back(Effect::Probe { agent: row.agent });
        }
    }

    /// The state became another: who is ready is asked from time to time, and who was silent, whether he is back.
    pub(crate) fn follow_probe(&mut self, slot: usize) {
        let row = &self.agents[slot];
        let silent = row.shown.state == State::Offline && row.shown.reason.as_deref() == Some(NO_ANSWER);
        let wanted = self.probe_every.filter(|_| silent || row.shown.state == State::Ready);
        let timer = Timer::Probe(row.agent);
        match (wanted, row.probe_at) {
            (Some(every), None) => {
                let at = self.now.mono + self.jittered(every);
                self.agents[slot].probe_at = Some(at);
                self.timers.set(timer, at);
            }
            (None, Some(_)) => {
                self.agents[slot].probe_at = None;
                self.timers.cancel(&timer);
            }
            _ => {}
        }
    }

    /// It is time to ask.
    pub(crate) fn probe_due(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        self.because(StateCause::Probe);
        self.agents[slot].probe_at = None;
        self.probe(slot);
        self.follow_probe(slot);
    }

    /// Between nine and eleven tenths, so that those who signed on together are not asked together for ever.
    fn jittered(&mut self, every: Duration) -> Duration {
        let tenth = u64::try_from(every.as_nanos() / 5).unwrap_or(u64::MAX).max(1);
        every.saturating_sub(every / 10) + Duration::from_nanos(self.rng.below(tenth))
    }
}
