//! By what an agent has done: longest idle, fewest calls, least talk time, weighted.

use core::time::Duration;

use clock::QueueId;

use crate::order::Stamp;

/// What is counted of an agent since he became known to this node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// End of his last queue call, or the last offer that he did not take, or
    /// when he became known: never sign-on or the end of a pause.
    pub(crate) idle_since: Stamp,
    /// Calls of queues that he answered.
    pub(crate) answered: u32,
    /// Time in calls of queues.
    pub(crate) talked: Duration,
    /// Calls that he answered, by queue.
    pub(crate) by_queue: Vec<(QueueId, u32)>,
}

impl Figures {
    /// He answered a call of this queue.
    pub(crate) fn answer(&mut self, queue: QueueId) {
        self.answered = self.answered.saturating_add(1);
        match self.by_queue.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, answered)) => *answered = answered.saturating_add(1),
            None => self.by_queue.push((queue, 1)),
        }
    }

    /// He joins this queue as one who has answered so many calls of it, or more, if he did.
    pub(crate) fn begin_in(&mut self, queue: QueueId, answered: u32) {
        match self.by_queue.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, known)) => *known = answered.max(*known),
            None => self.by_queue.push((queue, answered)),
        }
    }

    pub(crate) fn answered_in(&self, queue: QueueId) -> u32 {
        self.by_queue.iter().find(|(known, _)| *known == queue).map_or(0, |(_, answered)| *answered)
    }

    pub(crate) const fn longest_idle(&self) -> i64 {
        self.idle_since.as_nanos()
    }

    pub(crate) fn fewest_calls(&self) -> i64 {
        i64::from(self.answered)
    }

    pub(crate) fn least_talk(&self) -> i64 {
        i64::try_from(self.talked.as_micros()).unwrap_or(i64::MAX)
    }
}

/// Calls answered for each point of weight, in thousandths: who has the least is furthest behind his share.
pub(crate) fn share(answered: u32, weight: u32) -> i64 {
    i64::from(answered) * SHARE_UNITS / i64::from(weight.max(1))
}

/// The calls that are such a share with this weight.
pub(crate) fn answered_for(share: i64, weight: u32) -> u32 {
    u32::try_from(share.saturating_mul(i64::from(weight.max(1))) / SHARE_UNITS).unwrap_or(u32::MAX)
}

/// Shares are compared in thousandths of a call.
const SHARE_UNITS: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_calls_by_weight() {
        let mut figures = Figures::default();
        (0..6).for_each(|_| figures.answer(QueueId(1)));
        figures.answer(QueueId(2));
        assert_eq!((figures.answered, figures.answered_in(QueueId(1)), figures.answered_in(QueueId(3))), (7, 6, 0));
        assert!(share(6, 3) == share(2, 1) && share(6, 3) < share(3, 1) && share(5, 0) == share(5, 1));
    }
}
