//! Well-formed messages read by us and by rsip 0.4: where rsip is right, both say
//! the same; where it is not, the list below says why we do not follow it.

use bytes::Bytes;
use proptest::prelude::*;
use rsip::{
    message::{HasHeaders, HeadersExt},
    prelude::{ToTypedHeader, UntypedHeader},
};
use sip::{Message, Name, Source};

/// The parts of a message that rsip reads rightly.
#[derive(Clone, Debug)]
struct Plain {
    method: &'static str,
    user: String,
    host: String,
    port: Option<u16>,
    display: Option<String>,
    from_tag: String,
    to_tag: Option<String>,
    branch: String,
    call_id: String,
    cseq: u32,
    extra: Vec<(String, String)>,
    body: String,
}

fn plain() -> impl Strategy<Value = Plain> {
    let token = "[a-zA-Z0-9]{1,20}";
    let host = prop_oneof!["[a-z]{1,9}\\.example\\.org".prop_map(|name| name), "192\\.0\\.2\\.[1-9]"];
    let method =
        prop::sample::select(vec!["INVITE", "BYE", "OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY", "INFO", "MESSAGE"]);
    let extra = proptest::collection::vec(("X-[A-Z][a-z]{1,8}", "[ -9A-~]{0,30}[!-~]"), 0..5);
    let ids =
        (proptest::option::of("[A-Za-z]{1,8}( [A-Za-z]{1,8})?"), token, proptest::option::of(token), token, token);
    let uri = ("[a-z0-9]{1,12}", host, proptest::option::of(1..=u16::MAX));
    (method, uri, ids, 0..1u32 << 31, extra, "[ -~\r\n]{0,60}").prop_map(|(method, uri, ids, cseq, extra, body)| {
        Plain {
            method,
            user: uri.0,
            host: uri.1,
            port: uri.2,
            display: ids.0,
            from_tag: ids.1,
            to_tag: ids.2,
            branch: ids.3,
            call_id: ids.4,
            cseq,
            extra,
            body,
        }
    })
}

impl Plain {
    fn uri(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("sip:{}@{}{port}", self.user, self.host)
    }

    fn text(&self) -> String {
        let uri = self.uri();
        let display = self.display.as_ref().map(|name| format!("\"{name}\" ")).unwrap_or_default();
        let to_tag = self.to_tag.as_ref().map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let extra: String = self.extra.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: {display}<{uri}>;tag={from_tag}\r\nTo: <{uri}>{to_tag}\r\nCall-ID: {call_id}@{host}\r\n\
             CSeq: {cseq} {method}\r\nContact: <{uri}>\r\n{extra}Content-Length: {len}\r\n\r\n{body}",
            method = self.method,
            host = self.host,
            branch = self.branch,
            from_tag = self.from_tag,
            call_id = self.call_id,
            cseq = self.cseq,
            len = self.body.len(),
            body = self.body,
        )
    }
}

fn ours(text: &str) -> Message {
    let message = Message::parse(Bytes::copy_from_slice(text.as_bytes()), Source::Datagram).expect("well-formed");
    message.validate_request().unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    message
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_read_the_same(plain in plain()) {
        let text = plain.text();
        let ours = ours(&text);
        let theirs = rsip::Request::try_from(text.as_bytes()).expect("well-formed");

        prop_assert_eq!(ours.method().unwrap().as_str(), theirs.method.to_string());
        prop_assert_eq!(ours.request_uri().unwrap().to_string(), theirs.uri.to_string());
        prop_assert_eq!(ours.body(), &theirs.body);
        prop_assert_eq!(ours.headers().count(), theirs.headers().iter().count());
        for ((name, value), header) in ours.headers().zip(theirs.headers().iter()) {
            prop_assert_eq!(format!("{name}: {value}"), header.to_string());
        }

        let via = theirs.via_header().unwrap().typed().unwrap();
        let our_via = ours.top_via().unwrap();
        prop_assert_eq!(our_via.branch().unwrap(), via.branch().unwrap().value());
        prop_assert_eq!(our_via.sent_by().to_string(), via.uri.to_string());
        let from = theirs.from_header().unwrap().typed().unwrap();
        let our_from = ours.from().unwrap();
        prop_assert_eq!(our_from.tag().unwrap(), from.tag().unwrap().value());
        // rsip leaves the quotes on.
        let theirs_plain = from.display_name.as_ref().map(|name| name.trim_matches('"').to_owned());
        prop_assert_eq!(our_from.display_name().map(|name| name.into_owned()), theirs_plain);
        prop_assert_eq!(our_from.uri.to_string(), from.uri.to_string());
        let to = theirs.to_header().unwrap().typed().unwrap();
        prop_assert_eq!(ours.to().unwrap().tag().map(str::to_owned), to.tag().map(|tag| tag.value().to_owned()));
        prop_assert_eq!(ours.call_id().unwrap(), theirs.call_id_header().unwrap().value());
        let (number, method) = ours.cseq().unwrap();
        let cseq = theirs.cseq_header().unwrap().typed().unwrap();
        prop_assert_eq!((number, method.to_string()), (cseq.seq, cseq.method.to_string()));
        prop_assert_eq!(ours.max_forwards().unwrap().map(u32::from), Some(theirs.max_forwards_header().unwrap().num().unwrap()));
    }

    #[test]
    fn what_is_read_prints_as_it_came(plain in plain()) {
        let text = plain.text();
        let message = ours(&text);
        prop_assert_eq!(message.bytes().as_ref(), text.as_bytes());
        let mut rebuilt = sip::RequestBuilder::new(message.method().unwrap(), &message.request_uri().unwrap());
        for (name, value) in message.headers().filter(|(name, _)| Name::parse(name) != Some(Name::ContentLength)) {
            rebuilt = rebuilt.header(name, value);
        }
        let rebuilt = rebuilt.build();
        let others = |message: &Message| -> Vec<String> {
            let others = message.headers().filter(|(name, _)| Name::parse(name) != Some(Name::ContentLength));
            others.map(|(name, value)| format!("{name}: {value}")).collect()
        };
        prop_assert_eq!(others(&rebuilt), others(&message));
        prop_assert_eq!(rebuilt.from().unwrap().to_string(), message.from().unwrap().to_string());
        prop_assert_eq!(rebuilt.top_via().unwrap().to_string(), message.top_via().unwrap().to_string());
    }
}

