//! From what was dialed or chosen to where the caller really goes: schedules send him on.

use clock::{QueueId, WallTime};
use hours::{Hours, Schedule};
use journal_core::HoursFound;

use crate::plan::{Exit, Gate, Plan, Target, Unserved};

/// A schedule on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What has it, as the configuration writes it.
    pub at: String,
    /// Name of the schedule.
    pub schedule: String,
    /// What it says.
    pub hours: HoursFound,
    /// Where it sends the caller; none when it is open.
    pub to: Option<String>,
    /// The queue whose door it is at, if it is a queue's.
    pub queue: Option<QueueId>,
}

/// Where a caller goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steered {
    /// Schedules on the way, in order.
    pub passed: Vec<Passed>,
    /// The last own number on the way: its language, and what it asks of agents, hold for the caller.
    pub number: Option<String>,
    /// The end of the way.
    pub to: Exit,
}

/// Where an exit leads at a moment.
#[must_use]
pub fn steer(plan: &Plan, now: WallTime, exit: Exit) -> Steered {
    follow(plan, now, exit, Vec::new(), None)
}

/// Where a number or extension that reaches `target` leads at a moment, its own hours included.
#[must_use]
pub fn steer_number(plan: &Plan, now: WallTime, number: &str, target: Target) -> Steered {
    let gate = plan.entries.get(number).and_then(|entry| entry.gate.as_ref());
    let entered = Some(number.to_owned());
    let Some(gate) = gate else { return follow(plan, now, Exit::Own(target), Vec::new(), entered) };
    let sign = Sign::of_gate(format!("number:{number}"), gate, now);
    let onward = sign.onward.clone().unwrap_or(Exit::Own(target));
    follow(plan, now, onward, vec![sign.passed(plan, now)], entered)
}

fn follow(plan: &Plan, now: WallTime, exit: Exit, mut passed: Vec<Passed>, mut entered: Option<String>) -> Steered {
    let mut to = exit;
    for _ in 0..MAX_GATES {
        if let Exit::Number(dialed) = &to
            && let Some((number, target)) = own_number(plan, dialed)
        {
            entered = Some(number.to_owned());
            let gate = plan.entries.get(number).and_then(|entry| entry.gate.as_ref());
            let sign = gate.map(|gate| Sign::of_gate(format!("number:{number}"), gate, now));
            let onward = sign.as_ref().and_then(|sign| sign.onward.clone());
            passed.extend(sign.map(|sign| sign.passed(plan, now)));
            to = onward.unwrap_or(Exit::Own(target));
            continue;
        }
        let Some(sign) = Sign::of_exit(plan, now, &to) else { return Steered { passed, number: entered, to } };
        let onward = sign.onward.clone();
        passed.push(sign.passed(plan, now));
        match onward {
            Some(exit) => to = exit,
            None => return Steered { passed, number: entered, to },
        }
    }
    Steered { passed, number: entered, to: Exit::HangUp }
}

/// A schedule at the door of something.
struct Sign<'a> {
    at: String,
    schedule: &'a Schedule,
    queue: Option<QueueId>,
    /// Where to, when it is not open.
    onward: Option<Exit>,
}

impl<'a> Sign<'a> {
    fn of_gate(at: String, gate: &'a Gate, now: WallTime) -> Self {
        Self { at, schedule: &gate.schedule, queue: None, onward: gate.at(now).1.cloned() }
    }

    fn of_exit(plan: &'a Plan, now: WallTime, exit: &Exit) -> Option<Self> {
        match exit {
            Exit::Own(Target::Menu(menu)) => {
                Some(Self::of_gate(plan.written(exit), plan.menus.get(menu)?.gate.as_ref()?, now))
            }
            Exit::Own(Target::Queue(id)) => {
                let schedule = plan.queues.get(id)?.schedule.as_deref()?;
                let why = match schedule.at(now) {
                    Hours::Open => None,
                    Hours::Closed => Some(Unserved::Closed),
                    Hours::Holiday(_) => Some(Unserved::Holiday),
                };
                let onward = why.map(|why| plan.overflow(*id, why).to);
                Some(Self { at: plan.written(exit), schedule, queue: Some(*id), onward })
            }
            _ => None,
        }
    }

    fn passed(self, plan: &Plan, now: WallTime) -> Passed {
        let hours = match self.schedule.at(now) {
            Hours::Open => HoursFound::Open,
            Hours::Closed => HoursFound::Closed,
            Hours::Holiday(name) => HoursFound::Holiday(name.to_owned()),
        };
        let to = self.onward.as_ref().map(|exit| plan.written(exit));
        Passed { at: self.at, schedule: self.schedule.name.clone(), hours, to, queue: self.queue }
    }
}

/// A number of ours, and what it reaches.
fn own_number<'a>(plan: &'a Plan, dialed: &str) -> Option<(&'a str, Target)> {
    let number = plan.numbers.e164(dialed)?;
    plan.dids.get_key_value(&number).map(|(number, target)| (number.as_str(), *target))
}

/// Schedules that may send a caller on without a word to him; `check` finds circles before they are run.
const MAX_GATES: usize = 8;
