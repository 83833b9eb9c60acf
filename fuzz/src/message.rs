//! SIP messages: what is read is printed and read again as the same; the answer to any request is a message.

use bytes::Bytes;
use sip::ua::{Peer, Transport, stateless_response};
use sip::{Message, Method, NameAddr, Source, Uri};

/// Reads `data` as a datagram and as what a stream brought.
pub fn check(data: &[u8]) {
    for source in [Source::Datagram, Source::Stream] {
        match Message::parse(Bytes::copy_from_slice(data), source) {
            Ok(message) => judge(&message),
            Err(error) => {
                if let Some(hint) = error.answerable() {
                    answer(&hint.request, hint.status);
                }
            }
        }
    }
}

fn judge(message: &Message) {
    let again = Message::parse(message.bytes().clone(), Source::Datagram).expect("what was read is read again");
    assert!(message.headers().eq(again.headers()) && message.body() == again.body());
    if let Ok(uri) = message.request_uri() {
        judge_uri(&uri);
    }
    let addresses = [message.from(), message.to()].into_iter().flatten();
    let lists = [message.routes(), message.record_routes(), message.path(), message.p_asserted_identity()];
    let more = [message.refer_to(), message.referred_by()].into_iter().flatten().flatten();
    addresses.chain(lists.into_iter().flatten().flatten()).chain(more).for_each(|address| judge_address(&address));
    for via in message.vias().unwrap_or_default() {
        let _ = (via.branch().map(str::len), via.wants_rport(), via.sent_by().host.address());
    }
    let _ = (message.contacts().is_ok(), message.cseq().is_ok(), message.max_forwards().is_ok());
    let _ =
        (message.require().is_ok(), message.supported().is_ok(), message.allow().is_ok(), message.reasons().is_ok());
    let _ = (message.content_type().is_ok(), message.accept().is_ok(), message.authorization().is_ok());
    let _ = (message.replaces().is_ok(), message.event().is_ok(), message.subscription_state().is_ok());
    let _ = (message.retry_after().is_ok(), message.session_expires().is_ok(), message.expires_s().is_ok());
    let _ = message.validate_response().is_ok();
    if message.is_request() && message.method() != Some(&Method::Ack) && message.validate_request().is_ok() {
        answer(message, 400);
    }
}

fn judge_uri(uri: &Uri) {
    let again = Uri::parse(&uri.to_string()).expect("a printed URI is a URI");
    assert_eq!(
        (uri.scheme(), uri.user(), uri.host(), uri.port()),
        (again.scheme(), again.user(), again.host(), again.port())
    );
    assert_eq!(uri.to_string(), again.to_string());
    let _ = uri.without_headers();
    let _ = uri.address_of_record();
}

fn judge_address(address: &NameAddr) {
    let again = NameAddr::parse(&address.to_string()).expect("a printed address is an address");
    assert_eq!((address.tag(), address.display_name()), (again.tag(), again.display_name()));
    judge_uri(&address.uri);
}

/// Whatever a request is like, its answer is a message that the asker can place.
fn answer(request: &Message, status: u16) {
    let peer = Peer { transport: Transport::Udp, addr: ([127, 0, 0, 1], 5_060).into(), flow: None };
    let (_, response) = stateless_response(peer, request, status, "Trunkline", &[]);
    let read = Message::parse(response.bytes().clone(), Source::Datagram).expect("our answer is a message");
    assert_eq!(read.status(), status);
    assert_eq!(read.call_id().ok(), request.call_id().ok());
    assert_eq!(read.cseq().ok(), request.cseq().ok());
}
