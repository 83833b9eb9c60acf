//! Who is let in, and what the others are told (DESIGN section 7).

use call::Input;
use journal_core::{CallEvent, CallStatus, Direction};
use sip::Method;

use crate::rig::World;
use crate::rig::phone::header;
use crate::rig::plan::{CARRIER, ECHO_DID, SUPPORT_DID, agent_id, demo};

#[test]
fn without_credentials_an_invite_is_challenged_and_makes_no_record() {
    let mut world = World::new();
    let stranger = world.stranger("127.0.0.9:5060");
    world.phones[stranger].call(world.now.mono, "1001");
    world.settle();
    assert_eq!(world.phones[stranger].refusal_status(), Some(401));
    let challenge = header(world.phones[stranger].refusal().unwrap(), "WWW-Authenticate");
    assert!(challenge.contains("realm=\"demo.local\"") && challenge.contains("MD5"), "{challenge}");
    assert!(world.entries.is_empty());
    let ungated = world.sent.iter().all(|(_, _, gate)| gate.is_none());
    assert!(ungated, "a 401 never waits for the journal");
    world.assert_nothing_left();
}

#[test]
fn guessing_by_invite_is_told_to_location_and_met_with_silence() {
    let mut world = World::new();
    let guesser = world.guesser("1001", "127.0.0.9:5060");
    world.phones[guesser].call(world.now.mono, "1002");
    world.settle();
    let address = "127.0.0.9".parse().unwrap();
    assert_eq!(world.phones[guesser].refusal_status(), Some(401));
    assert_eq!(world.auth_failed, [(address, "1001".to_owned())]);
    let until = world.now.mono + core::time::Duration::from_secs(60);
    world.input(Input::Silenced(sip::location::Silence { address, user: Some("1001".to_owned()), until }));
    let before = world.sent.len();
    world.phones[guesser].call(world.now.mono, "1002");
    world.settle();
    assert_eq!((world.sent.len(), world.dropped.last()), (before, Some(&"banned")));
    world.input(Input::Released { address, user: Some("1001".to_owned()) });
    world.phones[guesser].call(world.now.mono, "1002");
    world.settle();
    assert!(world.sent.len() > before);
    world.assert_nothing_left();
}

#[test]
fn a_trunk_dials_own_numbers_only_and_its_404_is_a_record() {
    for dialed in ["1001", "+442079460000", "nobody"] {
        let mut world = World::new();
        world.agent("1001");
        let carrier = world.carrier();
        world.phones[carrier].call(world.now.mono, dialed);
        world.settle();
        assert_eq!(world.phones[carrier].refusal_status(), Some(404), "{dialed}");
        let call = world.call();
        assert_eq!(world.verdict(), (CallStatus::Failed, "unknown_number".to_owned()));
        assert!(world.has(call, |event| matches!(event, CallEvent::Started { direction: Direction::Inbound, .. })));
        let (_, _, gate) = world.sent.iter().find(|(_, message, _)| message.status() == 404).unwrap();
        assert_eq!(*gate, Some(world.entries.len() as u64));
        world.assert_nothing_left();
    }
}

#[test]
fn agents_may_not_dial_abroad_nor_what_does_not_exist() {
    for (dialed, status, records) in
        [("0033123456789", 403, 0), ("+449098790001", 403, 0), ("1999", 404, 1), ("1003", 480, 1)]
    {
        let mut world = World::new();
        let agent = world.agent("1001");
        world.carrier();
        world.phones[agent].call(world.now.mono, dialed);
        world.settle();
        assert_eq!(world.phones[agent].refusal_status(), Some(status), "{dialed}");
        assert_eq!(world.calls().len(), records, "{dialed}");
        world.assert_nothing_left();
    }
}

#[test]
fn a_colleague_without_a_phone_is_an_internal_call() {
    for (dialed, is_internal) in [("1003", true), ("1999", false)] {
        let mut world = World::new();
        let agent = world.agent("1001");
        world.phones[agent].call(world.now.mono, dialed);
        world.settle();
        let started =
            |event: &CallEvent| matches!(event, CallEvent::Started { internal, .. } if *internal == is_internal);
        assert!(world.has(world.call(), started), "{dialed}");
        world.assert_nothing_left();
    }
}

#[test]
fn limits_of_a_trunk_are_503_with_retry_after() {
    let mut plan = demo();
    plan.trunks.get_mut(&CARRIER).unwrap().calls_max = 1;
    let mut world = World::with(plan, 5);
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, ECHO_DID);
    world.settle();
    let first = world.phones[carrier].session;
    world.phones[carrier].call(world.now.mono, ECHO_DID);
    world.settle();
    assert_eq!(world.phones[carrier].refusal_status(), Some(503));
    assert_eq!(header(world.phones[carrier].refusal().unwrap(), "Retry-After"), "5");
    assert!(header(world.phones[carrier].refusal().unwrap(), "Reason").contains("cause=42"));
    assert_eq!(world.calls().len(), 1);
    assert_eq!((world.dropped.as_slice(), world.shard.snapshot().trunks[0].refused), (["trunk_limit"].as_slice(), 1));
    world.phones[carrier].session = first;
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_failing_journal_and_a_shutdown_refuse_new_calls() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.input(Input::JournalFailing(true));
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert_eq!(world.phones[carrier].refusal_status(), Some(503));
    assert!(world.sent.iter().all(|(_, _, gate)| gate.is_none()), "nothing waits for a journal that fails");
    assert!(world.entries.is_empty());
    world.input(Input::JournalFailing(false));
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert!(world.phones[carrier].is_answered());
    world.input(Input::Drain);
    let held = world.phones[carrier].session;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert!(!world.drained && world.dropped.contains(&"draining"));
    world.phones[carrier].session = held;
    world.phones[carrier].hang_up(world.now.mono);
    world.secs(1);
    assert!(world.drained);
    world.assert_nothing_left();
}

