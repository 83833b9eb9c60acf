//! What a detector makes of one opening.

use core::time::Duration;
use std::path::Path;

use clock::Instant;
use detect::{Detector, Event, Features, Heard, Input, Reason, Settings, Verdict};

use crate::opening::Opening;

/// What was decided about an opening.
pub(crate) struct Outcome<'a> {
    pub(crate) opening: &'a Opening,
    pub(crate) verdict: Option<Verdict>,
    /// The shape of what was said until then.
    pub(crate) features: Features,
    /// How sure each word was heard by then.
    pub(crate) words: Vec<u8>,
    /// Seconds from the end of the last part that was over by then; negative for who was still speaking.
    pub(crate) late_s: f64,
    /// Beeps reported that are there, beeps reported that are not, and beeps that were not reported.
    pub(crate) beeps: [u32; 3],
}

impl<'a> Outcome<'a> {
    /// Feeds a detector with the whole opening, answered at its start.
    pub(crate) fn of(opening: &'a Opening, folder: &Path) -> Self {
        let call = opening.call(folder);
        let mut detector = Detector::new(Settings::default());
        let mut now = Instant::ZERO;
        detector.handle(now, Input::Answered);
        let (mut verdict, mut features, mut words, mut found) = (None, Features::default(), Vec::new(), Vec::new());
        for frame in call.sound.frames(opening.law()) {
            now += Duration::from_millis(20);
            if let Some(heard) = detector.words() {
                (features, words) = (detector.features(), heard.to_vec());
            }
            detector.handle(now, Input::Frame(&frame));
            while let Some(event) = detector.poll_event() {
                match event {
                    Event::Verdict(told) if told.heard.ends_detection() && verdict.is_none() => verdict = Some(told),
                    Event::Beep { from, to, .. } => found.push((seconds(from), seconds(to))),
                    _ => {}
                }
            }
        }
        let at = verdict.map_or(seconds(now), |verdict: Verdict| seconds(verdict.at));
        let end = call.ends.iter().copied().filter(|end| *end < at).fold(0.0, f64::max);
        let late_s = at - if end > 0.0 { end } else { at };
        Self { opening, verdict, features, words, late_s, beeps: matched(&found, call.beep) }
    }

    /// The word of the verdict.
    pub(crate) fn heard(&self) -> &'static str {
        self.verdict.map_or("undecided", |verdict| verdict.heard.word())
    }

    /// Whether the shape of a complete greeting decided.
    pub(crate) fn is_by_shape(&self) -> bool {
        self.verdict.is_some_and(|verdict| matches!(verdict.reason, Reason::Spoken { goes_on: false, .. }))
    }

    /// A person for whom no agent is called, or a machine for which one is.
    pub(crate) fn is_mistaken(&self) -> bool {
        let as_person = self.verdict.is_none_or(|verdict| verdict.heard == Heard::Person);
        as_person != self.opening.is_person()
    }
}

/// Right when it begins and ends within 100 ms of what it should.
fn matched(found: &[(f64, f64)], beep: Option<(f64, f64)>) -> [u32; 3] {
    let is_right = |(from, to): &(f64, f64)| {
        beep.is_some_and(|beep| (from - beep.0).abs() < BEEP_OFF_S && (to - beep.1).abs() < BEEP_OFF_S)
    };
    let right = u32::from(found.iter().any(is_right));
    [right, found.len() as u32 - right, u32::from(beep.is_some()) - right]
}

fn seconds(at: Instant) -> f64 {
    at.as_nanos() as f64 / 1e9
}

const BEEP_OFF_S: f64 = 0.1;
