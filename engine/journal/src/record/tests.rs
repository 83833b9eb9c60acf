use super::*;
use crate::Who;

const CALLER: LegId = LegId(1);
const AGENT_LEG: LegId = LegId(2);
const QUEUE: QueueId = QueueId(7);
const AGENT: AgentId = AgentId(11);

fn second(n: u64) -> WallTime {
    WallTime::from_micros(1_000_000 * n as i64)
}

fn cause(who: Who, code: &str) -> Cause {
    Cause { who, q850: None, sip: None, code: code.to_owned() }
}

/// The record after these events, one a second from 0 s; `Ended` is added as the record itself concludes.
fn record_of(events: Vec<CallEvent>, end: Option<Cause>) -> CallRecord {
    let entry = |seq: usize, event| CallEntry { call: CallId(1), seq: seq as u32, at: second(seq as u64 - 1), event };
    let mut events = events.into_iter().enumerate();
    let mut record = CallRecord::start(&entry(1, events.next().unwrap().1)).unwrap();
    for (index, event) in events {
        assert_eq!(record.apply(&entry(index + 1, event)), Step::Taken);
    }
    if let Some(cause) = end {
        let verdict = record.conclude(&cause);
        let ended = CallEvent::Ended { status: verdict.status, outcome: verdict.outcome, cause };
        let seq = record.next_seq() as usize;
        assert_eq!(record.apply(&entry(seq, ended)), Step::Taken);
    }
    record
}

fn started(direction: Direction) -> CallEvent {
    CallEvent::Started {
        direction,
        internal: false,
        from: "+442071111111".to_owned(),
        to: "+442071830001".to_owned(),
        parent: None,
        trunk: Some(TrunkId(1)),
        agent: None,
    }
}

fn leg(leg: LegId, kind: LegKind) -> CallEvent {
    CallEvent::LegStarted { leg, kind, sip_call_id: format!("sip-{}", leg.0), agent: None }
}

fn entered() -> CallEvent {
    CallEvent::QueueEntered { queue: QUEUE, arrived: second(2), priority: 0 }
}

fn queued() -> Vec<CallEvent> {
    vec![started(Direction::Inbound), leg(CALLER, LegKind::Caller), entered()]
}

fn ringing(offer: u64) -> CallEvent {
    CallEvent::OfferRinging { offer: OfferId(offer), agent: AGENT, leg: AGENT_LEG }
}

fn with(mut events: Vec<CallEvent>, more: Vec<CallEvent>) -> Vec<CallEvent> {
    events.extend(more);
    events
}

#[test]
fn a_queue_call_that_is_answered() {
    let talk = vec![
        leg(AGENT_LEG, LegKind::Agent),
        ringing(1),
        CallEvent::OfferAnswered { offer: OfferId(1), agent: AGENT, leg: AGENT_LEG },
        CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Answered },
        CallEvent::Answered { leg: AGENT_LEG, agent: Some(AGENT) },
        CallEvent::RecordingStarted { path: "rec/1".to_owned() },
        CallEvent::Held { leg: AGENT_LEG },
    ];
    let mut record = record_of(with(queued(), talk), Some(cause(Who::Caller, code::NORMAL)));
    assert_eq!(record.sip_call_ids, ["sip-1", "sip-2"]);
    assert_eq!((record.status, record.outcome), (CallStatus::Completed, Outcome::Successful));
    assert_eq!((record.queue, record.agent, record.trunk), (Some(QUEUE), Some(AGENT), Some(TrunkId(1))));
    assert_eq!((record.queued_at, record.ringing_at), (Some(second(2)), Some(second(4))));
    assert_eq!((record.answered_at, record.ended_at), (Some(second(7)), Some(second(10))));
    assert_eq!((record.queue_wait_ms, record.talk_ms), (Some(5_000), Some(3_000)));
    assert!(record.is_ended() && !record.is_closed() && !record.is_lost() && !record.held);
    let ready = CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms: 3_000, sha256: [9; 32] };
    let seq = record.next_seq();
    assert_eq!(record.apply(&CallEntry { call: CallId(1), seq, at: second(11), event: ready }), Step::Taken);
    assert!(record.is_closed());
    assert_eq!(record.ended_at, Some(second(10)));
}

#[test]
fn live_status_follows_ring_no_answer() {
    let rang = with(queued(), vec![ringing(1)]);
    assert_eq!(record_of(queued(), None).status, CallStatus::Queued);
    assert_eq!(record_of(rang.clone(), None).status, CallStatus::Ringing);
    let missed = with(rang, vec![CallEvent::OfferMissed { offer: OfferId(1), agent: AGENT }]);
    let record = record_of(missed.clone(), None);
    assert_eq!((record.status, record.outcome), (CallStatus::Queued, Outcome::InProgress));
    assert_eq!(record.place(), Some(Place { queue: QUEUE, arrived: second(2), ordered: None }));
    let again = with(missed, vec![ringing(2), CallEvent::OfferMissed { offer: OfferId(1), agent: AGENT }]);
    assert_eq!(record_of(again, None).status, CallStatus::Ringing, "an old offer's end changes nothing");
}

