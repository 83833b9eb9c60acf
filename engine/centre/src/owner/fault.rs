//! Broken assertions on demand, for tests. Never in a release: the feature `fault-injection` is off by default.

use super::Named;

/// When an owner is to break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Once: at the next input or time-out.
    Next,
    /// At each input that names this.
    At(Named),
    /// At the next two of them: what is released later breaks nothing.
    Twice(Named),
    /// At the next of them.
    Once(Named),
    /// At each time-out, early ones included.
    Timeouts,
}

/// What is to come. It breaks after the core has done its work, so that a core in the middle of its effects is lost.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Breaks if it is time; `names` is what the input names, `None` for a time-out.
    pub(super) fn strike(&mut self, names: Option<&[Named]>) {
        let due = |fault: &Fault| match fault {
            Fault::Next => true,
            Fault::At(one) | Fault::Twice(one) | Fault::Once(one) => names.is_some_and(|names| names.contains(one)),
            Fault::Timeouts => names.is_none(),
        };
        let Some(index) = self.0.iter().position(due) else { return };
        match &self.0[index] {
            Fault::Next | Fault::Once(_) => drop(self.0.remove(index)),
            Fault::Twice(one) => self.0[index] = Fault::Once(one.clone()),
            Fault::At(_) | Fault::Timeouts => {}
        }
        panic!("broken on demand");
    }
}
