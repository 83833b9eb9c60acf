//! What goes into a detector and what comes out of it.

use core::fmt;
use core::time::Duration;

use clock::Instant;

use crate::Features;

/// Samples of a frame: 20 ms at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// One decoded frame, mono.
pub type Frame = [i16; FRAME_SAMPLES];

/// What a detector is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The next 20 ms of what the far side sends, oldest first; a frame that was lost or not sent is silence.
    Frame(&'a Frame),
    /// The call was answered (200 to the INVITE). Told once; what was heard before is early media.
    Answered,
}

/// What a detector reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// What it is. Before the answer there may be several (ringback, then busy), after it one that counts, the first
    /// whose [`Heard::ends_detection`] holds. What the call flow acts on.
    Verdict(Verdict),
    /// A recording's beep is over: what is said from now on is recorded. Also after the verdict, on whomever: a beep
    /// after [`Heard::Person`] means that a machine was taken for one.
    Beep {
        /// When it began.
        from: Instant,
        /// When it was over.
        to: Instant,
        /// Its pitch, Hz.
        hz: u16,
    },
    /// A machine's greeting has been over for [`Settings::machine_silence`] without a beep: what is left to wait for is
    /// the flow's decision. At most once.
    GreetingOver {
        /// When the last word ended.
        at: Instant,
    },
}

/// On which side of the answer something was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Early media: nobody has answered.
    #[default]
    Early,
    /// The call is answered.
    Answered,
}

/// What it is, how sure, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// What was heard.
    pub heard: Heard,
    /// Early media or answered.
    pub phase: Phase,
    /// How sure, percent (50 to 99): the share of such verdicts expected to be right.
    pub confidence: u8,
    /// Why.
    pub reason: Reason,
    /// When it was decided.
    pub at: Instant,
    /// The greeting so far, if anybody spoke after the answer.
    pub greeting: Option<Greeting>,
}

/// When somebody spoke after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The first word began.
    pub from: Instant,
    /// The last word so far ended: the completed greeting, from which the two seconds count in which a person must have
    /// an agent (16 CFR 310.4(b)(4)(iii)).
    pub to: Instant,
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// The called phone rings (E.180 5; for example 440 and 480 Hz, 2 s of 6).
    Ringback,
    /// Busy (E.180 6).
    Busy,
    /// Congestion, reorder, fast busy (E.180 7).
    Congestion,
    /// A tone without a pause: number unobtainable (UK), or a dial tone.
    Unobtainable,
    /// Special information tone: a recording follows that says why the call fails (E.180 9).
    Sit(Sit),
    /// Speech or music before the answer.
    Announcement,
    /// A person, or doubt: an agent takes the call.
    Person,
    /// An answering machine or voicemail.
    Machine,
    /// A fax machine.
    Fax(Fax),
    /// Answered, and nothing to be heard.
    DeadAir,
}

impl Heard {
    /// Whether nothing that follows changes it: a ringing phone may still be answered, an announcement may end in
    /// anything.
    #[must_use]
    pub const fn ends_detection(self) -> bool {
        !matches!(self, Self::Ringback | Self::Announcement)
    }

    /// The word of it in records and over REST.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Unobtainable => "unobtainable",
            Self::Sit(_) => "sit",
            Self::Announcement => "announcement",
            Self::Person => "person",
            Self::Machine => "machine",
            Self::Fax(_) => "fax",
            Self::DeadAir => "dead_air",
        }
    }
}

/// Which special information tone, by pitch and length of its three tones (ANSI T1.401; E.180 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sit {
    /// Intercept: the number was changed or disconnected.
    Intercept,
    /// Vacant code: there is no such number.
    VacantCode,
    /// Reorder: equipment busy.
    Reorder,
    /// No circuit: all lines busy.
    NoCircuit,
    /// Ineffective, other: misdialed.
    Ineffective,
    /// 950, 1,400 and 1,800 Hz of 330 ms each (E.180), which names no reason; also what fits no row of the table.
    Itu,
}

