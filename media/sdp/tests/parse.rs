//! Reading and printing: what is taken, what is refused, and that nothing panics.

use proptest::prelude::*;
use sdp::{Address, Attribute, Connection, Local, MAX_ATTRIBUTES, MAX_LEN, MAX_LINE_LEN, MAX_MEDIA, Media, Origin};
use sdp::{SdpError, Session, answer};

const HEAD: &str = "v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n";

fn error(text: &str) -> SdpError {
    Session::parse(text.as_bytes()).expect_err(text)
}

#[test]
fn the_example_of_rfc_8866_5_is_read() {
    let text = format!(
        "{HEAD}s=Call to John Smith\r\ni=SDP Offer #1\r\nu=http://www.jdoe.example.com/home.html\r\n\
         e=Jane Doe <jane@jdoe.example.com>\r\np=+1 617 555-6011\r\nc=IN IP4 198.51.100.1\r\nb=AS:64\r\nt=0 0\r\n\
         r=7d 1h 0 25h\r\na=recvonly\r\nm=audio 49170 RTP/AVP 0\r\nm=audio 49180/2 RTP/AVP 0\r\ni=second\r\n\
         c=IN IP4 233.252.0.1/127/3\r\nm=video 51372 RTP/AVP 99\r\nc=IN IP6 2001:db8::2\r\na=rtpmap:99 h263-1998/90000\r\n"
    );
    let session = Session::parse(text.as_bytes()).unwrap();
    assert_eq!((session.origin.username.as_str(), session.name.as_str()), ("jdoe", "Call to John Smith"));
    assert_eq!((session.bandwidth.join(","), session.times.join(",")), ("AS:64".to_owned(), "0 0".to_owned()));
    assert_eq!(session.attributes, [Attribute::flag("recvonly")]);
    let [first, second, third] = &session.media[..] else { panic!("{session:?}") };
    assert_eq!(session.connection_of(first).unwrap().to_string(), "IN IP4 198.51.100.1");
    assert_eq!((second.port, second.port_count), (49_180, Some(2)));
    assert_eq!(second.connection.as_ref().unwrap().to_string(), "IN IP4 233.252.0.1/127/3");
    let map = third.rtpmap(99).unwrap();
    assert_eq!((map.encoding, map.clock_rate_hz, map.parameters), ("h263-1998", 90_000, None));
    assert_eq!((third.rtpmap(98), third.fmtp(99), third.ptime_ms()), (None, None, None));
}

#[test]
fn what_old_telephones_write_is_taken() {
    for text in [
        "v=0\no=- 1 1 IN IP4 h.example.com\nm=audio 1 RTP/AVP 0",
        "v=0\r\no=- 1 1 in ip4 192.0.2.1\r\ns=\r\nt=0 0\r\nc=IN IP4 192.0.2.1\r\n\r\n",
        "v=0\ns=-\nt=0 0\no=- 00018446744073709551616 1 IN IP6 2001:db8::1\n",
        "v=0\no=-  1  1 IN IP4 192.0.2.1 \ns=caf\u{e9}\nm=audio  9  RTP/AVP  0 \na=sendonly \na=x-new:y:z\n",
    ] {
        let session = Session::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
    }
    let latin1 = Session::parse(b"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=caf\xe9\n").unwrap();
    assert_eq!(latin1.name, "caf\u{fffd}");
}

