//! The detector of one call: frames in, events out.

use core::time::Duration;
use std::collections::VecDeque;

use clock::Instant;

use crate::cadence::{Cadence, Rhythm};
use crate::contract::{Event, FRAME_SAMPLES, Fax, Frame, Greeting, Heard, Input, Phase, Reason, Settings, Verdict};
use crate::greeting::{Features, Phrases, frames};
use crate::judge;
use crate::single::{Single, Singles};
use crate::sit;
use crate::tone::{Pitch, Tones};
use crate::voice::{Voice, Voiced};
use crate::words::Spotter;

/// What listens to the far side of one outbound call. Make it with the call, feed it every 20 ms, drop it with the leg.
#[derive(Clone, Debug)]
pub struct Detector {
    settings: Settings,
    phase: Phase,
    now: Instant,
    tones: Tones,
    voice: Voice,
    sounds: Sounds,
    /// From the answer to the verdict.
    words: Option<Box<Spotter>>,
    /// What was reported last, so that it is reported once.
    reported: Option<Heard>,
    verdict: Option<Heard>,
    greeting_over: bool,
    events: VecDeque<Event>,
}

/// What is counted from the start of a phase on, in frames.
#[derive(Clone, Debug, Default)]
struct Sounds {
    now: u32,
    singles: Singles,
    cadence: Cadence,
    phrases: Phrases,
    /// Flags of voice that a tone may still take back, oldest first.
    pending: VecDeque<Voiced>,
    /// For how many frames a tone has sounded.
    tonal: (u32, Pitch),
    /// The frame after the last tone of the network.
    progress_until: u32,
    last_beep: u32,
    /// A tone before any word, until it is known that no other follows.
    lone: Option<Single>,
}

