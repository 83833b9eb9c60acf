//! Faults outside the ACD: records, gates, media, answers, and what is left at the end.

use bytes::Bytes;
use clock::{AgentId, CallId, LegId, QueueId, RequestId, ShardId, WallTime};
use journal_core::{
    CallEntry, CallEvent, CallStatus, Cause, Direction, Durability, Entry, LegKind, Outcome, Owner, QueueLeft, Who,
};
use media_graph::{Command, Event, LegStats, Node};

use super::Trace;
use crate::node::{NODE_ADDR, carrier_addr};
use crate::watch::Seen;

const OWNER: Owner = Owner::Shard(ShardId(0));
const CALL: CallId = CallId(1);
const LEG: LegId = LegId(1);

/// A journal's owner: numbers entries and shows them.
struct Writer {
    trace: Trace,
    number: u64,
}

impl Writer {
    fn new() -> Self {
        let mut trace = Trace::new(&[], &[]);
        trace.see(&Seen::Started);
        Self { trace, number: 0 }
    }

    fn write(&mut self, call: CallId, seq: u32, event: CallEvent) {
        self.number += 1;
        let entry = Entry::Call(CallEntry { call, seq, at: WallTime::default(), event });
        self.trace.see(&Seen::Journaled { owner: OWNER, number: self.number, entry: &entry });
    }

    /// A call with its caller's leg.
    fn begin(&mut self, call: CallId, sip_call_id: &str) {
        self.write(call, 1, started());
        let sip_call_id = sip_call_id.to_owned();
        self.write(call, 2, CallEvent::LegStarted { leg: LEG, kind: LegKind::Caller, sip_call_id, agent: None });
    }

    /// The end: agents are not this test's business.
    fn broken_at_the_end(mut self) -> Vec<&'static str> {
        self.trace.see(&Seen::End);
        self.trace.broken().into_iter().filter(|rule| *rule != "no agent gets stuck").collect()
    }
}

fn started() -> CallEvent {
    CallEvent::Started {
        direction: Direction::Inbound,
        internal: false,
        from: "+447700000001".to_owned(),
        to: "+442071831001".to_owned(),
        parent: None,
        trunk: None,
        agent: None,
    }
}

fn ended() -> CallEvent {
    let cause = Cause { who: Who::Caller, q850: Some(16), sip: None, code: "normal".to_owned() };
    CallEvent::Ended { status: CallStatus::Canceled, outcome: Outcome::NoAnswer, cause }
}

#[test]
fn one_call_one_record() {
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.trace.see(&Seen::PeerAnswered { sip_call_id: "a", status: 200 });
    writer.write(CALL, 3, ended());
    assert!(writer.broken_at_the_end().is_empty());
}

#[test]
fn a_call_without_an_end_and_one_with_two() {
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    assert_eq!(writer.broken_at_the_end(), ["every call ends"]);

    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.write(CALL, 3, ended());
    writer.write(CALL, 4, ended());
    assert_eq!(writer.broken_at_the_end(), ["one end and no gap"]);
}

/// The live fold counted what the journal does not have: an entry is gone, and the node did not start anew.
#[test]
fn live_counts_of_a_queue_that_the_records_do_not_have() {
    for is_gone in [false, true] {
        let mut writer = Writer::new();
        let (queue, arrived) = (QueueId(1), WallTime::default());
        writer.begin(CALL, "a");
        writer.write(CALL, 3, CallEvent::QueueEntered { queue, arrived, priority: 0 });
        let left = CallEvent::QueueLeft { queue, how: QueueLeft::Abandoned };
        writer.write(CALL, 4, left.clone());
        if is_gone {
            let entry = Entry::Call(CallEntry { call: CALL, seq: 4, at: WallTime::default(), event: left });
            writer.trace.see(&Seen::EntryLost { owner: OWNER, entry: &entry });
        }
        writer.write(CALL, 5, ended());
        let broken = writer.broken_at_the_end();
        assert_eq!(broken.contains(&"P12 live counts are those of the records"), is_gone, "{broken:?}");
    }
}

