use clock::{CallId, OfferId, QueueId};
use journal_core::{CallStatus, Cause, Direction, NameKind, Names, Outcome, Who};

use super::*;

fn at(second: i64) -> WallTime {
    WallTime::from_micros(second * 1_000_000)
}

fn naming() -> Naming {
    let mut names = Names::default();
    for id in 1..=3 {
        names.insert(NameKind::Agent, id, "demo", &format!("100{id}"));
    }
    Naming { names, home: "demo".to_owned() }
}

fn started(direction: Direction, agent: Option<u32>) -> CallEvent {
    let (from, to) = ("+442070000001".to_owned(), "+442071830001".to_owned());
    CallEvent::Started { direction, internal: false, from, to, parent: None, trunk: None, agent: agent.map(AgentId) }
}

fn leg(leg: u64, kind: LegKind, agent: Option<u32>) -> CallEvent {
    CallEvent::LegStarted { leg: LegId(leg), kind, sip_call_id: leg.to_string(), agent: agent.map(AgentId) }
}

fn answered(leg: u64, agent: Option<u32>) -> CallEvent {
    CallEvent::Answered { leg: LegId(leg), agent: agent.map(AgentId) }
}

fn cause() -> Cause {
    Cause { who: Who::Caller, q850: Some(16), sip: None, code: "normal".to_owned() }
}

fn leg_ended(leg: u64) -> CallEvent {
    CallEvent::LegEnded { leg: LegId(leg), cause: cause() }
}

fn ended() -> CallEvent {
    CallEvent::Ended { status: CallStatus::Completed, outcome: Outcome::Successful, cause: cause() }
}

fn offer(leg: u64, agent: u32) -> CallEvent {
    CallEvent::OfferRinging { offer: OfferId(leg), agent: AgentId(agent), leg: LegId(leg) }
}

fn rows(events: Vec<(i64, CallEvent)>) -> Vec<AgentCall> {
    let entries = events.into_iter().zip(1..);
    let entries: Vec<_> =
        entries.map(|((second, event), seq)| CallEntry { call: CallId(1), seq, at: at(second), event }).collect();
    let mut record = CallRecord::start(&entries[0]).unwrap();
    let mut parts = Parts::default();
    for entry in &entries[1..] {
        let _taken = record.apply(entry);
        parts.take(entry);
    }
    parts.rows(&record, "demo", &naming())
}

/// (agent, dialed, began, ended, talked from, talk in s) of each part.
fn parts(events: Vec<(i64, CallEvent)>) -> Vec<(String, bool, i64, i64, Option<i64>, u64)> {
    let seconds = |time: WallTime| time.as_micros() / 1_000_000;
    let rows = rows(events).into_iter();
    rows.map(|row| {
        let talked = row.talked_at.map(seconds);
        (row.agent, row.dialed, seconds(row.began_at), seconds(row.ended_at), talked, row.talk_ms / 1_000)
    })
    .collect()
}

#[test]
fn who_missed_it_has_a_part_without_talk_and_who_took_it_one_with() {
    let events = vec![
        (0, started(Direction::Inbound, None)),
        (0, leg(1, LegKind::Caller, None)),
        (1, CallEvent::QueueEntered { queue: QueueId(1), arrived: at(1), priority: 0 }),
        (1, leg(2, LegKind::Agent, Some(1))),
        (1, offer(2, 1)),
        (16, leg_ended(2)),
        (16, leg(3, LegKind::Agent, Some(2))),
        (16, offer(3, 2)),
        (20, answered(3, Some(2))),
        (50, leg_ended(3)),
        (50, ended()),
    ];
    let (missed, taken) = (("1001".into(), false, 1, 16, None, 0), ("1002".into(), false, 16, 50, Some(20), 30));
    assert_eq!(parts(events), [missed, taken]);
}

#[test]
fn an_agent_who_dials_talks_from_the_answer_of_the_other_side() {
    let events = |answer: CallEvent| {
        vec![
            (0, started(Direction::OutboundDial, Some(1))),
            (0, leg(1, LegKind::Caller, Some(1))),
            (2, leg(2, LegKind::Callee, None)),
            (8, answer),
            (20, ended()),
        ]
    };
    assert_eq!(parts(events(answered(2, None))), [("1001".into(), true, 0, 20, Some(8), 12)]);
    assert_eq!(parts(events(answered(1, None))), [("1001".into(), true, 0, 20, None, 0)], "a service, not a person");
}

