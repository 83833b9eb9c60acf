//! Who is on the line: a leg that is listened to, with the sound of a real opening as RTP.

use std::path::Path;
use std::time::{Duration, Instant};

use clock::LegId;
use media_graph::{Codec, Command, Event, LineEvent, LineHeard, LineVerdict, PlaySource};

use crate::kit::{CALL, Desk, Phone, leg, player};

/// The samples of an opening, as G.711 mu-law: the last chunk of its file.
fn opening(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../detect/tests/data").join(name);
    let bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(4).position(|word| word == b"data").unwrap();
    bytes[at + 8..].to_vec()
}

/// Sends it at the pace of speech.
fn speak(phone: &mut Phone, sound: &[u8]) {
    let begun = Instant::now();
    for (nth, packet) in (0_u32..).zip(sound.chunks_exact(160)) {
        let due = begun + Duration::from_millis(20) * nth;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        phone.say(packet);
    }
}

fn verdict(event: &Event) -> Option<LineVerdict> {
    match event {
        Event::Line { leg: LegId(1), event: LineEvent::Verdict(verdict) } => Some(verdict.clone()),
        _ => None,
    }
}

#[test]
fn a_person_is_told_with_the_end_of_the_greeting_and_his_first_words_are_kept() {
    let mut desk = Desk::new();
    let (mut customer, mut agent) = (Phone::new(Codec::Pcmu), Phone::new(Codec::Pcmu));
    desk.join(1, &mut customer);
    desk.join(2, &mut agent);
    desk.send(Command::Listen { leg: LegId(1), answered: true });
    speak(&mut customer, &opening("human_03.wav"));
    let heard = desk.expect(verdict);
    assert_eq!((heard.heard, heard.early), (LineHeard::Person, false), "{heard:?}");
    assert!(heard.greeting_ended_ago.is_some_and(|ago| ago < Duration::from_millis(1_300)), "{heard:?}");

    let sources = vec![PlaySource::FirstWords(LegId(1))];
    desk.send(Command::Play { player: media_graph::PlayerId(9), call: CALL, sources, looped: false });
    desk.connect(player(9), leg(2));
    // He draws breath for a fifth of a second before he speaks.
    let words = agent.listen(4_000);
    let loudest = words.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    assert!(loudest > 1_000, "what he said is heard: {loudest}");
    desk.send(Command::StopListening { leg: LegId(1) });
    desk.leave(1);
}

#[test]
fn busy_before_the_answer_is_told_as_such() {
    let mut desk = Desk::new();
    let mut carrier = Phone::new(Codec::Pcmu);
    desk.join(1, &mut carrier);
    desk.send(Command::Listen { leg: LegId(1), answered: false });
    speak(&mut carrier, &opening("tone_uk_busy_400.wav"));
    let heard = desk.expect(verdict);
    assert_eq!((heard.heard, heard.early, heard.greeting_ended_ago), (LineHeard::Busy, true, None), "{heard:?}");
}