#[test]
fn an_entry_that_is_missing_or_there_twice() {
    for seqs in [[3, 5], [3, 3]] {
        let mut writer = Writer::new();
        writer.begin(CALL, "a");
        writer.write(CALL, seqs[0], CallEvent::Digit { leg: LEG, digit: '1' });
        writer.write(CALL, seqs[1], CallEvent::Digit { leg: LEG, digit: '2' });
        writer.write(CALL, seqs[1] + 1, ended());
        assert!(writer.broken_at_the_end().contains(&"one end and no gap"));
    }
}

#[test]
fn an_answered_call_without_a_record_unless_a_power_loss_took_it() {
    let mut writer = Writer::new();
    writer.trace.see(&Seen::PeerAnswered { sip_call_id: "a", status: 180 });
    assert_eq!(writer.broken_at_the_end(), ["every answered call has a record"]);

    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.trace.see(&Seen::PeerAnswered { sip_call_id: "a", status: 200 });
    writer.trace.see(&Seen::Crashed);
    let sip_call_id = "a".to_owned();
    let leg = CallEvent::LegStarted { leg: LEG, kind: LegKind::Caller, sip_call_id, agent: None };
    for (seq, event) in [(1, started()), (2, leg)] {
        let entry = Entry::Call(CallEntry { call: CALL, seq, at: WallTime::default(), event });
        writer.trace.see(&Seen::EntryLost { owner: OWNER, entry: &entry });
    }
    assert!(writer.broken_at_the_end().is_empty());
}

#[test]
fn two_records_of_one_call() {
    let mut writer = Writer::new();
    for call in [CallId(1), CallId(2)] {
        writer.begin(call, "a");
        writer.write(call, 3, ended());
    }
    assert_eq!(writer.broken_at_the_end(), ["no call has two records"]);
}

#[test]
fn a_queue_that_is_never_left() {
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    let arrived = WallTime::default();
    writer.write(CALL, 3, CallEvent::QueueEntered { queue: QueueId(1), arrived, priority: 0 });
    writer.write(CALL, 4, ended());
    assert_eq!(writer.broken_at_the_end(), ["P8 conservation"]);
}

#[test]
fn a_conversation_that_the_record_does_not_know() {
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    let (hears_caller, hears_agent) = (true, true);
    writer.trace.see(&Seen::Conversation { caller: "a", agent: AgentId(1), hears_caller, hears_agent });
    writer.write(CALL, 3, ended());
    assert_eq!(writer.broken_at_the_end(), ["the record says who talked"]);
}

#[test]
fn a_status_that_a_restart_forgets() {
    let paused = acd::AgentConfig { agent: AgentId(1), status: acd::Status::Paused, ..acd::AgentConfig::default() };
    let ready = acd::AgentConfig { status: acd::Status::Ready, ..paused.clone() };
    let mut trace = Trace::new(&[], core::slice::from_ref(&paused));
    let input = acd::Input::Configure { queues: Vec::new(), agents: vec![ready] };
    trace.see(&Seen::AcdTold { now: clock::Now::default(), input: &input });
    trace.assert_broken("P10 status survives");
}

#[test]
fn a_response_before_its_call_is_written() {
    let ok = Bytes::from_static(
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.1.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
          To: <sip:c@d>;tag=2\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    );
    let sent = |writer: &mut Writer| {
        writer.trace.see(&Seen::Sent { from: NODE_ADDR, to: carrier_addr(0), bytes: &ok });
    };
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.trace.see(&Seen::Progress { owner: OWNER, durability: Durability::Written, number: 2 });
    sent(&mut writer);
    writer.trace.assert_good();

    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.trace.see(&Seen::Progress { owner: OWNER, durability: Durability::Written, number: 1 });
    sent(&mut writer);
    writer.trace.assert_broken("a response waits for the write");
}

#[test]
fn an_answer_of_the_api_before_the_sync_and_none_at_all() {
    let mut writer = Writer::new();
    let request = RequestId(1);
    writer.trace.see(&Seen::Asked { request });
    let entry = Entry::NodeStopped { at: WallTime::default() };
    writer.trace.see(&Seen::Journaled { owner: Owner::Acd, number: 1, entry: &entry });
    let reply = acd::Effect::Reply { request, result: Err(acd::CommandError::UnknownAgent) };
    writer.trace.see(&Seen::AcdSaid { effect: &reply });
    writer.trace.see(&Seen::Progress { owner: Owner::Acd, durability: Durability::Written, number: 1 });
    writer.trace.see(&Seen::Answered { request });
    writer.trace.assert_broken("an answer waits for the sync");
    writer.trace.see(&Seen::Answered { request });
    writer.trace.assert_broken("one answer a request");

    let mut writer = Writer::new();
    writer.trace.see(&Seen::Asked { request });
    assert_eq!(writer.broken_at_the_end(), ["one answer a request"]);
}

