//! How many numbers a campaign dials at a tick.

use core::time::Duration;

use clock::Now;

use super::campaign::{Campaign, Run, Shared, Stage};
use super::contract::Effect;
use super::dial::NotDialed;
use super::explain::{Hold, Pace};
use super::ledger::is_failure;
use super::planted::Planted;
use crate::campaign::{Method, Outcome, Service, Status};
use crate::contract::Order;
use crate::hopper::Stock;
use crate::pacing::AgentState;

impl Campaign {
    /// Dials what is to be dialed now, and says why.
    pub(super) fn pace(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &mut self.run else { return };
        let mut pace = Pace {
            at: now.wall,
            idle: run.agents(AgentState::Idle),
            ringing: run.count(Stage::Ringing) + run.count(Stage::Detecting),
            waiting: run.count(Stage::Waiting),
            talking: run.count(Stage::Talking),
            ..Pace::default()
        };
        pace.agents = pace.idle + run.agents(AgentState::Talking) + run.agents(AgentState::WrapUp);
        // What was counted before is not known: as if nothing were left.
        let counts = self.ledger.as_ref().map(|ledger| ledger.counts(now.wall));
        let is_spent = counts.is_none_or(|counts| counts.is_spent(&run.definition.pacing_rules(), pace.agents));
        run.pacer.counted(counts.unwrap_or_default());
        // It learns whether it dials or not.
        let predicted = if run.definition.method == Method::Predictive { run.pacer.dials(now.mono) } else { 0 };
        run.give_up_late(shared);
        let is_ignored = self.life.status == Status::Paused && shared.strikes(Planted::PauseIgnored);
        let status = if is_ignored { Status::Running } else { self.life.status };
        let held = held(status, run, shared, now);
        let (wanted, hold) = match held {
            Some(hold) => (0, Some(hold)),
            None if run.is_failing() => {
                let (wanted, _) = wanted(run, &pace, (predicted, is_spent), now);
                (wanted.min(u32::from(run.may_probe(now))), Some(Hold::Trunk))
            }
            None => wanted(run, &pace, (predicted, is_spent), now),
        };
        let ignores_lines = shared.strikes(Planted::LinesIgnored);
        let most = if ignores_lines { u32::MAX } else { run.definition.max_lines };
        let lines = most.saturating_sub(u32::try_from(run.flights.len()).unwrap_or(u32::MAX));
        (pace.wanted, pace.hold) = (wanted, if lines == 0 { hold.or(Some(Hold::Lines)) } else { hold });
        pace.predictive = run.pacer.why().filter(|_| run.definition.method == Method::Predictive);
        self.dial_up_to(shared, wanted.min(lines).min(STARTS_A_TICK), &mut pace, now);
        if let Some(run) = &mut self.run {
            run.pace = pace;
        }
    }

    fn dial_up_to(&mut self, shared: &mut Shared, count: u32, pace: &mut Pace, now: Now) {
        for _ in 0..JUDGED_A_TICK {
            if pace.dialed >= count {
                return;
            }
            let Some(run) = &mut self.run else { return };
            let free: Vec<_> = run.told.keys().copied().filter(|agent| run.is_free(*agent)).collect();
            let Some(taken) = run.hopper.take(now.wall, |agent| free.contains(&agent)) else {
                pace.hold = pace.hold.or(Some(run.lacks_leads()));
                return;
            };
            match self.dial(shared, taken, None, now) {
                Ok(_) => pace.dialed += 1,
                Err(NotDialed::Gate(_)) => pace.denied += 1,
                Err(NotDialed::Busy | NotDialed::Rests | NotDialed::Gone) => {}
            }
        }
    }
}

impl Run {
    /// An attempt came to this.
    pub(super) fn saw(&mut self, outcome: Outcome, now: Now) {
        self.failing = if is_failure(outcome) { (self.failing.0.saturating_add(1), Some(now.mono)) } else { (0, None) };
    }

    /// While all attempts fail, leads are kept for when they do not: one number is tried now and then.
    fn is_failing(&self) -> bool {
        self.failing.0 >= FAILING_FROM
    }

    fn may_probe(&self, now: Now) -> bool {
        let is_due = self.failing.1.is_none_or(|at| now.mono.since(at) >= PROBE_EVERY);
        is_due && self.count(Stage::Ringing) == 0
    }

