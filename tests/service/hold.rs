//! Hold by re-INVITE: music for the side on hold, no RTP for the holder.

use crate::queue_calls::{assert_louder, assert_order, talk};
use crate::support::{Node, NodeConfig};

#[test]
fn the_agent_holds_and_the_caller_hears_music() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.talk(440.0);
    let first = caller.rtp.wait_packets(50);
    assert_louder(&caller.rtp.samples(first + 10), 440.0, 1_000.0);

    let held = agent.reinvite("sendonly");
    assert!(["recvonly", "inactive"].contains(&held.direction()), "{}", held.body);
    // What was on its way when the hold began comes first.
    caller.rtp.wait_packets(5);
    let first = caller.rtp.wait_packets(75);
    let music = caller.rtp.samples(first);
    assert!(music.iter().any(|sample| sample.unsigned_abs() > 300), "the caller hears music");
    assert!(crate::support::level_db(&music, 440.0) < -45.0 || is_music(&music), "the holder is not heard");
    let silent_from = agent.rtp.packets().len();
    caller.rtp.wait_packets(25);
    assert!(agent.rtp.packets().len() <= silent_from + 1, "the holder gets no RTP");

    let resumed = agent.reinvite("sendrecv");
    assert_eq!(resumed.direction(), "sendrecv");
    caller.talk(1_000.0);
    caller.rtp.wait_packets(5);
    let first = caller.rtp.wait_packets(50);
    assert_louder(&caller.rtp.samples(first), 440.0, 1_000.0);
    caller.bye();
    agent.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed");
    assert_order(&node.http().journey(&record), &["call.answered", "call.held", "call.resumed", "call.ended"]);
}

#[test]
fn either_side_may_hang_up_on_hold() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, mut agent) = talk(&node, &phone);
    agent.reinvite("inactive");
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "ready");
    let (caller, mut agent) = talk(&node, &phone);
    agent.reinvite("sendonly");
    agent.bye();
    caller.expect_bye();
    node.http().wait_agent("1001", "ready");
}

#[test]
fn the_caller_may_hold_too() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    caller.reinvite("sendonly");
    let first = agent.rtp.wait_packets(50);
    assert!(agent.rtp.samples(first).iter().any(|sample| sample.unsigned_abs() > 300), "the agent hears music");
    caller.reinvite("sendrecv");
    caller.bye();
    agent.expect_bye();
}

/// The music of the demo has many tones: none of them stands alone.
pub(crate) fn is_music(samples: &[i16]) -> bool {
    let loud = |hz: f64| crate::support::level_db(samples, hz);
    [262.0, 330.0, 392.0, 523.0].into_iter().any(|hz| loud(hz) > loud(440.0))
}
