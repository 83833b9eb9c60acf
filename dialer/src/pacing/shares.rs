//! Shares by the age of an attempt at its answer: machines take their time to answer, or none at all, and people do not.

/// Of those answered at each age: how many were what is asked for.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    yes: [f64; SLOTS],
    all: [f64; SLOTS],
    /// What is believed before anything was seen: as if so many were, of so many.
    prior: (f64, f64),
}

impl Shares {
    /// Nothing was seen.
    pub(super) fn believed(yes: f64, all: f64) -> Self {
        Self { yes: [0.0; SLOTS], all: [0.0; SLOTS], prior: (yes, all) }
    }

    /// One that was answered at this age, s, was so, or was not.
    pub(super) fn saw(&mut self, age: f64, so: bool) {
        let at = slot(age);
        self.all[at] += 1.0;
        self.yes[at] += f64::from(u8::from(so));
    }

    /// The share of those answered at this age, s, when what is asked for comes `factor` times as often as on the whole.
    pub(super) fn share(&self, age: f64, factor: f64) -> f64 {
        let at = slot(age);
        let yes = self.yes[at] + self.prior.0;
        let no = self.all[at] + self.prior.1 - yes;
        yes * factor / (yes * factor + no)
    }

    /// What was seen counts a little less from now.
    pub(super) fn forget(&mut self, keep: f64) {
        self.yes.iter_mut().chain(&mut self.all).for_each(|count| *count *= keep);
    }
}

fn slot(age: f64) -> usize {
    // A float to integer cast saturates, and a negative age is slot 0.
    ((age / SLOT_S) as usize).min(SLOTS - 1)
}

/// Ages that are told apart.
const SLOTS: usize = 12;
const SLOT_S: f64 = 3.0;
