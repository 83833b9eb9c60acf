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

#[test]
fn codecs_keep_the_order_of_the_offer_unless_one_is_preferred() {
    let lines = [
        "m=audio 6000 RTP/AVP 18 0 8 96 13",
        "a=rtpmap:18 G729/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-16",
    ];
    for (prefer, formats, first) in [
        (None, "0 8 96", Codec::Pcmu),
        (Some(Codec::Pcma), "8 0 96", Codec::Pcma),
        (Some(Codec::Pcmu), "0 8 96", Codec::Pcmu),
    ] {
        let (session, agreed) = answer(&theirs(&lines), &local(), prefer).unwrap();
        assert_eq!(numbers(&session), [("audio", 30_000, formats.to_owned())]);
        assert_eq!((agreed.send.codec, agreed.receive[0].codec), (first, first));
        assert_eq!((agreed.dtmf_send, agreed.dtmf_receive), (Some(96), Some(96)));
    }
    let only_alaw = Local { codecs: vec![Codec::Pcma], telephone_event: false, ..local() };
    let (session, agreed) = answer(&theirs(&lines), &only_alaw, Some(Codec::Pcmu)).unwrap();
    assert_eq!(numbers(&session), [("audio", 30_000, "8".to_owned())]);
    assert_eq!((agreed.receive.len(), agreed.dtmf_receive), (1, None));
}

#[test]
fn an_rtpmap_decides_what_a_number_means() {
    for (lines, wanted) in [
        (&["m=audio 6 RTP/AVP 0 97", "a=rtpmap:0 L16/8000", "a=rtpmap:97 pcmu/8000/1"][..], Some((97, Codec::Pcmu))),
        (&["m=audio 6 RTP/AVP 8", "a=rtpmap:8 PCMA/8000 "], Some((8, Codec::Pcma))),
        (&["m=audio 6 RTP/AVP 8", "a=rtpmap:8 PCMA/16000"], None),
        (&["m=audio 6 RTP/AVP 8", "a=rtpmap:8 PCMA/8000/2"], None),
        (&["m=audio 6 RTP/AVP 8", "a=rtpmap:8 PCMA"], None),
        (&["m=audio 6 RTP/AVP 96 8 256 -8 x", "a=rtpmap:96 opus/48000/2"], Some((8, Codec::Pcma))),
        (&["m=audio 6 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"], None),
    ] {
        let got = answer(&theirs(lines), &local(), None).ok().map(|(_, n)| (n.send.payload_type, n.send.codec));
        assert_eq!(got, wanted, "{lines:?}");
    }
    let wide = ["m=audio 6 RTP/AVP 8 100", "a=rtpmap:100 telephone-event/48000"];
    assert_eq!(answered(&wide).1.dtmf_send, None);
}

#[test]
fn the_second_audio_line_is_taken_when_the_first_is_not_ours() {
    let (session, agreed) = answered(&[
        "m=audio 6000 RTP/SAVP 8",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "m=audio 6002 RTP/AVP 8",
        "c=IN IP4 198.51.100.9",
        "m=image 6004 udptl t38",
    ]);
    let wanted = [("audio", 0, "8".to_owned()), ("audio", 30_000, "8".to_owned()), ("image", 0, "t38".to_owned())];
    assert_eq!(numbers(&session), wanted);
    assert_eq!(agreed.remote_rtp, "198.51.100.9:6002".parse().unwrap());
    assert_eq!(session.media[0].protocol, "RTP/SAVP");
}

