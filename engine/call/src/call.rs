//! One call: its parties and the flow it is in.

use clock::{CallId, Instant, LegId, Now, QueueId, WallTime};
use media_graph::RecorderId;

use crate::announce::{Comfort, Said};
use crate::flow::attempt::Dialed;
use crate::flow::callback::Attempt;
use crate::flow::callback_request::Asking;
use crate::flow::standing::StandingHome;
use crate::ids::RingId;
use crate::menu::Walk;
use crate::plan::{CallNeeds, Unserved};
use crate::route::Route;
use crate::wiring::Wiring;

/// A live call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// When it began: what the times of its entries count from.
    pub(crate) began: Now,
    /// Number of its last journal entry.
    pub(crate) seq: u32,
    /// The number or extension that called.
    pub(crate) from: String,
    /// `from` is a number: the ACD may find a place by it.
    pub(crate) from_is_number: bool,
    /// The caller wants his number kept from those he calls.
    pub(crate) hidden: bool,
    pub(crate) legs: Vec<LegId>,
    pub(crate) rings: Vec<RingId>,
    /// There is a conversation: a person answered, or a service that is the call's purpose.
    pub(crate) answered: bool,
    /// What it asks of an agent, from the number that was called.
    pub(crate) needs: CallNeeds,
    /// The queue whose call it is.
    pub(crate) queue: Option<QueueId>,
    /// Language of its caller, where one is known.
    pub(crate) language: Option<Box<str>>,
    /// Why a queue or a number did not serve him: how the call ends if nothing else does.
    pub(crate) unserved: Option<Unserved>,
    /// He pressed nothing that the last menu knows, and is where those go.
    pub(crate) chose_nothing: bool,
    /// When he came to the queue that did not serve him.
    pub(crate) waited_since: Option<WallTime>,
    /// How often rules sent it on since its caller last decided something.
    pub(crate) detours: u8,
    /// How often something was said to him.
    pub(crate) turns: u32,
    /// What he is told while he waits.
    pub(crate) comfort: Option<Box<Comfort>>,
    /// A voicemail was left: that, and no conversation, is its outcome.
    pub(crate) voicemail_left: bool,
    pub(crate) flow: Flow,
    pub(crate) wiring: Wiring,
    /// The callback that it is an attempt of, until both talk.
    pub(crate) attempt: Option<Box<Attempt>>,
    /// The attempt of a campaign that it is.
    pub(crate) dialed: Option<Box<Dialed>>,
    /// The agent who calls back hears the announcement, whatever else he hears.
    pub(crate) announcing: bool,
    /// Its caller asks to be called back.
    pub(crate) asking: Option<Asking>,
    /// Rules sent its caller to be called back.
    pub(crate) sent_to_ask: SentToAsk,
    /// The agent whose standing leg has it hears a short tone first.
    pub(crate) cue: bool,
    /// The recording of the conversation.
    pub(crate) recorder: Option<RecorderId>,
}

/// Whether rules sent a caller to be called back: once a call, as whoever cannot be called back could be sent for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentToAsk {
    Never,
    /// He is in the queue for that, whatever it says of who may join it.
    Now,
    /// That is over.
    Before,
}