    /// The campaign's schedule is closed.
    pub(super) fn is_closed(&self, now: Now) -> bool {
        let schedule = self.definition.schedule.as_ref();
        schedule.is_some_and(|schedule| schedule.at(now.wall) != hours::Hours::Open)
    }

    /// It has nobody to call for a while, and its agents are there for other campaigns. Where agents ask for each call
    /// themselves nobody else can tell.
    pub(super) fn rests(&self, now: Now) -> bool {
        let is_asked = self.definition.method == Method::Manual;
        !is_asked && (self.is_closed(now) || self.hopper.rests(now.wall + RESTS_FOR))
    }

    /// It has nobody to call, and another campaign has agents of it.
    pub(super) fn lends(&self, now: Now) -> bool {
        self.shares && self.rests(now)
    }

    fn lacks_leads(&self) -> Hold {
        if self.hopper.stock() == Stock::Importing { Hold::Importing } else { Hold::NoLeads }
    }

    /// Numbers that have rung for long enough, and whose answer would find no agent, make way.
    fn give_up_late(&mut self, shared: &mut Shared) {
        while let Some(key) = self.pacer.poll_given_up() {
            let late = self.flights.iter_mut().find(|(_, flight)| flight.key == key && !flight.canceled);
            if let Some((id, flight)) = late.filter(|(_, flight)| flight.stage == Stage::Ringing) {
                flight.canceled = true;
                shared.out.push_back(Effect::Order(Order::Cancel { attempt: *id }));
            }
        }
    }
}

/// What holds a campaign whatever its method.
fn held(status: Status, run: &Run, shared: &mut Shared, now: Now) -> Option<Hold> {
    match status {
        Status::Processing => Some(Hold::Reading),
        Status::Running if shared.is_draining => Some(Hold::Draining),
        Status::Running if !shared.journal_is_well => Some(Hold::Journal),
        Status::Running if run.is_closed(now) && !shared.strikes(Planted::ScheduleIgnored) => Some(Hold::Schedule),
        Status::Running => None,
        _ => Some(Hold::Status),
    }
}

/// How many numbers the dial method wants, and what keeps it from more.
fn wanted(run: &Run, pace: &Pace, (predicted, is_spent): (u32, bool), now: Now) -> (u32, Option<Hold>) {
    let under_way = pace.ringing + pace.waiting;
    let is_of_agents = matches!(run.definition.service, Service::Queue(_));
    if is_of_agents && pace.agents == 0 && run.lends(now) {
        return (0, Some(run.lacks_leads()));
    }
    if is_of_agents && pace.agents == 0 && !matches!(run.definition.method, Method::Bot { .. }) {
        return (0, Some(Hold::NoAgents));
    }
    // An idle agent for each number that rings: whoever answers is served.
    let progressive = pace.idle.saturating_sub(under_way);
    let busy = |wanted: u32| (wanted, (wanted == 0).then_some(Hold::AgentsBusy));
    match run.definition.method {
        Method::Manual | Method::Preview { .. } => (0, Some(Hold::ByHand)),
        Method::Progressive => busy(progressive),
        Method::Ratio { .. } | Method::Predictive if is_spent => (progressive, Some(Hold::Budget)),
        Method::Ratio { lines } => {
            let lines = (f64::from(pace.idle) * lines).floor() as u32;
            busy(lines.saturating_sub(under_way))
        }
        Method::Predictive => (predicted, (predicted == 0).then_some(Hold::Pacing)),
        Method::Bot { concurrent } => {
            let wanted = concurrent.saturating_sub(u32::try_from(run.flights.len()).unwrap_or(u32::MAX));
            (wanted, (wanted == 0).then_some(Hold::Lines))
        }
    }
}

/// Agents come back half a minute before a lead is due.
const RESTS_FOR: Duration = Duration::from_secs(30);
/// So many failures in a row are no chance.
const FAILING_FROM: u32 = 10;
/// A trunk that comes back is noticed soon, and one that does not takes few leads.
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// Attempts begun at a tick: at two ticks a second 400 a second.
const STARTS_A_TICK: u32 = 200;
/// Leads that the gate judges at a tick: some milliseconds.
const JUDGED_A_TICK: u32 = 1_000;