#[test]
fn rtcp_address_mux_and_packet_time_are_noticed() {
    let rtcp = |lines: &[&str]| answered(lines).1.remote_rtcp.to_string();
    assert_eq!(rtcp(&["m=audio 6000 RTP/AVP 8", "a=rtcp:53020"]), "198.51.100.7:53020");
    assert_eq!(rtcp(&["m=audio 6000 RTP/AVP 8", "a=rtcp:53020 IN IP4 198.51.100.8"]), "198.51.100.8:53020");
    assert_eq!(rtcp(&["m=audio 65535 RTP/AVP 8"]), "198.51.100.7:65535");
    let (session, agreed) = answered(&["m=audio 6000 RTP/AVP 8", "a=rtcp-mux"]);
    assert!(agreed.rtcp_mux_seen && !session.media[0].has("rtcp-mux"));
    for (line, ptime) in
        [("a=ptime:30", 30), ("a=ptime:0", 10), ("a=ptime:4000000000", 60), ("a=maxptime:10", 10), ("a=ptime:x", 20)]
    {
        assert_eq!(answered(&["m=audio 6000 RTP/AVP 8", line]).1.ptime_ms, ptime, "{line}");
    }
}

#[test]
fn ipv6_is_answered_in_ipv6() {
    let ours = Local::new("2001:db8::2".parse().unwrap(), 30_000, 42);
    let text = "v=0\no=- 1 1 IN IP6 2001:db8::1\ns=-\nc=IN IP6 2001:db8::1\nt=0 0\nm=audio 6000 RTP/AVP 8\n";
    let (session, agreed) = answer(&read(text), &ours, None).unwrap();
    assert!(session.to_string().contains("\r\nc=IN IP6 2001:db8::2\r\n"));
    assert_eq!(agreed.remote_rtp, "[2001:db8::1]:6000".parse().unwrap());
    assert_eq!(answer(&read(text), &local(), None).unwrap_err().warning(), 301);
    let mapped = text.replace("2001:db8::1", "::ffff:192.0.2.2");
    assert_eq!(answer(&read(&mapped), &local(), None).unwrap().1.remote_rtp, "192.0.2.2:6000".parse().unwrap());
}

#[test]
fn hold_and_resume_as_in_rfc_4317_3() {
    let first = offer(&local(), None);
    let hold = versioned(offer(&Local { direction: Direction::SendOnly, ..local() }, Some(&first)), &first);
    assert_eq!((hold.origin.session_id.as_str(), hold.origin.version.as_str()), ("42", "2"));
    let other = Local::new("198.51.100.7".parse().unwrap(), 7_000, 9);
    let (reply, they) = answer(&hold, &other, None).unwrap();
    assert!(they.held && they.local == Direction::RecvOnly);
    let we = apply_answer(&hold, &reply).unwrap();
    assert_eq!((we.local, we.remote, we.held), (Direction::SendOnly, Direction::RecvOnly, false));

    let resume = versioned(offer(&local(), Some(&hold)), &hold);
    assert_eq!(resume.origin.version, "3");
    let (reply, they) = answer(&resume, &other, None).unwrap();
    assert!(!they.held);
    assert_eq!(apply_answer(&resume, &reply).unwrap().local, Direction::SendRecv);
}

#[test]
fn hold_by_a_zero_address_sends_nothing_there() {
    let (session, agreed) = answered(&["m=audio 6000 RTP/AVP 8", "c=IN IP4 0.0.0.0", "a=sendrecv"]);
    assert!(agreed.held && !agreed.local.sends() && agreed.remote_rtp.ip().is_unspecified());
    assert!(session.media[0].has("recvonly"));
    let (_, both) = answered(&["m=audio 6000 RTP/AVP 8", "c=IN IP4 0.0.0.0", "a=recvonly"]);
    assert_eq!(both.local, Direction::Inactive);
}

#[test]
fn a_new_offer_keeps_lines_and_numbers_of_the_dialog() {
    let (ours, _) = answered(&[
        "m=video 7000 RTP/AVP 31",
        "m=audio 6000 RTP/AVP 98 97",
        "a=rtpmap:98 PCMA/8000",
        "a=rtpmap:97 telephone-event/8000",
    ]);
    let again = offer(&Local { codecs: vec![Codec::Pcma, Codec::Pcmu], ..local() }, Some(&ours));
    let wanted = [("video", 0, "31".to_owned()), ("audio", 30_000, "98 0 97".to_owned())];
    assert_eq!(numbers(&again), wanted);
    assert!(again.media[1].attributes.iter().any(|a| a.value.as_deref() == Some("97 telephone-event/8000")));
}

