//! Who is logged in with a standing leg, and whether it is up. Queues that ask for one are served by nobody else.

use clock::{AgentId, Instant, RequestId, ShardId};

use crate::acd::Acd;
use crate::contract::{CommandError, Effect, Note, StandingLeg, StandingStep, Status, WithdrawReason};
use crate::limits::{FACTS_SETTLE, STANDING_RETRY, STANDING_TRIES};
use crate::timers::Timer;

/// An agent's standing leg. The shard that has it is the one owner of what is true of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stands {
    /// He is logged in.
    pub(crate) wanted: bool,
    pub(crate) leg: Leg,
    /// Times that his phone was called since it was up last.
    tries: u32,
    /// When his phone is called again.
    pub(crate) retry_at: Option<Instant>,
}

/// The leg itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Leg {
    #[default]
    Down,
    /// Asked for at this moment.
    Calling(Instant),
    Up(ShardId),
    /// Up, and on hold while nobody is on it.
    Held(ShardId),
}

impl Stands {
    /// Of an agent who becomes known.
    pub(crate) fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// He gets calls of queues that ask for it.
    pub(crate) const fn is_up(&self) -> bool {
        self.wanted && matches!(self.leg, Leg::Up(_))
    }

    pub(crate) const fn view(&self) -> StandingLeg {
        match (self.wanted, self.leg) {
            (false, _) => StandingLeg::None,
            (true, Leg::Down) => StandingLeg::Down,
            (true, Leg::Calling(_)) => StandingLeg::Calling,
            (true, Leg::Held(_)) => StandingLeg::Held,
            (true, Leg::Up(_)) => StandingLeg::Up,
        }
    }
}

impl Acd {
    /// An agent logs in with a standing leg, or out; answered when it is stored, not when his phone has answered.
    pub(crate) fn set_standing_leg(&mut self, request: Option<RequestId>, agent: AgentId, wanted: bool) {
        let Some(slot) = self.agent_slot(agent) else {
            return self.reply(request, Err(CommandError::UnknownAgent));
        };
        self.want_standing_leg(slot, wanted, if wanted { "login" } else { "logout" });
        self.dispatch();
        self.reply_with(request, agent);
    }

    /// The shard says what became of it.
    pub(crate) fn standing_step(&mut self, shard: ShardId, agent: AgentId, step: StandingStep) {
        let Some(slot) = self.agent_slot(agent) else { return };
        match step {
            StandingStep::Up { is_his_doing } => {
                if is_his_doing {
                    self.want_standing_leg(slot, true, "dialed");
                }
                self.standing_leg_is(slot, Leg::Up(shard), "answered");
            }
            StandingStep::Held { is_held } => {
                let (leg, why) = if is_held { (Leg::Held(shard), "held") } else { (Leg::Up(shard), "resumed") };
                self.standing_leg_is(slot, leg, why);
            }
            StandingStep::Down { is_his_doing, why } => {
                self.standing_leg_is(slot, Leg::Down, &why);
                if is_his_doing {
                    self.want_standing_leg(slot, false, &why);
                } else {
                    self.retry_standing_leg(slot);
                }
            }
        }
    }

    /// All standing legs of a shard in the order of agents, every 5 s: those that are up, those on hold, those that are being
    /// called. The newest word counts.
    pub(crate) fn standing_facts(&mut self, shard: ShardId, told: [&[AgentId]; 3]) {
        for slot in 0..self.agents.len() {
            let (agent, stands) = (self.agents[slot].agent, self.agents[slot].stands);
            let [is_up, is_held, is_called] = told.map(|agents| agents.binary_search(&agent).is_ok());
            let is_there = is_up || is_held;
            let is_lost = match stands.leg {
                Leg::Up(at) | Leg::Held(at) => at == shard && !is_there,
                Leg::Calling(asked) => !is_there && !is_called && self.now.mono.since(asked) >= FACTS_SETTLE,
                Leg::Down => false,
            };
            match stands.leg {
                _ if is_lost => {
                    self.standing_leg_is(slot, Leg::Down, "lost");
                    self.retry_standing_leg(slot);
                }
                Leg::Down | Leg::Calling(_) | Leg::Held(_) if is_up => {
                    self.standing_leg_is(slot, Leg::Up(shard), "answered");
                }
                Leg::Down | Leg::Calling(_) | Leg::Up(_) if is_held => {
                    self.standing_leg_is(slot, Leg::Held(shard), "held");
                }
                _ => {}
            }
            if is_there && !self.agents[slot].stands.wanted {
                self.effects.push_back(Effect::EndStandingLeg { agent });
            }
        }
    }

