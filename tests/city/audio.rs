//! What the city sounds like: the labelled openings and tones of the detection's own tests, as G.711 u-law frames, and the
//! mark by which each agent's voice is known.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{root, ulaw_decode};

/// 20 ms.
pub(crate) type Frame = [u8; FRAME_SAMPLES];

/// A recording.
pub(crate) struct Sound {
    pub(crate) file: String,
    pub(crate) frames: Vec<Frame>,
    /// From the answer to the first word.
    speaks_at: Duration,
    /// From the answer to the end of the first words.
    pub(crate) greeting: Duration,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Sounds {
    pub(crate) people: Vec<Arc<Sound>>,
    pub(crate) machines: Vec<Arc<Sound>>,
    /// What a network says before an answer: a special information tone, or busy.
    pub(crate) tones: Vec<Arc<Sound>>,
}

impl Sounds {
    /// Reads them.
    pub(crate) fn read() -> Self {
        let folder = root().join("media/detect/tests/data");
        let labels = std::fs::read_to_string(folder.join("labels.csv")).expect("the openings are labelled");
        let rows: Vec<Vec<&str>> = labels.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let of = |class: &str, wanted: &dyn Fn(&str) -> bool| -> Vec<Arc<Sound>> {
            let named = rows.iter().filter(|row| row[1] == class && wanted(row[2]));
            named.map(|row| Arc::new(Sound::read(&folder, row[0], row[7]))).collect()
        };
        Self {
            people: of("human", &|_| true),
            machines: of("machine", &|_| true),
            tones: of("tone", &|kind| kind.starts_with("sit-") || kind == "busy"),
        }
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)
    }
}

impl Sound {
    fn read(folder: &Path, file: &str, segments: &str) -> Self {
        let bytes = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let data = bytes.windows(4).position(|four| four == b"data").expect("a WAV file has samples") + 8;
        let (frames, _) = bytes[data..].as_chunks::<FRAME_SAMPLES>();
        let first = segments.split(';').next().and_then(|span| span.split_once('-'));
        let seconds =
            |text: Option<&str>| Duration::from_secs_f64(text.and_then(|text| text.parse().ok()).unwrap_or(0.0));
        let (speaks_at, greeting) = (seconds(first.map(|span| span.0)), seconds(first.map(|span| span.1)));
        Self { file: file.to_owned(), frames: frames.to_vec(), speaks_at, greeting }
    }

    /// Short pieces of its first words, the loudest of each quarter, as samples.
    pub(crate) fn pieces(&self) -> Vec<Vec<i16>> {
        let samples: Vec<i16> = self.frames.iter().flatten().map(|byte| ulaw_decode(*byte)).collect();
        let at = |moment: Duration| samples.len().min((moment.as_secs_f64() * 8_000.0) as usize);
        let words = &samples[at(self.speaks_at)..at(self.greeting)];
        let quarters = words.chunks(words.len().div_ceil(4).max(PIECE_SAMPLES));
        let loudest = |quarter: &[i16]| {
            let pieces = quarter.windows(PIECE_SAMPLES).step_by(PIECE_SAMPLES / 4);
            pieces.max_by_key(|piece| energy(piece)).map(<[i16]>::to_vec)
        };
        quarters.filter_map(loudest).collect()
    }
}

/// How many of `pieces` are in `heard`, whatever else is heard with them.
pub(crate) fn pieces_in(pieces: &[Vec<i16>], heard: &[i16]) -> usize {
    let is_heard = |piece: &&Vec<i16>| {
        let loud = energy(piece);
        heard.windows(piece.len()).any(|window| {
            let product: i64 = window.iter().zip(*piece).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            // Where the two hardly go together there is no need for the root.
            product * 2 > loud && product as f64 > LIKE * (loud as f64 * energy(window) as f64).sqrt()
        })
    };
    pieces.iter().filter(is_heard).count()
}

fn energy(samples: &[i16]) -> i64 {
    samples.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum()
}

/// What an agent sends all the time: a square wave of 500 Hz whose height is his own.
pub(crate) fn mark(agent: u8) -> Frame {
    std::array::from_fn(|at| if at % 16 < 8 { agent } else { agent | 0x80 })
}

/// Whose mark a payload is.
pub(crate) fn mark_in(payload: &[u8]) -> Option<u8> {
    let height = payload.get(MARK_LOOKED_AT)? & 0x7f;
    let same = payload.iter().filter(|byte| **byte & 0x7f == height).count();
    (height < MARKS && same * 10 >= payload.len() * 9).then_some(height)
}

/// The mark as samples, for phones that read a file.
pub(crate) fn mark_samples(agent: u8, seconds: usize) -> Vec<i16> {
    let frame = mark(agent).map(ulaw_decode);
    frame.into_iter().cycle().take(seconds * 8_000).collect()
}

/// Silence.
pub(crate) const SILENCE: Frame = [0xff; FRAME_SAMPLES];
/// G.711 at 8 kHz.
pub(crate) const FRAME_SAMPLES: usize = 160;
/// Heights that differ: the louder half of u-law's.
const MARKS: u8 = 64;
/// The middle of a payload: its edges may be faded.
const MARK_LOOKED_AT: usize = FRAME_SAMPLES / 2;
/// 30 ms of speech.
const PIECE_SAMPLES: usize = 240;
/// Correlation with what is heard: a tone, noise of the line and the next words may lie over it.
const LIKE: f64 = 0.85;