#[test]
fn an_offer_with_the_other_sides_numbers_is_read_both_ways() {
    // They answer with a number of their own for keys (RFC 3264 5.1: allowed).
    let ours = offer(&local(), None);
    let reply = theirs(&["m=audio 7000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000", "a=sendonly"]);
    let agreed = apply_answer(&ours, &reply).unwrap();
    assert_eq!((agreed.dtmf_send, agreed.dtmf_receive), (Some(96), Some(101)));
    assert_eq!((agreed.send, agreed.local), (Codec::Pcmu.format(), Direction::RecvOnly));
    assert!(agreed.held);
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let ours = offer(&local(), None);
    for (lines, wanted) in [
        (&["m=audio 0 RTP/AVP 8"][..], Refusal::Rejected),
        (&["m=audio 6000 RTP/AVP 8", "m=video 0 RTP/AVP 31"], Refusal::Lines { wanted: 1, got: 2 }),
        (&["m=video 6000 RTP/AVP 31"], Refusal::Lines { wanted: 1, got: 1 }),
        (&["m=audio 6000 RTP/SAVP 8"], Refusal::NoAudio),
        (&["m=audio 6000 RTP/AVP 18"], Refusal::NoCommonCodec { wanted: "PCMA PCMU".to_owned(), got: "18".to_owned() }),
    ] {
        assert_eq!(apply_answer(&ours, &theirs(lines)), Err(wanted), "{lines:?}");
    }
}

#[test]
fn directions_form_the_table_of_rfc_3264_6_1() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (direction, name, reversed) in [
        (SendRecv, "sendrecv", SendRecv),
        (SendOnly, "sendonly", RecvOnly),
        (RecvOnly, "recvonly", SendOnly),
        (Inactive, "inactive", Inactive),
    ] {
        assert_eq!((direction.as_str(), direction.reversed()), (name, reversed));
        assert_eq!(Direction::from_name(name), Some(direction));
        assert_eq!((direction.and(SendRecv), direction.and(Inactive)), (direction, Inactive));
    }
    let text = "v=0\no=- 1 1 IN IP4 192.0.2.1\na=inactive\nm=audio 1 RTP/AVP 0\nm=audio 2 RTP/AVP 0\na=sendonly\n";
    let session = read(text);
    assert_eq!(session.direction_of(&session.media[0]), Inactive);
    assert_eq!(session.direction_of(&session.media[1]), SendOnly);
}

#[test]
fn offers_of_real_peers_are_answered() {
    let softphone = theirs(&[
        "a=tool:softphone 1.0",
        "m=audio 10142 RTP/AVP 96 0 8 101",
        "b=AS:128",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 stereo=1;sprop-stereo=1",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=rtcp:10143",
        "a=sendrecv",
        "a=label:1",
        "a=rtcp-rsize",
        "a=ssrc:3404127711 cname:sip:1001@demo.local",
        "a=ptime:20",
    ]);
    let (session, agreed) = answer(&softphone, &local(), None).unwrap();
    assert_eq!(numbers(&session), [("audio", 30_000, "0 8 101".to_owned())]);
    assert_eq!((agreed.remote_rtcp.port(), agreed.dtmf_receive), (10_143, Some(101)));

    let generator = "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n\
                     m=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
    assert_eq!(answer(&read(generator), &local(), None).unwrap().1.send, Codec::Pcma.format());

    for (lines, warning) in [
        (&["m=image 6004 udptl t38", "a=T38FaxVersion:0"][..], 304),
        (&["a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111 8", "a=rtpmap:111 opus/48000/2", "a=mid:0"], 304),
        (&["m=audio 6000 RTP/AVP 18 101", "a=rtpmap:101 telephone-event/8000"], 305),
    ] {
        assert_eq!((refused(lines).status(), refused(lines).warning()), (488, warning), "{lines:?}");
    }
}
