use super::*;
use proptest::prelude::*;

fn ms(ms: f64) -> Instant {
    Instant::from_nanos((ms * 1e6) as u64)
}

fn header(sequence: u16, timestamp: u32) -> Header {
    Header { sequence, timestamp, ssrc: 1, ..Header::default() }
}

/// What a run of arrivals and ticks gave.
struct Run {
    buffer: JitterBuffer,
    /// First sample of each frame that was played, else `None`.
    played: Vec<Option<i16>>,
}

impl Run {
    /// Each packet holds its number plus one as all its samples. `arrivals` has
    /// (packet number, arrival in ms); ticks come every 20 ms from `phase` on.
    fn new(arrivals: &[(u32, f64)], ticks: usize, phase: f64) -> Self {
        let mut arrivals = arrivals.to_vec();
        arrivals.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut run = Self { buffer: JitterBuffer::new(), played: Vec::new() };
        let mut next = 0;
        for tick in 0..ticks {
            let now = tick as f64 * 20.0 + phase;
            while let Some((number, at)) = arrivals.get(next).filter(|a| a.1 <= now) {
                let packet = header(*number as u16, 1_000 + number * 160);
                run.buffer.push(&packet, &[*number as i16 + 1; 160], ms(*at));
                next += 1;
            }
            let mut frame = [0; FRAME_SAMPLES];
            let popped = run.buffer.pop(ms(now), &mut frame);
            run.played.push((popped == Popped::Frame).then_some(frame[0]));
        }
        run
    }

    /// Delay of each packet that was played at a tick: tick less sending time, in ms.
    fn delays(&self, phase: f64) -> Vec<f64> {
        let delay = |(tick, played): (usize, &Option<i16>)| {
            played.map(|value| tick as f64 * 20.0 + phase - f64::from(value - 1) * 20.0)
        };
        self.played.iter().enumerate().filter_map(delay).collect()
    }

