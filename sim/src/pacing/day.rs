//! One day: discrete events of customers, machines and agents around a pacer
//! that sees what a dialer sees.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use clock::{Instant, Rng, WallTime};
use dialer::campaign::Outcome as Dialed;
use dialer::pacing::{AgentState, Event, Pacer, Rules};
use dialer::runner::{Hour, Ledger};

use super::centre::{Centre, Doing};
use super::law::normal;
use super::report::Outcome;
use super::scenario::{AnswerRate, Scenario};

/// A day of one seed.
#[derive(Debug)]
pub struct Day<'a> {
    scenario: &'a Scenario,
    rng: Rng,
    seed: u64,
    pacer: Pacer,
    now: f64,
    events: BinaryHeap<Reverse<(u64, u64, What)>>,
    made: u64,
    calls: BTreeMap<u64, Call>,
    waiting: VecDeque<u64>,
    centre: Centre,
    /// Answer rate of the block or step of the walk that began last.
    rate: f64,
    outcome: Outcome,
    /// What the campaign has counted, in the days before too.
    ledger: Ledger,
    /// Days before this one.
    nth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Plan(u32),
    Rate,
    Tick,
    Rang(u64),
    Answered(u64),
    Detected(u64),
    GivenUp(u64),
    Over(u64),
    TalkOver(u64, u32),
    WrapOver(u32),
    PauseOver(u32),
}

#[derive(Debug)]
struct Call {
    party: Party,
    greeting_s: f64,
    /// When it began to ring.
    rang_at: Option<f64>,
    /// When the greeting is over.
    greeted_at: f64,
    /// Clock hour of the answer.
    hour: usize,
    waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    Person,
    Machine,
    Nobody,
}

impl<'a> Day<'a> {
    /// A campaign's first day.
    #[must_use]
    pub fn new(scenario: &'a Scenario, seed: u64) -> Self {
        Self::after_others(scenario, seed, 0, Ledger::default())
    }

    /// A campaign's day after `nth` others: the pacer begins anew, as after a restart, with what the ledger holds.
    pub(super) fn after_others(scenario: &'a Scenario, seed: u64, nth: u32, ledger: Ledger) -> Self {
        let rules = Rules {
            target_abandon: scenario.target_abandon,
            connect_limit: Duration::from_secs_f64(scenario.connect_limit_s),
            max_lines: scenario.max_lines,
            people_called_machines: if scenario.amd.enabled { scenario.amd.human_as_machine } else { 0.0 },
            strict_day: scenario.strict_day,
        };
        let mut day = Self {
            scenario,
            rng: Rng::new(seed),
            seed,
            pacer: Pacer::new(rules, Instant::ZERO),
            now: 0.0,
            events: BinaryHeap::new(),
            made: 0,
            calls: BTreeMap::new(),
            waiting: VecDeque::new(),
            centre: Centre::default(),
            rate: 0.0,
            outcome: Outcome::default(),
            ledger,
            nth,
        };
        for (at, agents) in &scenario.agent_plan {
            day.at(*at, What::Plan(*agents));
        }
        day.at(0.0, What::Rate);
        day.at(0.0, What::Tick);
        day
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(self) -> Outcome {
        self.run_counted().0
    }

    /// Runs it to its end, and gives the ledger back.
    pub(super) fn run_counted(mut self) -> (Outcome, Ledger) {
        while let Some(Reverse((nanos, _, what))) = self.events.pop() {
            let at = nanos as f64 / 1e9;
            if at > self.scenario.duration_s {
                break;
            }
            self.now = at;
            self.happen(what);
        }
        self.centre.close(self.scenario.duration_s);
        self.outcome.close(self.seed, &mut self.centre);
        (self.outcome, self.ledger)
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Plan(agents) => self.plan(agents),
            What::Rate => self.next_rate(),
            What::Tick => self.tick(),
            What::Rang(call) => self.rang(call),
            What::Answered(call) => self.answered(call),
            What::Detected(call) => self.detected(call),
            What::GivenUp(call) => self.given_up(call),
            What::Over(call) => self.over(call),
            What::TalkOver(call, agent) => self.talk_over(call, agent),
            What::WrapOver(agent) => self.wrap_over(agent),
            What::PauseOver(agent) => self.free(agent),
        }
    }

    fn plan(&mut self, agents: u32) {
        let (come, gone) = self.centre.plan(agents, self.now);
        gone.into_iter().for_each(|agent| self.tell(Event::Agent { agent, state: AgentState::Gone }));
        come.into_iter().for_each(|agent| self.tell(Event::Agent { agent, state: AgentState::Idle }));
        self.serve();
    }