#[test]
fn no_common_codec_is_488_with_a_warning() {
    let mut world = World::new();
    let carrier = world.carrier();
    let offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n";
    let body = Some(sip::ua::Body::sdp(offer));
    world.phones[carrier].invite(world.now.mono, SUPPORT_DID, body);
    world.settle();
    assert_eq!(world.phones[carrier].refusal_status(), Some(488));
    assert!(header(world.phones[carrier].refusal().unwrap(), "Warning").starts_with("305"));
    assert!(world.media.legs.is_empty());
    world.assert_nothing_left();
}

#[test]
fn an_agent_has_a_cap_of_calls_a_day() {
    let mut plan = demo();
    plan.agents.get_mut(&agent_id("1001")).unwrap().calls_per_day_max = 1;
    let mut world = World::with(plan, 5);
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.phones[agent].call(world.now.mono, "02079460000");
    world.settle();
    world.phones[carrier].reject(world.now.mono, 486);
    world.settle();
    assert_eq!(world.phones[agent].refusal_status(), Some(486));
    world.phones[agent].call(world.now.mono, "02079460000");
    world.settle();
    assert_eq!(world.phones[agent].refusal_status(), Some(403));
    world.assert_nothing_left();
}

#[test]
fn what_an_agent_dialed_before_a_restart_counts_for_his_cap() {
    let mut plan = demo();
    plan.agents.get_mut(&agent_id("1001")).unwrap().calls_per_day_max = 2;
    let mut world = World::with(plan, 5);
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::Dialed(vec![(agent_id("1001"), 1), (agent_id("1002"), 9)]));
    world.phones[agent].call(world.now.mono, "02079460000");
    world.settle();
    world.phones[carrier].reject(world.now.mono, 486);
    world.settle();
    world.phones[agent].call(world.now.mono, "02079460000");
    world.settle();
    assert_eq!(world.phones[agent].refusal_status(), Some(403));
    let mut replay = journal_core::Replay::default();
    world.entries.iter().for_each(|entry| replay.apply(entry).expect("the journal is whole"));
    let dialed: Vec<_> = replay.dialed_on(world.now.wall).collect();
    assert_eq!(
        dialed,
        [(agent_id("1001"), 1)],
        "the call that went out counts at the next restart, the refused does not"
    );
    world.assert_nothing_left();
}

#[test]
fn an_agent_who_dials_an_own_number_stays_inside() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.phones[agent].call(world.now.mono, "02071830003");
    world.settle();
    assert!(world.phones[agent].is_answered() && !world.phones[carrier].is_called());
    let call = world.call();
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::Started { direction: Direction::OutboundDial, internal: true, .. }
    )));
    world.phones[agent].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_foreign_host_is_404_and_only_a_known_caller_gets_so_far() {
    for (addr, status, records) in [("127.0.0.2:5080", 404, 1), ("127.0.0.9:5060", 401, 0)] {
        let mut world = World::new();
        let caller = world.stranger(addr);
        world.phones[caller].domain = "example.com".to_owned();
        world.phones[caller].call(world.now.mono, SUPPORT_DID);
        world.settle();
        assert_eq!(world.phones[caller].refusal_status(), Some(status));
        assert_eq!(world.calls().len(), records);
        world.assert_nothing_left();
    }
}

#[test]
fn an_emergency_call_passes_a_full_trunk_and_a_used_up_cap() {
    let mut plan = demo();
    plan.numbers.emergency = [("999".to_owned(), CARRIER)].into();
    plan.trunks.get_mut(&CARRIER).unwrap().calls_max = 1;
    plan.agents.get_mut(&agent_id("1001")).unwrap().may_dial_out = false;
    let mut world = World::with(plan, 5);
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.phones[carrier].call(world.now.mono, ECHO_DID);
    world.settle();
    let echo = world.phones[carrier].session;
    world.phones[agent].call(world.now.mono, "999");
    world.settle();
    assert_eq!(crate::rig::start_line(world.phones[carrier].invite_received()), "INVITE sip:999@127.0.0.2:5080");
    world.phones[carrier].answer_call(world.now.mono);
    world.secs(1);
    world.phones[agent].hang_up(world.now.mono);
    world.phones[carrier].session = echo;
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn requests_outside_sessions() {
    for (addr, method, status) in [
        ("127.0.0.9:5060", Method::Options, 200),
        ("127.0.0.2:5080", Method::Options, 200),
        ("127.0.0.9:5060", Method::Message, 401),
        ("127.0.0.9:5060", Method::Refer, 401),
        ("127.0.0.9:5060", Method::Subscribe, 401),
        ("127.0.0.2:5080", Method::Message, 405),
        ("127.0.0.2:5080", Method::Subscribe, 489),
    ] {
        let mut world = World::new();
        let peer = world.stranger(addr);
        world.phones[peer].request(world.now.mono, &method);
        world.settle();
        let got = world.phones[peer].events.iter().find_map(|event| match event {
            sip::ua::Event::Response { response, .. } => response.as_ref().map(sip::Message::status),
            _ => None,
        });
        assert_eq!(got, Some(status), "{method} from {addr}");
        assert!(world.entries.is_empty());
        world.assert_nothing_left();
    }
}

#[test]
fn options_have_a_pace() {
    let mut world = World::new();
    let peer = world.stranger("127.0.0.9:5060");
    for _ in 0..600 {
        world.phones[peer].request(world.now.mono, &Method::Options);
    }
    world.settle();
    let answered = world.lines_to(peer).iter().filter(|line| line.starts_with("200")).count();
    assert_eq!((answered, world.dropped.len()), (500, 100));
}