#[test]
fn entries_with_a_gap_in_their_numbers() {
    let mut writer = Writer::new();
    writer.begin(CALL, "a");
    writer.number += 1;
    writer.write(CALL, 3, ended());
    writer.trace.assert_broken("entries are numbered without a gap");
}

#[test]
fn media_across_calls_after_the_end_and_left_open() {
    let mut writer = Writer::new();
    let tell = |writer: &mut Writer, command: Command| {
        writer.trace.see(&Seen::MediaOrdered { command: &command });
    };
    let (one, other, third) = (Node::Leg(LegId(1)), Node::Leg(LegId(2)), Node::Leg(LegId(3)));
    tell(&mut writer, Command::Open { leg: LegId(1), call: CALL });
    tell(&mut writer, Command::Open { leg: LegId(2), call: CALL });
    tell(&mut writer, Command::Open { leg: LegId(3), call: CallId(2) });
    tell(&mut writer, Command::Connect { source: one, sink: other });
    writer.trace.assert_good();
    tell(&mut writer, Command::Connect { source: one, sink: third });
    writer.trace.assert_broken("nobody hears another call");
    writer.begin(CALL, "a");
    writer.write(CALL, 3, ended());
    tell(&mut writer, Command::Connect { source: other, sink: one });
    writer.trace.assert_broken("nothing connected after the end");

    let mut writer = Writer::new();
    let rtp = NODE_ADDR;
    writer.trace.see(&Seen::MediaSaid { event: &Event::Opened { leg: LEG, rtp } });
    writer.trace.see(&Seen::MediaSaid { event: &Event::Closed { leg: LEG, stats: LegStats::default() } });
    writer.trace.assert_good();
    writer.trace.see(&Seen::MediaSaid { event: &Event::Opened { leg: LEG, rtp } });
    assert_eq!(writer.broken_at_the_end(), ["ports opened = closed"]);
}

#[test]
fn a_command_that_the_worker_cannot_carry_out() {
    let mut writer = Writer::new();
    let command = Command::StopPlay { player: media_graph::PlayerId(1) };
    let why = media_graph::GraphError::Full;
    writer.trace.see(&Seen::MediaRefused { command: &command, why });
    writer.trace.assert_broken("the worker can carry out commands");
}

#[test]
fn someone_who_is_not_heard() {
    let mut writer = Writer::new();
    let (hears_caller, hears_agent) = (true, false);
    writer.trace.see(&Seen::Conversation { caller: "a", agent: AgentId(1), hears_caller, hears_agent });
    writer.trace.assert_broken("both sides hear each other");
}

#[test]
fn something_left_and_a_queue_that_nobody_serves() {
    let mut writer = Writer::new();
    writer.trace.see(&Seen::Left { what: "calls of a shard", count: 0 });
    writer.trace.see(&Seen::Probed { queue: QueueId(1), taken: true });
    writer.trace.assert_good();
    writer.trace.see(&Seen::Left { what: "calls of a shard", count: 1 });
    writer.trace.assert_broken("nothing is left");
    writer.trace.see(&Seen::Probed { queue: QueueId(1), taken: false });
    writer.trace.assert_broken("liveness");
}

#[test]
fn a_stop_that_leaves_a_call() {
    for left in [Seen::Stopped { left: 1 }, Seen::StartedInOrder { live: 1 }] {
        let mut writer = Writer::new();
        writer.trace.see(&left);
        writer.trace.assert_broken("a stop ends everything");
    }
}