#[test]
fn faults_are_named_with_their_line() {
    for (tail, line, expected) in [
        ("x=1", 3, "a type letter of RFC 8866"),
        ("s", 3, "a letter and ="),
        (" s=-", 3, "a letter and ="),
        ("s=a\0b", 3, "no NUL and no CR within a line"),
        ("s=a\rb", 3, "no NUL and no CR within a line"),
        ("o=- 1 1 IN IP4", 3, "o=<user> <id> <version> IN IP4|IP6 <address>"),
        ("o=- x 1 IN IP4 192.0.2.1", 3, "o=<user> <id> <version> IN IP4|IP6 <address>"),
        ("o=- 1 1 IN IP4 192.0.2.1 more", 3, "o=<user> <id> <version> IN IP4|IP6 <address>"),
        ("c=IN IP4 999.0.2.1", 3, "c=IN IP4|IP6 <address>"),
        ("c=IN IP4 2001:db8::1", 3, "c=IN IP4|IP6 <address>"),
        ("c=IN IP6 [2001:db8::1]", 3, "c=IN IP4|IP6 <address>"),
        ("c=ATM NSAP x", 3, "c=IN IP4|IP6 <address>"),
        ("a=", 3, "a=<name> or a=<name>:<value>"),
        ("a=:x", 3, "a=<name> or a=<name>:<value>"),
        ("m=audio 1 RTP/AVP", 3, "m=<media> <port> <protocol> <format> ..."),
        ("m=audio 65536 RTP/AVP 0", 3, "m=<media> <port> <protocol> <format> ..."),
        ("m=audio +1 RTP/AVP 0", 3, "m=<media> <port> <protocol> <format> ..."),
        ("m=audio 1/ RTP/AVP 0", 3, "m=<media> <port> <protocol> <format> ..."),
    ] {
        assert_eq!(error(&format!("{HEAD}{tail}\r\n")), SdpError::Line { line, expected }, "{tail:?}");
    }
    assert_eq!(error("o=- 1 1 IN IP4 192.0.2.1\n"), SdpError::Line { line: 1, expected: "v=0 first" });
    assert_eq!(error("v=1\n"), SdpError::Line { line: 1, expected: "v=0 first" });
    assert_eq!(error(""), SdpError::Missing { what: "v=" });
    assert_eq!(error("v=0\ns=-\n"), SdpError::Missing { what: "o=" });
}

#[test]
fn every_dimension_is_bounded() {
    let repeated = |line: &str, n: usize| format!("{HEAD}{}", line.repeat(n));
    assert!(matches!(error(&"x".repeat(MAX_LEN + 1)), SdpError::TooLong { .. }));
    let long = format!("{HEAD}s={}\r\n", "x".repeat(MAX_LINE_LEN));
    assert!(matches!(error(&long), SdpError::LineTooLong { line: 3, .. }));
    for (line, limit) in
        [("m=audio 1 RTP/AVP 0\n", MAX_MEDIA), ("a=x\n", MAX_ATTRIBUTES), ("b=AS:1\n", 16), ("t=0 0\n", 16)]
    {
        assert!(Session::parse(repeated(line, limit).as_bytes()).is_ok());
        let wrong = error(&repeated(line, limit + 1));
        assert!(matches!(wrong, SdpError::TooMany { limit: l, .. } if l == limit), "{line}: {wrong}");
    }
    let formats = |n: usize| format!("{HEAD}m=audio 1 RTP/AVP{}\n", " 0".repeat(n));
    assert!(Session::parse(formats(128).as_bytes()).is_ok());
    assert!(matches!(error(&formats(129)), SdpError::TooMany { limit: 128, .. }));
}

/// The bodies of the RFC 5118 messages, which stay outside the repository.
#[test]
fn bodies_of_rfc_5118_are_read() {
    let Some(folder) = testdata() else { return };
    for name in ["ipv6-in-sdp.dat", "mult-ip-in-sdp.dat", "ipv4-mapped-ipv6.dat"] {
        let message = std::fs::read(folder.join("rfc5118").join(name)).expect(name);
        let text = String::from_utf8(message).expect(name).replace("\r\n", "\n");
        let (_, body) = text.split_once("\n\n").expect(name);
        let session = Session::parse(body.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(session.media.len(), 2, "{name}");
        let local = Local::new("192.0.2.9".parse().expect("an address"), 4_000, 1);
        let status = answer(&session, &local, None).map_or_else(|refusal| refusal.status(), |_| 200);
        assert_eq!(status, if name == "mult-ip-in-sdp.dat" { 200 } else { 488 }, "{name}");
    }
}

/// The shared test data: where the variable says, and then it must be there,
/// else beside the repository.
fn testdata() -> Option<std::path::PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let told = std::env::var("TRUNKLINE_TESTDATA");
    if let Ok(folder) = told {
        return Some(folder.into());
    }
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    if !beside.join("rfc5118").is_dir() {
        println!("not run: 3 bodies of RFC 5118, no test data beside the repository");
        return None;
    }
    Some(beside)
}

