//! Bytes as a list of decisions: when they are used up, every decision is 0.

/// Reads decisions from the front.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl Script<'_> {
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let number = u64::from(self.byte()) << 8 | u64::from(self.byte());
        number % limit
    }

    pub(crate) fn chance(&mut self) -> bool {
        self.byte() & 1 == 1
    }
}
