//! P12: counters recomputed from records equal the live ones (pacing.md
//! section 8). Random facts, clocks that jump, restarts and days that begin;
//! the book beside the fold keeps whole visits and counts them anew.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use acd::State;
use acd::measure::*;
use clock::{AgentId, CallId, QueueId, Rng, WallTime};

const SEEDS: u64 = 40;
const STEPS: usize = 6_000;
const QUEUES: u32 = 3;
const AGENTS: u32 = 4;
const DAY_MICROS: i64 = 86_400_000_000;

/// What a reader of the records would have: visits and intervals of states.
#[derive(Default)]
struct Book {
    visits: Vec<Visit>,
    open: BTreeMap<CallId, usize>,
    internal: BTreeSet<CallId>,
    intervals: Vec<(AgentId, State, WallTime, Option<WallTime>)>,
    latest: WallTime,
}

impl Book {
    fn write(&mut self, fact: Fact) {
        match fact {
            Fact::Internal { call, .. } => _ = self.internal.insert(call),
            Fact::Entered { call, .. } if self.internal.contains(&call) => {}
            Fact::Entered { call, queue, at } => {
                let known = self.open.get(&call).map(|index| self.visits[*index].queue);
                if known == Some(queue) {
                    return;
                }
                self.close(call, at, Leave::Moved);
                self.open.insert(call, self.visits.len());
                self.visits.push(Visit { call, queue, entered: at, left: None });
            }
            Fact::Left { call, queue, at, how } => {
                if self.open.get(&call).is_some_and(|index| self.visits[*index].queue == queue) {
                    self.close(call, at, how);
                }
            }
            Fact::CallEnded { call, at } => {
                self.internal.remove(&call);
                self.close(call, at, Leave::Ended);
            }
            Fact::State { agent, state, at } => {
                self.end_state(agent, at);
                self.intervals.push((agent, state, at, None));
            }
            Fact::Started { at } => {
                let end = self.latest.min(at);
                self.internal.clear();
                let waiting: Vec<CallId> = self.open.keys().copied().collect();
                waiting.into_iter().for_each(|call| self.close(call, end, Leave::Ended));
                (1..=AGENTS).for_each(|agent| self.end_state(AgentId(agent), end));
            }
        }
        self.latest = self.latest.max(fact.at());
    }

    fn close(&mut self, call: CallId, at: WallTime, how: Leave) {
        if let Some(index) = self.open.remove(&call) {
            self.visits[index].left = Some((at, how));
        }
    }

    fn end_state(&mut self, agent: AgentId, at: WallTime) {
        for row in self.intervals.iter_mut().filter(|row| row.0 == agent && row.3.is_none()) {
            row.3 = Some(at);
        }
    }

    fn figures(&self, queue: QueueId, from: i64, to: i64, goal: &Goal) -> Figures {
        let mut figures = Figures::default();
        let of_span = self.visits.iter().filter(|visit| (from..to).contains(&visit.entered.as_micros()));
        of_span.filter(|visit| visit.queue == queue).for_each(|visit| figures.count(visit, goal));
        figures
    }

    /// Microseconds of an agent in a state in a span.
    fn time_in(&self, agent: AgentId, state: State, from: i64, to: i64, now: WallTime) -> i64 {
        let of_state = self.intervals.iter().filter(|row| (row.0, row.1) == (agent, state));
        of_state.map(|row| (row.3.unwrap_or(now).as_micros().min(to) - row.2.as_micros().max(from)).max(0)).sum()
    }
}

#[test]
fn figures_recomputed_from_records_equal_the_live_ones() {
    let mut answered = 0;
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let goals: BTreeMap<QueueId, Goal> = (1..=QUEUES).map(|id| (QueueId(id), goal(id))).collect();
        let (mut board, mut book) = (Board::new(), Book::default());
        board.set_goals(goals.clone());
        // Half an hour before midnight, so that a day ends in each run.
        let mut now = WallTime::from_micros(20_000 * DAY_MICROS - 1_800_000_000);
        for step in 0..STEPS {
            now = now + Duration::from_millis(rng.below(3_000));
            if rng.chance(0.002) {
                now = WallTime::from_micros(now.as_micros() - rng.below(30_000_000) as i64);
            }
            if now >= board.day_ends() {
                let start = now.as_micros().div_euclid(DAY_MICROS) * DAY_MICROS;
                board.begin_day(WallTime::from_micros(start)..WallTime::from_micros(start + DAY_MICROS));
            }
            let fact = some_fact(&mut rng, now);
            board.take(&fact);
            book.write(fact);
            if step % 100 == 0 {
                board.forget(now);
                judge(&board, &book, &goals, now);
            }
        }
        judge(&board, &book, &goals, now);
        assert_eq!((board.refused(), board.waiting()), (0, book.open.len()));
        answered += board.figures(QueueId(1), now).day.answered;
    }
    assert!(answered > 1_000, "{answered} answered: too few to say anything");
}