impl Detector {
    /// A detector for a call that is being dialed.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            phase: Phase::Early,
            now: Instant::ZERO,
            tones: Tones::new(),
            voice: Voice::new(),
            sounds: Sounds::default(),
            words: None,
            reported: None,
            verdict: None,
            greeting_over: false,
            events: VecDeque::new(),
        }
    }

    /// Takes a frame, or the answer. `now` is when the frame is complete.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Frame(frame) => self.hear(frame),
            Input::Answered if self.phase == Phase::Early => {
                self.phase = Phase::Answered;
                self.sounds = Sounds::default();
                self.words = Some(Box::new(Spotter::new()));
                (self.reported, self.verdict) = (None, None);
            }
            Input::Answered => {}
        }
    }

    /// The next event; `None` when all are taken.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The shape of what was said since the answer.
    #[must_use]
    pub fn features(&self) -> Features {
        let words = self.words.as_ref().map_or(0, |words| judge::of_words(words.heard()));
        Features { words, ..self.sounds.phrases.features() }
    }

    /// How sure it is, 0 to 100, that each of the words that it knows was said (`tools/words.toml`); from the answer to the
    /// verdict. What the card is fitted to.
    #[must_use]
    pub fn words(&self) -> Option<&[u8]> {
        self.words.as_ref().map(|words| words.heard().as_slice())
    }

    /// Whether the verdict after the answer is there: then only beeps are left to be heard.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.phase == Phase::Answered && self.verdict.is_some()
    }

    fn hear(&mut self, frame: &Frame) {
        let mut voice = self.voice.next(frame);
        let heard = self.tones.next(frame, voice.is_voice);
        voice.period = heard.period;
        if let Some(words) = &mut self.words {
            words.next(&heard.colour);
        }
        let s = &mut self.sounds;
        s.now = s.now.saturating_add(1);
        let ended = s.singles.next(heard);
        let rhythm = s.cadence.next(heard);
        s.flag(voice, heard.pitch, ended);
        if s.cadence.is_running() {
            s.progress_until = s.now;
        }
        if let Some(tone) = ended.filter(|tone| self.sounds.is_beep(tone)) {
            self.beep_ended(tone);
        }
        if self.verdict.is_none() {
            self.judge(rhythm, ended);
        } else {
            self.watch_greeting();
        }
    }

    /// One look at everything, tones first: they are certain.
    fn judge(&mut self, rhythm: Option<Rhythm>, ended: Option<Single>) {
        if let Some((kind, hz)) = sit::heard(&self.sounds.singles) {
            return self.report(Heard::Sit(kind), 98, Reason::ThreeTones { hz });
        }
        let spoken = self.sounds.phrases.any();
        if let Some(rhythm) = rhythm.filter(|rhythm| !spoken || rhythm.heard != Heard::Ringback) {
            self.network_tone(rhythm);
        }
        match self.phase {
            Phase::Early => self.judge_early(),
            Phase::Answered => self.judge_answered(ended),
        }
    }

    fn network_tone(&mut self, rhythm: Rhythm) {
        let Rhythm { heard, pitch, on, off } = rhythm;
        let reason = if heard == Heard::Unobtainable {
            Reason::Steady { hz: pitch.hz(), on: frames(on) }
        } else {
            Reason::Cadence { hz: pitch.hz(), on: frames(on), off: frames(off) }
        };
        self.report(heard, 95, reason);
    }

    fn judge_early(&mut self) {
        let spoke = self.sounds.phrases.features().spoken;
        if spoke >= ANNOUNCEMENT {
            self.report(Heard::Announcement, 80, Reason::EarlySpeech { spoke });
        }
    }

    fn judge_answered(&mut self, ended: Option<Single>) {
        if self.fax(ended) || self.recording_tone(ended) || self.verdict.is_some() {
            return;
        }
        let features = self.features();
        let s = &self.sounds;
        let since = frames(s.now - s.progress_until);
        if s.phrases.any() {
            let silence = s.silence();
            let waits = s.has_new_tone() && silence < self.settings.greeting_silence + TONE_MAY_TAKE;
            if silence >= self.settings.greeting_silence && !waits {
                self.complete(features);
            } else if features.span >= self.settings.longest_person {
                self.report(Heard::Machine, 97, Reason::Spoken { features, goes_on: true });
            }
        } else if since >= self.settings.dead_air_after && s.pending.iter().all(|flag| !flag.is_voice) {
            self.report(Heard::DeadAir, 90, Reason::NoVoice { since });
        } else if frames(s.now) >= self.settings.decide_within {
            self.report(Heard::Person, 50, Reason::Undecided);
        }
    }

    /// The greeting is over without a beep.
    fn complete(&mut self, features: Features) {
        let judged = judge::of_complete(&features);
        let heard = if judged.is_machine { Heard::Machine } else { Heard::Person };
        self.report(heard, judged.confidence, Reason::Spoken { features, goes_on: false });
    }

    /// Fax tones, where nobody has spoken.
    fn fax(&mut self, ended: Option<Single>) -> bool {
        if self.sounds.phrases.any() {
            return false;
        }
        let steady = |hz: (u16, u16), tone: Single| Reason::Steady { hz, on: frames(tone.frames()) };
        if let Some(tone) = self.sounds.singles.sounding().filter(|tone| is_near(tone, CED_HZ, CED_OFF_HZ)) {
            if tone.frames() == CED_LEAST {
                self.report(Heard::Fax(Fax::Ced), 97, steady(Pitch::One(tone.hz).hz(), tone));
            }
            return true;
        }
        let Some(tone) = ended.filter(|tone| is_near(tone, CNG_HZ, CNG_OFF_HZ) && CNG_FRAMES.contains(&tone.frames()))
        else {
            return false;
        };
        self.report(Heard::Fax(Fax::Cng), 85, steady(Pitch::One(tone.hz).hz(), tone));
        true
    }

    /// A beep says machine: after speech as soon as it is one, before any word when it is over and nothing follows.
    fn recording_tone(&mut self, ended: Option<Single>) -> bool {
        let s = &mut self.sounds;
        let spoken = s.phrases.any();
        if ended.is_some() {
            s.lone = ended.filter(|tone| !spoken && s.is_beep(tone) && !s.cadence.is_running());
        }
        let sounding = s.singles.sounding();
        let tone = if spoken {
            sounding.filter(|tone| s.is_beep(tone))
        } else {
            s.lone.filter(|tone| sounding.is_none() && s.now - tone.to >= LONE_AFTER)
        };
        let Some(tone) = tone else { return false };
        let after = frames(tone.from.saturating_sub(s.phrases.bounds().1));
        let confidence = if spoken { 98 } else { 80 };
        let hz = Pitch::One(tone.hz).hz().0;
        self.report(Heard::Machine, confidence, Reason::RecordingTone { hz, after });
        true
    }

    fn beep_ended(&mut self, tone: Single) {
        self.sounds.last_beep = tone.to;
        if self.phase == Phase::Answered && (self.sounds.phrases.any() || self.verdict == Some(Heard::Machine)) {
            let (from, to) = (self.instant(tone.from), self.instant(tone.to));
            self.emit(Event::Beep { from, to, hz: Pitch::One(tone.hz).hz().0 });
        }
    }

    /// After the verdict: the end of a machine's greeting.
    fn watch_greeting(&mut self) {
        let s = &self.sounds;
        let last = s.phrases.bounds().1;
        let is_over = s.phrases.any() && s.silence() >= self.settings.machine_silence && s.last_beep <= last;
        if self.verdict == Some(Heard::Machine) && is_over && !self.greeting_over {
            self.greeting_over = true;
            let at = self.instant(last);
            self.emit(Event::GreetingOver { at });
        }
    }

    fn report(&mut self, heard: Heard, confidence: u8, reason: Reason) {
        if self.reported == Some(heard) {
            return;
        }
        self.reported = Some(heard);
        if heard.ends_detection() {
            self.verdict = Some(heard);
            self.words = None;
        }
        let said = &self.sounds.phrases;
        let greeting = (self.phase == Phase::Answered && said.any()).then(|| {
            let (from, to) = said.bounds();
            Greeting { from: self.instant(from), to: self.instant(to) }
        });
        self.emit(Event::Verdict(Verdict { heard, phase: self.phase, confidence, reason, at: self.now, greeting }));
    }

    fn emit(&mut self, event: Event) {
        if self.events.len() < MAX_EVENTS {
            self.events.push_back(event);
        }
    }

    /// When a frame of this phase began.
    fn instant(&self, frame: u32) -> Instant {
        let ago = frames(self.sounds.now.saturating_sub(frame));
        Instant::from_nanos(self.now.as_nanos().saturating_sub(ago.as_nanos() as u64))
    }
}

