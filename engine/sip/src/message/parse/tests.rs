use super::*;
use crate::limits::MAX_LIST_VALUES;

const HEAD: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n";

fn read(more: &str, body: &[u8], source: Source) -> Result<Message, ParseError> {
    parse([HEAD.as_bytes(), more.as_bytes(), b"\r\n", body].concat().into(), source)
}

fn fault(more: &str) -> Fault {
    read(more, b"", Source::Datagram).expect_err("a fault").fault
}

#[test]
fn the_body_ends_where_the_source_says() {
    let body = |more, source| read(more, b"12345", source).map(|message| message.body().clone());
    assert_eq!(body("", Source::Datagram).unwrap(), "12345");
    assert_eq!(body("l: 3\r\n", Source::Datagram).unwrap(), "123");
    assert_eq!(body("l: 0\r\n", Source::Datagram).unwrap(), "");
    let short = body("l: 6\r\n", Source::Datagram).unwrap_err();
    assert_eq!(short.fault, Fault::BodyTooShort { declared: 6, came: 5 });
    assert_eq!(body("", Source::Stream).unwrap_err().fault, Fault::Missing(Name::ContentLength));
    assert_eq!(read("l: 3\r\n", b"12345", Source::Datagram).unwrap().bytes().len(), HEAD.len() + 6 + 2 + 3);
}

#[test]
fn folds_become_one_space_and_bad_bytes_a_mark() {
    let folded = read("Subject:\r\n  a \r\n\t b\r\n \r\nX: 1\r\n", b"\xff\0", Source::Datagram).unwrap();
    let headers: Vec<_> = folded.headers().skip(5).collect();
    assert_eq!(headers, [("Subject", "a b"), ("X", "1")]);
    assert_eq!(folded.body().as_ref(), b"\xff\0");
    let latin = [HEAD.as_bytes(), b"Subject: caf\xe9\r\n\r\n\xe9"].concat();
    let message = parse(latin.clone().into(), Source::Datagram).unwrap();
    assert_eq!(message.header(Name::Subject).next(), Some("caf\u{fffd}"));
    assert_eq!((message.body().as_ref(), message.bytes().as_ref()), (&b"\xe9"[..], latin.as_slice()));
}

#[test]
fn every_dimension_is_bounded() {
    let too_much =
        |fault: Fault, wanted| assert!(matches!(fault, Fault::TooMuch { what, .. } if what == wanted), "{wanted}");
    too_much(fault(&"X: 1\r\n".repeat(MAX_HEADERS)), "headers");
    too_much(fault(&"v: SIP/2.0/UDP h\r\n".repeat(MAX_VIAS)), "Via headers");
    too_much(fault(&format!("X: {}\r\n", "x".repeat(MAX_LINE_BYTES))), "bytes of a header line");
    too_much(fault(&format!("X: {}\r\n", "x".repeat(8_000)).repeat(5)), "bytes of a head");
    let big = read("", &vec![b'x'; MAX_MESSAGE_BYTES], Source::Datagram).unwrap_err();
    assert_eq!(big.answerable().map(|hint| hint.status), Some(513));
    too_much(big.fault, "bytes of a message");
    let contacts = format!("m: <sip:a@b>{}\r\n", ",<sip:a@b>".repeat(MAX_LIST_VALUES));
    too_much(read(&contacts, b"", Source::Datagram).unwrap().contacts().unwrap_err(), "values of a header");
    // What grows when it is repaired is bounded too.
    let bad_bytes = [HEAD.as_bytes(), b"X: ", &[0xff; 8_000][..], b"\r\n\r\n"].concat();
    too_much(parse(bad_bytes.into(), Source::Datagram).unwrap_err().fault, "bytes of a header line");
}

#[test]
fn faults_are_answered_when_the_request_can_be_told() {
    let error = read("no header\r\n", b"", Source::Datagram).unwrap_err();
    let hint = error.answerable().unwrap();
    assert_eq!((hint.status, hint.request.method()), (400, Some(&Method::Options)));
    assert_eq!(hint.request.cseq().unwrap().0, 1);
    assert!(hint.request.body().is_empty() && hint.request.bytes().is_empty());
    for silent in
        [HEAD.replace("OPTIONS sip", "ACK sip"), HEAD.replace("Call-ID", "Caller"), HEAD.replace("OPTIONS sip:h ", "")]
    {
        let data = [silent.as_bytes(), b"no header\r\n\r\n"].concat();
        assert!(parse(data.into(), Source::Datagram).unwrap_err().answerable().is_none(), "{silent}");
    }
}

#[test]
fn start_lines_are_exact() {
    let start = |line: &str| parse(format!("{line}\r\n\r\n").into(), Source::Datagram).map_err(|error| error.fault);
    for good in ["INVITE sip:a SIP/2.0", "invite x:y sip/2.0", "SIP/2.0 200 OK", "sIp/2.0 699 ", "SIP/2.0 100"] {
        assert!(start(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "INVITE",
        "INVITE sip:a",
        "INVITE  sip:a SIP/2.0",
        "INVITE sip:a SIP/2.0 ",
        " INVITE sip:a SIP/2.0",
        "IN<VITE sip:a SIP/2.0",
        "INVITE sip:a SIP/2",
        "INVITE sip:a SIP/x.y",
        "INVITE sip:a HTTP/1.1",
        "SIP/2.0 2000 OK",
        "SIP/2.0 +20 OK",
        "SIP/2.0  200 OK",
    ] {
        assert!(matches!(start(bad), Err(Fault::StartLine(_) | Fault::NoEndOfHeaders)), "{bad}: {:?}", start(bad));
    }
    for version in ["INVITE sip:a SIP/3.0", "INVITE sip:a sip/2.1", "SIP/7.0 200 OK"] {
        assert!(matches!(start(version), Err(Fault::Version(_))), "{version}");
    }
}
