//! The messages of RFC 4475 and RFC 5118, read from the test data, against the
//! classes of their manifests. They may not stand in this repository.

mod common;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Once,
};

use bytes::Bytes;
use common::{Outcome, outcome, rows};
use sip::{
    Contacts, Message, Method, Name, Source,
    ua::{Body, Event, Output, Peer, Transport, Ua, UaConfig},
};

/// Messages of both sets; where they are missing, so many checks are not made.
const MESSAGES: usize = 49 + 12;

/// Where the manifest leaves a choice, what this stack does: it refuses what is no
/// SIP, and is lenient where nothing can be mistaken.
const CHOICES: [(&str, Outcome); 8] = [
    ("ltgtruri.dat", Outcome::Refused(400)),
    ("lwsstart.dat", Outcome::Refused(400)),
    ("trws.dat", Outcome::Refused(400)),
    ("escruri.dat", Outcome::Refused(400)),
    ("baddate.dat", Outcome::Accepted),
    ("regbadct.dat", Outcome::Refused(400)),
    ("badaspec.dat", Outcome::Accepted),
    ("baddn.dat", Outcome::Refused(400)),
];

/// The folder of the test data; none, with a line that says so, when there is none.
#[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
fn test_data() -> Option<PathBuf> {
    if let Ok(folder) = std::env::var("TRUNKLINE_TESTDATA") {
        return Some(folder.into());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    if folder.join("torture/manifest.csv").exists() {
        return Some(folder);
    }
    // Written past the test harness, which keeps what tests print to itself.
    TOLD.call_once(|| {
        let _ = writeln!(std::io::stderr(), "RFC 4475 and RFC 5118 messages are not here: {MESSAGES} not run");
    });
    None
}

static TOLD: Once = Once::new();

/// A message in the form in which it is sent.
fn read(set: &Path, file: &str) -> Vec<u8> {
    let wire = set.join("wire").join(file);
    let path = if wire.exists() { wire } else { set.join(file) };
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifest(set: &Path) -> Vec<Vec<String>> {
    let path = set.join("manifest.csv");
    rows(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[test]
fn rfc_4475_messages_are_taken_as_their_class_says() {
    let Some(folder) = test_data() else { return };
    let set = folder.join("torture");
    let rows = manifest(&set);
    assert_eq!(rows.len(), 49);
    let mut wrong = Vec::new();
    for row in rows {
        let (file, class) = (row[0].as_str(), row[4].as_str());
        let got = outcome(&read(&set, file), Source::Datagram);
        let choice = CHOICES.iter().find(|(name, _)| *name == file).map(|(_, outcome)| *outcome);
        let wanted = match class {
            "accept" | "accept-first" | "accept-then-discard" => Outcome::Accepted,
            "accept-for-505" => Outcome::Refused(505),
            "discard" => Outcome::Dropped,
            "reject" => Outcome::Refused(400),
            "reject-or-lenient" => choice.unwrap_or_else(|| panic!("{file}: no choice made")),
            other => panic!("{file}: unknown class {other}"),
        };
        if got != wanted {
            wrong.push(format!("{file}: {class}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rfc_5118_messages_are_taken_as_their_class_says() {
    let Some(folder) = test_data() else { return };
    let set = folder.join("rfc5118");
    let rows = manifest(&set);
    assert_eq!(rows.len(), 12);
    for row in rows {
        let wanted = if row[2].starts_with("valid") { Outcome::Accepted } else { Outcome::Refused(400) };
        assert_eq!(outcome(&read(&set, &row[0]), Source::Datagram), wanted, "{}", row[0]);
    }
}

#[test]
fn what_the_valid_messages_say_is_understood() {
    let Some(folder) = test_data() else { return };
    let message = |set: &str, file: &str| {
        let data = Bytes::from(read(&folder.join(set), file));
        Message::parse(data, Source::Datagram).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    let wsinv = message("torture", "wsinv.dat");
    assert_eq!(wsinv.header("NewFangledHeader").next(), Some("newfangled value continued newfangled value"));
    assert_eq!(wsinv.header("UnknownHeaderWithUnusualValue").next(), Some(";;,,;;,;"));
    assert_eq!((wsinv.vias().unwrap().len(), wsinv.max_forwards().unwrap()), (3, Some(68)));
    assert_eq!(wsinv.vias().unwrap()[2].branch(), Some("z9hG4bK30239"));
    assert_eq!(wsinv.contacts().unwrap().first().unwrap().q_thousandths(), 330);
    assert_eq!((wsinv.cseq().unwrap().0, wsinv.body().len()), (9, 150));

    let esc01 = message("torture", "esc01.dat");
    assert_eq!(esc01.request_uri().unwrap().user().as_deref(), Some("sips:user@example.com"));
    assert!(esc01.contacts().unwrap().first().unwrap().uri.has_param("lr"));
    let escnull = message("torture", "escnull.dat").contacts().unwrap();
    assert!(matches!(escnull, Contacts::List(list) if list.len() == 2 && !list[0].uri.is_equivalent(&list[1].uri)));
    assert_eq!(message("torture", "longreq.dat").vias().unwrap().len(), 34);
    assert_eq!(message("torture", "dblreq.dat").body().len(), 0);
    assert_eq!(message("torture", "mpart01.dat").body().len(), 553);
    assert_eq!(message("torture", "inv2543.dat").body().len(), 105);
    assert_eq!(message("torture", "noreason.dat").reason(), "");
    assert_eq!(message("torture", "esc02.dat").header(Name::Contact).count(), 2);
    assert_eq!(message("torture", "bext01.dat").require().unwrap().len(), 2);
    assert!(!message("torture", "badbranch.dat").top_via().unwrap().has_rfc3261_branch());

    assert_eq!(message("rfc5118", "port-ambiguous.dat").request_uri().unwrap().port(), None);
    assert_eq!(message("rfc5118", "port-unambiguous.dat").request_uri().unwrap().port(), Some(5070));
    let [with, without] = ["via-received-param-with-delim.dat", "via-received-param-no-delim.dat"];
    let received = |file| message("rfc5118", file).top_via().unwrap().received();
    assert!(received(with).is_some() && received(with) == received(without));
}

/// The status with which an open user agent, that takes any call and challenges every REGISTER, answers; none when
/// it says nothing final.
fn answer(data: &[u8]) -> Option<u16> {
    let here = ([127, 0, 0, 1], 5060).into();
    let mut ua = Ua::new(UaConfig::at(here, "Trunkline"), clock::Rng::new(1));
    let peer = Peer { transport: Transport::Udp, addr: ([127, 0, 0, 2], 5060).into(), flow: None };
    let now = clock::Instant::ZERO;
    match Message::parse(Bytes::copy_from_slice(data), Source::Datagram) {
        Ok(message) => ua.receive(now, peer, message),
        Err(error) => ua.receive_bad(now, peer, &error),
    }
    let mut last = None;
    while let Some(output) = ua.poll_output() {
        match output {
            Output::Event(Event::Invite { session, request, .. }) => match Ua::check_body(&request) {
                Ok(()) => ua.accept(now, session, Body::sdp("v=0\r\n"), Vec::new()),
                Err(refusal) => ua.reject(now, session, refusal.status, refusal.headers),
            },
            Output::Event(Event::Request { token, request, .. }) => {
                let status = if request.method() == Some(&Method::Register) { 401 } else { 200 };
                ua.respond(now, token, status, Vec::new(), None);
            }
            Output::Event(_) => {}
            Output::Transmit { bytes, .. } => {
                let sent = Message::parse(bytes, Source::Datagram).expect("our own messages are readable");
                assert!(!sent.is_request());
                last = Some(sent.status());
            }
        }
    }
    last.filter(|status| *status >= 200)
}

/// Whether the manifest allows this answer: `200|404`, `4xx-app`, `400-uri`, `2xx-lenient`, `-` for none. A REGISTER
/// may always be challenged: authentication comes before what it says.
fn is_allowed(codes: &str, got: Option<u16>) -> bool {
    let Some(got) = got else { return codes == "-" };
    let one = |code: &str| match code.split('-').next().unwrap_or_default() {
        "lenient" | "2xx" => got / 100 == 2,
        "4xx" => got / 100 == 4,
        number => number.parse() == Ok(got),
    };
    got == 401 || codes.split('|').any(one)
}

#[test]
fn every_message_gets_an_answer_that_the_manifest_allows() {
    let Some(folder) = test_data() else { return };
    let mut wrong = Vec::new();
    for (set, codes) in [("torture", 5), ("rfc5118", 3)] {
        let set = folder.join(set);
        for row in manifest(&set) {
            let got = answer(&read(&set, &row[0]));
            if !is_allowed(&row[codes], got) {
                wrong.push(format!("{}: {} allowed, got {got:?}", row[0], row[codes]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
