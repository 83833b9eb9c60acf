//! What a crash leaves behind is ended by the next start (DESIGN section 6).

use super::rig::{A, B, Pair, addr, sdp};
use crate::{
    Reason,
    ua::{DialogStage, DialogState, Ua, UaConfig},
};

/// The side is killed and starts anew with what was written down.
fn restart(pair: &mut Pair, side: usize, state: &DialogState) {
    pair.uas[side] = Ua::new(UaConfig::at(addr(side), "Trunkline"), clock::Rng::new(77));
    pair.events[side].clear();
    let reason = Reason::q850(41, "node restart");
    pair.uas[side].end_restored(pair.now, state, &reason);
}

fn rest(pair: &mut Pair) {
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn confirmed_dialogs_get_bye() {
    for side in [A, B] {
        let mut pair = Pair::new(1);
        let sessions = pair.call();
        let state = pair.uas[side].dialog(sessions[side]).unwrap();
        let wanted = [DialogStage::ClientConfirmed, DialogStage::ServerConfirmed][side];
        assert_eq!(state.stage, wanted);
        assert_eq!(Some(state.call_id.as_str()), pair.uas[side].sip_call_id(sessions[side]));
        restart(&mut pair, side, &state);
        pair.secs(1);
        assert_eq!(pair.end(1 - side).as_deref(), Some("bye peer"));
        assert!(pair.sent(side, "BYE")[0].header("Reason").any(|reason| reason.contains("cause=41")));
        rest(&mut pair);
    }
}

#[test]
fn an_unanswered_call_of_ours_is_cancelled() {
    let mut pair = Pair::new(2);
    let a = pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(1);
    let state = pair.uas[A].dialog(a).unwrap();
    assert_eq!(state.stage, DialogStage::ClientEarly);
    restart(&mut pair, A, &state);
    pair.secs(1);
    assert_eq!(pair.end(B).as_deref(), Some("CancelledByPeer"));
    assert_eq!(pair.sent(A, "ACK").len(), 1, "the 487 is acknowledged");
    rest(&mut pair);
}

#[test]
fn an_answer_that_crosses_the_cancel_gets_ack_and_bye() {
    let mut pair = Pair::new(3);
    let a = pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    let state = pair.uas[A].dialog(a).unwrap();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    restart(&mut pair, A, &state);
    pair.secs(2);
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
    assert_eq!((pair.sent(A, "ACK").len(), pair.sent(A, "BYE").len()), (1, 1));
    assert!(pair.sent(A, "BYE")[0].header("Reason").any(|reason| reason.contains("cause=41")));
    rest(&mut pair);
}

#[test]
fn an_unanswered_call_to_us_gets_503() {
    let mut pair = Pair::new(4);
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    let state = pair.uas[B].dialog(b).unwrap();
    assert_eq!((state.stage, state.vias.len()), (DialogStage::ServerEarly, 1));
    pair.secs(1);
    restart(&mut pair, B, &state);
    pair.secs(1);
    assert_eq!(pair.end(A).as_deref(), Some("rejected 503"));
    let refused = pair.sent(B, "SIP/2.0 503")[0];
    assert!(refused.has("Reason"));
    assert_eq!(refused.to().unwrap().tag(), pair.sent(B, "SIP/2.0 180")[0].to().unwrap().tag());
    rest(&mut pair);
}

#[test]
fn a_state_that_cannot_be_read_does_nothing() {
    let mut pair = Pair::new(5);
    let [a, _] = pair.call();
    let good = pair.uas[A].dialog(a).unwrap();
    for stage in [DialogStage::ClientConfirmed, DialogStage::ClientEarly, DialogStage::ServerEarly] {
        let bad = DialogState { stage, target: "no uri".into(), ..good.clone() };
        restart(&mut pair, A, &bad);
        pair.drain();
        assert_eq!(pair.uas[A].counts(), crate::ua::Counts::default());
    }
}

#[test]
fn a_503_goes_to_where_the_invite_came_from_not_to_its_contact() {
    let mut solo = super::solo::Solo::new();
    let text = super::solo::request("INVITE", "sip:100@127.0.0.1", "z9hG4bKa", "");
    solo.send(&text.replace("Contact: <sip:caller@127.0.0.2:5080>", "Contact: <sip:caller@127.0.0.2:7777>"));
    let session = solo.events.iter().find_map(|event| match event {
        crate::ua::Event::Invite { session, .. } => Some(*session),
        _ => None,
    });
    let state = solo.ua.dialog(session.unwrap()).unwrap();
    assert_eq!(state.peer, super::solo::Solo::peer());
    let mut fresh = super::solo::Solo::new();
    fresh.ua.end_restored(fresh.now, &state, &Reason::q850(41, "node restart"));
    fresh.drain();
    assert_eq!((fresh.sent[0].0, fresh.sent[0].1.status()), (super::solo::Solo::peer(), 503));
}
