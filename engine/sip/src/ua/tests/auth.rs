//! Requests of ours that are challenged (RFC 3261 22.2, 22.3).

use super::rig::{A, B, Pair, sdp};
use crate::{
    Message, Method,
    ua::{ClientCredentials, Event, RequestParams},
};

const CHALLENGE: &str = "Digest realm=\"demo.local\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"";

fn credentials() -> ClientCredentials {
    ClientCredentials::new("1001", "demo-1001")
}

/// The sessions of INVITEs that B got.
fn incoming(pair: &Pair) -> Vec<crate::ua::SessionId> {
    let sessions = pair.events[B].iter().filter_map(|event| match event {
        Event::Invite { session, .. } => Some(*session),
        _ => None,
    });
    sessions.collect()
}

#[test]
fn an_invite_is_challenged_once() {
    for (status, header, answer) in
        [(401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization")]
    {
        let mut pair = Pair::new(1);
        let mut params = pair.invite_params();
        params.auth = Some(credentials());
        pair.uas[A].invite(pair.now, params);
        pair.secs(1);
        let first = incoming(&pair)[0];
        pair.uas[B].reject(pair.now, first, status, vec![(header, CHALLENGE.into())]);
        pair.secs(1);
        let invites = pair.sent(A, "INVITE");
        assert_eq!(invites.len(), 2);
        assert_eq!(invites[1].cseq().unwrap().0, 2);
        assert_eq!(invites[1].call_id(), invites[0].call_id());
        assert_eq!(invites[1].from(), invites[0].from());
        assert_ne!(invites[1].top_via().unwrap().branch(), invites[0].top_via().unwrap().branch());
        assert_eq!(invites[1].body(), &sdp().bytes);
        let value = invites[1].header(answer).next().unwrap();
        assert!(value.contains("username=\"1001\"") && value.contains("response=\""), "{value}");
        assert!(!pair.has(A, |event| matches!(event, Event::Ended { .. })));
        let second = incoming(&pair)[1];
        pair.uas[B].accept(pair.now, second, sdp(), vec![]);
        pair.secs(1);
        assert!(pair.has(A, |event| matches!(event, Event::Answered { .. })));
        assert!(pair.sent(A, "ACK").last().unwrap().has(answer));
    }
}

#[test]
fn a_second_challenge_is_final_and_so_is_one_without_credentials() {
    for (auth, wanted) in [(Some(credentials()), 2), (None, 1)] {
        let mut pair = Pair::new(2);
        let mut params = pair.invite_params();
        params.auth = auth;
        pair.uas[A].invite(pair.now, params);
        for round in 0..wanted {
            pair.secs(1);
            let session = incoming(&pair)[round];
            pair.uas[B].reject(pair.now, session, 401, vec![("WWW-Authenticate", CHALLENGE.into())]);
        }
        pair.secs(1);
        assert_eq!(pair.end(A).as_deref(), Some("rejected 401"));
        assert_eq!(pair.sent(A, "INVITE").len(), wanted);
        pair.settle();
        pair.assert_nothing_left();
    }
}

/// Further requests of the dialog carry the credentials unasked, with growing counts; a nonce that has grown old
/// meanwhile is replaced.
#[test]
fn requests_inside_the_dialog_are_authorized_too() {
    let mut pair = Pair::new(6);
    let mut params = pair.invite_params();
    params.auth = Some(credentials());
    let a = pair.uas[A].invite(pair.now, params);
    pair.secs(1);
    let first = incoming(&pair)[0];
    pair.uas[B].reject(pair.now, first, 407, vec![("Proxy-Authenticate", CHALLENGE.into())]);
    pair.secs(1);
    assert!(pair.has(A, |event| matches!(event, Event::Reissued { session } if *session == a)));
    let second = incoming(&pair)[1];
    pair.uas[B].accept(pair.now, second, sdp(), vec![]);
    pair.secs(1);
    pair.uas[A].reinvite(pair.now, a, sdp());
    pair.secs(1);
    let stale = CHALLENGE.replace("abc", "def") + ", stale=true";
    pair.uas[B].refuse_reinvite(pair.now, second, 407, &vec![("Proxy-Authenticate", stale)]);
    pair.secs(1);
    pair.uas[B].answer_reinvite(pair.now, second, 200, Some(sdp()));
    pair.secs(1);
    pair.uas[A].bye(pair.now, a, None);
    pair.secs(1);
    let proofs = |line: &str| -> Vec<(u32, String, u32)> {
        let sent = pair.sent(A, line).into_iter().filter_map(|message| {
            let answer = message.proxy_authorization().unwrap().pop()?;
            Some((message.cseq().unwrap().0, answer.nonce, answer.qop.unwrap().count))
        });
        sent.collect()
    };
    let invites = proofs("INVITE");
    assert_eq!(invites, [(2, "abc".into(), 1), (3, "abc".into(), 2), (4, "def".into(), 1)]);
    assert_eq!(proofs("BYE"), [(5, "def".into(), 2)]);
    assert_eq!(proofs("ACK"), [(2, "abc".into(), 1), (4, "def".into(), 1)], "as their INVITEs");
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn a_request_outside_is_challenged_and_answered() {
    let mut pair = Pair::new(3);
    let params = RequestParams {
        method: Method::Register,
        peer: pair.peer(B),
        transport_fixed: true,
        request_uri: "sip:demo.local".into(),
        from: "<sip:1001@demo.local>".into(),
        to: "<sip:1001@demo.local>".into(),
        call_id: Some("mine".into()),
        cseq: Some(7),
        body: None,
        headers: vec![("Contact", "<sip:1001@127.0.0.2:5060>".into()), ("Expires", "60".into())],
        auth: Some(credentials()),
    };
    let id = pair.uas[A].request(pair.now, params);
    for (round, status) in [(0, 401), (1, 200)] {
        pair.secs(1);
        let tokens: Vec<_> = pair.events[B]
            .iter()
            .filter_map(|event| match event {
                Event::Request { token, .. } => Some(*token),
                _ => None,
            })
            .collect();
        pair.uas[B].respond(pair.now, tokens[round], status, vec![("WWW-Authenticate", CHALLENGE.into())], None);
    }
    pair.secs(1);
    let answers: Vec<_> = pair.events[A]
        .iter()
        .filter_map(|event| match event {
            Event::Response { id: of, response } if *of == id => Some(response.as_ref().map_or(0, Message::status)),
            _ => None,
        })
        .collect();
    assert_eq!(answers, [200]);
    let mut sent = pair.sent(A, "REGISTER");
    sent.dedup();
    assert_eq!(sent.iter().map(|one| one.cseq().unwrap().0).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(sent[1].header("Contact").count(), 1);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn what_cannot_be_sent_is_told() {
    let mut pair = Pair::new(4);
    let mut params = pair.invite_params();
    params.request_uri = "not a uri".into();
    pair.uas[A].invite(pair.now, params);
    pair.drain();
    assert_eq!(pair.end(A).as_deref(), Some("refused 400"));
    pair.assert_nothing_left();
}

#[test]
fn a_large_request_goes_over_tcp_unless_the_transport_is_prescribed() {
    use crate::ua::{Output, Transport};
    for (fixed, wanted) in [(true, Transport::Udp), (false, Transport::Tcp)] {
        let mut pair = Pair::new(5);
        let mut params = pair.invite_params();
        params.transport_fixed = fixed;
        params.headers = vec![("X-Long", "x".repeat(1_300))];
        pair.uas[A].invite(pair.now, params);
        let Some(Output::Transmit { peer, bytes, .. }) = pair.uas[A].poll_output() else {
            panic!("an INVITE goes out")
        };
        assert_eq!(peer.transport, wanted);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(text.contains("Via: SIP/2.0/TCP") && text.contains(";transport=tcp>"), !fixed, "{text}");
    }
}
