//! Listening to the far side of a leg: frames go to the detector, its words to the call layer, and what was said first is
//! kept for whoever talks to that side later.

use std::collections::VecDeque;
use std::sync::Arc;

use clock::Instant;
use detect::{Detector, Event, Greeting, Heard, Input, Phase, Settings};
use media_graph::{LineEvent, LineHeard, LineVerdict};
use rtp_core::{FRAME_SAMPLES, Frame, SAMPLE_RATE_HZ};

/// One leg's detector, and its last seconds of sound.
#[derive(Debug)]
pub(crate) struct Listener {
    detector: Detector,
    /// Since the answer, the newest last.
    recent: VecDeque<i16>,
    answered: bool,
    /// What a person said first.
    words: Option<Arc<[i16]>>,
}

impl Listener {
    pub(crate) fn new() -> Self {
        let detector = Detector::new(Settings::default());
        Self { detector, recent: VecDeque::new(), answered: false, words: None }
    }

    /// The call was answered.
    pub(crate) fn answered(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.answered, true) {
            self.detector.handle(now, Input::Answered);
        }
    }

    /// The next 20 ms; what follows from them.
    pub(crate) fn hear(&mut self, now: Instant, frame: &Frame) -> Vec<LineEvent> {
        if self.answered && self.words.is_none() {
            let excess = (self.recent.len() + FRAME_SAMPLES).saturating_sub(KEPT_SAMPLES);
            self.recent.drain(..excess.min(self.recent.len()));
            self.recent.extend(frame);
        }
        self.detector.handle(now, Input::Frame(frame));
        let mut told = Vec::new();
        while let Some(event) = self.detector.poll_event() {
            told.extend(self.line_event(now, event));
        }
        told
    }

    /// What a person said first; none while nobody knows.
    pub(crate) fn first_words(&self) -> Option<Arc<[i16]>> {
        self.words.clone()
    }

    fn line_event(&mut self, now: Instant, event: Event) -> Option<LineEvent> {
        let verdict = match event {
            Event::Beep { .. } | Event::GreetingOver { .. } => return Some(LineEvent::MaySpeak),
            Event::Verdict(verdict) => verdict,
        };
        if verdict.heard == Heard::Person {
            self.keep_words(now, verdict.greeting);
        }
        Some(LineEvent::Verdict(LineVerdict {
            heard: line_heard(verdict.heard),
            early: verdict.phase == Phase::Early,
            confidence: verdict.confidence,
            reason: verdict.reason.to_string(),
            greeting_ended_ago: verdict.greeting.map(|greeting| now.since(greeting.to)),
        }))
    }

    /// From the first word to the last, with a breath around them. Without words there is nothing to be heard later.
    fn keep_words(&mut self, now: Instant, greeting: Option<Greeting>) {
        let recent: Vec<i16> = std::mem::take(&mut self.recent).into();
        let Some(greeting) = greeting else { return self.words = Some(Arc::from([])) };
        let back = |at: Instant| now.since(at).as_micros() as usize * SAMPLE_RATE_HZ as usize / 1_000_000;
        let from = recent.len().saturating_sub(back(greeting.from) + BREATH);
        let to = recent.len().saturating_sub(back(greeting.to).saturating_sub(BREATH)).max(from);
        self.words = Some(Arc::from(recent.get(from..to).unwrap_or_default()));
    }
}

fn line_heard(heard: Heard) -> LineHeard {
    match heard {
        Heard::Ringback => LineHeard::Ringback,
        Heard::Busy => LineHeard::Busy,
        Heard::Congestion => LineHeard::Congestion,
        Heard::Unobtainable => LineHeard::Unobtainable,
        Heard::Sit(_) => LineHeard::Sit,
        Heard::Announcement => LineHeard::Announcement,
        Heard::Person => LineHeard::Person,
        Heard::Machine => LineHeard::Machine,
        Heard::Fax(_) => LineHeard::Fax,
        Heard::DeadAir => LineHeard::DeadAir,
    }
}

/// Kept of what was said: 8 s, more than a person's greeting (a company's takes 5 s), the silence before it and the one behind.
/// At most 128 kB a call, for as long as it is listened to.
const KEPT_SAMPLES: usize = 8 * SAMPLE_RATE_HZ as usize;
/// 60 ms before the first word and behind the last.
const BREATH: usize = SAMPLE_RATE_HZ as usize * 60 / 1_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A sine that comes and goes says nothing to anybody; silence after the answer is dead air.
    #[test]
    fn silence_after_the_answer_is_dead_air_and_early_tones_are_told() {
        let mut listener = Listener::new();
        let mut now = Instant::ZERO;
        let mut told = Vec::new();
        let mut tick = |listener: &mut Listener, frame: &Frame| {
            now += Duration::from_millis(20);
            told.extend(listener.hear(now, frame));
            now
        };
        let busy = |index: u64| {
            let mut frame = [0; FRAME_SAMPLES];
            rtp_core::tone::Tone::Busy.fill(index * FRAME_SAMPLES as u64, &mut frame);
            frame
        };
        for index in 0..250 {
            tick(&mut listener, &busy(index));
        }
        let at = tick(&mut listener, &[0; FRAME_SAMPLES]);
        listener.answered(at);
        for _ in 0..400 {
            tick(&mut listener, &[0; FRAME_SAMPLES]);
        }
        let heard: Vec<(LineHeard, bool)> = told
            .iter()
            .filter_map(|event| match event {
                LineEvent::Verdict(verdict) => Some((verdict.heard, verdict.early)),
                LineEvent::MaySpeak => None,
            })
            .collect();
        assert_eq!(heard, [(LineHeard::Busy, true), (LineHeard::DeadAir, false)]);
    }

    #[test]
    fn the_sound_that_is_kept_is_bounded() {
        let mut listener = Listener::new();
        listener.answered(Instant::ZERO);
        for index in 0..1_000 {
            listener.hear(Instant::from_nanos(index * 20_000_000), &[1; FRAME_SAMPLES]);
        }
        assert!(listener.recent.len() <= KEPT_SAMPLES);
    }
}
