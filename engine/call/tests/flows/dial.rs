//! Extension and trunk calls: 18x and the final answer pass through.

use journal_core::{CallEvent, CallStatus, Direction, Outcome, Who};
use media_graph::Codec;
use sip::ua::Body;

use crate::rig::phone::header;
use crate::rig::plan::{CARRIER, agent_id};
use crate::rig::{World, start_line};

/// Agent 1001 has dialed `to`; his phone, the carrier's and that of 1002.
fn dialing(to: &str) -> (World, usize, usize, usize) {
    let mut world = World::new();
    let (carrier, caller, callee) = (world.carrier(), world.agent("1001"), world.agent("1002"));
    world.phones[caller].call(world.now.mono, to);
    world.settle();
    (world, caller, callee, carrier)
}

#[test]
fn an_extension_rings_answers_and_talks() {
    let (mut world, caller, callee, _) = dialing("1002");
    assert!(world.phones[callee].is_called());
    let from = world.phones[callee].invite_received().from().unwrap();
    assert_eq!((from.display_name().unwrap().as_ref(), from.uri.user().unwrap().as_ref()), ("Agent 1001", "1001"));
    assert_eq!(world.busy.len(), 2, "both are on a call while it rings");
    world.phones[callee].ring(world.now.mono);
    world.settle();
    assert_eq!(world.phones[caller].provisionals(), [180]);
    world.secs(2);
    world.phones[callee].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[caller].is_answered());
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
    world.secs(5);
    world.phones[callee].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[caller].got_bye());
    let call = world.call();
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.cause.who), (CallStatus::Completed, Who::Callee));
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::Started { direction: Direction::OutboundDial, internal: true, from, to, agent: Some(_), .. }
            if from == "1001" && to == "1002"
    )));
    assert!(world.has(call, |event| matches!(event, CallEvent::Ringing { .. })));
    assert_eq!(world.freed.iter().filter(|(_, _, talked)| *talked).count(), 2);
    assert!(world.media.recorded.is_empty(), "only queue calls are recorded");
    world.assert_nothing_left();
}

#[test]
fn a_number_goes_out_through_the_trunk() {
    let (mut world, caller, _, carrier) = dialing("02079460000");
    let invite = world.phones[carrier].invite_received();
    assert_eq!(start_line(invite), "INVITE sip:+442079460000@127.0.0.2:5080");
    assert_eq!(invite.from().unwrap().uri.user().unwrap(), "+442071830000", "the trunk's caller id");
    world.phones[carrier].ring(world.now.mono);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[caller].is_answered());
    let usage = world.shard.snapshot().trunks;
    assert_eq!((usage[0].trunk, usage[0].calls), (CARRIER, 1));
    world.phones[caller].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::Started { internal: false, to, .. } if to == "+442079460000"
    )));
    assert!(world.has(call, |event| matches!(event, CallEvent::Answered { agent: Some(_), .. })));
    assert_eq!(world.ended(call).outcome, Outcome::Successful);
    assert_eq!(world.shard.snapshot().trunks[0].calls, 0);
    world.assert_nothing_left();
}

#[test]
fn early_media_passes_and_the_200_repeats_its_description() {
    let (mut world, caller, _, carrier) = dialing("02079460000");
    world.phones[carrier].early_media(world.now.mono);
    world.settle();
    assert_eq!(world.phones[caller].provisionals(), [183]);
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]), "the announcement of the far side");
    let early = world.last_to(caller, "183").body().clone();
    world.secs(2);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert_eq!(world.last_to(caller, "200").body(), &early);
    world.phones[caller].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn the_final_answer_of_the_callee_passes_through() {
    for (status, verdict, code) in [
        (486, CallStatus::NoAnswer, "busy"),
        (480, CallStatus::NoAnswer, "unreachable"),
        (603, CallStatus::Failed, "rejected"),
        (404, CallStatus::Failed, "unknown_number"),
        (503, CallStatus::Failed, "upstream"),
    ] {
        let (mut world, caller, callee, _) = dialing("1002");
        world.phones[callee].reject(world.now.mono, status);
        world.settle();
        assert_eq!(world.phones[caller].refusal_status(), Some(status));
        assert_eq!(world.verdict(), (verdict, code.to_owned()));
        let cause = world.ended(world.call()).cause;
        assert_eq!((cause.who, cause.sip), (Who::Callee, Some(status)));
        world.assert_nothing_left();
        assert!(world.freed.iter().all(|(_, _, talked)| !talked));
    }
}