fn text() -> impl Strategy<Value = String> {
    "[^\r\n\0]{0,30}"
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,12}"
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|ip| Address::Ip(ip.into())),
        any::<std::net::Ipv6Addr>().prop_map(|ip| Address::Ip(ip.into())),
        (any::<bool>(), "[a-z][a-z0-9-]{0,8}(\\.[a-z]{1,5}){0,2}")
            .prop_map(|(ipv6, name)| Address::Name { ipv6, name }),
    ]
}

fn connection() -> impl Strategy<Value = Option<Connection>> {
    prop::option::of(
        (address(), prop::option::of("[0-9]{1,3}")).prop_map(|(address, multicast)| Connection { address, multicast }),
    )
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let one = (token(), prop::option::of(text())).prop_map(|(name, value)| Attribute { name, value });
    prop::collection::vec(one, 0..6)
}

fn media() -> impl Strategy<Value = Media> {
    let line = (token(), any::<u16>(), prop::option::of(any::<u16>()), "[A-Z]{2,4}(/[A-Z]{2,4}){0,2}");
    let formats = prop::collection::vec(token(), 1..5);
    let bandwidth = prop::collection::vec(text(), 0..3);
    (line, formats, connection(), bandwidth, attributes()).prop_map(
        |((kind, port, port_count, protocol), formats, connection, bandwidth, attributes)| Media {
            kind,
            port,
            port_count,
            protocol,
            formats,
            connection,
            bandwidth,
            attributes,
        },
    )
}

fn session() -> impl Strategy<Value = Session> {
    let origin = (token(), "[0-9]{1,20}", "[0-9]{1,20}", address())
        .prop_map(|(username, session_id, version, address)| Origin { username, session_id, version, address });
    let lists = (prop::collection::vec(text(), 0..3), prop::collection::vec(text(), 0..3));
    (origin, text(), connection(), lists, attributes(), prop::collection::vec(media(), 0..4)).prop_map(
        |(origin, name, connection, (bandwidth, times), attributes, media)| Session {
            origin,
            name,
            connection,
            bandwidth,
            times,
            attributes,
            media,
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(session in session()) {
        prop_assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
    }

    #[test]
    fn any_description_is_answered_or_refused(offer in session()) {
        let local = Local::new("192.0.2.9".parse().unwrap(), 4_000, 1);
        if let Ok((reply, agreed)) = answer(&offer, &local, None) {
            prop_assert_eq!(reply.media.len(), offer.media.len());
            prop_assert!(agreed.receive.contains(&agreed.send));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(session) = Session::parse(&bytes) {
            prop_assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
        }
    }

    #[test]
    fn any_lines_are_read_or_refused(
        lines in prop::collection::vec(("[vosiuepcbtrzkam]", "[ -~]{0,24}|IN IP[46] [0-9a-f:.]{1,12}|audio 9 RTP/AVP 0 8"), 0..12),
    ) {
        let mut text = HEAD.to_owned();
        lines.iter().for_each(|(letter, value)| text += &format!("{letter}={value}\n"));
        if let Ok(session) = Session::parse(text.as_bytes()) {
            let local = Local::new("192.0.2.9".parse().unwrap(), 4_000, 1);
            let _ = answer(&session, &local, None).map(|(reply, _)| Session::parse(reply.to_string().as_bytes()).unwrap());
            prop_assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
        }
    }
}

/// Found by fuzzing: such bytes are kept as three each, and the line was longer than any that is read.
#[test]
fn a_line_fits_as_it_is_kept_too() {
    let head = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=";
    let with_name = |len| [&head[..], &vec![0xeb; len], b"\r\n"].concat();
    let kept = Session::parse(&with_name(600)).expect("it fits");
    assert_eq!(Session::parse(kept.to_string().as_bytes()), Ok(kept));
    assert!(matches!(
        Session::parse(&with_name(sdp::MAX_LINE_LEN - 2)),
        Err(sdp::SdpError::LineTooLong { line: 3, .. })
    ));
}
