//! Expected waits through the distributor itself: two queues share their
//! agents, callers have priorities and give up, and what each was told on
//! arrival is compared with what came.

mod desk;

use core::time::Duration;
use std::collections::BTreeMap;

use acd::*;
use clock::*;
use desk::{SALES, SHARD, SUPPORT, queue, secs};

#[test]
fn waits_told_on_arrival_are_near_those_that_come() {
    let (mut error, mut squares, mut waits, mut count, mut within) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for seed in 0..4 {
        for (told, waited) in Centre::new(seed).run() {
            let difference = told.mean.as_secs_f64() - waited.as_secs_f64();
            error += difference;
            squares += difference * difference;
            waits += waited.as_secs_f64();
            within += f64::from(u8::from(waited <= told.upper));
            count += 1.0;
        }
    }
    let (bias, mean) = (error / count, waits / count);
    let relative = (squares / count).sqrt() / mean;
    println!("{count} calls of 20 agents: mean wait {mean:.1} s, bias {bias:+.1} s, relative RMSE {relative:.2}");
    assert!(count > 4_000.0, "{count} calls");
    assert!(bias.abs() <= 8.0 && relative <= 0.65, "bias {bias}, relative RMSE {relative}");
    assert!((0.70..0.92).contains(&(within / count)), "{}", within / count);
}

/// Every 20 s each waiting caller is told his place and his wait, in a centre that learns service and patience all the
/// while. Nobody comes before who came later and all agents stay, so neither is ever raised.
#[test]
fn what_a_caller_is_told_is_never_raised_without_cause() {
    let mut told = 0;
    for seed in 10..13 {
        let mut centre = Centre { asks: true, ..Centre::new(seed) };
        centre.open();
        centre.work();
        for words in centre.words.values() {
            told += words.len();
            let falls = |pair: &[(u32, Duration)]| pair[1].0 <= pair[0].0 && pair[1].1 <= pair[0].1;
            assert!(words.windows(2).all(falls), "seed {seed}: {words:?}");
        }
    }
    assert!(told > 10_000, "{told}");
}

#[test]
fn only_calls_before_it_count() {
    let mut desk = desk::Desk::new(&[queue(SUPPORT, &[1, 2]), queue(SALES, &[1, 2])], &[1, 2]);
    desk.talk(SUPPORT);
    desk.talk(SUPPORT);
    let at = |desk: &desk::Desk, call| desk.acd.expected(call).unwrap();
    let (first, _) = desk.call(SUPPORT);
    let alone = at(&desk, first);
    assert_eq!((alone.ahead, alone.agents), (0, 2));
    desk.pass(secs(1));
    let (other, _) = desk.call(SALES);
    assert_eq!(at(&desk, other).ahead, 1, "a call of the other queue with the same agents is before it");
    assert_eq!(at(&desk, first), at(&desk, first));
    assert_eq!(at(&desk, first).ahead, 0, "who came later is not");
    let urgent = Enqueue { call: CallId(900), shard: SHARD, queue: SALES, priority: 5, ..Enqueue::default() };
    desk.say(Input::Enqueue(urgent));
    assert_eq!((at(&desk, CallId(900)).ahead, at(&desk, first).ahead, at(&desk, other).ahead), (0, 1, 2));
    let view = desk.acd.snapshot();
    for queue in &view.queues {
        let waits = view.expected(queue.queue);
        let by_call = queue.waiting.iter().map(|call| desk.acd.expected(call.call));
        assert_eq!(waits, by_call.collect::<Vec<_>>(), "the published state says the same");
    }
    assert_eq!(view.expected_next(SUPPORT).unwrap().ahead, 3);
}

#[test]
fn no_number_while_nobody_is_on_duty_and_none_to_wait_for_while_one_rings() {
    let mut desk = desk::Desk::new(&[queue(SUPPORT, &[1])], &[1]);
    let (call, _) = desk.call(SUPPORT);
    assert_eq!(desk.acd.expected(call).unwrap().basis, Basis::Ready);
    desk.status(1, Status::Offline);
    assert_eq!((desk.acd.expected(call), desk.acd.expected(CallId(77))), (None, None));
    assert_eq!(desk.acd.snapshot().expected(SUPPORT), [None]);
}

/// Twenty agents and two queues: support has all of them, sales every other one.
struct Centre {
    acd: Acd,
    now: Now,
    rng: Rng,
    events: TimerQueue<Event>,
    calls: u128,
    told: BTreeMap<CallId, (Estimate, Instant)>,
    /// Callers ask for their place and their wait.
    asks: bool,
    /// What each of them was told.
    words: BTreeMap<CallId, Vec<(u32, Duration)>>,
    found: Vec<(Estimate, Duration)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    GivesUp(CallId),
    Done(AgentId, CallId),
    Asks(CallId),
}

