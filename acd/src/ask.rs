//! What a waiting call asks of an agent: its queue's step and its own that are in force, wider as it waits.

use core::time::Duration;

use clock::{CallId, Instant};

use crate::acd::Acd;
use crate::class::{Ask, CLASSES_MAX};
use crate::contract::Step;
use crate::queue::Waiting;
use crate::skills::union;
use crate::timers::Timer;

impl Acd {
    /// The class of a call in the queue of this slot, at this moment.
    pub(crate) fn class_of(&mut self, row: &Waiting, queue: usize) -> usize {
        let age = row.since.age(self.now.mono);
        let of_queue = in_force(&self.queues[queue].config.steps, age);
        let ask = ask(row, queue, of_queue, in_force(&row.steps, age));
        if let Some(class) = self.classes.find(&ask) {
            return class;
        }
        if self.classes.len() < CLASSES_MAX {
            return self.add_class(ask);
        }
        self.refused += 1;
        let plain = self::ask(row, queue, of_queue, None);
        self.classes.find(&plain).unwrap_or_else(|| self.add_class(plain))
    }

    fn add_class(&mut self, ask: Ask) -> usize {
        let slot = ask.queue;
        let class = self.classes.add(ask, &self.queues[slot].profiles, &mut self.profiles);
        let queue = &mut self.queues[slot];
        queue.classes.push(class);
        self.open.close(class, queue.closed);
        class
    }

    /// When what the call asks changes next, or it is kept for nobody any more.
    pub(crate) fn next_step(&self, row: &Waiting, queue: usize) -> Option<Instant> {
        let age = row.since.age(self.now.mono);
        let steps = self.queues[queue].config.steps.iter().chain(&row.steps);
        let next = steps.map(|step| step.after).filter(|after| *after > age).min();
        let next = next.and_then(|after| row.since.plus(after).instant());
        next.into_iter().chain(row.held.map(|held| held.until)).min()
    }

    /// A call asks for less, or is kept for nobody any more. Its place stays.
    pub(crate) fn step_due(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(mut row) = self.unplace(call) else { return };
        row.held = row.held.filter(|held| held.until > now);
        // Its timer has gone off.
        row.next_step = None;
        self.place(row);
    }

    /// Arms the timer of a call's next step.
    pub(crate) fn arm_step(&mut self, row: &mut Waiting, queue: usize) {
        let next = self.next_step(row, queue);
        if core::mem::replace(&mut row.next_step, next) == next {
            return;
        }
        match next {
            Some(at) => self.timers.set(Timer::Step(row.call), at),
            None => self.timers.cancel(&Timer::Step(row.call)),
        }
    }
}

/// The last step whose time has come.
pub(crate) fn in_force(steps: &[Step], age: Duration) -> Option<&Step> {
    steps.iter().filter(|step| step.after <= age).max_by_key(|step| step.after)
}

fn ask<'a>(row: &Waiting, queue: usize, of_queue: Option<&'a Step>, own: Option<&'a Step>) -> Ask {
    let needs = |step: Option<&'a Step>| step.map_or(&[][..], |step| step.required.as_slice());
    let level_max = [of_queue, own].into_iter().flatten().filter_map(|step| step.level_max).min();
    let mut preferred: Vec<_> =
        [own, of_queue].into_iter().flatten().flat_map(|step| &step.preferred).copied().collect();
    preferred.sort_unstable();
    preferred.dedup();
    let required = union(needs(of_queue), needs(own));
    Ask { queue, kind: row.kind, required, preferred, level_max: level_max.unwrap_or(u8::MAX) }
}
