//! Calls as their shard would journal them.

use clock::{AgentId, CallId, LegId, OfferId, QueueId, TrunkId, WallTime};
use journal_core::{
    CallEntry, CallEvent, CallStatus, Cause, Direction, Entry, LegKind, Outcome, QueueLeft, RecordingState, Who,
};

/// A call that grows step by step; each step comes a second after the one before.
pub(crate) struct Story {
    pub(crate) call: CallId,
    seq: u32,
    start: WallTime,
    steps: Vec<Entry>,
}

impl Story {
    /// Call number `number` of the test: ids, times and the caller's number follow from it.
    pub(crate) fn inbound(number: u32) -> Self {
        let start = WallTime::from_micros(i64::from(number) * 3_600_000_000);
        let call = CallId((u128::from(number) * 3_600_000) << 80 | u128::from(number));
        let story = Self { call, seq: 0, start, steps: Vec::new() };
        story
            .then(CallEvent::Started {
                direction: Direction::Inbound,
                internal: false,
                from: caller(number),
                to: "+442071830001".into(),
                parent: None,
                trunk: Some(TrunkId(1)),
                agent: None,
            })
            .then(CallEvent::LegStarted {
                leg: LegId(u64::from(number) * 10),
                kind: LegKind::Caller,
                sip_call_id: format!("{number}@carrier"),
                agent: None,
            })
    }

    /// Agent 1001 calls a customer back, in the hour of this number.
    pub(crate) fn outbound(number: u32, to: &str) -> Self {
        let of = Self::inbound(number);
        let story = Self { seq: 0, steps: Vec::new(), ..of };
        let agent = Some(AgentId(1));
        let leg = |leg, kind, agent| {
            let sip_call_id = format!("{number}-{leg}@agent");
            CallEvent::LegStarted { leg: LegId(u64::from(number) * 10 + leg), kind, sip_call_id, agent }
        };
        story
            .then(CallEvent::Started {
                direction: Direction::OutboundDial,
                internal: false,
                from: "1001".into(),
                to: to.into(),
                parent: None,
                trunk: None,
                agent,
            })
            .then(leg(1, LegKind::Caller, agent))
            .then(leg(2, LegKind::Callee, None))
    }

    /// The same from another number.
    pub(crate) fn from(mut self, number: &str) -> Self {
        if let Some(Entry::Call(CallEntry { event: CallEvent::Started { from, .. }, .. })) = self.steps.first_mut() {
            number.clone_into(from);
        }
        self
    }

    pub(crate) fn then(mut self, event: CallEvent) -> Self {
        self.seq += 1;
        let at = WallTime::from_micros(self.start.as_micros() + i64::from(self.seq) * 1_000_000);
        self.steps.push(Entry::Call(CallEntry { call: self.call, seq: self.seq, at, event }));
        self
    }

    pub(crate) fn queued(self) -> Self {
        let arrived = self.start;
        self.then(CallEvent::QueueEntered { queue: QueueId(1), arrived, priority: 0 })
    }

    /// Agent 1001 answers; the recording runs.
    pub(crate) fn answered(self) -> Self {
        let (offer, agent, leg) = (OfferId(1), AgentId(1), LegId(77));
        let (path, sip_call_id) = (recording_path(self.call), format!("agent-{}", self.call));
        self.then(CallEvent::LegStarted { leg, kind: LegKind::Agent, sip_call_id, agent: Some(agent) })
            .then(CallEvent::OfferRinging { offer, agent, leg })
            .then(CallEvent::OfferAnswered { offer, agent, leg })
            .then(CallEvent::QueueLeft { queue: QueueId(1), how: QueueLeft::Answered })
            .then(CallEvent::Answered { leg, agent: Some(agent) })
            .then(CallEvent::RecordingStarted { path })
    }

    pub(crate) fn ended(self) -> Self {
        let cause = Cause { who: Who::Caller, q850: Some(16), sip: None, code: "normal".into() };
        self.then(CallEvent::Ended { status: CallStatus::Completed, outcome: Outcome::Successful, cause })
    }

    pub(crate) fn recorded(self, state: RecordingState) -> Self {
        self.then(CallEvent::RecordingEnded { state, duration_ms: 1_000, sha256: [0xab; 32] })
    }

    pub(crate) fn voicemail(self) -> Self {
        let path = format!("voicemails/{}", self.call);
        self.then(CallEvent::VoicemailLeft { queue: QueueId(1), path, duration_ms: 4_000 })
    }

    pub(crate) fn canceled(self) -> Self {
        let cause = Cause { who: Who::Caller, q850: Some(16), sip: Some(487), code: "canceled".into() };
        self.then(CallEvent::Ended { status: CallStatus::Canceled, outcome: Outcome::NoAnswer, cause })
    }

    /// The steps since the last time.
    pub(crate) fn take(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.steps)
    }
}

pub(crate) fn caller(number: u32) -> String {
    format!("+44207183{number:04}")
}

pub(crate) fn recording_path(call: CallId) -> String {
    format!("recordings/{call}")
}
