//! A large set of numbers that does not change, in little memory.

/// Numbers in blocks of 65,536: a block that has any costs 16 bytes, a number 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// What the numbers of a block have in common, and where they begin in `lows`; by the former.
    blocks: Box<[(u64, u32)]>,
    /// The last 16 bits of each number, block by block in order.
    lows: Box<[u16]>,
}

impl Numbers {
    /// Holds these, in any order; what is there twice counts once. More than [`NUMBERS_MAX`] are refused: none.
    #[must_use]
    pub fn new(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() > NUMBERS_MAX {
            return None;
        }
        let mut blocks: Vec<(u64, u32)> = Vec::new();
        for (at, number) in numbers.iter().enumerate() {
            if blocks.last().is_none_or(|(high, _)| *high != number >> LOW_BITS) {
                blocks.push((number >> LOW_BITS, u32::try_from(at).ok()?));
            }
        }
        // The lowest 16 bits.
        let lows = numbers.iter().map(|number| (number & u64::from(u16::MAX)) as u16).collect();
        Some(Self { blocks: blocks.into(), lows })
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        let Ok(found) = self.blocks.binary_search_by_key(&(number >> LOW_BITS), |(high, _)| *high) else {
            return false;
        };
        let start = |block: usize| self.blocks.get(block).map_or(self.lows.len(), |(_, start)| *start as usize);
        let low = (number & u64::from(u16::MAX)) as u16;
        self.lows.get(start(found)..start(found + 1)).is_some_and(|lows| lows.binary_search(&low).is_ok())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lows.len()
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lows.is_empty()
    }

    /// What they take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.blocks) + size_of_val(&*self.lows)
    }
}

/// The digits of a number in E.164 as a number: none has a zero before them.
#[must_use]
pub fn packed(number: &str) -> Option<u64> {
    let digits = number.strip_prefix('+').filter(|digits| (1..=DIGITS_MAX).contains(&digits.len()))?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.starts_with('0') {
        return None;
    }
    digits.parse().ok()
}

/// The largest national list has some 250 million numbers: 500 MB, for a machine that has them to spare.
pub const NUMBERS_MAX: usize = 300_000_000;
const LOW_BITS: u32 = 16;
/// ITU-T E.164 6.2.
const DIGITS_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_numbers_are_packed() {
        assert_eq!(packed("+442071838750"), Some(442_071_838_750));
        assert_eq!(packed("+999999999999999"), Some(999_999_999_999_999));
        for bad in ["", "+", "442071838750", "+0442071838750", "+44 20", "+44x", "+9999999999999999", "++44"] {
            assert_eq!(packed(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in_and_nothing_else(
            numbers in prop::collection::vec(prop_oneof![0..200_000_u64, 442_070_000_000..442_071_000_000_u64], 0..300),
            asked in prop::collection::vec(0..200_000_u64, 0..100),
        ) {
            let set = Numbers::new(numbers.clone()).unwrap();
            let naive: std::collections::BTreeSet<u64> = numbers.iter().copied().collect();
            prop_assert_eq!(set.len(), naive.len());
            for number in numbers.iter().chain(&asked) {
                prop_assert_eq!(set.contains(*number), naive.contains(number), "{}", number);
            }
        }
    }
}