/// Clocks that go back make intervals of states overlap, so these are judged where none did.
#[test]
fn times_of_agents_recomputed_from_intervals_equal_the_live_ones() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let (mut board, mut book) = (Board::new(), Book::default());
        let start = 20_000 * DAY_MICROS;
        board.begin_day(WallTime::from_micros(start)..WallTime::from_micros(start + DAY_MICROS));
        let mut now = WallTime::from_micros(start - 600_000_000);
        for _ in 0..2_000 {
            now = now + Duration::from_millis(rng.below(4_000));
            let (agent, state) = (some_agent(&mut rng), some_state(&mut rng));
            let fact =
                if rng.chance(0.001) { Fact::Started { at: now } } else { Fact::State { agent, state, at: now } };
            board.take(&fact);
            book.write(fact);
            board.forget(now);
        }
        now = now + Duration::from_secs(5);
        let oldest = (now.as_micros().div_euclid(60_000_000) - 29) * 60_000_000;
        for agent in (1..=AGENTS).map(AgentId) {
            let (day, rolling) = board.duty(&[agent], now);
            for state in STATES {
                let of_day = book.time_in(agent, state, start, start + DAY_MICROS, now);
                let of_half_hour = book.time_in(agent, state, oldest, i64::MAX, now);
                assert_eq!(i64::try_from(day.time_in(state).as_micros()).unwrap(), of_day, "{agent:?} {state:?}");
                assert_eq!(i64::try_from(rolling.time_in(state).as_micros()).unwrap(), of_half_hour);
            }
        }
    }
}

fn judge(board: &Board, book: &Book, goals: &BTreeMap<QueueId, Goal>, now: WallTime) {
    for (queue, goal) in goals {
        let live = board.figures(*queue, now);
        let (start, end) = (board.day_began().as_micros(), board.day_ends().as_micros());
        assert_eq!(live.day, book.figures(*queue, start, end, goal), "the day of {queue:?}");
        let oldest = (now.as_micros().div_euclid(60_000_000) - 29) * 60_000_000;
        assert_eq!(live.rolling, book.figures(*queue, oldest, i64::MAX, goal), "the half hour of {queue:?}");
        let waiting = book.open.values().filter(|index| {
            let visit = book.visits[**index];
            visit.queue == *queue && (start..end).contains(&visit.entered.as_micros())
        });
        assert_eq!(live.day.waiting(), waiting.count() as u64, "P8: who entered has left or waits");
    }
}

fn goal(id: u32) -> Goal {
    let secs = |seconds: u32| Duration::from_secs(seconds.into());
    Goal { within: secs(5 * id), share: 0.8, short: secs(id) }
}

fn some_fact(rng: &mut Rng, at: WallTime) -> Fact {
    let call = CallId(u128::from(rng.below(20)));
    let queue = QueueId(rng.below(u64::from(QUEUES)) as u32 + 1);
    match rng.below(100) {
        0..2 => Fact::Internal { call, at },
        2..45 => Fact::Entered { call, queue, at },
        45..90 => {
            let hows =
                [Leave::Answered, Leave::Abandoned, Leave::TimedOut, Leave::Overflowed, Leave::Callback, Leave::Ended];
            let weights = [0, 0, 0, 1, 1, 2, 3, 4, 5];
            Fact::Left { call, queue, at, how: hows[weights[rng.below(9) as usize]] }
        }
        90..93 => Fact::CallEnded { call, at },
        93 if rng.chance(0.05) => Fact::Started { at },
        _ => Fact::State { agent: some_agent(rng), state: some_state(rng), at },
    }
}

fn some_agent(rng: &mut Rng) -> AgentId {
    AgentId(rng.below(u64::from(AGENTS)) as u32 + 1)
}

fn some_state(rng: &mut Rng) -> State {
    STATES[rng.below(STATES.len() as u64) as usize]
}

const STATES: [State; 4] = [State::Ready, State::OnCall, State::WrapUp, State::Paused];