impl Sit {
    /// The word of it in records and over REST.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intercept => "intercept",
            Self::VacantCode => "vacant_code",
            Self::Reorder => "reorder",
            Self::NoCircuit => "no_circuit",
            Self::Ineffective => "ineffective",
            Self::Itu => "itu",
        }
    }

    /// Whether the number itself is at fault, so that dialing it again is of no use.
    #[must_use]
    pub const fn is_of_number(self) -> bool {
        matches!(self, Self::Intercept | Self::VacantCode | Self::Ineffective)
    }
}

/// Which side of a fax (T.30 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fax {
    /// A called fax: 2,100 Hz.
    Ced,
    /// A calling fax: 1,100 Hz, half a second every 3.5 s.
    Cng,
}

/// Why a verdict is what it is. Its text is for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// A tone that comes and goes.
    Cadence {
        /// Its pitches, Hz; the second 0 if there is one only.
        hz: (u16, u16),
        /// How long it sounded last.
        on: Duration,
        /// How long it paused before or since.
        off: Duration,
    },
    /// A tone without a pause.
    Steady {
        /// Its pitches, Hz; the second 0 if there is one only.
        hz: (u16, u16),
        /// For how long so far.
        on: Duration,
    },
    /// Three rising tones.
    ThreeTones {
        /// Their pitches, Hz.
        hz: (u16, u16, u16),
    },
    /// One tone of a recording machine.
    RecordingTone {
        /// Its pitch, Hz.
        hz: u16,
        /// After how long a pause.
        after: Duration,
    },
    /// Speech before the answer, without a tone.
    EarlySpeech {
        /// For how long.
        spoke: Duration,
    },
    /// What was said after the answer, by its shape.
    Spoken {
        /// Its shape.
        features: Features,
        /// Whether they are still speaking.
        goes_on: bool,
    },
    /// Nothing but noise.
    NoVoice {
        /// For how long.
        since: Duration,
    },
    /// The time for detection was over: doubt.
    Undecided,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Cadence { hz, on, off } => {
                write!(f, "a tone of {}, {} on and {} off", Pitches(hz), Seconds(on), Seconds(off))
            }
            Self::Steady { hz, on } => write!(f, "a tone of {} without a pause for {}", Pitches(hz), Seconds(on)),
            Self::ThreeTones { hz: (low, mid, high) } => write!(f, "three tones of {low}, {mid} and {high} Hz"),
            Self::RecordingTone { hz, after } => write!(f, "a beep of {hz} Hz after a pause of {}", Seconds(after)),
            Self::EarlySpeech { spoke } => write!(f, "{} of speech or music before the answer", Seconds(spoke)),
            Self::Spoken { features, goes_on } => {
                write!(f, "{features}, {}", if goes_on { "and still speaking" } else { "then silence" })
            }
            Self::NoVoice { since } => write!(f, "no voice for {} after the answer", Seconds(since)),
            Self::Undecided => write!(f, "undecided in time"),
        }
    }
}

/// When to decide. The defaults are what the figures of `docs/answer-detection.md` were measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Silence after speech that makes a greeting complete. A beep must come within it to betray a short greeting; the
    /// agent must be there within 2 s of the last word.
    pub greeting_silence: Duration,
    /// Without any voice for so long after the answer it is dead air.
    pub dead_air_after: Duration,
    /// A greeting still going on after so long is no person's.
    pub longest_person: Duration,
    /// Silence after which a machine without a beep counts as ready to record.
    pub machine_silence: Duration,
    /// Without a verdict for so long after the answer (tones that fit nothing, noise), it is doubt: an agent takes it.
    pub decide_within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            greeting_silence: Duration::from_millis(1_060),
            dead_air_after: Duration::from_millis(5_000),
            longest_person: Duration::from_millis(7_500),
            machine_silence: Duration::from_millis(3_000),
            decide_within: Duration::from_millis(20_000),
        }
    }
}

/// Seconds with one decimal.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_millis() + 50) / 100;
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

struct Pitches((u16, u16));

impl fmt::Display for Pitches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (low, 0) => write!(f, "{low} Hz"),
            (low, high) => write!(f, "{low} and {high} Hz"),
        }
    }
}
