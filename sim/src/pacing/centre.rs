//! The agents of a simulated day, and the time that they spend on what.

use std::collections::VecDeque;

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Idle,
    Talk,
    Wrap,
    Pause,
    /// Not there.
    Home,
}

/// All agents that ever are.
#[derive(Debug, Default)]
pub(super) struct Centre {
    agents: Vec<(Doing, f64)>,
    idle: VecDeque<u32>,
    /// Agents that the plan wants.
    wanted: u32,
    present: u32,
    pub(super) talk_s: f64,
    pub(super) wrap_s: f64,
    pub(super) idle_s: f64,
    /// How long each wait for a call was, s.
    pub(super) waits: Vec<f64>,
}

impl Centre {
    /// The plan changes; who comes is idle, who goes was idle. Returns both.
    pub(super) fn plan(&mut self, wanted: u32, now: f64) -> (Vec<u32>, Vec<u32>) {
        self.wanted = wanted;
        let mut come = Vec::new();
        for agent in 0..u32::MAX {
            if self.present >= wanted {
                break;
            }
            if agent as usize == self.agents.len() {
                self.agents.push((Doing::Home, now));
            }
            if self.agents[agent as usize].0 == Doing::Home {
                self.present += 1;
                self.turn(agent, Doing::Idle, now);
                come.push(agent);
            }
        }
        let mut gone = Vec::new();
        while self.present > wanted {
            let Some(agent) = self.idle.back().copied() else { break };
            self.present -= 1;
            self.turn(agent, Doing::Home, now);
            gone.push(agent);
        }
        (come, gone)
    }

    /// Whether one who has just finished goes home; then he is gone.
    pub(super) fn leaves(&mut self, agent: u32, now: f64) -> bool {
        let leaves = self.present > self.wanted;
        if leaves {
            self.present -= 1;
            self.turn(agent, Doing::Home, now);
        }
        leaves
    }

    /// The agent who has been idle longest.
    pub(super) fn longest_idle(&self) -> Option<u32> {
        self.idle.front().copied()
    }

    /// An agent begins something else.
    pub(super) fn turn(&mut self, agent: u32, to: Doing, now: f64) {
        let (from, since) = core::mem::replace(&mut self.agents[agent as usize], (to, now));
        self.spent(from, now - since);
        if from == Doing::Idle {
            self.idle.retain(|idle| *idle != agent);
            if to == Doing::Talk {
                self.waits.push(now - since);
            }
        }
        if to == Doing::Idle {
            self.idle.push_back(agent);
        }
    }

    /// The day is over: what lasts still counts up to now.
    pub(super) fn close(&mut self, now: f64) {
        for at in 0..self.agents.len() {
            let (doing, since) = self.agents[at];
            self.spent(doing, now - since);
        }
    }

    fn spent(&mut self, doing: Doing, seconds: f64) {
        match doing {
            Doing::Idle => self.idle_s += seconds,
            Doing::Talk => self.talk_s += seconds,
            Doing::Wrap => self.wrap_s += seconds,
            Doing::Pause | Doing::Home => {}
        }
    }
}