#[test]
fn a_caller_who_loses_his_place_in_a_restart_and_a_fold_that_counts_twice() {
    let forgets = |given: bool| {
        let mut writer = Writer::new();
        writer.begin(CALL, "a");
        let (queue, arrived) = (QueueId(1), WallTime::from_micros(7));
        writer.write(CALL, 3, CallEvent::QueueEntered { queue, arrived, priority: 0 });
        writer.trace.see(&Seen::Crashed);
        writer.trace.see(&Seen::Replayed { same_again: given });
        let (caller, until) = ("+447700000001".to_owned(), WallTime::from_micros(9));
        let input = acd::Input::RestorePlace { queue, caller, arrived, until, ordered: None };
        if given {
            writer.trace.see(&Seen::AcdTold { now: clock::Now::default(), input: &input });
        }
        writer.trace.see(&Seen::ShardTold { shard: ShardId(0), input: &call::Input::Restore(Vec::new()) });
        writer.trace
    };
    forgets(true).assert_good();
    forgets(false).assert_broken("P10 places survive");
    forgets(false).assert_broken("P10 each entry counts once");
}

/// A message of a call out, as the wire has it.
fn wire(first: &str, call_id: &str) -> Bytes {
    format!("{first}\r\nTo: <sip:a@b>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n\r\n").into()
}

/// A call out whose first target answers `status`; then it goes to the second, or ends.
fn out(status: u16, goes_on: bool) -> Vec<&'static str> {
    let mut writer = Writer::new();
    writer.write(CALL, 1, started());
    for (leg, target, call_id) in [(1, 0, "one"), (2, 3, "two")].into_iter().take(1 + usize::from(goes_on)) {
        let started =
            CallEvent::LegStarted { leg: LegId(leg), kind: LegKind::Callee, sip_call_id: call_id.into(), agent: None };
        writer.write(CALL, 1 + u32::try_from(leg).unwrap_or(0), started);
        let invite = wire("INVITE sip:a@b SIP/2.0", call_id);
        writer.trace.see(&Seen::Sent { from: NODE_ADDR, to: carrier_addr(target), bytes: &invite });
        writer.trace.see(&Seen::Arrived { bytes: &wire(&format!("SIP/2.0 {status} Said"), call_id) });
        writer.trace.at += 5_000_000_000;
    }
    let cause = Cause { who: Who::Callee, q850: None, sip: Some(status), code: "upstream".to_owned() };
    let ended = CallEvent::Ended { status: CallStatus::Failed, outcome: Outcome::Error, cause };
    writer.write(CALL, 9, ended);
    writer.trace.broken()
}

#[test]
fn a_target_that_is_not_tried_and_a_customer_who_is_called_twice() {
    assert_eq!(out(503, true), Vec::<&str>::new());
    assert_eq!(out(486, false), Vec::<&str>::new());
    assert!(out(503, false).contains(&"the next target is tried"));
    assert!(out(180, true).contains(&"no second call to the customer"));
}

/// Two rings for offers, of these agents and calls, both for five seconds.
fn rings(offers: [(u32, u128); 2]) -> Vec<&'static str> {
    let mut writer = Writer::new();
    for (at, (agent, call)) in offers.into_iter().enumerate() {
        let (leg, sip_call_id) = (LegId(at as u64 + 1), format!("ring{at}"));
        let agent = Some(AgentId(agent));
        let rung = CallEvent::LegStarted { leg, kind: LegKind::Agent, sip_call_id: sip_call_id.clone(), agent };
        writer.write(CallId(call), at as u32 + 1, rung);
        writer.trace.see(&Seen::Arrived { bytes: &wire("SIP/2.0 180 Ringing", &sip_call_id) });
    }
    writer.trace.at += 5_000_000_000;
    for at in 0..2 {
        let cancel = wire("CANCEL sip:a@b SIP/2.0", &format!("ring{at}"));
        writer.trace.see(&Seen::Sent { from: NODE_ADDR, to: carrier_addr(9), bytes: &cancel });
    }
    writer.trace.broken()
}

#[test]
fn one_ring_a_phone_and_one_phone_a_caller() {
    assert_eq!(rings([(1, 1), (2, 2)]), Vec::<&str>::new());
    assert!(rings([(1, 1), (1, 2)]).contains(&"P1 one ring a phone"));
    assert!(rings([(1, 1), (2, 1)]).contains(&"P2 one phone a caller"));
}
