//! How sound gets from one leg to another.

use media_graph::{Codec, Command, Event};
use rtp_core::packet::Header;

use crate::kit::{Desk, Phone, encoded, law, lead_db, leg, packet, sine};

/// Two phones that hear each other.
fn bridge(first: Codec, second: Codec) -> (Desk, Phone, Phone) {
    let mut desk = Desk::new();
    let (mut a, mut b) = (Phone::new(first), Phone::new(second));
    desk.join(1, &mut a);
    desk.join(2, &mut b);
    desk.connect(leg(1), leg(2));
    desk.connect(leg(2), leg(1));
    a.greet(&mut b);
    (desk, a, b)
}

fn numbered(n: u8) -> Vec<u8> {
    (0..160u8).map(|at| at.wrapping_mul(7).wrapping_add(n)).collect()
}

#[test]
fn a_relay_changes_no_bit_and_numbers_its_own_stream() {
    let (mut desk, mut a, mut b) = bridge(Codec::Pcma, Codec::Pcma);
    let mut last: Option<Header> = None;
    for n in 0..20 {
        a.say(&numbered(n));
        let (header, payload) = b.hear();
        assert_eq!(payload, numbered(n));
        assert_ne!(header.ssrc, a.header.ssrc, "our own stream");
        if let Some(before) = last {
            assert_eq!(header.sequence, before.sequence.wrapping_add(1));
            assert_eq!(header.timestamp, before.timestamp.wrapping_add(160));
            assert_eq!(header.ssrc, before.ssrc);
        }
        last = Some(header);
        b.say(&numbered(n ^ 0x80));
        assert_eq!(a.hear().1, numbered(n ^ 0x80));
    }
    let stats = desk.leave(1);
    assert_eq!((stats.received, stats.sent, stats.lost, stats.dropped), (21, 21, 0, 0));
}

#[test]
fn laws_are_translated_by_the_tables() {
    let (_desk, mut a, mut b) = bridge(Codec::Pcma, Codec::Pcmu);
    let all: Vec<u8> = (0..=255).collect();
    let translated = |from: Codec, to: Codec| {
        let mut codes = all.clone();
        law(from).transcode(law(to), &mut codes);
        codes
    };
    a.say(&all);
    let (header, payload) = b.hear();
    assert_eq!((header.payload_type, payload), (0, translated(Codec::Pcma, Codec::Pcmu)));
    b.say(&all);
    let (header, payload) = a.hear();
    assert_eq!((header.payload_type, payload), (8, translated(Codec::Pcmu, Codec::Pcma)));
}

#[test]
fn a_leg_connected_to_itself_is_an_echo() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcmu);
    desk.join(1, &mut phone);
    desk.connect(leg(1), leg(1));
    for n in 0..5 {
        phone.say(&numbered(n));
        assert_eq!(phone.hear().1, numbered(n));
    }
}

#[test]
fn three_parties_hear_the_other_two() {
    let mut desk = Desk::new();
    let mut phones = [Phone::new(Codec::Pcma), Phone::new(Codec::Pcmu), Phone::new(Codec::Pcma)];
    let tones = [500.0, 1_000.0, 1_700.0];
    for (id, phone) in (1..).zip(&mut phones) {
        desk.join(id, phone);
    }
    for source in 1..=3 {
        for sink in (1..=3).filter(|sink| *sink != source) {
            desk.connect(leg(source), leg(sink));
        }
    }
    let voices: Vec<Vec<u8>> =
        phones.iter().zip(tones).map(|(phone, hz)| encoded(phone.law(), &sine(hz, 12_000))).collect();
    let mut heard = vec![Vec::new(); 3];
    // The mix's own 20 ms set the pace: one packet is said for each that is heard.
    for frame in 0..75 {
        for (phone, voice) in phones.iter_mut().zip(&voices) {
            phone.say(&voice[frame * 160..][..160]);
        }
        for (phone, heard) in phones.iter().zip(&mut heard) {
            heard.extend(phone.listen(160));
        }
    }
    for (nth, heard) in heard.iter().enumerate() {
        let steady = &heard[4_000..];
        for (other, hz) in tones.iter().enumerate().filter(|(other, _)| *other != nth) {
            assert!(lead_db(steady, *hz, tones[nth]) > 20.0, "phone {nth} hears {other} and not itself");
        }
    }
}

/// Packets that claim to go on where the phone's stream stands.
fn forge(outsider: &Phone, victim: &Phone, ssrc: u32, count: u16) {
    for n in 0..count {
        let forged = Header { sequence: victim.header.sequence.wrapping_add(n), ssrc, ..victim.header };
        outsider.rtp.send_to(&packet(&forged, &[1; 160]), victim.peer).unwrap();
    }
}

#[test]
fn an_outsider_is_not_heard_and_gets_nothing() {
    let (mut desk, mut a, mut b) = bridge(Codec::Pcma, Codec::Pcma);
    let outsider = Phone::at([127, 0, 0, 9].into(), Codec::Pcma);
    desk.after_packets(50, || forge(&outsider, &a, 4_711, 50));
    a.say(&numbered(1));
    assert_eq!(b.hear().1, numbered(1), "the first that comes through is the peer's");
    b.say(&numbered(2));
    assert_eq!(a.hear().1, numbered(2), "and what is said goes to the peer");
    outsider.rtp.set_nonblocking(true).unwrap();
    assert!(outsider.rtp.recv(&mut [0; 10]).is_err());
    assert_eq!(desk.worker.metrics().drops(media_worker::DropReason::Source), 50);
}

