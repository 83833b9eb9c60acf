//! What a detector costs: processor time a frame of 20 ms, by what is heard, and memory a call.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use core::time::Duration;
use std::hint::black_box;
use std::time::Instant as Clock;

use clock::{Instant, Rng};
use detect::{Detector, Frame, Input, Settings};

fn main() {
    println!(
        "detector: {} bytes a call, and {} from the answer to the verdict",
        size_of::<Detector>(),
        detect::WORDS_BYTES
    );
    let mut rng = Rng::new(1);
    measure("silence", |_| 0);
    measure("ringback", |i| (3_000.0 * (i as f64 * 0.345_6).sin() + 3_000.0 * (i as f64 * 0.377).sin()) as i16);
    measure("a voice", |i| {
        // A buzz with a syllable of 200 ms every 250: it goes on, so that words are listened for until it is a machine.
        let buzz = (1..20).map(|n| (f64::from(n) * i as f64 * 0.1).sin()).sum::<f64>();
        if i % 2_000 < 1_600 { (buzz * 500.0) as i16 } else { 0 }
    });
    measure("noise", move |_| (rng.below(8_000) as i16) - 4_000);
}

/// Feeds ten minutes of sound in calls of twenty seconds.
fn measure(name: &str, mut sample: impl FnMut(usize) -> i16) {
    let frames: Vec<Frame> = (0..1_000).map(|n| core::array::from_fn(|i| sample(n * 160 + i))).collect();
    let started = Clock::now();
    for _ in 0..CALLS {
        let mut detector = Detector::new(Settings::default());
        let mut now = Instant::ZERO;
        for (n, frame) in frames.iter().enumerate() {
            now += Duration::from_millis(20);
            if n == 200 {
                detector.handle(now, Input::Answered);
            }
            detector.handle(now, Input::Frame(frame));
            while let Some(event) = detector.poll_event() {
                black_box(event);
            }
        }
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / (CALLS * frames.len()) as f64;
    println!("{name}: {each:.2} us a frame, {:.0} calls a core", 20_000.0 / each);
}

const CALLS: usize = 30;
