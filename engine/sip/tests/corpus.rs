//! Our own corpus of the kind of RFC 4475: what is accepted, refused and dropped.

mod common;

use std::{fs, path::Path};

use bytes::Bytes;
use common::{Outcome, outcome, rows};
use proptest::prelude::*;
use sip::{Message, ResponseBuilder, Source, framing::StreamFramer};

/// File name, how it came, what it says and what is expected.
fn corpus() -> Vec<(String, Source, Vec<u8>, Outcome)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let table = fs::read_to_string(folder.join("manifest.csv")).expect("the corpus has a manifest");
    let read = |row: Vec<String>| {
        let data = fs::read(folder.join(&row[0])).unwrap_or_else(|error| panic!("{}: {error}", row[0]));
        let source = if row[1] == "stream" { Source::Stream } else { Source::Datagram };
        let expected = match row[2].as_str() {
            "accept" => Outcome::Accepted,
            "drop" => Outcome::Dropped,
            status => Outcome::Refused(status.parse().expect("a status")),
        };
        (row[0].clone(), source, data, expected)
    };
    rows(&table).into_iter().map(read).collect()
}

#[test]
fn every_message_is_taken_as_the_manifest_says() {
    let corpus = corpus();
    assert!(corpus.len() >= 40);
    let on_disk = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")).unwrap();
    let files = on_disk.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "sip"));
    assert_eq!(files.count(), corpus.len(), "each file is in the manifest");
    let mut wrong = Vec::new();
    for (file, source, data, expected) in corpus {
        let got = outcome(&data, source);
        if got != expected {
            wrong.push(format!("{file}: expected {expected:?}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_refusal_is_a_message_that_reads_back() {
    for (file, source, data, _) in corpus() {
        let request = match Message::parse(data.into(), source) {
            Ok(message) if message.is_request() => message,
            Ok(_) => continue,
            Err(error) => match error.answerable() {
                Some(hint) => hint.request.clone(),
                None => continue,
            },
        };
        let refusal = ResponseBuilder::reply_to(&request, 400, "Bad Request")
            .source("192.0.2.1:5060".parse().unwrap())
            .to_tag("t")
            .build();
        let again = Message::parse(refusal.bytes().clone(), Source::Stream);
        assert!(again.is_ok_and(|again| again.status() == 400), "{file}");
    }
}

/// Asks for everything a message can tell; nothing may panic.
fn ask_everything(message: &Message) {
    let _ = (message.request_uri(), message.vias(), message.from(), message.to(), message.call_id(), message.cseq());
    let _ = (message.contacts(), message.routes(), message.record_routes(), message.path(), message.max_forwards());
    let _ = (message.expires_s(), message.min_expires_s(), message.content_type(), message.accept(), message.require());
    let _ = (message.supported(), message.allow(), message.refer_to(), message.referred_by(), message.replaces());
    let _ = (message.reasons(), message.event(), message.subscription_state(), message.p_asserted_identity());
    let _ = (message.retry_after(), message.session_expires(), message.authorization(), message.www_authenticate());
    let _ = (message.validate_request(), message.validate_response(), message.headers().count());
    if message.is_request() {
        let _ = ResponseBuilder::reply_to(message, 200, "OK").source(([192, 0, 2, 1], 5060).into()).to_tag("x").build();
    }
}

fn read_all_ways(data: &[u8]) {
    for source in [Source::Datagram, Source::Stream] {
        match Message::parse(Bytes::copy_from_slice(data), source) {
            Ok(message) => ask_everything(&message),
            Err(error) => {
                if let Some(hint) = error.answerable() {
                    ask_everything(&hint.request);
                }
            }
        }
    }
    let mut framer = StreamFramer::new();
    for piece in data.chunks(97) {
        if framer.push(piece).is_err() {
            return;
        }
        while let Ok(Some(_)) = framer.next_frame() {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read_all_ways(&data);
    }

    #[test]
    fn mutated_messages_never_panic(
        pick in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..8),
    ) {
        let corpus = corpus();
        let mut data = corpus[pick.index(corpus.len())].2.clone();
        for (place, byte, kind) in changes {
            if data.is_empty() {
                break;
            }
            let place = place.index(data.len());
            match kind {
                0 => data[place] = byte,
                1 => data.insert(place, byte),
                2 => { data.remove(place); }
                _ => data.insert(place, b" \t;,<>\"\\\r\n:=@%"[usize::from(byte) % 14]),
            }
        }
        read_all_ways(&data);
    }
}