#[test]
fn the_caller_cancels_while_it_rings() {
    let (mut world, caller, callee, _) = dialing("1002");
    world.phones[callee].ring(world.now.mono);
    world.secs(1);
    world.phones[caller].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[callee].got_cancel());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.cause.who, ended.cause.sip), (CallStatus::Canceled, Who::Caller, Some(487)));
    world.assert_nothing_left();
}

#[test]
fn the_caller_cancels_while_the_200_is_on_its_way() {
    let (mut world, caller, callee, _) = dialing("1002");
    world.phones[callee].ring(world.now.mono);
    world.settle();
    world.phones[caller].hang_up(world.now.mono);
    world.phones[callee].answer_call(world.now.mono);
    world.secs(1);
    assert!(world.phones[callee].got_bye() || world.phones[callee].got_cancel());
    world.assert_nothing_left();
}

#[test]
fn it_rings_out() {
    let (mut world, caller, callee, _) = dialing("1002");
    world.phones[callee].ring(world.now.mono);
    world.secs(121);
    assert!(world.phones[callee].got_cancel());
    assert_eq!(world.phones[caller].refusal_status(), Some(480));
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "no_answer".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_dead_phone_is_unreachable() {
    let (world, caller, ..) = dialing("1003");
    assert_eq!(world.phones[caller].refusal_status(), Some(480), "no phone is registered");
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "unreachable".to_owned()));
    let mut world = World::new();
    let (caller, callee) = (world.agent("1001"), world.agent("1002"));
    world.phones[callee].is_dead = true;
    world.phones[caller].call(world.now.mono, "1002");
    world.secs(40);
    assert_eq!(world.phones[caller].refusal_status(), Some(408));
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "unreachable".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn both_legs_speak_the_same_codec_where_they_can() {
    for (caller_codecs, callee_codecs, caller_sends, callee_sends) in [
        (vec![sdp::Codec::Pcmu, sdp::Codec::Pcma], sdp::Codec::ALL.to_vec(), Codec::Pcmu, Codec::Pcmu),
        (vec![sdp::Codec::Pcmu, sdp::Codec::Pcma], vec![sdp::Codec::Pcma], Codec::Pcma, Codec::Pcma),
        (vec![sdp::Codec::Pcmu], vec![sdp::Codec::Pcma], Codec::Pcmu, Codec::Pcma),
    ] {
        let mut world = World::new();
        let (caller, callee) = (world.agent("1001"), world.agent("1002"));
        world.phones[caller].codecs = caller_codecs;
        world.phones[callee].codecs = callee_codecs;
        world.phones[caller].call(world.now.mono, "1002");
        world.settle();
        world.phones[callee].answer_call(world.now.mono);
        world.settle();
        let codecs: Vec<_> = world.media.remotes.values().map(|remote| remote.codec).collect();
        assert_eq!(codecs, [caller_sends, callee_sends]);
        assert!(world.media.remotes.values().all(|remote| remote.dtmf.send.is_some()));
        world.phones[caller].hang_up(world.now.mono);
        world.assert_nothing_left();
    }
}