    /// The answer rate of the next block or step.
    fn next_rate(&mut self) {
        match &self.scenario.answer_rate {
            AnswerRate::Steps { .. } | AnswerRate::Sin { .. } => {}
            AnswerRate::Blocks { block_s, lo, hi } => {
                self.rate = lo + (hi - lo) * self.rng.unit();
                self.after(*block_s, What::Rate);
            }
            AnswerRate::Walk { start, lo, hi, step_s, sd_rel } => {
                let moved = self.rate * (1.0 + sd_rel * normal(&mut self.rng));
                self.rate = if self.now == 0.0 { *start } else { moved.clamp(*lo, *hi) };
                self.after(*step_s, What::Rate);
            }
        }
    }

    fn answer_rate(&self) -> f64 {
        match &self.scenario.answer_rate {
            AnswerRate::Steps { points } => {
                let begun = points.iter().take_while(|(from, _)| *from <= self.now);
                begun.last().or(points.first()).map_or(0.0, |(_, rate)| *rate)
            }
            AnswerRate::Sin { mean, amp, period_s } => {
                mean + amp * (core::f64::consts::TAU * self.now / period_s).sin()
            }
            AnswerRate::Blocks { .. } | AnswerRate::Walk { .. } => self.rate,
        }
    }

    fn tick(&mut self) {
        self.pacer.counted(self.ledger.counts(self.wall()));
        let dials = self.pacer.dials(instant(self.now));
        while let Some(call) = self.pacer.poll_given_up() {
            self.give_up(call);
        }
        for _ in 0..dials {
            self.dial();
        }
        self.outcome.lines_exceeded += u64::from(self.calls.len() > self.scenario.max_lines as usize);
        let agents = self.pacer.why().map_or(0, |why| why.agents);
        self.after(if agents > COARSE_FROM { 1.0 } else { 0.5 }, What::Tick);
    }

    fn dial(&mut self) {
        let scenario = self.scenario;
        let call = self.made;
        self.made += 1;
        self.outcome.dials += 1;
        let drawn = self.rng.unit();
        let person = self.answer_rate();
        let machine = person + scenario.machine_rate;
        let (party, ring) = if drawn < person {
            (Party::Person, scenario.ring_human.draw(&mut self.rng))
        } else if drawn < machine {
            (Party::Machine, scenario.ring_machine.draw(&mut self.rng))
        } else if drawn < machine + scenario.busy_fail_rate {
            (Party::Nobody, 0.0)
        } else {
            (Party::Nobody, scenario.ring_timeout_s)
        };
        let delay = scenario.post_dial_delay.draw(&mut self.rng);
        let greeting_s = scenario.greeting.draw(&mut self.rng);
        self.calls.insert(call, Call { party, greeting_s, rang_at: None, greeted_at: 0.0, hour: 0, waits: false });
        self.tell(Event::Dialled { attempt: call });
        if party != Party::Nobody || ring > 0.0 {
            self.after(delay, What::Rang(call));
        }
        if party == Party::Nobody || ring > scenario.ring_timeout_s {
            self.after(delay + ring.min(scenario.ring_timeout_s), What::Over(call));
        } else {
            self.after(delay + ring, What::Answered(call));
        }
    }