/// One thing in a message that RFC 3261 allows and rsip 0.4 does not read.
struct Disagreement {
    what: &'static str,
    /// Replaced in the sample request.
    from: &'static str,
    to: &'static str,
    /// Whether rsip reads the changed part.
    rsip_reads: fn(&rsip::Request) -> bool,
}

const SAMPLE: &str = "OPTIONS sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n\
Max-Forwards: 70\r\nFrom: <sip:ann@example.org>;tag=1\r\nTo: <sip:bob@example.org>\r\nCall-ID: a@b\r\nCSeq: 7 OPTIONS\r\n\
Contact: <sip:ann@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";

const DISAGREEMENTS: &[Disagreement] = &[
    Disagreement {
        what: "a header folded over two lines (RFC 3261 7.3.1)",
        from: "From: <sip:ann@example.org>;tag=1",
        to: "From: <sip:ann@example.org>\r\n ;tag=1",
        rsip_reads: |request| from_tag(request).as_deref() == Some("1"),
    },
    Disagreement {
        what: "an extension method (RFC 3261 7.1)",
        from: "OPTIONS",
        to: "JUMP",
        rsip_reads: |request| request.method.to_string() == "JUMP",
    },
    Disagreement {
        what: "an IPv6 address in Via (RFC 3261 25.1)",
        from: "192.0.2.1:5060",
        to: "[2001:db8::1]:5060",
        rsip_reads: |request| {
            let via = request.via_header().and_then(|via| via.typed());
            via.is_ok_and(|via| via.uri.to_string() == "[2001:db8::1]:5060")
        },
    },
    Disagreement {
        what: "a telephone number as From (RFC 3966)",
        from: "<sip:ann@example.org>;tag=1",
        to: "<tel:+442071830000>;tag=1",
        rsip_reads: |request| {
            let from = request.from_header().and_then(|from| from.typed());
            from.is_ok_and(|from| from.uri.to_string() == "tel:+442071830000")
        },
    },
    Disagreement {
        what: "two contacts in one line (RFC 3261 7.3.1)",
        from: "Contact: <sip:ann@192.0.2.1>",
        to: "Contact: <sip:ann@192.0.2.1>, <sip:ann@192.0.2.2>",
        rsip_reads: |request| {
            let contact = request.contact_header().and_then(|contact| contact.typed());
            contact.is_ok_and(|contact| contact.to_string() == "<sip:ann@192.0.2.1>")
        },
    },
    Disagreement {
        what: "white space round the slashes of Via (RFC 3261 25.1)",
        from: "SIP/2.0/UDP 192",
        to: "SIP / 2.0 / UDP 192",
        rsip_reads: |request| request.via_header().is_ok_and(|via| via.typed().is_ok()),
    },
];

fn from_tag(request: &rsip::Request) -> Option<String> {
    let from = request.from_header().ok()?.typed().ok()?;
    from.tag().map(|tag| tag.value().to_owned())
}

#[test]
fn where_rsip_is_wrong_we_do_not_follow() {
    for Disagreement { what, from, to, rsip_reads } in DISAGREEMENTS {
        let text = SAMPLE.replace(from, to);
        assert_ne!(text, SAMPLE, "{what}");
        ours(&text);
        let theirs = rsip::Request::try_from(text.as_bytes());
        assert!(!theirs.is_ok_and(|request| rsip_reads(&request)), "rsip reads {what}: move it to the common ground");
    }
}
