//! Agents against answers, at each of the times when a number dialled now may be answered.

use super::answers::LANDINGS;
use super::risk::Sum;

/// Free agents, those who will be, less the answers that come for them: one sum for each landing time.
#[derive(Clone, Debug)]
pub(super) struct Outlook {
    sums: Vec<Sum>,
}

impl Outlook {
    pub(super) fn new() -> Self {
        Self { sums: vec![Sum::default(); LANDINGS] }
    }

    /// The sums, one a landing time.
    pub(super) fn sums(&mut self) -> impl Iterator<Item = &mut Sum> {
        self.sums.iter_mut()
    }

    /// Chance that an answer to a number dialled now finds no agent.
    pub(super) fn risk(&self) -> f64 {
        self.sums.iter().map(none_left).sum::<f64>() / LANDINGS as f64
    }

    /// Chance that an answer at the first of the times finds no agent.
    pub(super) fn risk_soon(&self) -> f64 {
        self.sums.first().map_or(1.0, none_left)
    }

    /// Adds numbers that land by each of the times with these chances, while the risk is at most `bound`, `most` at
    /// most. Returns how many.
    pub(super) fn fill(&mut self, lands: &[f64; LANDINGS], bound: f64, most: u32) -> u32 {
        let mut dials = 0;
        while dials < most && self.risk() <= bound {
            dials += 1;
            self.sums.iter_mut().zip(lands).for_each(|(sum, p)| sum.lose(*p));
        }
        dials
    }
}

fn none_left(sum: &Sum) -> f64 {
    sum.at_most(0)
}