#[test]
fn an_invite_without_an_offer_gets_ours() {
    let mut world = World::new();
    let (caller, callee) = (world.agent("1001"), world.agent("1002"));
    world.phones[caller].invite(world.now.mono, "1002", None);
    world.settle();
    world.phones[callee].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[caller].is_answered());
    assert!(!world.last_to(caller, "200").body().is_empty());
    // The rig's phone acknowledges without an answer: there is no session (RFC 3261 13.2.2.4).
    assert!(world.phones[caller].got_bye() && world.phones[callee].got_bye());
    assert_eq!(world.verdict(), (CallStatus::Failed, "not_acceptable".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_consultation_names_the_call_on_hold() {
    let (mut world, caller, callee, _) = dialing("1002");
    world.phones[callee].answer_call(world.now.mono);
    world.settle();
    let first = world.call();
    let other = world.agent("1003");
    world.phones[caller].reinvite(world.now.mono, sdp::Direction::SendOnly);
    world.settle();
    let held = world.phones[caller].session;
    world.phones[caller].call(world.now.mono, "1003");
    world.settle();
    assert!(world.phones[other].is_called());
    let second = world.calls()[1];
    assert!(world.has(second, |event| matches!(event, CallEvent::Started { parent: Some(of), .. } if *of == first)));
    world.phones[caller].hang_up(world.now.mono);
    world.settle();
    world.phones[caller].session = held;
    world.phones[caller].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_transit_trunk_dials_through() {
    let mut plan = crate::rig::plan::demo();
    let transit = clock::TrunkId(2);
    let mut trunk = plan.trunks[&CARRIER].clone();
    trunk.sources = vec![call::TrunkAddress { ip: [127, 0, 0, 3].into(), port: None }];
    plan.trunks.insert(transit, trunk);
    plan.routes.push(call::RoutePlan {
        from: call::RouteSource::Trunk(transit),
        pattern: "*".to_owned(),
        trunk: CARRIER,
    });
    let mut world = World::with(plan, 3);
    let (carrier, far) = (world.carrier(), world.stranger("127.0.0.3:5060"));
    world.phones[far].call(world.now.mono, "service");
    world.settle();
    assert_eq!(start_line(world.phones[carrier].invite_received()), "INVITE sip:service@127.0.0.2:5080");
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[far].is_answered());
    world.phones[far].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert!(world.has(world.call(), |event| matches!(
        event,
        CallEvent::Started { direction: Direction::Inbound, trunk: Some(_), .. }
    )));
}

#[test]
fn the_call_id_of_each_leg_of_ours_is_told_and_taken_back() {
    let (mut world, caller, callee, _) = dialing("1002");
    let call_id = world.phones[callee].invite_received().call_id().unwrap().to_owned();
    assert_eq!(world.owned.keys().collect::<Vec<_>>(), [&call_id]);
    let call = world.call();
    let agents: Vec<_> = world
        .events(call)
        .into_iter()
        .filter_map(|event| match event {
            CallEvent::LegStarted { agent, .. } => *agent,
            _ => None,
        })
        .collect();
    assert_eq!(agents, [agent_id("1001"), agent_id("1002")]);
    world.phones[caller].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_body_that_is_no_description_is_refused_last() {
    let mut world = World::new();
    let caller = world.agent("1001");
    world.agent("1002");
    let body = Body { content_type: "text/plain", bytes: "hello".into() };
    world.phones[caller].invite(world.now.mono, "1002", Some(body));
    world.settle();
    assert_eq!(world.phones[caller].refusal_status(), Some(415));
    assert!(header(world.phones[caller].refusal().unwrap(), "Accept").contains("application/sdp"));
    assert_eq!(world.verdict(), (CallStatus::Failed, "not_acceptable".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn the_answer_to_our_offer_comes_with_the_ack() {
    let mut world = World::new();
    let far = "127.0.0.2:7777";
    let head = |method: &str, branch: &str, to_tag: &str, cseq: &str| {
        format!(
            "{method} sip:+442071830003@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {far};branch=z9hG4bK{branch}\r\n\
             From: <sip:+441632960001@127.0.0.2>;tag=f\r\nTo: <sip:+442071830003@127.0.0.1>{to_tag}\r\n\
             Call-ID: late-offer\r\nCSeq: {cseq}\r\nContact: <sip:c@{far}>\r\nMax-Forwards: 70\r\n"
        )
    };
    world.raw(far, &format!("{}Content-Length: 0\r\n\r\n", head("INVITE", "1", "", "1 INVITE")));
    let (_, answer, _) = world.sent.last().unwrap().clone();
    assert_eq!(answer.status(), 200);
    assert!(world.media.remotes.is_empty(), "nothing is agreed yet");
    let offer = sdp::Session::parse(answer.body()).unwrap();
    let local = sdp::Local {
        address: [127, 0, 0, 2].into(),
        port: 9000,
        codecs: vec![sdp::Codec::Pcmu],
        telephone_event: false,
        direction: sdp::Direction::SendRecv,
        session_id: 1,
        version: 1,
    };
    let sdp = sdp::answer(&offer, &local, None).unwrap().0.to_string();
    let tag = format!(";tag={}", answer.to().unwrap().tag().unwrap());
    let ack = head("ACK", "2", &tag, "1 ACK");
    world.raw(far, &format!("{ack}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len()));
    let remote = *world.media.remotes.values().next().unwrap();
    assert_eq!((remote.rtp.port(), remote.codec), (9000, Codec::Pcmu));
    world.raw(far, &format!("{}Content-Length: 0\r\n\r\n", head("BYE", "3", &tag, "2 BYE")));
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}