/// Nobody else can be learned five seconds after an offer: the system keeps others away then, until the next one.
#[test]
fn who_cannot_be_learned_any_more_is_kept_away_until_the_next_offer() {
    let (mut desk, mut a, mut b) = bridge(Codec::Pcma, Codec::Pcma);
    let outsider = Phone::at([127, 0, 0, 9].into(), Codec::Pcma);
    let refused = |desk: &Desk| desk.worker.metrics().drops(media_worker::DropReason::Source);
    let (mut round, mut kept_away) = (0u16, 0);
    while kept_away < 20 {
        let before = refused(&desk);
        forge(&outsider, &a, 4_711, 1);
        a.say(&numbered(round as u8));
        assert_eq!(b.hear().1, numbered(round as u8));
        b.say(&numbered(1));
        assert_eq!(a.hear().1, numbered(1));
        kept_away = if refused(&desk) == before { kept_away + 1 } else { 0 };
        round = round.checked_add(1).expect("it is bound after some seconds");
    }
    assert!(round > 100, "the outsider was heard and refused at first");
    // A new offer names another address.
    let mut moved = Phone::new(Codec::Pcma);
    moved.peer = a.peer;
    desk.send(Command::SetRemote { leg: clock::LegId(1), remote: moved.remote() });
    desk.settle();
    drop(a);
    for n in 0..10 {
        moved.say(&numbered(n));
        assert_eq!(b.hear().1, numbered(n));
        b.say(&numbered(n));
        assert_eq!(moved.hear().1, numbered(n));
    }
}

#[test]
fn a_program_on_the_phones_own_host_that_knows_its_ssrc_is_refused_while_the_phone_speaks() {
    let (mut desk, mut a, mut b) = bridge(Codec::Pcma, Codec::Pcma);
    let outsider = Phone::new(Codec::Pcma);
    for n in 0..10 {
        desk.after_packets(3, || forge(&outsider, &a, a.header.ssrc, 3));
        a.say(&numbered(n));
        assert_eq!(b.hear().1, numbered(n));
        b.say(&numbered(n));
        assert_eq!(a.hear().1, numbered(n));
    }
}

#[test]
fn a_phone_behind_a_nat_is_learned_and_answered_where_it_sends_from() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.connect(leg(1), leg(1));
    // It says one address and sends from another.
    let mapped = Phone::at([127, 0, 0, 7].into(), Codec::Pcma);
    for n in 0..20u16 {
        let header = Header { sequence: n, timestamp: u32::from(n) * 160, ..phone.header };
        let bytes = packet(&header, &numbered(n as u8));
        desk.after_packets(1, || assert_eq!(mapped.rtp.send_to(&bytes, phone.peer).unwrap(), bytes.len()));
    }
    let (_, first) = mapped.hear();
    assert!((1..20).any(|n| first == numbered(n)));
}

#[test]
fn a_key_is_told_once_and_relayed_with_the_other_sides_type() {
    let mut desk = Desk::new();
    let (mut a, mut b) = (Phone::new(Codec::Pcma), Phone::new(Codec::Pcma));
    b.dtmf.send = Some(96);
    desk.join(1, &mut a);
    desk.join(2, &mut b);
    desk.connect(leg(1), leg(2));
    desk.connect(leg(2), leg(1));
    a.greet(&mut b);
    for (event, digit) in [(5u8, '5'), (5, '5'), (11, '#')] {
        for (duration, end) in [(160u16, 0u8), (320, 0), (480, 0x80), (480, 0x80), (480, 0x80)] {
            let payload = [event, end | 10, (duration >> 8) as u8, duration as u8];
            a.say_as(101, &payload);
            let (header, heard) = b.hear();
            assert_eq!((header.payload_type, heard.as_slice()), (96, payload.as_slice()));
        }
        a.header.timestamp = a.header.timestamp.wrapping_add(800);
        a.say(&numbered(0));
        assert_eq!(b.hear().0.payload_type, 8);
        let told = desk.expect(|event| match event {
            Event::Digit { digit, .. } => Some(*digit),
            _ => None,
        });
        assert_eq!(told, digit);
    }
    desk.send(Command::Close { leg: clock::LegId(1) });
    let more = desk.expect(|event| match event {
        Event::Digit { .. } => Some(true),
        Event::Closed { .. } => Some(false),
        _ => None,
    });
    assert!(!more, "three keys, three events");
}

#[test]
fn keys_are_not_sent_to_who_did_not_ask_for_them_and_leave_no_gap() {
    let mut desk = Desk::new();
    let (mut a, mut b) = (Phone::new(Codec::Pcma), Phone::new(Codec::Pcma));
    b.dtmf = Default::default();
    desk.join(1, &mut a);
    desk.join(2, &mut b);
    desk.connect(leg(1), leg(2));
    a.say(&numbered(1));
    let (before, _) = b.hear();
    a.say_as(101, &[1, 0x8A, 0, 160]);
    a.say(&numbered(2));
    let (after, payload) = b.hear();
    assert_eq!(payload, numbered(2));
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
}