    fn numbers(&self) -> Vec<i16> {
        self.played.iter().flatten().copied().collect()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A small generator, so that runs are the same every time.
fn noise(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    }
}

#[test]
fn a_clean_network_costs_at_most_40_ms_and_loses_nothing() {
    for phase in [0.5, 7.0, 13.0, 19.5] {
        let arrivals: Vec<_> = (0..500).map(|n| (n, f64::from(n) * 20.0)).collect();
        let run = Run::new(&arrivals, 500, phase);
        assert!(median(run.delays(phase)) <= 40.0, "phase {phase}: {}", median(run.delays(phase)));
        let first = run.played.iter().position(Option::is_some).unwrap();
        assert!(first <= 2, "first frame at tick {first}");
        assert!(run.played[first..].iter().all(Option::is_some));
        assert!(run.buffer.counts().shrunk <= 1 && run.buffer.counts().grown == 0);
    }
}

#[test]
fn a_little_jitter_does_not_make_it_swing() {
    for phase in [0.5, 10.0, 19.5] {
        let mut random = noise(7);
        let arrivals: Vec<_> = (0..3_000).map(|n| (n, f64::from(n) * 20.0 + random() * 3.0)).collect();
        let run = Run::new(&arrivals, 3_000, phase);
        let counts = run.buffer.counts();
        assert!(median(run.delays(phase)) <= 40.0);
        assert!(counts.grown + counts.shrunk <= 3, "{counts:?}");
        assert_eq!(counts.late, 0);
    }
}

#[test]
fn it_grows_with_jitter_and_shrinks_when_that_is_over() {
    let mut random = noise(3);
    let arrivals: Vec<_> = (0..2_000)
        .map(|n| (n, f64::from(n) * 20.0 + if (500..1_000).contains(&n) { random() * 70.0 } else { 0.0 }))
        .collect();
    let run = Run::new(&arrivals, 2_000, 10.0);
    let delays = run.delays(10.0);
    assert!(median(delays[800..950].to_vec()) >= 60.0);
    let end = median(delays[delays.len() - 100..].to_vec());
    assert!(end <= 45.0, "{end} ms at the end");
    assert!(run.numbers().len() > 1_950, "{} played", run.numbers().len());
}

#[test]
fn order_is_restored_and_duplicates_are_dropped() {
    let mut arrivals: Vec<_> = (0..100).map(|n| (n, f64::from(n) * 20.0)).collect();
    arrivals.swap(50, 51);
    (arrivals[50].1, arrivals[51].1) = (1_000.0, 1_001.0);
    arrivals.push((60, 1_202.0));
    arrivals.push((40, 1_300.0));
    let run = Run::new(&arrivals, 90, 5.0);
    let numbers = run.numbers();
    assert!(numbers.is_sorted() && numbers.windows(2).all(|w| w[1] == w[0] + 1), "{numbers:?}");
    assert_eq!(run.buffer.counts().late, 1);
}

#[test]
fn a_lost_packet_is_one_gap_and_keeps_the_delay() {
    let arrivals: Vec<_> = (0..100).filter(|n| *n != 30 && *n != 31).map(|n| (n, f64::from(n) * 20.0)).collect();
    let run = Run::new(&arrivals, 90, 5.0);
    let first = run.played.iter().position(Option::is_some).unwrap();
    let gaps = run.played[first..].iter().filter(|p| p.is_none()).count();
    assert_eq!((gaps, run.buffer.counts().grown), (2, 0));
}

#[test]
fn a_pause_of_the_sender_keeps_the_delay() {
    let arrivals: Vec<_> = (0..1_000).filter(|n| !(100..600).contains(n)).map(|n| (n, f64::from(n) * 20.0)).collect();
    let run = Run::new(&arrivals, 1_000, 5.0);
    let worst = run.delays(5.0).into_iter().fold(0.0, f64::max);
    assert!(worst <= 45.0, "{worst} ms, {:?}", run.buffer.counts());
    assert!(run.numbers().contains(&601));
}

#[test]
fn clocks_that_drift_are_followed() {
    for factor in [0.999, 1.001] {
        let arrivals: Vec<_> = (0..9_000).map(|n| (n, f64::from(n) * 20.0 * factor)).collect();
        let run = Run::new(&arrivals, 9_000, 5.0);
        let counts = run.buffer.counts();
        assert!(run.buffer.depth() <= Duration::from_millis(80), "{factor}: {:?}", run.buffer.depth());
        assert!(counts.grown + counts.shrunk >= 7 && counts.late == 0, "{factor}: {counts:?}");
        let gaps = run.played.iter().skip(3).filter(|p| p.is_none()).count();
        assert!(gaps <= 20, "{factor}: {gaps} gaps");
    }
}

#[test]
fn a_stall_is_bounded_and_soon_made_up() {
    // Packets 100 to 149 all come at 3 s, after a second without any.
    let arrivals: Vec<_> =
        (0..1_000).map(|n| (n, if (100..150).contains(&n) { 3_000.0 } else { f64::from(n) * 20.0 })).collect();
    let run = Run::new(&arrivals, 1_000, 5.0);
    assert!(run.delays(5.0).iter().all(|d| *d <= 250.0));
    assert!(median(run.delays(5.0).split_off(600)) <= 45.0);
    assert_eq!(run.buffer.counts().restarts, 0);
}

#[test]
fn another_ssrc_or_timeline_begins_anew() {
    let mut buffer = JitterBuffer::new();
    let mut frame = [0; FRAME_SAMPLES];
    assert_eq!(buffer.pop(ms(0.0), &mut frame), Popped::Gap);
    assert_eq!(buffer.push(&header(1, 0), &[1; 160], ms(0.0)), Pushed::Restarted);
    assert_eq!(buffer.push(&header(2, 160), &[2; 160], ms(20.0)), Pushed::Kept);
    assert_eq!(buffer.push(&header(3, 90_000_000), &[3; 160], ms(40.0)), Pushed::Restarted);
    let other = Header { ssrc: 2, ..header(9, 5) };
    assert_eq!(buffer.push(&other, &[4; 160], ms(60.0)), Pushed::Restarted);
    assert_eq!(buffer.counts().restarts, 2);
    buffer.pop(ms(60.0), &mut frame);
    assert_eq!((buffer.pop(ms(80.0), &mut frame), frame), (Popped::Frame, [4; 160]));
    buffer.reset();
    assert_eq!((buffer.pop(ms(100.0), &mut frame), frame), (Popped::Gap, [0; 160]));
}

#[test]
fn one_wild_packet_is_dropped_a_new_place_is_believed() {
    let mut buffer = JitterBuffer::new();
    buffer.push(&header(10, 0), &[1; 160], ms(0.0));
    assert_eq!(buffer.push(&header(50, 1_000_000), &[9; 160], ms(10.0)), Pushed::Wild);
    assert_eq!(buffer.push(&header(11, 160), &[2; 160], ms(20.0)), Pushed::Kept);
    for (n, wanted) in [Pushed::Wild, Pushed::Wild, Pushed::Wild, Pushed::Restarted].into_iter().enumerate() {
        let packet = header(212 + n as u16, 0x8000_0000 + 160 * n as u32);
        assert_eq!(buffer.push(&packet, &[3; 160], ms(40.0 + 20.0 * n as f64)), wanted);
    }
}

#[test]
fn packets_of_other_lengths_play_gaplessly() {
    for len in [80usize, 240, 480] {
        let mut buffer = JitterBuffer::new();
        let (mut out, mut sent) = (Vec::new(), 0u32);
        for tick in 0..200u32 {
            let now = f64::from(tick) * 20.0;
            while sent * len as u32 <= tick * 160 {
                let first = sent * len as u32;
                let samples: Vec<i16> = (first..first + len as u32).map(|s| (s % 30_000) as i16 + 1).collect();
                buffer.push(&header(sent as u16, first), &samples, ms(now));
                sent += 1;
            }
            let mut frame = [0; FRAME_SAMPLES];
            buffer.pop(ms(now), &mut frame);
            out.extend_from_slice(&frame);
        }
        let start = out.iter().position(|s| *s != 0).unwrap();
        let holes = out[start..].iter().filter(|s| **s == 0).count();
        assert!(holes <= 480, "{len}: {holes} samples missing");
        assert_eq!(buffer.counts().late, 0);
    }
}

#[test]
fn a_late_packet_never_overwrites_what_waits() {
    let mut buffer = JitterBuffer::new();
    let mut frame = [0; FRAME_SAMPLES];
    buffer.push(&header(0, 0), &[1; 160], ms(0.0));
    for tick in 0..20 {
        buffer.pop(ms(20.0 * f64::from(tick)), &mut frame);
    }
    // The cursor stands at 3,040: one packet far ahead, then one that would pull back.
    assert_eq!(buffer.push(&header(40, 6_700), &[7; 160], ms(400.0)), Pushed::Kept);
    assert_eq!(buffer.push(&header(10, 1_600), &[2; 160], ms(400.0)), Pushed::Late);
    assert_eq!(buffer.push(&header(18, 2_880), &[3; 160], ms(400.0)), Pushed::Kept);
    buffer.pop(ms(400.0), &mut frame);
    assert_eq!(frame, [3; 160]);
    let seven = (0..26).any(|_| buffer.pop(ms(420.0), &mut frame) == Popped::Frame && frame.contains(&7));
    assert!(seven && buffer.depth() <= Duration::from_millis(512));
}

proptest! {
    #[test]
    fn whatever_comes_it_stays_bounded(
        packets in prop::collection::vec(
            (any::<u16>(), prop_oneof![0u32..100_000, any::<u32>()], 0usize..2_000, 0u64..60, 0u32..2), 0..300),
    ) {
        let mut buffer = JitterBuffer::new();
        let mut now = 0;
        let mut frame = [0; FRAME_SAMPLES];
        for (sequence, timestamp, len, later, ssrc) in packets {
            now += later;
            let at = Instant::from_nanos(now * 1_000_000);
            let packet = Header { sequence, timestamp, ssrc, ..Header::default() };
            buffer.push(&packet, &vec![i16::MIN; len], at);
            if later % 2 == 0 {
                buffer.pop(at, &mut frame);
            }
            prop_assert!(buffer.depth() <= Duration::from_millis(512));
        }
    }
}