impl Sounds {
    /// Passes on the flags of frames that are known to be voice or none. What may be a tone is held back: it was voice
    /// unless it lasts and stays the same.
    fn flag(&mut self, voice: Voiced, pitch: Pitch, ended: Option<Single>) {
        self.tonal = match (pitch, self.tonal) {
            (Pitch::Two(..), (n, before)) if n > 0 && before.is_like(pitch) => (n + 1, pitch),
            (Pitch::Two(..), _) => (1, pitch),
            _ => (0, Pitch::None),
        };
        self.pending.push_back(voice);
        let sounding = self.singles.sounding();
        let single = sounding.or(ended).filter(Single::is_certain).map(|tone| self.now - tone.from);
        let double = (self.tonal.0 >= DOUBLE_LEAST && self.cadence.is_running()).then_some(self.tonal.0);
        if let Some(frames) = single.max(double) {
            let taken_back = frames as usize + WINDOW_FRAMES;
            self.pending.iter_mut().rev().take(taken_back).for_each(|flag| *flag = Voiced::default());
        }
        let held = sounding.map_or(0, |tone| tone.frames()).max(self.tonal.0) as usize + WINDOW_FRAMES;
        while self.pending.len() > held.clamp(TAKEN_BACK, MAX_HELD) {
            let flag = self.pending.pop_front().unwrap_or_default();
            self.phrases.next(flag);
        }
    }

    /// Whether a tone began since the last word: perhaps a beep.
    fn has_new_tone(&self) -> bool {
        let may_beep = |tone: Single| tone.from >= self.phrases.bounds().1 && BEEP_HZ.contains(&(tone.hz as u32));
        self.singles.sounding().is_some_and(may_beep)
    }

    /// Since the last word, or since the start of the phase.
    fn silence(&self) -> Duration {
        frames(self.now.saturating_sub(self.phrases.bounds().1))
    }

    /// Whether a tone is a recording machine's: of its pitch, steady, long enough, with a pause before it.
    fn is_beep(&self, tone: &Single) -> bool {
        let pause = tone.from.saturating_sub(self.phrases.bounds().1);
        BEEP_HZ.contains(&(tone.hz as u32))
            && tone.is_certain()
            && BEEP_FRAMES.contains(&tone.frames())
            && (tone.hz > VOWEL_HZ || tone.frames() >= VOWEL_FRAMES)
            && (pause >= BEEP_PAUSE || !self.phrases.any())
    }
}

fn is_near(tone: &Single, hz: f64, off: f64) -> bool {
    (tone.hz - hz).abs() <= off
}

/// Events that nobody takes are dropped: no call has more in a second.
const MAX_EVENTS: usize = 32;
const _: () = assert!(FRAME_SAMPLES == 160);
/// So much speech before the answer is an announcement.
const ANNOUNCEMENT: Duration = Duration::from_millis(900);
/// A tone at the end of the silence after a greeting is waited for so long: then it is a beep, or none.
const TONE_MAY_TAKE: Duration = Duration::from_millis(120);
/// High voices sing vowels of up to 180 ms as steadily, below 700 Hz: a beep as low lasts longer.
const VOWEL_HZ: f64 = 700.0;
const VOWEL_FRAMES: u32 = 9;
/// Two tones together are told from vowels after 100 ms.
const DOUBLE_LEAST: u32 = 5;
/// A tone's first frame may be too short to be one.
const WINDOW_FRAMES: usize = 1;
/// Flags are held for 60 ms, until it shows whether a tone begins; while one sounds up to three seconds.
const TAKEN_BACK: usize = 3;
const MAX_HELD: usize = 150;
/// Pitches of recording tones; 1,400 Hz by the book (FCC 64.501), 400 to 2,200 in the field.
const BEEP_HZ: core::ops::RangeInclusive<u32> = 380..=2_250;
/// 140 ms to two seconds.
const BEEP_FRAMES: core::ops::RangeInclusive<u32> = 7..=100;
/// A beep follows the last word after 120 ms at least.
const BEEP_PAUSE: u32 = 6;
/// T.30 4.2: 2,100 Hz, give or take 15, for 2.6 to 4 s.
const CED_HZ: f64 = 2_100.0;
const CED_OFF_HZ: f64 = 20.0;
const CED_LEAST: u32 = 25;
/// T.30 4.2: 1,100 Hz, give or take 38, for 0.5 s, give or take 15 %.
const CNG_HZ: f64 = 1_100.0;
const CNG_OFF_HZ: f64 = 40.0;
const CNG_FRAMES: core::ops::RangeInclusive<u32> = 20..=32;
/// 240 ms without another tone: neither special tones nor one of the network's that comes and goes fast.
const LONE_AFTER: u32 = 12;
