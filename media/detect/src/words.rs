//! Which words are heard: a small convolutional network that was trained with words in any order, by no label but where each
//! word was said (`tools/make-words.py`, `tools/train-words.py`); so it knows neither sentences nor who says them.
//!
//! `words.bin` has its weights, our own as the rest. It runs while the greeting does, a column of each layer at a time. Sums
//! of `f32` are taken in one order, so that the same sound gives the same words everywhere.

use crate::bands::{BANDS, Colour};

/// How many words it knows (`tools/words.toml`).
pub(crate) const WORDS: usize = 272;

/// What listening for them takes a call, bytes.
pub const WORDS_BYTES: usize = size_of::<Spotter>();

/// How sure it is at best that each word was said: 0 to 100, 50 for even odds.
pub(crate) type Heard = [u8; WORDS];

/// What listens for words from the answer on.
#[derive(Clone, Debug)]
pub(crate) struct Spotter {
    /// The loudest of late, sixteenths of half decibels.
    loudest: u32,
    layers: (Layer<BANDS, 32>, Layer<32, 48>, Layer<48, 64>, Layer<64, LAST_COLUMN>),
    heard: Heard,
}

impl Spotter {
    pub(crate) fn new() -> Self {
        let starts = [LAYER_1, LAYER_2, LAYER_3, LAYER_4];
        let [one, two, three, four] = starts;
        let layers = (Layer::new(one, 2), Layer::new(two, 2), Layer::new(three, 1), Layer::new(four, 1));
        let mut spotter = Self { loudest: 0, layers, heard: [0; WORDS] };
        // As if it had been silent before.
        (0..SEES).for_each(|_| spotter.next(&[0; BANDS]));
        spotter.heard = [0; WORDS];
        spotter
    }

    /// Takes the next frame.
    pub(crate) fn next(&mut self, colour: &Colour) {
        let most = colour.iter().copied().max().unwrap_or_default().max(LOWEST);
        self.loudest = self.loudest.saturating_sub(1).max(u32::from(most) * 16);
        let level = |of: &u8| self.loudest.saturating_sub(u32::from(*of) * 16).min(u32::from(FAINT) * 16);
        let sound = colour.each_ref().map(|of| 1.0 - level(of) as f32 / (f32::from(FAINT) * 8.0));
        let (one, two, three, four) = &mut self.layers;
        let column = one.next(&sound).and_then(|column| two.next(&column)).and_then(|column| three.next(&column));
        if let Some(column) = column.and_then(|column| four.next(&column)) {
            self.hear(&column);
        }
    }

    /// What was heard so far.
    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// The last layer: the odds of each word.
    fn hear(&mut self, column: &[f32; LAST_COLUMN]) {
        let mut odds = constants::<WORDS>(LAST + LAST_COLUMN * WORDS);
        add(&mut odds, column, LAST);
        for (heard, odds) in self.heard.iter_mut().zip(odds) {
            *heard = (*heard).max(((odds + SURE) * (50.0 / SURE)).clamp(0.0, 100.0) as u8);
        }
    }
}

/// One layer: each output is a sum over the last five columns of its inputs, nothing if it is negative.
#[derive(Clone, Debug)]
struct Layer<const I: usize, const O: usize> {
    /// The last columns, oldest first.
    columns: [[f32; I]; KERNEL],
    /// Where its weights begin.
    start: usize,
    /// Every so many columns it has an output; so many are left until then.
    stride: u8,
    left: u8,
}

impl<const I: usize, const O: usize> Layer<I, O> {
    fn new(start: usize, stride: u8) -> Self {
        Self { columns: [[0.0; I]; KERNEL], start, stride, left: KERNEL as u8 }
    }

    fn next(&mut self, column: &[f32; I]) -> Option<[f32; O]> {
        self.columns.rotate_left(1);
        self.columns[KERNEL - 1] = *column;
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        self.left = self.stride;
        let mut sums = constants::<O>(self.start + KERNEL * I * O);
        for (n, column) in self.columns.iter().enumerate() {
            add(&mut sums, column, self.start + n * I * O);
        }
        Some(sums.map(|sum| sum.max(0.0)))
    }
}

/// Adds inputs times their factors, which follow each other from `start` on, input by input.
fn add<const I: usize, const O: usize>(sums: &mut [f32; O], inputs: &[f32; I], start: usize) {
    let factors = WEIGHTS.get(start..start + I * O).unwrap_or_default();
    for (input, factors) in inputs.iter().zip(factors.as_chunks::<O>().0) {
        let input = input / ONE;
        sums.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += input * f32::from(*factor));
    }
}

fn constants<const O: usize>(start: usize) -> [f32; O] {
    let mut out = [0.0; O];
    out.iter_mut().zip(WEIGHTS.iter().skip(start)).for_each(|(out, weight)| *out = f32::from(*weight) / ONE);
    out
}

/// Outputs of the last layer before the words.
const LAST_COLUMN: usize = 80;
/// Columns that a sum takes.
const KERNEL: usize = 5;
/// Frames that the last layer sees: 0.9 s.
const SEES: usize = 45;
/// So many half decibels below the loudest of late there is silence; the loudest falls by a sixteenth a frame.
const FAINT: u8 = 80;
/// The loudest is never less.
const LOWEST: u8 = 80;
/// Odds of e to this power and more are certain.
const SURE: f32 = 3.0;
/// Weights are whole numbers of 1/4096, layer after layer: factors by column, input and output, then constants.
const ONE: f32 = 4_096.0;
const LAYER_1: usize = 0;
const LAYER_2: usize = LAYER_1 + (KERNEL * BANDS + 1) * 32;
const LAYER_3: usize = LAYER_2 + (KERNEL * 32 + 1) * 48;
const LAYER_4: usize = LAYER_3 + (KERNEL * 48 + 1) * 64;
const LAST: usize = LAYER_4 + (KERNEL * 64 + 1) * LAST_COLUMN;
const COUNT: usize = LAST + (LAST_COLUMN + 1) * WORDS;
static WEIGHTS: [i16; COUNT] = weights(include_bytes!("words.bin"));

const fn weights(bytes: &[u8; 2 * COUNT]) -> [i16; COUNT] {
    let mut out = [0; COUNT];
    let mut n = 0;
    while n < COUNT {
        out[n] = i16::from_le_bytes([bytes[2 * n], bytes[2 * n + 1]]);
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_however_loud() {
        let mut spotters = [Spotter::new(), Spotter::new()];
        for n in 0..200_u8 {
            let colour: Colour = core::array::from_fn(|band| 110 + (n.wrapping_mul(7) / 2 + band as u8 * 3) % 60);
            spotters[0].next(&colour);
            spotters[1].next(&colour.map(|level| level - 20));
        }
        assert_eq!(spotters[0].heard(), spotters[1].heard());
    }

    #[test]
    fn silence_says_nothing() {
        let mut spotter = Spotter::new();
        (0..400).for_each(|_| spotter.next(&[0; BANDS]));
        assert!(spotter.heard().iter().all(|sure| *sure < 30), "{:?}", spotter.heard());
    }
}