#[test]
fn a_caller_who_gives_up_is_lost_after_his_wait() {
    let gone = vec![ringing(1), CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Abandoned }];
    let record = record_of(with(queued(), gone), Some(cause(Who::Caller, code::CANCELED)));
    assert_eq!((record.status, record.outcome), (CallStatus::Canceled, Outcome::NoAnswer));
    assert_eq!((record.queue_wait_ms, record.talk_ms), (Some(3_000), Some(0)));
    assert!(record.is_lost() && record.is_closed());
    assert_eq!((record.place(), record.agent), (None, None));
}

#[test]
fn voicemail_after_the_wait() {
    let boxed = |duration_ms, end| {
        let steps = vec![
            CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::TimedOut },
            CallEvent::VoicemailStarted { queue: QUEUE },
            CallEvent::Answered { leg: CALLER, agent: None },
            CallEvent::VoicemailLeft { queue: QUEUE, path: "vm/1".to_owned(), duration_ms },
        ];
        record_of(with(queued(), steps), Some(end))
    };
    let left = boxed(4_000, cause(Who::Caller, code::NORMAL));
    assert_eq!((left.status, left.outcome), (CallStatus::Completed, Outcome::Voicemail));
    assert_eq!(left.queue_wait_ms, Some(3_000));
    assert!(!left.is_lost());
    let hung_up = boxed(500, cause(Who::System, code::WAIT_OVER));
    assert_eq!((hung_up.status, hung_up.outcome), (CallStatus::NoAnswer, Outcome::NoAnswer));
    assert!(hung_up.is_lost());
}

#[test]
fn a_service_that_is_called_is_a_conversation() {
    let echo = vec![
        started(Direction::Inbound),
        leg(CALLER, LegKind::Caller),
        CallEvent::Answered { leg: CALLER, agent: None },
    ];
    let record = record_of(echo, Some(cause(Who::Caller, code::NORMAL)));
    assert_eq!((record.status, record.queue_wait_ms), (CallStatus::Completed, None));
}

#[test]
fn a_blind_transfer_moves_the_call_to_its_new_agent() {
    let moved = vec![
        CallEvent::Answered { leg: AGENT_LEG, agent: Some(AGENT) },
        CallEvent::TransferStarted { leg: AGENT_LEG, to: "1002".to_owned() },
        CallEvent::Ringing { leg: LegId(3) },
        CallEvent::Transferred { leg: AGENT_LEG, to: "1002".to_owned(), agent: Some(AgentId(12)) },
    ];
    let record = record_of(with(queued(), moved), None);
    assert_eq!((record.status, record.agent), (CallStatus::Answered, Some(AgentId(12))));
}

#[test]
fn a_restart_keeps_the_place_of_who_waited() {
    let put_out = vec![CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Ended }];
    let record = record_of(with(queued(), put_out.clone()), Some(cause(Who::System, code::NODE_RESTART)));
    assert_eq!(record.place().map(|place| place.arrived), Some(second(2)));
    assert_eq!(record.status, CallStatus::Failed);
    let shut = record_of(with(queued(), put_out), Some(cause(Who::System, "shutdown")));
    assert_eq!(shut.place(), None);
}

#[test]
fn what_does_not_follow_is_ignored_and_said() {
    let mut record = record_of(queued(), None);
    let step = |call, seq, event| CallEntry { call: CallId(call), seq, at: second(9), event };
    let before = record.clone();
    assert_eq!(record.apply(&step(1, 3, entered())), Step::Duplicate);
    assert_eq!(record.apply(&step(1, 5, ringing(1))), Step::Gap { expected: 4 });
    assert_eq!(record.apply(&step(2, 4, ringing(1))), Step::Contradiction);
    assert_eq!(record.apply(&step(1, 4, started(Direction::Inbound))), Step::Contradiction);
    assert_eq!(record, before);
    assert_eq!(record.apply_past_gap(&step(1, 5, ringing(1))), Step::Taken);
    assert_eq!((record.status, record.next_seq()), (CallStatus::Ringing, 6));
    assert_eq!(CallRecord::start(&step(1, 1, entered())), None);
}

#[test]
fn the_end_stands() {
    let mut record = record_of(queued(), Some(cause(Who::Caller, code::CANCELED)));
    let step = |seq, event| CallEntry { call: CallId(1), seq, at: second(9), event };
    let ended = CallEvent::Ended {
        status: CallStatus::Completed,
        outcome: Outcome::Successful,
        cause: cause(Who::System, code::NORMAL),
    };
    assert_eq!(record.apply(&step(5, ended)), Step::Contradiction);
    assert_eq!(record.apply(&step(5, CallEvent::Answered { leg: AGENT_LEG, agent: Some(AGENT) })), Step::Taken);
    assert_eq!((record.status, record.agent, record.answered_at), (CallStatus::Canceled, None, None));
}