/// What a call is doing.
#[derive(Clone, Debug)]
pub(crate) enum Flow {
    /// The caller's ports are being opened.
    Arriving {
        route: Route,
    },
    /// Click-to-call: the agent's own phone rings.
    Originating {
        route: Route,
    },
    /// A party waits in a queue.
    Waiting {
        party: LegId,
        queue: QueueId,
        /// What decides its place: the ACD's word, until then the time it was asked.
        arrived: WallTime,
        /// The ACD has given the place.
        placed: bool,
    },
    /// The call of a callback: an agent is to take it, or the customer is called before he is.
    Prepared,
    /// A campaign's attempt: a number is dialed, or whoever answered is listened to.
    Attempt,
    /// An agent waits while the customer whom he calls back is called.
    CallingBack {
        /// The agent's leg.
        agent: LegId,
    },
    /// A caller hears what became of his request to be called back; then the call ends.
    Farewell {
        party: LegId,
        queue: QueueId,
        /// Whom to call, E.164.
        number: String,
        prompt: String,
    },
    /// A party is in a key menu.
    Menu {
        party: LegId,
        walk: Walk,
        /// What it hears; silence where none.
        said: Option<Said>,
    },
    /// A party hears a message, and then the call ends.
    Message {
        party: LegId,
        said: Said,
    },
    /// A party waits while the other side rings.
    Dialing {
        party: LegId,
    },
    /// Two parties are connected.
    Talking {
        customer: LegId,
        agent: LegId,
    },
    /// A party hears itself.
    Echo {
        party: LegId,
    },
    /// A party hears the test tone.
    Tone {
        party: LegId,
    },
    Voicemail(Voicemail),
    /// No call: where a standing leg is at home.
    Standing(StandingHome),
    /// Nobody is left; its record is being closed.
    Over,
}

/// A party at a voicemail box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voicemail {
    /// None once it hung up.
    pub(crate) party: Option<LegId>,
    pub(crate) queue: QueueId,
    /// It came here because the wait in the queue was over.
    pub(crate) after_wait: bool,
    /// The message is long enough to be kept.
    pub(crate) kept: bool,
    pub(crate) stage: VoicemailStage,
}

/// How far a voicemail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VoicemailStage {
    /// Prompt and beep.
    Greeting,
    /// Being spoken.
    Recording { recorder: RecorderId, since: Instant },
    /// Over; the file is being finished.
    Saving { recorder: RecorderId, length_ms: u64 },
}

/// A recording that the media worker has not finished: it outlives its call.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub(crate) call: CallId,
    /// The call's next sequence number, once the call is over.
    pub(crate) next_seq: Option<u32>,
    pub(crate) path: String,
    pub(crate) voicemail: bool,
    /// Time stands still in it.
    pub(crate) paused: bool,
    pub(crate) stopping: bool,
}

impl Call {
    /// A call from `from` that begins.
    pub(crate) fn new(id: CallId, began: Now, from: String, flow: Flow) -> Self {
        Self {
            id,
            began,
            seq: 0,
            from,
            from_is_number: false,
            hidden: false,
            legs: Vec::new(),
            rings: Vec::new(),
            answered: false,
            needs: CallNeeds::default(),
            queue: None,
            language: None,
            unserved: None,
            chose_nothing: false,
            waited_since: None,
            detours: 0,
            turns: 0,
            comfort: None,
            voicemail_left: false,
            flow,
            wiring: Wiring::default(),
            attempt: None,
            dialed: None,
            announcing: false,
            asking: None,
            sent_to_ask: SentToAsk::Never,
            cue: false,
            recorder: None,
        }
    }

    /// The time of an entry that is written now. The wall clock may be set while the call is up; its durations are
    /// differences of these times, so they run on with the monotonic clock (DESIGN section 3).
    pub(crate) fn time_of(&self, now: Now) -> WallTime {
        self.began.wall + now.mono.since(self.began.mono)
    }

    /// The one that `leg` talks to.
    pub(crate) fn other_party(&self, leg: LegId) -> Option<LegId> {
        match self.flow {
            Flow::Talking { customer, agent } if customer == leg => Some(agent),
            Flow::Talking { customer, agent } if agent == leg => Some(customer),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn the_times_of_a_call_do_not_follow_a_clock_that_is_set() {
        let began = Now { mono: Instant::from_nanos(5), wall: WallTime::from_micros(1_000_000) };
        let call = Call::new(CallId::default(), began, "1001".into(), Flow::Dialing { party: LegId(1) });
        let later = began.mono + Duration::from_secs(2);
        for wall in [0, 2_999_999, 3_600_000_000] {
            let now = Now { mono: later, wall: WallTime::from_micros(wall) };
            assert_eq!(call.time_of(now), WallTime::from_micros(3_000_000));
        }
    }
}
