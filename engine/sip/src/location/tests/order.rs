//! What is told before what.

use super::*;

/// The answer is last, and it alone says that it tells of bindings.
#[test]
fn what_is_kept_is_told_before_the_phone_is() {
    let mut desk = Desk::new();
    desk.answers.clear();
    let contact = ("Contact", "<sip:1001@127.0.0.7:5070>".to_owned());
    let mut params = desk.params(crate::Method::Register, "sip:1001@demo.local", Some("demo-1001"));
    params.headers.push(contact);
    desk.phone.request(desk.now.mono, params);
    let mut told = Vec::new();
    for _ in 0..2 {
        let Some(Output::Transmit { bytes, .. }) = desk.phone.poll_output() else { panic!("no request") };
        let message = Message::parse(bytes, Source::Datagram).unwrap();
        desk.location.handle(desk.now, Input::Received { peer: desk.phone_peer, message });
        while let Some(effect) = desk.location.poll_effect() {
            match effect {
                Effect::Transmit { bytes, binds, .. } => {
                    let answer = Message::parse(bytes, Source::Datagram).unwrap();
                    told.push(format!("{} {binds}", answer.status()));
                    desk.phone.receive(desk.now.mono, server(), answer);
                }
                Effect::BindingSet(_) => told.push("set".to_owned()),
                _ => {}
            }
        }
    }
    assert_eq!(told, ["401 false", "set", "200 true"]);
}
