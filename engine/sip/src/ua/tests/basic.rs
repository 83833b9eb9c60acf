//! Calls that go as they should, and each way they end.

use super::rig::{A, B, Pair, addr, sdp};
use crate::ua::{Event, Transport};

#[test]
fn a_call_from_invite_to_bye() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut pair = Pair::new(1);
        pair.transport = transport;
        let [a, b] = pair.call();
        pair.uas[B].bye(pair.now, b, Some(crate::Reason::q850(16, "Normal call clearing")));
        pair.secs(1);
        assert_eq!(pair.end(A).as_deref(), Some("bye peer"));
        assert_eq!(pair.end(B).as_deref(), Some("ByeLocal"));
        let reason = pair.find(A, |event| match event {
            Event::Ended { session, how: crate::ua::SessionEnd::ByePeer { reason } } if *session == a => reason.clone(),
            _ => None,
        });
        assert_eq!(reason.as_deref(), Some("Q.850;cause=16;text=\"Normal call clearing\""));
        let lines: Vec<_> = pair.trace.iter().map(|wire| super::rig::start_line(&wire.message)).collect();
        let (wanted_a, wanted_b) = (format!("sip:alice@{}", addr(A)), format!("sip:bob@{}", addr(B)));
        let tcp = if transport == Transport::Tcp { ";transport=tcp" } else { "" };
        let wanted = [
            format!("INVITE {wanted_b} SIP/2.0"),
            "SIP/2.0 100 Trying".into(),
            "SIP/2.0 180 Ringing".into(),
            "SIP/2.0 200 OK".into(),
            format!("ACK {wanted_b}{tcp} SIP/2.0"),
            format!("BYE {wanted_a}{tcp} SIP/2.0"),
            "SIP/2.0 200 OK".into(),
        ];
        assert_eq!(lines, wanted);
        pair.settle();
        pair.assert_nothing_left();
    }
}

#[test]
fn headers_of_a_call() {
    let mut pair = Pair::new(2);
    pair.call();
    let invite = pair.sent(A, "INVITE")[0];
    assert_eq!(invite.header("Contact").collect::<Vec<_>>(), ["<sip:alice@127.0.0.2:5060>"]);
    assert_eq!(invite.header("User-Agent").collect::<Vec<_>>(), ["Trunkline"]);
    assert_eq!(invite.header("X-Test").collect::<Vec<_>>(), ["one  X-Injected: two"]);
    assert_eq!(
        invite.header("From").next().map(|from| from.starts_with("\"Alice \\\"A\\\"\" <sip:alice@a.example>;tag=")),
        Some(true)
    );
    let ok = pair.sent(B, "SIP/2.0 200")[0];
    assert_eq!(ok.header("Contact").collect::<Vec<_>>(), ["<sip:bob@127.0.0.3:5060>"]);
    assert_eq!(ok.header("Server").collect::<Vec<_>>(), ["Trunkline"]);
    assert_eq!(ok.body(), &sdp().bytes);
    let ringing = pair.sent(B, "SIP/2.0 180")[0];
    assert_eq!(ringing.to().unwrap().tag(), ok.to().unwrap().tag());
    let ack = pair.sent(A, "ACK")[0];
    assert_eq!(ack.cseq().unwrap().0, invite.cseq().unwrap().0);
    assert_ne!(ack.top_via().unwrap().branch(), invite.top_via().unwrap().branch());
    assert_eq!(ack.to().unwrap().tag(), ok.to().unwrap().tag());
}

#[test]
fn a_refusal_ends_both_sides() {
    let mut pair = Pair::new(3);
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].reject(pair.now, b, 486, vec![("Reason", "Q.850;cause=17".into())]);
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(1);
    assert_eq!(pair.end(A).as_deref(), Some("rejected 486"));
    assert_eq!(pair.end(B).as_deref(), Some("refused 486"));
    let (ack, invite) = (pair.sent(A, "ACK")[0], pair.sent(A, "INVITE")[0]);
    assert_eq!(ack.top_via().unwrap().branch(), invite.top_via().unwrap().branch());
    pair.settle();
    pair.assert_nothing_left();
}
