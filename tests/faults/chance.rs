//! Chance with a seed that is printed, so that a round can be repeated.

/// A generator that its seed determines (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// The generator of one round. `TRUNKLINE_SEED` repeats a round that failed.
    pub(crate) fn of_round(what: &str, round: u32) -> Self {
        let drawn = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_nanos());
        let given = std::env::var("TRUNKLINE_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or((drawn as u64) >> 10);
        println!("{what}, round {round}: TRUNKLINE_SEED={seed}");
        Self { state: seed }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `bound` - 1.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }
}

#[test]
fn a_seed_decides_everything() {
    let draw = |seed| {
        let mut chance = Chance { state: seed };
        (0..4).map(|_| chance.below(1_000)).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert!(super::rounds(1, 2) <= 2);
    let _printed = Chance::of_round("chance", 1);
}
