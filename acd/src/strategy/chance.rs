//! By chance: an urn from which each agent in it is drawn with the same probability.

/// A Fenwick tree over the slots of a profile: who is in it is counted, and the n-th found, in O(log n). What it holds
/// follows from who is idle alone, so the same draws give the same agents after a rebuild.
#[derive(Clone, Debug, Default)]
pub(crate) struct Urn {
    slots: Vec<usize>,
    inside: Vec<bool>,
    tree: Vec<u32>,
}

impl Urn {
    /// An empty urn for these slots, ascending.
    pub(crate) fn new(slots: Vec<usize>) -> Self {
        Self { inside: vec![false; slots.len()], tree: vec![0; slots.len() + 1], slots }
    }

    /// Puts a slot in, or takes it out.
    pub(crate) fn put(&mut self, slot: usize, inside: bool) {
        let Ok(index) = self.slots.binary_search(&slot) else { return };
        if self.inside[index] == inside {
            return;
        }
        self.inside[index] = inside;
        let mut node = index + 1;
        while node < self.tree.len() {
            let count = &mut self.tree[node];
            *count = if inside { *count + 1 } else { count.saturating_sub(1) };
            node += node & node.wrapping_neg();
        }
    }

    /// The slot with this number among those inside, from 0.
    pub(crate) fn nth(&self, number: u64) -> Option<usize> {
        let (mut node, mut left) = (0, number);
        let mut step = self.tree.len().next_power_of_two();
        while step > 0 {
            if let Some(count) = self.tree.get(node + step)
                && u64::from(*count) <= left
            {
                left -= u64::from(*count);
                node += step;
            }
            step /= 2;
        }
        self.slots.get(node).copied().filter(|_| self.inside.get(node) == Some(&true))
    }

    /// All slots inside, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().zip(&self.inside).filter(|(_, inside)| **inside).map(|(slot, _)| *slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_one_inside_has_one_number() {
        let mut urn = Urn::new((10..30).collect());
        [10, 13, 14, 29, 28, 13, 99].into_iter().for_each(|slot| urn.put(slot, true));
        urn.put(28, false);
        urn.put(20, false);
        let drawn: Vec<_> = (0..5).map(|number| urn.nth(number)).collect();
        assert_eq!(drawn, [Some(10), Some(13), Some(14), Some(29), None]);
        assert_eq!(urn.iter().collect::<Vec<_>>(), [10, 13, 14, 29]);
        assert_eq!(Urn::default().nth(0), None);
    }
}