    fn rang(&mut self, id: u64) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.rang_at = Some(self.now);
            self.tell(Event::Rang { attempt: id });
        }
    }

    /// The dialer lets it ring no longer.
    fn give_up(&mut self, id: u64) {
        let rang_at = self.calls.get(&id).and_then(|call| call.rang_at);
        self.outcome.given_up += 1;
        self.outcome.short_rings += u64::from(rang_at.is_none_or(|at| self.now - at < LEAST_RING_S));
        self.over(id);
    }

    fn answered(&mut self, id: u64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.hour = (self.now / 3600.0) as usize;
        call.greeted_at = self.now + call.greeting_s;
        let (greeting_s, party, hour) = (call.greeting_s, call.party, call.hour);
        if party == Party::Person {
            self.outcome.live(hour);
        }
        if self.scenario.amd.enabled {
            self.tell(Event::Answered { attempt: id, needs_agent: false });
            let delay = self.scenario.amd.delay.draw(&mut self.rng);
            return self.after(greeting_s + delay, What::Detected(id));
        }
        self.tell(Event::Answered { attempt: id, needs_agent: true });
        self.wait(id, greeting_s + self.scenario.connect_limit_s);
    }

    fn detected(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (party, hour, greeted_at) = (call.party, call.hour, call.greeted_at);
        let amd = &self.scenario.amd;
        let needs_agent = match party {
            Party::Person => !self.rng.chance(amd.human_as_machine),
            _ => self.rng.chance(amd.machine_as_human),
        };
        self.tell(Event::Detected { attempt: id, needs_agent });
        if needs_agent {
            // The limit runs from the end of the greeting; the detection has used some of it.
            let left = (greeted_at + self.scenario.connect_limit_s - self.now).max(0.0);
            return self.wait(id, left);
        }
        if party == Party::Person {
            self.outcome.abandoned(hour);
        }
        self.calls.remove(&id);
        self.count(Dialed::Machine);
        self.tell(Event::Ended { attempt: id });
    }

    /// A call needs an agent from now, and within `limit_s`.
    fn wait(&mut self, id: u64, limit_s: f64) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.waits = true;
        }
        self.waiting.push_back(id);
        self.serve();
        if self.calls.get(&id).is_some_and(|call| call.waits) {
            let patience = self.scenario.patience.draw(&mut self.rng);
            self.after(limit_s.min(patience), What::GivenUp(id));
        }
    }

    fn given_up(&mut self, id: u64) {
        if self.calls.get(&id).is_none_or(|call| !call.waits) {
            return;
        }
        self.waiting.retain(|waiting| *waiting != id);
        if let Some(call) = self.calls.remove(&id)
            && call.party == Party::Person
        {
            self.outcome.abandoned(call.hour);
        }
        self.count(Dialed::Abandoned);
        self.tell(Event::Ended { attempt: id });
    }

    fn over(&mut self, id: u64) {
        self.calls.remove(&id);
        self.tell(Event::Ended { attempt: id });
    }

    /// Joins who waits with who is idle.
    fn serve(&mut self) {
        while let (Some(id), Some(agent)) = (self.waiting.front().copied(), self.centre.longest_idle()) {
            self.waiting.pop_front();
            let Some(call) = self.calls.get_mut(&id) else { continue };
            call.waits = false;
            let talk = match call.party {
                Party::Person => self.scenario.talk.draw(&mut self.rng) * self.scenario.talk_factor(self.now),
                _ => self.scenario.machine_talk.draw(&mut self.rng),
            };
            self.outcome.connects += 1;
            self.centre.turn(agent, Doing::Talk, self.now);
            self.tell(Event::Connected { attempt: id });
            self.tell(Event::Agent { agent, state: AgentState::Talking });
            self.after(talk, What::TalkOver(id, agent));
        }
    }

    fn talk_over(&mut self, id: u64, agent: u32) {
        let party = self.calls.remove(&id).map(|call| call.party);
        self.count(Dialed::Connected);
        self.centre.turn(agent, Doing::Wrap, self.now);
        self.tell(Event::Ended { attempt: id });
        self.tell(Event::Agent { agent, state: AgentState::WrapUp });
        let law = if party == Some(Party::Machine) { &self.scenario.machine_wrap } else { &self.scenario.wrap };
        let wrap = law.draw(&mut self.rng);
        self.after(wrap, What::WrapOver(agent));
    }

    fn wrap_over(&mut self, agent: u32) {
        if self.rng.chance(self.scenario.pause.prob_after_call) {
            self.centre.turn(agent, Doing::Pause, self.now);
            self.tell(Event::Agent { agent, state: AgentState::Away });
            let pause = -self.scenario.pause.mean_s * (1.0 - self.rng.unit()).ln();
            return self.after(pause, What::PauseOver(agent));
        }
        self.free(agent);
    }

    /// An agent is done: he goes home when there are too many, else he is idle.
    fn free(&mut self, agent: u32) {
        if self.centre.leaves(agent, self.now) {
            return self.tell(Event::Agent { agent, state: AgentState::Gone });
        }
        self.centre.turn(agent, Doing::Idle, self.now);
        self.tell(Event::Agent { agent, state: AgentState::Idle });
        self.serve();
    }

    /// An attempt has ended: counted as the campaign does, who cannot tell a machine that got through from a person.
    fn count(&mut self, outcome: Dialed) {
        self.ledger.add(self.wall(), &Hour::of(outcome, true));
    }

    fn wall(&self) -> WallTime {
        let clock_s = f64::from(self.scenario.day_start_hhmm / 100 * 3_600 + self.scenario.day_start_hhmm % 100 * 60);
        let at_s = FIRST_DAY_S + f64::from(self.nth) * DAY_S + clock_s + self.now;
        // A float to integer cast saturates.
        WallTime::from_micros((at_s * 1e6) as i64)
    }

    fn tell(&mut self, event: Event) {
        self.pacer.handle(instant(self.now), event);
    }

    fn after(&mut self, seconds: f64, what: What) {
        self.at(self.now + seconds, what);
    }

    fn at(&mut self, seconds: f64, what: What) {
        let nth = self.outcome.events;
        self.outcome.events += 1;
        self.events.push(Reverse((instant(seconds).as_nanos(), nth, what)));
    }
}

fn instant(seconds: f64) -> Instant {
    // A float to integer cast saturates.
    Instant::from_nanos((seconds * 1e9).round() as u64)
}

const DAY_S: f64 = 86_400.0;
/// 2026-01-01 00:00 UTC.
const FIRST_DAY_S: f64 = 1_767_225_600.0;
/// From so many agents on a tick is a second long.
const COARSE_FROM: u32 = 100;
/// Nobody's phone rings for less before we give up, s.
const LEAST_RING_S: f64 = 15.0;
