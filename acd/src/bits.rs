//! Sets of small numbers, one bit each.

/// Numbers from 0, as far as the largest that was put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn insert(&mut self, number: usize) {
        let word = number / WORD;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % WORD);
    }

    pub(crate) fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / WORD) {
            *word &= !(1 << (number % WORD));
        }
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.0.get(number / WORD).is_some_and(|word| word & (1 << (number % WORD)) != 0)
    }

    /// The numbers that are in both, ascending.
    pub(crate) fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let words = self.0.iter().zip(&other.0).enumerate();
        words.flat_map(|(index, (one, two))| Ones(one & two).map(move |bit| index * WORD + bit))
    }
}

/// The places of a word's ones.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        (self.0 != 0).then(|| {
            let bit = self.0.trailing_zeros() as usize;
            self.0 &= self.0 - 1;
            bit
        })
    }
}

const WORD: usize = u64::BITS as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_sets_share() {
        let (mut one, mut two) = (Bits::default(), Bits::default());
        [0, 3, 64, 200].into_iter().for_each(|number| one.insert(number));
        [3, 63, 64, 199, 200, 900].into_iter().for_each(|number| two.insert(number));
        two.remove(200);
        two.remove(5_000);
        assert_eq!(one.common(&two).collect::<Vec<_>>(), [3, 64]);
        assert!(one.has(200) && !two.has(200) && !one.has(5_000));
    }
}
