//! The campaigns' core that is built anew when it breaks, while calls stay up.

use std::collections::VecDeque;

use clock::{Instant, Now, RequestId, WallTime};
use dialer::gate::ConsentTold;
use dialer::runner::{Dialer, Effect, Input, Snapshot};

use super::super::Alarm;
use super::super::guard::{Guard, attempt};

/// The core, a copy of what it was, and what it was told since.
///
/// A core of one shape does the same with the same inputs. So the one that takes the place of a broken one has every
/// campaign, lead and attempt where they were, save what the failing input would have changed.
#[derive(Debug)]
pub(super) struct Guarded {
    core: Dialer,
    /// None: it holds more than is copied, and a break ends the process.
    copy: Option<Dialer>,
    /// Since the copy was taken; none for a time-out.
    told: Vec<(Now, Option<Input>)>,
    /// What the entries of `told` amount to.
    weight: usize,
    /// What it does, in order.
    out: VecDeque<Effect>,
    alarms: VecDeque<Alarm>,
    /// Whose inputs broke it twice.
    refused: Vec<RequestId>,
    guard: Guard,
    #[cfg(feature = "fault-injection")]
    faults: super::super::fault::Faults,
    #[cfg(feature = "planted-faults")]
    planted: Option<dialer::runner::Planted>,
}

impl Guarded {
    pub(super) fn new(core: Dialer) -> Self {
        Self {
            copy: Some(core.clone()),
            core,
            told: Vec::new(),
            weight: 0,
            out: VecDeque::new(),
            alarms: VecDeque::new(),
            refused: Vec::new(),
            guard: Guard::default(),
            #[cfg(feature = "fault-injection")]
            faults: super::super::fault::Faults::default(),
            #[cfg(feature = "planted-faults")]
            planted: None,
        }
    }

    /// Takes one input.
    pub(super) fn handle(&mut self, now: Now, input: Input) {
        self.step(now, Some(input));
    }

    /// Does what is due; early calls do nothing.
    pub(super) fn handle_timeout(&mut self, now: Now) {
        self.step(now, None);
    }

    /// What it does next.
    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.out.pop_front()
    }

    /// What an operator must hear.
    pub(super) fn poll_alarm(&mut self) -> Option<Alarm> {
        self.alarms.pop_front()
    }

    /// Whose inputs broke it twice, and were left out.
    pub(super) fn take_refused(&mut self) -> Vec<RequestId> {
        core::mem::take(&mut self.refused)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.core.poll_timeout()
    }

    pub(super) fn snapshot(&self, now: WallTime) -> Snapshot {
        self.core.snapshot(now)
    }

    /// There is room for what somebody tells of a consent.
    pub(super) fn has_room_for(&self, told: &ConsentTold) -> bool {
        self.core.has_room_for(told)
    }

    /// Lets it break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub(super) fn break_at(&mut self, fault: super::super::Fault) {
        self.faults.add(fault);
    }

    /// Plants a fault in the core.
    #[cfg(feature = "planted-faults")]
    pub(super) fn plant(&mut self, fault: dialer::runner::Planted) {
        self.planted = Some(fault);
        self.core.plant(fault);
        self.take_copy();
    }

    /// A fault that a test planted.
    #[cfg(feature = "planted-faults")]
    fn forgets(&self) -> bool {
        self.planted == Some(dialer::runner::Planted::PastForgotten)
    }

    #[cfg(not(feature = "planted-faults"))]
    const fn forgets(&self) -> bool {
        false
    }

    fn step(&mut self, now: Now, input: Option<Input>) {
        if self.guard.has_given_up() {
            return;
        }
        // One that broke is built anew and tries once more.
        for _ in 0..2 {
            match self.take(now, input.clone()) {
                Ok(()) => return self.remember(now, input),
                Err(why) => {
                    self.alarms.push_back(Alarm::Broke { named: None, why });
                    if !self.rebuild(now) {
                        self.guard.give_up();
                        self.alarms.push_back(Alarm::GaveUp);
                        return;
                    }
                }
            }
        }
        self.refused.extend(input.as_ref().and_then(Input::request));
    }

    /// What it does is kept when it has done all of it.
    fn take(&mut self, now: Now, input: Option<Input>) -> Result<(), String> {
        let done = attempt(|| {
            #[cfg(feature = "fault-injection")]
            let names: Option<&[super::super::Named]> = input.as_ref().map(|_| &[][..]);
            let done = run(&mut self.core, now, input);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(names);
            done
        });
        done.map(|done| self.out.extend(done))
    }

    /// The core before the input that broke it; false when that cannot be, or was needed too often.
    fn rebuild(&mut self, now: Now) -> bool {
        let Some(copy) = self.copy.as_ref().filter(|_| self.guard.may_rebuild(now.mono)) else { return false };
        let told = if self.forgets() { &[][..] } else { &self.told };
        let rebuilt = attempt(|| {
            let mut core = copy.clone();
            for (now, input) in told {
                // It was done when it was told first.
                let _ = run(&mut core, *now, input.clone());
            }
            core
        });
        rebuilt.map(|core| self.core = core).is_ok()
    }

    /// Notes what it took. A copy costs as much as it holds, so it is taken after as much was told.
    fn remember(&mut self, now: Now, input: Option<Input>) {
        self.weight += input.as_ref().map_or(INPUT, weight);
        if self.copy.is_some() {
            self.told.push((now, input));
        }
        if self.weight >= self.core.held().clamp(REPLAYED_MIN, REPLAYED_MAX) {
            self.take_copy();
        }
    }

    fn take_copy(&mut self) {
        self.copy = (self.core.held() <= COPIED_MAX).then(|| self.core.clone());
        self.told.clear();
        self.weight = 0;
    }
}

/// All that it does with an input, or when time has come on.
fn run(core: &mut Dialer, now: Now, input: Option<Input>) -> Vec<Effect> {
    match input {
        Some(input) => core.handle(now, input),
        None => core.handle_timeout(now),
    }
    core::iter::from_fn(|| core.poll_effect()).collect()
}

/// What an input costs, in rows of leads.
fn weight(input: &Input) -> usize {
    match input {
        Input::Page { page, .. } => INPUT + page.leads.as_ref().map_or(0, Vec::len),
        _ => INPUT,
    }
}

/// An input, or a tick, costs as much as the copies of some leads.
const INPUT: usize = 10;
/// Rows between two copies of a small house: a hundred inputs.
const REPLAYED_MIN: usize = 1_000;
/// And of a large one: some thousand inputs and ticks, below a second of replaying; some seconds of 200 attempts a second.
const REPLAYED_MAX: usize = 100_000;
/// What holds more is not copied, as people who answered would wait for it. When it breaks the process ends, and its next
/// start reads the journal.
const COPIED_MAX: usize = 100_000;

#[cfg(all(test, feature = "fault-injection"))]
mod tests;
