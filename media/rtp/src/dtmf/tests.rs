use super::*;
use clock::Instant;
use proptest::prelude::*;

fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

fn key(c: char) -> Digit {
    Digit::from_char(c).unwrap()
}

fn ended(c: char, ms: u64) -> DtmfEvent {
    DtmfEvent::Ended { digit: key(c), duration: Duration::from_millis(ms) }
}

/// Plays packets 20 ms apart, without those whose index is in `lost`.
fn hear(receiver: &mut DtmfReceiver, from_ms: u64, sender: DtmfSender, lost: &[usize]) -> Vec<DtmfEvent> {
    let mut events = Vec::new();
    for (i, packet) in sender.enumerate() {
        let now = at(from_ms + 20 * i as u64);
        events.extend(receiver.handle_timeout(now));
        if !lost.contains(&i) {
            events.extend(receiver.on_packet(packet.timestamp, &packet.payload, now));
        }
    }
    events
}

fn press(c: char, ms: u64, timestamp: u32) -> DtmfSender {
    DtmfSender::new(key(c), Duration::from_millis(ms), timestamp)
}

#[test]
fn keys_have_codes_and_characters() {
    for (c, event) in [('0', 0), ('9', 9), ('*', 10), ('#', 11), ('A', 12), ('D', 15)] {
        assert_eq!(key(c).event(), event);
        assert_eq!(Digit::from_event(event).unwrap().to_string(), c.to_string());
    }
    assert_eq!(key('d'), key('D'));
    assert_eq!((Digit::from_event(16), Digit::from_char('E')), (None, None));
}

#[test]
fn a_sender_marks_the_first_and_repeats_the_last() {
    let packets: Vec<_> = press('5', 60, 1_000).collect();
    let shape: Vec<_> = packets
        .iter()
        .map(|p| {
            let payload = EventPayload::parse(&p.payload).unwrap();
            (p.marker, p.timestamp, payload.event, payload.end, payload.duration)
        })
        .collect();
    assert_eq!(
        shape,
        [
            (true, 1_000, 5, false, 160),
            (false, 1_000, 5, false, 320),
            (false, 1_000, 5, true, 480),
            (false, 1_000, 5, true, 480),
            (false, 1_000, 5, true, 480),
        ]
    );
    assert_eq!(press('5', 0, 0).units(), 320);
    assert_eq!(press('5', 1_000_000, 0).units(), 64_000);
}

#[test]
fn one_press_is_one_digit_whatever_is_lost() {
    for lost in [&[][..], &[0], &[0, 1, 2], &[4], &[4, 5], &[5, 6], &[0, 1, 2, 3, 4, 5]] {
        let mut receiver = DtmfReceiver::new();
        let events = hear(&mut receiver, 0, press('7', 100, 320), lost);
        assert_eq!(events, [DtmfEvent::Started(key('7')), ended('7', 100)], "lost {lost:?}");
        assert_eq!(receiver.poll_timeout(), None);
    }
}

#[test]
fn lost_ends_finish_by_timeout() {
    let mut receiver = DtmfReceiver::new();
    assert_eq!(hear(&mut receiver, 0, press('1', 100, 320), &[4, 5, 6]), [DtmfEvent::Started(key('1'))]);
    assert_eq!(receiver.handle_timeout(at(209)).into_iter().count(), 0);
    assert_eq!(receiver.poll_timeout(), Some(at(210)));
    assert_eq!(receiver.handle_timeout(at(210)).into_iter().collect::<Vec<_>>(), [ended('1', 80)]);
    let late = press('1', 100, 320).last().unwrap();
    assert_eq!(receiver.on_packet(late.timestamp, &late.payload, at(211)).into_iter().count(), 0);
}

#[test]
fn the_next_key_ends_one_whose_end_was_lost() {
    let mut receiver = DtmfReceiver::new();
    hear(&mut receiver, 0, press('1', 100, 320), &[4, 5, 6]);
    let events = hear(&mut receiver, 100, press('1', 60, 320 + 800), &[]);
    assert_eq!(events, [ended('1', 80), DtmfEvent::Started(key('1')), ended('1', 60)]);
}

#[test]
fn a_late_packet_of_the_former_key_is_not_news() {
    let mut receiver = DtmfReceiver::new();
    let late = press('1', 100, 320).nth(2).unwrap();
    hear(&mut receiver, 0, press('1', 100, 320), &[2]);
    let mut second = press('2', 100, 320 + 1_600);
    let first = second.next().unwrap();
    assert_eq!(receiver.on_packet(first.timestamp, &first.payload, at(200)).into_iter().count(), 1);
    assert_eq!(receiver.on_packet(late.timestamp, &late.payload, at(210)).into_iter().count(), 0);
    assert_eq!(hear(&mut receiver, 220, second, &[]), [ended('2', 100)]);
}

#[test]
fn a_key_held_beyond_a_segment_stays_one_press() {
    let mut receiver = DtmfReceiver::new();
    let payload = |end, duration| EventPayload { event: 3, end, volume: 10, duration }.to_bytes();
    let start = receiver.on_packet(0, &payload(false, 0xffff), at(0));
    assert_eq!(start.into_iter().collect::<Vec<_>>(), [DtmfEvent::Started(key('3'))]);
    assert_eq!(receiver.on_packet(0xffff, &payload(false, 160), at(20)).into_iter().count(), 0);
    let end = receiver.on_packet(0xffff, &payload(true, 16_385), at(40));
    assert_eq!(end.into_iter().collect::<Vec<_>>(), [ended('3', 10_240)]);
}

#[test]
fn other_events_and_short_payloads_bring_nothing() {
    let mut receiver = DtmfReceiver::new();
    for payload in [&[16u8, 0, 0, 160][..], &[1, 0, 0], &[]] {
        assert_eq!(receiver.on_packet(0, payload, at(0)), Heard::default());
    }
}

#[test]
fn a_new_source_may_reuse_timestamps() {
    let mut receiver = DtmfReceiver::new();
    hear(&mut receiver, 0, press('4', 60, 100), &[]);
    assert_eq!(receiver.reset(), Heard::default());
    assert_eq!(hear(&mut receiver, 500, press('4', 60, 100), &[]).len(), 2);
}

proptest! {
    #[test]
    fn starts_and_ends_alternate(
        packets in prop::collection::vec((0u32..4, 0u8..18, any::<bool>(), any::<u16>(), 0u64..200), 0..200),
    ) {
        let mut receiver = DtmfReceiver::new();
        let mut now = 0;
        let mut down = None;
        for (segment, event, end, duration, later) in packets {
            now += later;
            let payload = EventPayload { event, end, volume: 0, duration }.to_bytes();
            let timeout = receiver.handle_timeout(at(now));
            let heard = receiver.on_packet(segment.wrapping_mul(7_000), &payload, at(now));
            for event in timeout.into_iter().chain(heard) {
                match event {
                    DtmfEvent::Started(digit) => prop_assert_eq!(down.replace(digit), None),
                    DtmfEvent::Ended { digit, .. } => prop_assert_eq!(down.take(), Some(digit)),
                }
            }
        }
    }
}
