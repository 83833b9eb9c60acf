//! The rows of openings.csv (tools/make-openings.py), and the calls that they describe.

use std::collections::BTreeMap;
use std::path::Path;

use clock::Rng;
use rtp_core::g711::Law;

use crate::sound::{Noise, Sound};

/// One opening of a call.
pub(crate) struct Opening {
    row: BTreeMap<String, String>,
    /// Where in the list: the seed of its noise.
    number: u64,
}

/// A call from the answer on. Times are in seconds.
#[derive(Default)]
pub(crate) struct Call {
    /// What is heard.
    pub(crate) sound: Sound,
    /// When each part of what is said ends.
    pub(crate) ends: Vec<f64>,
    /// When the beep begins and ends.
    pub(crate) beep: Option<(f64, f64)>,
}

impl Opening {
    /// All openings of a folder.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let list = folder.join("openings.csv");
        let text = std::fs::read_to_string(&list).unwrap_or_else(|e| panic!("{}: {e}", list.display()));
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let row = |line: &str| {
            let cells = names.iter().zip(line.splitn(names.len(), ','));
            cells.map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
        };
        lines.zip(0..).map(|(line, number)| Self { row: row(line), number }).collect()
    }

    /// A cell.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.row.get(column).map_or("", String::as_str)
    }

    /// Whether a person answers.
    pub(crate) fn is_person(&self) -> bool {
        self.text("class") == "person"
    }

    /// The law of its G.711.
    pub(crate) fn law(&self) -> Law {
        if self.text("law") == "a" { Law::A } else { Law::U }
    }

    /// Which special information tone precedes it, as the detector calls it.
    pub(crate) fn sit_word(&self) -> &'static str {
        SITS.iter().find(|(name, ..)| *name == self.text("sit")).map_or("", |(_, word, _)| word)
    }

    /// The call from the answer on.
    pub(crate) fn call(&self, folder: &Path) -> Call {
        let mut call = Call::default();
        let sound = &mut call.sound;
        let rms = self.value("rms");
        sound.silence(self.value("lead_s"));
        if let Some((_, _, tones)) = SITS.iter().find(|(name, ..)| *name == self.text("sit")) {
            tones.iter().for_each(|(hz, seconds)| sound.tone(&[*hz], *seconds, SIT_RMS));
            sound.silence(0.15);
        }
        for file in self.text("files").split(';') {
            if !call.ends.is_empty() {
                sound.silence(self.value("pause_s"));
            }
            let speech = std::fs::read(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            let clipped = if call.ends.is_empty() { self.value("clip_s") } else { 0.0 };
            sound.speech(&Sound::from_wav(&speech), clipped, rms);
            call.ends.push(sound.seconds());
        }
        if self.value("beep_s") > 0.0 {
            sound.silence(self.value("beep_gap_s"));
            let from = sound.seconds();
            sound.tone(&[self.value("beep_hz")], self.value("beep_s"), rms * BEEP_OVER_SPEECH);
            call.beep = Some((from, sound.seconds()));
        }
        sound.silence(SECONDS_AFTER);
        if let Ok(snr_db) = self.text("snr_db").parse::<f64>() {
            sound.noise(self.noise(), rms / 10f64.powf(snr_db / 20.0), &mut Rng::new(self.number));
        }
        call
    }

    fn noise(&self) -> Noise {
        match self.text("noise") {
            "pink" => Noise::Pink,
            "hum" => Noise::Hum,
            _ => Noise::White,
        }
    }

    fn value(&self, column: &str) -> f64 {
        self.text(column).parse().unwrap_or(0.0)
    }
}

/// The machine waits, the person too: long enough for dead air to be one.
const SECONDS_AFTER: f64 = 5.5;
/// Beeps are a little louder than speech.
const BEEP_OVER_SPEECH: f64 = 1.4;
/// -24 dBm0 a tone (E.180 9).
const SIT_RMS: f64 = 1_860.0;
/// A name, the detector's word, pitch (Hz) and length (s) of the three tones.
type SpecialTone = (&'static str, &'static str, [(f64, f64); 3]);

/// ANSI T1.401; E.180.
const SITS: [SpecialTone; 6] = [
    ("ic", "intercept", [(913.8, 0.274), (1_370.6, 0.274), (1_776.7, 0.38)]),
    ("vc", "vacant_code", [(985.2, 0.38), (1_370.6, 0.274), (1_776.7, 0.38)]),
    ("ro", "reorder", [(913.8, 0.274), (1_428.5, 0.38), (1_776.7, 0.38)]),
    ("nc", "no_circuit", [(985.2, 0.38), (1_428.5, 0.38), (1_776.7, 0.38)]),
    ("io", "ineffective", [(913.8, 0.38), (1_428.5, 0.274), (1_776.7, 0.38)]),
    ("itu", "itu", [(950.0, 0.33), (1_400.0, 0.33), (1_800.0, 0.33)]),
];
