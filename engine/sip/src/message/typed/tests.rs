use super::*;
use crate::Source;

fn message(headers: &str) -> Message {
    let text = format!("OPTIONS sip:h SIP/2.0\r\n{headers}\r\n\r\n");
    Message::parse(text.into(), Source::Datagram).unwrap_or_else(|error| panic!("{headers}: {error}"))
}

#[test]
fn lists_run_over_lines_and_commas() {
    let message = message(
        "Record-Route: <sip:a;lr>, \"x, y\" <sip:b,c@h;lr>\r\nRecord-Route: <sip:d>\r\nSupported: timer,100rel\r\nk: , replaces\r\nAllow:",
    );
    let routes: Vec<_> = message.record_routes().unwrap().iter().map(|route| route.uri.to_string()).collect();
    assert_eq!(routes.len(), 3);
    assert_eq!((routes[0].as_str(), routes[2].as_str()), ("sip:a;lr", "sip:d"));
    assert_eq!(message.supported().unwrap().as_slice(), ["timer", "100rel", "replaces"]);
    assert!(message.supports("Replaces") && !message.supports("gruu"));
    assert!(message.allow().unwrap().is_empty() && message.routes().unwrap().is_empty());
}

#[test]
fn absent_is_none_and_broken_is_a_fault() {
    let bare = message("X: 1");
    assert_eq!(bare.from(), Err(Fault::Missing(Name::From)));
    assert_eq!(bare.top_via(), Err(Fault::Missing(Name::Via)));
    assert_eq!((bare.expires_s(), bare.refer_to(), bare.accept()), (Ok(None), Ok(None), Ok(None)));
    assert_eq!(bare.contacts(), Ok(Contacts::List(SmallVec::new())));
    let broken = message(
        "Expires: soon\r\nRefer-To: <\r\nReplaces: x\r\nRetry-After: -1\r\nEvent: ;\r\nContact: *, <sip:a@b>\r\nRequire: a b",
    );
    assert!(broken.expires_s().is_err() && broken.refer_to().is_err() && broken.replaces().is_err());
    assert!(
        broken.retry_after().is_err()
            && broken.event().is_err()
            && broken.contacts().is_err()
            && broken.require().is_err()
    );
}

#[test]
fn numbers_beyond_their_range() {
    let large = message("Max-Forwards: 256\r\nExpires: 4294967296\r\nCSeq: 2147483647 OPTIONS");
    assert_eq!((large.max_forwards(), large.expires_s()), (Ok(None), Ok(Some(u32::MAX))));
    assert_eq!(large.cseq(), Ok((2_147_483_647, Method::Options)));
    for bad in ["2147483648 OPTIONS", "1", "OPTIONS 1", "-1 OPTIONS", "1 OPT IONS", ""] {
        assert!(message(&format!("CSeq: {bad}")).cseq().is_err(), "{bad}");
    }
}

#[test]
fn an_empty_accept_takes_nothing() {
    assert_eq!(message("Accept:").accept().unwrap().map(|list| list.len()), Some(0));
    let list = message("Accept: text/plain, application/*;q=0.5").accept().unwrap().unwrap();
    assert!(list.iter().any(|range| range.covers("application", "sdp")));
}

#[test]
fn credentials_and_challenges_of_other_schemes_are_passed_over() {
    let message = message(
        "Authorization: Basic eA==\r\nAuthorization: Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"s\",response=\"0\"\r\n\
         WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",algorithm=NEW\r\nWWW-Authenticate: Digest realm=\"r\",nonce=\"n\"",
    );
    assert_eq!(message.authorization().unwrap().len(), 1);
    assert_eq!(message.www_authenticate().unwrap().len(), 1);
    assert!(message.proxy_authorization().unwrap().is_empty());
}