#[test]
fn a_call_that_is_handed_on_is_a_part_of_both() {
    let events = vec![
        (0, started(Direction::Inbound, None)),
        (0, leg(1, LegKind::Caller, None)),
        (1, leg(2, LegKind::Agent, Some(1))),
        (5, answered(2, Some(1))),
        (9, leg(3, LegKind::Transfer, Some(2))),
        (15, CallEvent::Transferred { leg: LegId(2), to: "1002".to_owned(), agent: Some(AgentId(2)) }),
        (15, leg_ended(2)),
        (40, leg_ended(3)),
        (40, ended()),
    ];
    let (first, second) = (("1001".into(), false, 1, 15, Some(5), 10), ("1002".into(), false, 9, 40, Some(15), 25));
    assert_eq!(parts(events), [first, second]);
}

#[test]
fn an_agent_who_takes_a_callback_of_a_queue_talks_from_the_answer_of_the_customer() {
    let events = vec![
        (0, started(Direction::OutboundDial, None)),
        (0, CallEvent::QueueEntered { queue: QueueId(1), arrived: at(0), priority: 0 }),
        (1, leg(1, LegKind::Agent, Some(1))),
        (1, offer(1, 1)),
        (2, CallEvent::OfferAnswered { offer: OfferId(1), agent: AgentId(1), leg: LegId(1) }),
        (3, leg(2, LegKind::Callee, None)),
        (6, answered(2, Some(1))),
        (9, leg_ended(1)),
        (9, ended()),
    ];
    assert_eq!(parts(events), [("1001".into(), true, 1, 9, Some(6), 3)]);
}

#[test]
fn a_callback_of_a_queue_whose_customer_is_busy_is_a_call_of_the_agent_who_dialed_him() {
    let events = |dialed: bool| {
        let mut events = vec![
            (0, started(Direction::OutboundDial, None)),
            (0, CallEvent::QueueEntered { queue: QueueId(1), arrived: at(0), priority: 0 }),
            (1, leg(1, LegKind::Agent, Some(1))),
            (1, offer(1, 1)),
            (2, CallEvent::OfferMissed { offer: OfferId(1), agent: AgentId(1) }),
            (2, leg_ended(1)),
            (2, leg(2, LegKind::Agent, Some(2))),
            (2, offer(2, 2)),
            (3, CallEvent::OfferAnswered { offer: OfferId(2), agent: AgentId(2), leg: LegId(2) }),
        ];
        if dialed {
            events.extend([(4, leg(3, LegKind::Callee, None)), (6, leg_ended(3))]);
        }
        events.extend([(7, leg_ended(2)), (7, ended())]);
        rows(events).iter().map(|row| (row.counts(), row.missed, row.talk_ms)).collect::<Vec<_>>()
    };
    assert_eq!(events(true), [(false, true, 0), (true, false, 0)]);
    assert_eq!(events(false), [(false, true, 0), (false, false, 0)], "nobody was dialed: no call of his");
}

#[test]
fn only_who_let_it_ring_out_or_declined_it_has_missed_it() {
    let events = |left: Vec<(i64, CallEvent)>| {
        let mut events = vec![
            (0, started(Direction::Inbound, None)),
            (0, leg(1, LegKind::Caller, None)),
            (1, CallEvent::QueueEntered { queue: QueueId(1), arrived: at(1), priority: 0 }),
            (1, leg(2, LegKind::Agent, Some(1))),
            (1, offer(2, 1)),
            (1, leg(3, LegKind::Agent, Some(2))),
            (1, offer(3, 2)),
        ];
        events.extend(left);
        events.push((9, ended()));
        rows(events).into_iter().map(|row| row.missed).collect::<Vec<_>>()
    };
    let missed = |agent| CallEvent::OfferMissed { offer: OfferId(2), agent: AgentId(agent) };
    let refused = |status| CallEvent::OfferRefused { offer: OfferId(2), agent: AgentId(1), status };
    let withdrawn =
        |n: u64| CallEvent::OfferWithdrawn { offer: OfferId(n + 1), agent: AgentId(n as u32), why: "ended".to_owned() };
    assert_eq!(events(vec![(5, answered(3, Some(2))), (5, withdrawn(1))]), [false, false], "they rang together");
    assert_eq!(events(vec![(2, withdrawn(1)), (2, withdrawn(2))]), [false, false], "the caller gave up");
    assert_eq!(events(vec![(4, missed(1)), (5, answered(3, Some(2)))]), [true, false]);
    assert_eq!(events(vec![(4, refused(486)), (5, answered(3, Some(2)))]), [true, false]);
    assert_eq!(events(vec![(4, refused(0)), (5, answered(3, Some(2)))]), [false, false], "it never came to him");
    assert_eq!(events(vec![(4, missed(1)), (5, answered(2, Some(1)))]), [false, false], "he took it in the end");
}

#[test]
fn who_himself_was_called_and_did_not_answer_has_missed_it() {
    let events = vec![
        (0, started(Direction::Inbound, None)),
        (0, leg(1, LegKind::Caller, None)),
        (0, leg(2, LegKind::Callee, Some(1))),
        (9, leg_ended(2)),
        (9, ended()),
    ];
    assert!(rows(events)[0].missed);
}