impl Centre {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let acd = Acd::new(Limits::default(), rng.fork());
        let now = Now { mono: Instant::from_nanos(1), wall: WallTime::from_micros(1_700_000_000_000_000) };
        let (events, told, found, words) = (TimerQueue::new(), BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { acd, now, rng, events, calls: 0, told, asks: false, words, found }
    }

    fn run(mut self) -> Vec<(Estimate, Duration)> {
        self.open();
        self.work();
        self.found
    }

    fn open(&mut self) {
        let all: Vec<u32> = (1..=20).collect();
        let some: Vec<u32> = (1..=20).step_by(2).collect();
        let rules = |id, agents: &[u32]| QueueConfig { max_wait: secs(3_600), wrap_up: secs(10), ..queue(id, agents) };
        let agents = all.iter().map(|id| desk::agent(*id)).collect();
        self.say(Input::Configure { queues: vec![rules(SUPPORT, &all), rules(SALES, &some)], agents });
        for id in all {
            self.say(Input::Reachable { agent: AgentId(id), reachable: true });
        }
        self.events.set(Event::Arrival, self.now.mono);
    }

    /// Eight hours of it.
    fn work(&mut self) {
        let end = self.now.mono + secs(8 * 3_600);
        loop {
            let next = self.events.peek().map(|(at, _)| at);
            let timer = self.acd.poll_timeout().map(|(at, _)| at);
            let Some(at) = next.into_iter().chain(timer).min().filter(|at| *at <= end) else { return };
            self.now = self.now.plus(at - self.now.mono);
            self.acd.handle_timeout(self.now);
            self.drain();
            while let Some(event) = self.events.pop_due(self.now.mono) {
                self.happen(event);
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival => self.arrive(),
            Event::Asks(call) => {
                self.say(Input::AskPlace { call });
                self.events.set(event, self.now.mono + secs(20));
            }
            Event::GivesUp(call) => {
                self.told.remove(&call);
                self.events.cancel(&Event::Asks(call));
                self.say(Input::CallerGone { call });
            }
            Event::Done(agent, call) => {
                self.say(Input::AgentFree { agent, call, leg: LegId(call.0 as u64), talked: true });
            }
        }
    }

    /// Calls of some 170 s and 10 s of wrap-up, 1.1 times what 20 agents can do.
    fn arrive(&mut self) {
        let gap = self.exponential(180.0 / 20.0 / 1.1);
        self.events.set(Event::Arrival, self.now.mono + gap);
        self.calls += 1;
        let call = CallId(self.calls);
        let queue = if self.rng.chance(0.3) { SALES } else { SUPPORT };
        let priority = i32::from(self.rng.chance(0.1) && !self.asks);
        let patience = self.exponential(240.0);
        self.events.set(Event::GivesUp(call), self.now.mono + patience);
        self.say(Input::Enqueue(Enqueue { call, shard: SHARD, queue, priority, ..Enqueue::default() }));
        if self.asks {
            self.events.set(Event::Asks(call), self.now.mono + secs(1));
        }
        let warm = self.now.mono > Instant::ZERO + secs(1_800);
        // A call of the usual priority may be overtaken: only what is before it is known on arrival.
        if let Some(estimate) = self.acd.expected(call).filter(|one| one.basis == Basis::QueueLength && warm) {
            self.told.insert(call, (estimate, self.now.mono));
        }
    }

    fn exponential(&mut self, mean_s: f64) -> Duration {
        Duration::from_secs_f64(-mean_s * (1.0 - self.rng.unit()).ln())
    }

    fn say(&mut self, input: Input) {
        self.acd.handle(self.now, input);
        self.drain();
    }

    /// Phones answer at once.
    fn drain(&mut self) {
        while let Some(effect) = self.acd.poll_effect() {
            if let Effect::Place { call, position, wait: Some(wait), .. } = effect {
                self.words.entry(call).or_default().push((position, wait));
            }
            let Effect::Offer { offer, generation, call, agent, .. } = effect else { continue };
            self.acd.handle(self.now, Input::Claim { shard: SHARD, offer, generation });
            self.events.cancel(&Event::GivesUp(call));
            self.events.cancel(&Event::Asks(call));
            let talk = self.exponential(170.0);
            self.events.set(Event::Done(agent, call), self.now.mono + talk);
            if let Some((told, since)) = self.told.remove(&call) {
                self.found.push((told, self.now.mono - since));
            }
        }
    }
}
