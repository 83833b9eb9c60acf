//! Audio on the wire: transcoding, RTCP, strangers, and ports that are given back.

use std::net::UdpSocket;
use std::time::Duration;

use crate::queue_calls::{assert_louder, talk};
use crate::support::{Call, ECHO, Node, NodeConfig, Rtp, SUPPORT, alaw_encode, level_db, sdp, until};

#[test]
fn a_law_and_u_law_understand_each_other() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let rtp = Rtp::bind([127, 0, 0, 2].into());
    let only_u_law = sdp(&rtp, "sendrecv").replace("RTP/AVP 0 8 101", "RTP/AVP 0 101");
    let mut caller = Call::begin_with(&node.carrier, SUPPORT, rtp, &[], &only_u_law);
    caller.expect_final(200);
    let agent = phone.expect_call();
    agent.answer_with(&sdp(&agent.rtp, "sendrecv").replace("RTP/AVP 0 8 101", "RTP/AVP 8 101"));
    node.http().wait_agent("1001", "on_call");
    caller.talk(1_000.0);
    agent.rtp.talk_as(8, alaw_encode, agent.remote_audio.expect("an offer"), 440.0);
    caller.rtp.wait_packets(20);
    let first = caller.rtp.wait_packets(60);
    assert_louder(&caller.rtp.samples(first), 440.0, 1_000.0);
    until(
        "A-law only",
        || agent.rtp.packets().iter().filter(|packet| packet.payload_type == 8).count(),
        |count| *count > 50,
    );
    assert!(agent.rtp.packets().iter().all(|packet| packet.payload_type != 0), "the agent gets what it agreed to");
    caller.bye();
    agent.expect_bye();
}

#[test]
fn a_stranger_neither_hears_nor_speaks() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.talk(1_000.0);
    agent.talk(440.0);
    agent.rtp.wait_packets(25);
    let stranger = Rtp::bind([127, 0, 0, 9].into());
    stranger.talk(caller.remote_audio.expect("audio"), 600.0);
    stranger.talk(agent.remote_audio.expect("audio"), 600.0);
    let (at_agent, at_caller) = (agent.rtp.wait_packets(100), caller.rtp.wait_packets(100));
    assert_louder(&agent.rtp.samples(at_agent), 1_000.0, 600.0);
    assert_louder(&caller.rtp.samples(at_caller), 440.0, 600.0);
    assert!(stranger.packets().is_empty(), "{} packets to a stranger", stranger.packets().len());
    caller.bye();
    agent.expect_bye();
}

#[test]
fn a_caller_behind_an_address_translator_is_heard_and_hears() {
    let node = Node::demo();
    // His SDP names an address that is not his: only his packets tell where he is.
    let rtp = Rtp::bind([127, 0, 0, 2].into());
    let port = rtp.addr().port().to_string();
    let elsewhere = sdp(&rtp, "sendrecv").replace("127.0.0.2", "192.0.2.7").replace(&port, "9");
    let mut caller = Call::begin_with(&node.carrier, ECHO, rtp, &[], &elsewhere);
    caller.expect_final(200);
    caller.talk(1_000.0);
    let first = caller.rtp.wait_packets(60);
    assert!(level_db(&caller.rtp.samples(first), 1_000.0) > -30.0);
    caller.bye();
}

#[test]
fn rtcp_reports_come_on_the_second_port() {
    let node = Node::demo();
    let (rtp, rtcp) = pair();
    let mut caller = Call::begin_with(&node.carrier, ECHO, rtp, &[], "");
    caller.expect_final_unacknowledged(200);
    let answer = sdp(&caller.rtp, "sendrecv");
    let ack = caller.text("ACK", "Content-Type: application/sdp\r\n", &answer);
    node.carrier.send(ack);
    caller.talk(1_000.0);
    rtcp.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out can be set");
    let mut report = [0; 1_500];
    let length = rtcp.recv(&mut report).expect("a report");
    // RFC 3550 6.4: a compound packet begins with a sender or receiver report.
    assert!(length >= 8 && report[0] >> 6 == 2 && [200, 201].contains(&report[1]), "{:?}", &report[..8]);
    caller.bye();
}

/// A socket for RTP on an even port and one for RTCP above it.
fn pair() -> (Rtp, UdpSocket) {
    let ip = [127, 0, 0, 2].into();
    for _ in 0..200 {
        let rtp = Rtp::bind(ip);
        let port = rtp.addr().port();
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind((ip, port + 1))
        {
            return (rtp, rtcp);
        }
    }
    panic!("no pair of free ports");
}
