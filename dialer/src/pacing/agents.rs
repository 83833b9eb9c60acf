//! The agents of a campaign, and when busy ones will be free.

use std::collections::BTreeMap;

use clock::Instant;

use super::contract::AgentState;
use super::durations::Durations;
use super::flight::seconds;

/// All agents who are signed in.
#[derive(Clone, Debug)]
pub(super) struct Agents {
    agents: BTreeMap<u32, (AgentState, Instant)>,
    /// Idle now.
    pub(super) idle: u32,
    talk: Durations,
    wrap: Durations,
    /// Of those who finished, how many went away instead of being idle.
    went_away: f64,
    finished: f64,
}

impl Agents {
    pub(super) fn new() -> Self {
        Self {
            agents: BTreeMap::new(),
            idle: 0,
            talk: Durations::believed(FIRST_TALK_S, 1.2),
            wrap: Durations::believed(FIRST_WRAP_S, 1.0),
            went_away: 1.0,
            finished: 50.0,
        }
    }

    /// Agents who take calls: idle, in one, or after one.
    pub(super) fn at_work(&self) -> u32 {
        let at_work = self.agents.values().filter(|(state, _)| *state != AgentState::Away).count();
        u32::try_from(at_work).unwrap_or(u32::MAX)
    }

    pub(super) fn change(&mut self, agent: u32, state: AgentState, now: Instant) {
        let former = self.agents.insert(agent, (state, now));
        if state == AgentState::Gone {
            self.agents.remove(&agent);
        }
        if let Some((former, since)) = former {
            self.idle -= u32::from(former == AgentState::Idle);
            let lasted = seconds(now, since);
            match former {
                AgentState::Talking => self.talk.saw(lasted),
                AgentState::WrapUp => self.wrap.saw(lasted),
                _ => {}
            }
            let worked = matches!(former, AgentState::Talking | AgentState::WrapUp);
            if worked && matches!(state, AgentState::Idle | AgentState::Away) {
                self.finished += 1.0;
                self.went_away += f64::from(u8::from(state == AgentState::Away));
            }
            // Straight from talking to idle: wrap-up took no time.
            if former == AgentState::Talking && state == AgentState::Idle {
                self.wrap.saw(0.0);
            }
        }
        self.idle += u32::from(state == AgentState::Idle);
    }

    /// For each busy agent, the chance to be idle within `within` seconds.
    pub(super) fn chances<'a>(&'a self, table: &'a Releases, now: Instant) -> impl Iterator<Item = f64> + 'a {
        let stays = 1.0 - self.went_away / self.finished;
        self.agents.values().filter_map(move |(state, since)| {
            let age = seconds(now, *since);
            match state {
                AgentState::Talking => Some(table.talking(age) * stays),
                AgentState::WrapUp => Some(self.wrap.ends_within(age, table.within) * stays),
                AgentState::Idle | AgentState::Away | AgentState::Gone => None,
            }
        })
    }

    /// Brings what is believed of talk and wrap-up up to date.
    pub(super) fn refresh(&mut self, now: Instant) {
        let in_state = |wanted| {
            let agents = self.agents.values().filter(move |(state, _)| *state == wanted);
            agents.map(move |(_, since)| seconds(now, *since))
        };
        self.talk.refresh(in_state(AgentState::Talking));
        self.wrap.refresh(in_state(AgentState::WrapUp));
    }

    pub(super) fn forget(&mut self, keep: f64) {
        self.talk.forget(keep);
        self.wrap.forget(keep);
    }
}

/// The chance that talk and wrap-up are both over within one time, by how long the talk has lasted.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    within: f64,
    by_age: [f64; AGE_SLOTS],
}

impl Releases {
    pub(super) fn none() -> Self {
        Self { within: 0.0, by_age: [0.0; AGE_SLOTS] }
    }

    /// Brings the tables for these times, s, up to date.
    pub(super) fn compute(tables: &mut [Self], agents: &Agents, withins: impl Iterator<Item = f64>) {
        let mut longest: f64 = 0.0;
        for (table, within) in tables.iter_mut().zip(withins) {
            table.within = within;
            longest = longest.max(within);
        }
        let step = longest / STEPS as f64;
        let wraps: Vec<[f64; STEPS]> = tables
            .iter()
            .map(|table| core::array::from_fn(|nth| agents.wrap.within(table.within - step * (nth as f64 + 0.5))))
            .collect();
        for at in 0..AGE_SLOTS {
            let ends = agents.talk.ends(age_of(at), step);
            for (table, wraps) in tables.iter_mut().zip(&wraps) {
                table.by_age[at] = ends.iter().zip(wraps).map(|(end, wrap)| end * wrap).sum();
            }
        }
    }

    fn talking(&self, age: f64) -> f64 {
        let place = ((age + 1.0).ln() * AGE_SLOTS_EACH_E).clamp(0.0, (AGE_SLOTS - 1) as f64);
        let at = (place as usize).min(AGE_SLOTS - 2);
        self.by_age[at] + (self.by_age[at + 1] - self.by_age[at]) * (place - at as f64)
    }
}

/// The age that a slot stands for, s.
fn age_of(slot: usize) -> f64 {
    (slot as f64 / AGE_SLOTS_EACH_E).exp() - 1.0
}

/// What a talk takes before one was seen, s.
const FIRST_TALK_S: f64 = 150.0;
/// What a wrap-up takes before one was seen, s.
const FIRST_WRAP_S: f64 = 20.0;
/// Ages of a talk that are told apart, up to two and a half hours.
const AGE_SLOTS: usize = 56;
const AGE_SLOTS_EACH_E: f64 = 6.0;
/// Parts into which a time is cut for talk and wrap-up to share it.
pub(super) const STEPS: usize = 24;
