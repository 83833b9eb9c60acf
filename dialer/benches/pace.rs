//! How long a tick of the pacing takes: 200 agents with 500 numbers in flight, 2,000 agents with 5,000. Asked for: at most
//! 1 ms and 5 ms, 99 of 100 times. What is stated is one thread, with the sums of a ledger of 30 days before each tick, by
//! the clock on the wall, and by the time that the thread had a processor: on a machine that is busy with other things the
//! former says how long those took.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::VecDeque;
use std::time::{Duration, Instant as Clock};

use clock::{Instant, Rng, WallTime};
use dialer::pacing::{AgentState, Event, Mode, Pacer, Rules};
use dialer::runner::{Hour, Ledger};

fn main() {
    for (agents, in_flight, asked_ms) in [(200, 500, 1.0), (2_000, 5_000, 5.0)] {
        for _ in 0..RUNS {
            run(agents, in_flight, asked_ms);
        }
    }
}

fn run(agents: u32, in_flight: usize, asked_ms: f64) {
    let mut centre = Centre::new(agents, in_flight);
    for _ in 0..WARM_UP {
        centre.tick();
    }
    let (mut walls, mut processors) = (Vec::with_capacity(TICKS), Vec::with_capacity(TICKS));
    let (mut dials, mut ringing) = (0, 0);
    for _ in 0..TICKS {
        let (wall, processor) = centre.tick();
        walls.push(wall);
        processors.push(processor);
        let why = centre.pacer.why().expect("it has ticked");
        assert_eq!(why.mode, Mode::Predictive);
        dials += u64::from(why.dials);
        ringing += u64::from(why.ringing);
    }
    println!(
        "{agents} agents, {} numbers ringing, {:.1} dials a tick; asked for: p99 {asked_ms} ms",
        ringing / TICKS as u64,
        dials as f64 / TICKS as f64,
    );
    println!("  wall:      {}", percentiles(walls));
    println!("  processor: {}", percentiles(processors));
}

fn percentiles(mut took: Vec<Duration>) -> String {
    took.sort();
    let at = |share: f64| took[((TICKS as f64 * share) as usize).min(TICKS - 1)].as_secs_f64() * 1e3;
    format!("p50 {:.3} ms, p99 {:.3} ms, p99.9 {:.3} ms", at(0.5), at(0.99), at(0.999))
}

/// Agents and numbers, dialled as the pacing says. So few of them answer that about as many are in flight as are asked for.
struct Centre {
    pacer: Pacer,
    ledger: Ledger,
    rng: Rng,
    now_s: f64,
    dialled: u64,
    answer_share: f64,
    /// Attempts that ring: which, when its ringing is over, and whether somebody answers.
    ringing: Vec<(u64, f64, bool)>,
    /// Agents in a conversation or after one: until when, with whom.
    busy: Vec<(f64, u32, Option<u64>)>,
    idle: VecDeque<u32>,
}

impl Centre {
    fn new(agents: u32, in_flight: usize) -> Self {
        let rules = Rules {
            target_abandon: 0.03,
            connect_limit: Duration::from_secs(2),
            max_lines: u32::MAX,
            people_called_machines: 0.005,
            strict_day: true,
        };
        let served = f64::from(agents) * 0.95 / (TALK_S + WRAP_S);
        let mut centre = Self {
            pacer: Pacer::new(rules, Instant::ZERO),
            ledger: Ledger::of(
                (0..30 * 24).map(|hour| (hour, Hour { people: 3_000, ..Hour::default() })),
                Hour::default(),
            ),
            rng: Rng::new(1),
            now_s: 0.0,
            dialled: 0,
            answer_share: served / (in_flight as f64 / RING_S),
            ringing: Vec::new(),
            busy: Vec::new(),
            idle: VecDeque::new(),
        };
        for agent in 0..agents {
            centre.tell(Event::Agent { agent, state: AgentState::Idle });
            centre.idle.push_back(agent);
        }
        centre
    }

    /// A second passes; then the pacing decides. Returns how long that took by the wall, and of the processor.
    fn tick(&mut self) -> (Duration, Duration) {
        self.now_s += 1.0;
        self.answers();
        self.releases();
        let now = self.now();
        let (worked, begun) = (on_processor(), Clock::now());
        self.pacer.counted(self.ledger.counts(WallTime::from_micros(30 * 24 * HOUR_MICROS - 1)));
        let dials = self.pacer.dials(now);
        let took = begun.elapsed();
        let took = (took, on_processor().saturating_sub(worked));
        while let Some(late) = self.pacer.poll_given_up() {
            self.ringing.retain(|(attempt, ..)| *attempt != late);
            self.tell(Event::Ended { attempt: late });
        }
        (0..dials).for_each(|_| self.dial());
        took
    }

    fn dial(&mut self) {
        self.dialled += 1;
        let attempt = self.dialled;
        self.tell(Event::Dialled { attempt });
        self.tell(Event::Rang { attempt });
        let answers = self.rng.unit() < self.answer_share;
        let rings_s = if answers { 4.0 + 10.0 * self.rng.unit() } else { 25.0 };
        self.ringing.push((attempt, self.now_s + rings_s, answers));
    }

    /// Whose ringing is over.
    fn answers(&mut self) {
        let now_s = self.now_s;
        let over: Vec<_> = self.ringing.extract_if(.., |(_, until, _)| *until <= now_s).collect();
        for (attempt, _, answers) in over {
            let agent = if answers { self.idle.pop_front() } else { None };
            if answers {
                self.tell(Event::Answered { attempt, needs_agent: true });
            }
            let Some(agent) = agent else {
                self.tell(Event::Ended { attempt });
                continue;
            };
            self.tell(Event::Connected { attempt });
            self.tell(Event::Agent { agent, state: AgentState::Talking });
            let talk_s = -TALK_S * (1.0 - self.rng.unit()).ln();
            self.busy.push((self.now_s + talk_s, agent, Some(attempt)));
        }
    }

    /// Whose conversation or wrap-up is over.
    fn releases(&mut self) {
        let now_s = self.now_s;
        let over: Vec<_> = self.busy.extract_if(.., |(until, ..)| *until <= now_s).collect();
        for (_, agent, attempt) in over {
            if let Some(attempt) = attempt {
                self.tell(Event::Ended { attempt });
                self.tell(Event::Agent { agent, state: AgentState::WrapUp });
                let wrap_s = -WRAP_S * (1.0 - self.rng.unit()).ln();
                self.busy.push((now_s + wrap_s, agent, None));
            } else {
                self.tell(Event::Agent { agent, state: AgentState::Idle });
                self.idle.push_back(agent);
            }
        }
    }

    fn tell(&mut self, event: Event) {
        let now = self.now();
        self.pacer.handle(now, event);
    }

    fn now(&self) -> Instant {
        Instant::from_nanos((self.now_s * 1e9) as u64)
    }
}

/// How long this thread has had a processor. Giving it up for a moment brings the system's count up to date.
fn on_processor() -> Duration {
    std::thread::yield_now();
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = times.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

const RUNS: usize = 3;
/// Seconds until talks of all ages are under way.
const WARM_UP: usize = 1_800;
const TICKS: usize = 10_000;
const TALK_S: f64 = 180.0;
const WRAP_S: f64 = 20.0;
/// How long a number rings, on average.
const RING_S: f64 = 20.5;
const HOUR_MICROS: i64 = 3_600_000_000;
