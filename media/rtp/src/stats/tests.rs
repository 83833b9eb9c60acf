use super::*;

fn header(sequence: u16) -> Header {
    Header { sequence, timestamp: u32::from(sequence).wrapping_mul(160), ssrc: 1, ..Header::default() }
}

fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// Plays sequence numbers, 20 ms apart.
fn play(stats: &mut ReceptionStats, sequences: impl IntoIterator<Item = u16>) -> Vec<Arrival> {
    sequences.into_iter().enumerate().map(|(i, s)| stats.on_packet(&header(s), at(20 * i as u64))).collect()
}

#[test]
fn a_source_is_valid_after_two_in_sequence() {
    let mut stats = ReceptionStats::new(8_000);
    assert_eq!(play(&mut stats, [5]), [Arrival::Probation]);
    assert_eq!(stats.report_block(at(0)), None);
    assert_eq!(play(&mut stats, [9, 10]), [Arrival::Probation, Arrival::InOrder { missing: 0 }]);
    assert_eq!((stats.received(), stats.expected(), stats.lost()), (2, 2, 0));
    assert_eq!(stats.ssrc(), Some(1));
}

#[test]
fn loss_duplicates_and_wrap_are_counted() {
    let mut stats = ReceptionStats::new(8_000);
    let arrivals = play(&mut stats, [65_533, 65_534, 1, 0, 1, 2]);
    use Arrival::{Behind, InOrder, Probation};
    assert_eq!(
        arrivals,
        [Probation, InOrder { missing: 0 }, InOrder { missing: 2 }, Behind, Behind, InOrder { missing: 0 }]
    );
    let block = stats.report_block(at(200)).unwrap();
    assert_eq!((block.highest_sequence, block.cumulative_lost, block.fraction_lost), (65_538, 0, 0));
    assert_eq!((stats.received(), stats.expected()), (6, 6));
}

#[test]
fn fraction_lost_is_of_the_interval() {
    let mut stats = ReceptionStats::new(8_000);
    play(&mut stats, (0..10).filter(|s| *s != 5));
    let block = stats.report_block(at(0)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (25, 1));
    play(&mut stats, (10..20).filter(|s| s % 2 == 1));
    let block = stats.report_block(at(0)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (128, 6));
    play(&mut stats, [20]);
    assert_eq!(stats.report_block(at(0)).unwrap().fraction_lost, 0);
    assert_eq!(stats.report_block(at(0)).unwrap().fraction_lost, 0);
    assert_eq!(stats.lost(), 6);
}

#[test]
fn duplicates_make_the_cumulative_loss_negative() {
    let mut stats = ReceptionStats::new(8_000);
    play(&mut stats, [1, 2, 2, 2]);
    assert_eq!(stats.report_block(at(0)).unwrap().cumulative_lost, -2);
    assert_eq!(stats.lost(), 0);
}

#[test]
fn one_wild_number_is_ignored_two_are_a_restart() {
    let mut stats = ReceptionStats::new(8_000);
    use Arrival::{InOrder, Jump, Probation, Restarted};
    let arrivals = play(&mut stats, [1, 2, 40_000, 3, 40_000, 40_001, 40_002]);
    let ok = InOrder { missing: 0 };
    assert_eq!(arrivals, [Probation, ok, Jump, ok, Jump, Restarted, ok]);
    assert_eq!(stats.received(), 7);
    assert_eq!(stats.lost(), 0);
}

#[test]
fn a_new_ssrc_begins_again_and_totals_go_on() {
    let mut stats = ReceptionStats::new(8_000);
    play(&mut stats, [1, 2, 4]);
    let other = Header { ssrc: 2, sequence: 9, ..Header::default() };
    assert_eq!(stats.on_packet(&other, at(60)), Arrival::Restarted);
    assert_eq!((stats.ssrc(), stats.received(), stats.lost()), (Some(2), 4, 1));
}

#[test]
fn jitter_follows_the_formula() {
    let mut stats = ReceptionStats::new(8_000);
    play(&mut stats, 0..50);
    assert_eq!(stats.jitter(), Duration::ZERO);
    // One packet 16 ms (128 units) late: J = 128 / 16 = 8 units = 1 ms.
    stats.on_packet(&header(50), at(50 * 20 + 16));
    assert_eq!(stats.jitter(), Duration::from_millis(1));
    // A repeated timestamp, as in key presses, changes nothing.
    stats.on_packet(&Header { sequence: 51, ..header(50) }, at(5_000));
    assert_eq!(stats.jitter(), Duration::from_millis(1));
}

#[test]
fn the_block_answers_the_last_sender_report() {
    let mut stats = ReceptionStats::new(8_000);
    play(&mut stats, [1, 2]);
    stats.on_sender_report(1, NtpTime(0x0001_0002_0003_0004), at(1_000));
    stats.on_sender_report(9, NtpTime(7), at(1_100));
    let block = stats.report_block(at(1_500)).unwrap();
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0x0002_0003, 0x8000));
}