    /// The shard is gone, and what it held.
    pub(crate) fn standing_legs_lost(&mut self, shard: ShardId) {
        for slot in 0..self.agents.len() {
            let lost = match self.agents[slot].stands.leg {
                Leg::Up(at) | Leg::Held(at) => at == shard,
                Leg::Calling(_) => true,
                Leg::Down => false,
            };
            if lost {
                self.standing_leg_is(slot, Leg::Down, "shard_restart");
                self.retry_standing_leg(slot);
            }
        }
    }

    /// His phone is called again.
    pub(crate) fn standing_retry_due(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        self.agents[slot].stands.retry_at = None;
        self.follow_standing_leg(slot);
    }

    /// Logs an agent in or out.
    pub(crate) fn want_standing_leg(&mut self, slot: usize, wanted: bool, why: &str) {
        let row = &mut self.agents[slot];
        let agent = row.agent;
        if row.stands.wanted != wanted {
            row.stands.wanted = wanted;
            (row.stands.tries, row.stands.retry_at) = (0, None);
            self.timers.cancel(&Timer::Standing(agent));
            self.note_standing_leg(slot, why);
            if !wanted && self.agents[slot].stands.leg != Leg::Down {
                self.effects.push_back(Effect::EndStandingLeg { agent });
            }
        }
        self.follow_standing_leg(slot);
    }

    /// Calls his phone if it is time to.
    pub(crate) fn follow_standing_leg(&mut self, slot: usize) {
        let now = self.now.mono;
        let row = &mut self.agents[slot];
        let stands = &mut row.stands;
        if stands.wanted && stands.leg == Leg::Down && stands.retry_at.is_none() && row.reachable {
            stands.leg = Leg::Calling(now);
            stands.tries = stands.tries.saturating_add(1);
            let agent = row.agent;
            self.effects.push_back(Effect::CallStandingLeg { agent });
            self.changed_agents.insert(agent, ());
        }
    }

    /// It went down without his doing: his phone is called again in a moment, for so many times.
    fn retry_standing_leg(&mut self, slot: usize) {
        let row = &mut self.agents[slot];
        if !row.stands.wanted {
            return;
        }
        if row.stands.tries >= STANDING_TRIES {
            return self.want_standing_leg(slot, false, "given_up");
        }
        let at = self.now.mono + STANDING_RETRY;
        row.stands.retry_at = Some(at);
        self.timers.set(Timer::Standing(row.agent), at);
    }

    fn standing_leg_is(&mut self, slot: usize, leg: Leg, why: &str) {
        let row = &mut self.agents[slot];
        let was_up = row.stands.is_up();
        if row.stands.leg == leg {
            return;
        }
        row.stands.leg = leg;
        if matches!(leg, Leg::Up(_) | Leg::Held(_)) {
            (row.stands.tries, row.stands.retry_at) = (0, None);
            self.timers.cancel(&Timer::Standing(row.agent));
        }
        self.note_standing_leg(slot, why);
        if self.agents[slot].stands.is_up() != was_up {
            self.serve_standing(slot);
        }
    }

    fn note_standing_leg(&mut self, slot: usize, why: &str) {
        let row = &self.agents[slot];
        let (agent, leg) = (row.agent, row.stands.view());
        self.effects.push_back(Effect::Noted { agent, note: Note::StandingLeg { leg, why: why.to_owned() } });
        self.changed_agents.insert(agent, ());
        if leg == StandingLeg::None {
            self.serve_standing(slot);
        }
    }

    /// Queues that ask for a standing leg are served by him from now, or no more.
    fn serve_standing(&mut self, slot: usize) {
        let agent = self.agents[slot].agent;
        let asks = |queue: &crate::queue::Queue| queue.config.standing_leg && queue.config.has(agent);
        if !self.queues.iter().any(asks) {
            return;
        }
        let row = &self.agents[slot];
        let offered = row.offer.as_ref().and_then(|open| self.queue_slot(open.queue));
        if !row.stands.is_up() && offered.is_some_and(|queue| asks(&self.queues[queue])) {
            self.withdraw(slot, WithdrawReason::Offline);
        }
        self.reindex();
    }

    /// He signs off: nothing of his stays connected.
    pub(crate) fn standing_follows_status(&mut self, slot: usize, status: Status) {
        if status == Status::Offline {
            self.want_standing_leg(slot, false, "signed_off");
        }
    }
}
