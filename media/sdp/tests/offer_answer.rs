//! Offer and answer, table by table (RFC 3264 5 to 8 and 10, RFC 4317 2).

use sdp::{Codec, Direction, Local, Negotiated, Refusal, Session, answer, apply_answer, offer, versioned};

const V4: &str = "192.0.2.10";

fn local() -> Local {
    Local::new(V4.parse().expect("an address"), 30_000, 42)
}

fn read(text: &str) -> Session {
    Session::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// A description of the other side with these lines behind the t= line.
fn theirs(lines: &[&str]) -> Session {
    let head = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n";
    read(&format!("{head}{}\r\n", lines.join("\r\n")))
}

fn answered(lines: &[&str]) -> (Session, Negotiated) {
    answer(&theirs(lines), &local(), None).expect("answered")
}

fn refused(lines: &[&str]) -> Refusal {
    answer(&theirs(lines), &local(), None).expect_err("refused")
}

fn numbers(session: &Session) -> Vec<(&str, u16, String)> {
    session.media.iter().map(|m| (m.kind.as_str(), m.port, m.formats.join(" "))).collect()
}

#[test]
fn our_offer_reads_as_it_should() {
    let text = offer(&local(), None).to_string();
    assert_eq!(
        text,
        "v=0\r\no=- 42 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
         m=audio 30000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert_eq!(read(&text), offer(&local(), None));
}

#[test]
fn rfc_3264_10_1_other_lines_are_rejected_in_place() {
    let (session, agreed) = answered(&[
        "m=audio 49170 RTP/AVP 0",
        "a=rtpmap:0 PCMU/8000",
        "m=video 51372 RTP/AVP 31",
        "a=rtpmap:31 H261/90000",
        "m=video 53000 RTP/AVP 32",
        "a=rtpmap:32 MPV/90000",
    ]);
    assert_eq!(
        numbers(&session),
        [("audio", 30_000, "0".to_owned()), ("video", 0, "31".to_owned()), ("video", 0, "32".to_owned())]
    );
    assert_eq!(agreed.remote_rtp, "198.51.100.7:49170".parse().unwrap());
    assert_eq!(agreed.remote_rtcp, "198.51.100.7:49171".parse().unwrap());
    assert_eq!((agreed.send, agreed.receive), (Codec::Pcmu.format(), vec![Codec::Pcmu.format()]));
    assert_eq!((agreed.dtmf_send, agreed.dtmf_receive, agreed.ptime_ms), (None, None, 20));
}

#[test]
fn refusals_are_typed_and_have_a_status() {
    for (lines, status, warning) in [
        (&["m=audio 6000 RTP/AVP 2", "a=rtpmap:2 G726-32/8000"][..], 488, 305),
        (&["m=audio 0 RTP/AVP 0"], 488, 304),
        (&["m=audio 6000 RTP/SAVP 0"], 488, 304),
        (&["m=video 6000 RTP/AVP 31"], 488, 304),
        (&["m=audio 6000 RTP/AVP 0", "c=IN IP4 media.example.com"], 488, 301),
        (&["m=audio 6000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127"], 488, 301),
        (&["m=audio 6000 RTP/AVP 0", "c=IN IP6 2001:db8::1"], 488, 301),
    ] {
        let refusal = refused(lines);
        assert_eq!((refusal.status(), refusal.warning()), (status, warning), "{lines:?}: {refusal}");
    }
    let headless = read("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n");
    let refusal = answer(&headless, &local(), None).unwrap_err();
    assert_eq!((refusal.status(), refusal), (400, Refusal::NoConnection));
}

#[test]
fn the_answer_mirrors_the_direction() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offered, wanted, local_direction, held) in [
        ("a=sendrecv", SendRecv, SendRecv, false),
        ("a=sendonly", SendRecv, RecvOnly, true),
        ("a=recvonly", SendRecv, SendOnly, false),
        ("a=inactive", SendRecv, Inactive, true),
        ("a=sendrecv", SendOnly, SendOnly, false),
        ("a=sendonly", SendOnly, Inactive, true),
        ("a=recvonly", RecvOnly, Inactive, false),
        ("c=IN IP4 0.0.0.0", SendRecv, RecvOnly, true),
    ] {
        let remote = theirs(&["m=audio 6000 RTP/AVP 8", offered]);
        let (session, agreed) = answer(&remote, &Local { direction: wanted, ..local() }, None).unwrap();
        assert_eq!((agreed.local, agreed.held), (local_direction, held), "{offered} wanting {wanted:?}");
        assert_eq!(session.direction_of(&session.media[0]), local_direction);
    }
}

#[test]
fn apply_answer_sees_what_the_answerer_sees() {
    let ours = offer(&local(), None);
    let other =
        Local { codecs: vec![Codec::Pcmu, Codec::Pcma], ..Local::new("198.51.100.7".parse().unwrap(), 7_000, 9) };
    let (reply, they) = answer(&ours, &other, Some(Codec::Pcmu)).unwrap();
    let we = apply_answer(&ours, &reply).unwrap();
    assert_eq!(we.send, they.send);
    assert_eq!(we.send.codec, Codec::Pcmu);
    assert_eq!((we.dtmf_send, we.dtmf_receive), (Some(101), Some(101)));
    assert_eq!((we.remote_rtp, they.remote_rtp.port()), ("198.51.100.7:7000".parse().unwrap(), 30_000));
    assert_eq!(versioned(offer(&local(), Some(&ours)), &ours), ours);
}
