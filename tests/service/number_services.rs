//! Echo and tone, from the trunk and from an agent.

use crate::queue_calls::assert_louder;
use crate::support::{Call, ECHO, Node, Rtp, TONE, level_db, sdp};

#[test]
fn echo_answers_at_once_and_gives_back_what_it_hears() {
    let node = Node::demo();
    let mut caller = node.carrier.call(ECHO);
    caller.expect_final(200);
    caller.talk(1_000.0);
    let first = caller.rtp.wait_packets(100);
    assert_louder(&caller.rtp.samples(first), 1_000.0, 440.0);
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["direction"], "inbound");
    assert_eq!(record["internal"], true);
    assert_eq!(record["status"], "completed");
    assert!(record["queue"].is_null() && record["agent"].is_null(), "{record:#}");
    assert!(!record["answered_at"].is_null());
}

#[test]
fn the_tone_is_1004_hertz() {
    let node = Node::demo();
    let mut caller = node.carrier.call(TONE);
    caller.expect_final(200);
    let first = caller.rtp.wait_packets(100);
    let samples = caller.rtp.samples(first);
    let level = level_db(&samples, 1_004.0);
    assert!(level > -30.0, "{level} dB");
    for other in [900.0, 1_100.0, 2_008.0] {
        assert!(level >= level_db(&samples, other) + 20.0, "{other} Hz");
    }
    caller.bye();
    assert_eq!(node.http().record_of(&caller.id)["internal"], true);
}

#[test]
fn an_agent_who_dials_an_own_number_stays_inside() {
    let node = Node::demo();
    let phone = node.registered("1001");
    for dialed in [ECHO, "00442071830003", "442071830003", "02071830003"] {
        let mut call = phone.call(dialed);
        call.expect_final(200);
        call.bye();
        let record = node.http().record_of(&call.id);
        assert_eq!(record["direction"], "outbound_dial", "{dialed}");
        assert_eq!(record["to"], ECHO, "{dialed}");
        assert_eq!(record["from"], "1001");
        assert_eq!(record["internal"], true);
    }
    assert!(!node.carrier.has(|msg| msg.is_request("INVITE")));
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_answers_it_in_the_ack() {
    let node = Node::demo();
    let rtp = Rtp::bind([127, 0, 0, 2].into());
    let mut caller = Call::begin_with(&node.carrier, ECHO, rtp, &[], "");
    let offer = caller.expect_final_unacknowledged(200);
    assert!(offer.audio().is_some() && offer.body.contains("PCMU"), "{offer:?}");
    let answer = sdp(&caller.rtp, "sendrecv");
    let ack = caller.text("ACK", "Content-Type: application/sdp\r\n", &answer);
    node.carrier.send(ack);
    caller.talk(1_000.0);
    let first = caller.rtp.wait_packets(75);
    assert_louder(&caller.rtp.samples(first), 1_000.0, 440.0);
    caller.bye();
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
}
