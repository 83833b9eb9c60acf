//! A queue under load: callers from a trunk, phones that answer at once and hang up after their talk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::Fault;
use crate::callee::Rung;
use crate::exchange::{Exchange, bind};
use crate::machine::{CpuTimes, undisturbed};
use crate::node::Recipe;
use crate::phones::{ADDRESS_PHONES, Phones};
use crate::report::Report;
use crate::rig::{ADDRESS_A, PATIENCE, Rig};
use crate::stats::percentile;

/// What is sent to the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Phones that register, the first of the configuration's agents.
    pub(crate) phones: u32,
    /// New callers a second.
    pub(crate) rate: f64,
    /// For how long.
    pub(crate) time: Duration,
    /// From a phone's 200 to its BYE.
    pub(crate) talk: Duration,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    callers: u64,
    /// Callers who reached exactly one phone and whose call ended with that phone's BYE.
    once: u64,
    never: u64,
    twice: u64,
    /// A phone that was rung while it talked.
    overlaps: u64,
    failed: String,
    /// Call records of status `completed`, and callers with more than one.
    records: u64,
    records_twice: u64,
    /// Phones in a conversation, on average over the time in which callers came.
    busy: f64,
    /// Caller's INVITE to phone's INVITE, microseconds.
    delivered_us: Vec<u32>,
    stolen: f64,
}

/// Every caller reaches one phone once, and phones are busy as the load allows.
pub(crate) fn queue(recipe: &Recipe, load: Load, report: &mut Report) -> Result<(), Fault> {
    let Load { phones, rate, time, talk } = load;
    println!("\nA queue: {phones} phones, {rate} callers a second for {time:?}, talk {talk:?}, no wrap-up");
    let mut outcome = undisturbed(|| one(recipe, load), |outcome| outcome.stolen)?;
    let allowed = (rate * talk.as_secs_f64()).min(f64::from(phones));
    let share = outcome.busy / allowed;
    let [p50, p99] = [50.0, 99.0].map(|at| f64::from(percentile(&mut outcome.delivered_us, at)) / 1e3);
    let Outcome { callers, once, never, twice, overlaps, failed, records, records_twice, busy, .. } = &outcome;
    println!("  delivered once {once} of {callers}, never {never}, twice {twice}, to a busy phone {overlaps} {failed}");
    println!("  records {records}, twice {records_twice}; busy {busy:.1} phones of {allowed:.1} that the load allows");
    println!("  caller's INVITE to phone's INVITE p50 {p50:.2} ms, p99 {p99:.2} ms");
    let what = format!("queue at {rate}/s, {phones} phones: callers delivered once");
    let right = once == callers && *overlaps == 0 && records == callers && *records_twice == 0;
    report.against(&what, format!("{once} of {callers}, {records} records"), "every one".to_owned(), right);
    let figure = format!("{share:.3} ({busy:.1} of {allowed:.1})");
    report.against("the same: phones busy, of what the load allows", figure, "at least 0.95".to_owned(), share >= 0.95);
    report.note("the same: caller's INVITE to phone's INVITE", format!("p50 {p50:.2} ms, p99 {p99:.2} ms"));
    Ok(())
}

fn one(recipe: &Recipe, load: Load) -> Result<Outcome, Fault> {
    let rig = Rig::start(recipe, |_| {})?;
    let (phones, socket) = (Phones::of(&recipe.table()?)?, bind(ADDRESS_PHONES)?);
    for nth in 0..load.phones {
        phones.register(&socket, rig.node.sip, nth)?;
    }
    // Music goes to a socket that nobody reads: what does not fit into its buffer is dropped there.
    let (ears, mouths) = (bind(ADDRESS_A)?, bind(ADDRESS_PHONES)?);
    let media = (ears.local_addr()?, mouths.local_addr()?);
    let mut exchange = rig.calls_to(&phones.number, "queue", &socket, media.0, media.1)?;
    exchange.caller.others_hang_up();
    let stolen = CpuTimes::now();
    let mut desks = Desks::new(load.talk);
    let window = desks.drive(&mut exchange, load);
    let stolen = stolen.until_now().0;
    rig.node.rest.caught_up(PATIENCE)?;
    let ledger = rig.node.rest.ledger("queue-")?;
    let tally = exchange.caller.tally();
    let reached: Vec<u64> =
        (0..tally.started).map(|nth| desks.reached(&exchange.caller.number_of(nth as usize))).collect();
    let count = |wanted: fn(u64) -> bool| reached.iter().filter(|times| wanted(**times)).count() as u64;
    let once =
        (0..tally.started).filter(|nth| reached[*nth as usize] == 1 && exchange.caller.is_completed(*nth as usize));
    Ok(Outcome {
        callers: tally.started,
        once: once.count() as u64,
        never: count(|times| times == 0),
        twice: count(|times| times > 1),
        overlaps: desks.overlaps,
        failed: tally.failed.iter().map(|(why, count)| format!("{count} x {why}")).collect::<Vec<_>>().join(", "),
        records: ledger.completed.values().map(|count| u64::from(*count)).sum(),
        records_twice: ledger.twice(),
        busy: desks.busy_in(window).as_secs_f64() / (window.1 - window.0).as_secs_f64(),
        delivered_us: desks.delivered_us,
        stolen,
    })
}

/// What happens at the phones.
struct Desks {
    talk: Duration,
    /// Conversations, in order of their end.
    talking: VecDeque<Rung>,
    /// Phones in a conversation.
    busy: BTreeSet<String>,
    /// How often each caller reached a phone, by his number.
    reached: BTreeMap<String, u64>,
    /// Begin and end of each conversation.
    talks: Vec<(Instant, Instant)>,
    called_at: BTreeMap<String, Instant>,
    delivered_us: Vec<u32>,
    overlaps: u64,
}

impl Desks {
    fn new(talk: Duration) -> Self {
        Self {
            talk,
            talking: VecDeque::new(),
            busy: BTreeSet::new(),
            reached: BTreeMap::new(),
            talks: Vec::new(),
            called_at: BTreeMap::new(),
            delivered_us: Vec::new(),
            overlaps: 0,
        }
    }

    /// Calls at the rate asked for, then waits for the end of all; the time in which the load was in full.
    fn drive(&mut self, exchange: &mut Exchange, load: Load) -> (Instant, Instant) {
        let begin = Instant::now();
        let count = (load.rate * load.time.as_secs_f64()).round() as u64;
        for nth in 0..count {
            let due = begin + Duration::from_secs_f64(nth as f64 / load.rate);
            self.serve_until(exchange, due);
            let now = Instant::now();
            self.called_at.insert(exchange.caller.number_of(nth as usize), now);
            exchange.caller.call(now);
        }
        let end = Instant::now();
        let deadline = end + PATIENCE;
        while Instant::now() < deadline && exchange.caller.live() > 0 {
            self.serve_until(exchange, Instant::now() + LOOK_EVERY);
        }
        (begin + load.talk, end)
    }

    fn serve_until(&mut self, exchange: &mut Exchange, until: Instant) {
        loop {
            let now = Instant::now();
            exchange.serve_until(until.min(now + LOOK_EVERY));
            while let Some(rung) = exchange.callee.next_rung() {
                self.rung(rung);
            }
            let now = Instant::now();
            while self.talking.front().is_some_and(|talk| talk.at + self.talk <= now) {
                let Some(talk) = self.talking.pop_front() else { return };
                if exchange.callee.hang_up(&talk.call_id) {
                    self.busy.remove(&talk.user);
                    self.talks.push((talk.at, now));
                } else if now < talk.at + PATIENCE {
                    // Not acknowledged yet: looked at again with the next.
                    self.talking.push_front(talk);
                    break;
                }
            }
            if now >= until {
                return;
            }
        }
    }

    fn rung(&mut self, rung: Rung) {
        *self.reached.entry(rung.from.clone()).or_default() += 1;
        if let Some(called) = self.called_at.remove(&rung.from) {
            let waited = rung.at.saturating_duration_since(called).as_micros();
            self.delivered_us.push(u32::try_from(waited).unwrap_or(u32::MAX));
        }
        self.overlaps += u64::from(!self.busy.insert(rung.user.clone()));
        self.talking.push_back(rung);
    }

    fn reached(&self, number: &str) -> u64 {
        self.reached.get(number).copied().unwrap_or(0)
    }

    /// Time of all conversations within `window`.
    fn busy_in(&self, (from, to): (Instant, Instant)) -> Duration {
        self.talks.iter().map(|(begin, end)| to.min(*end).saturating_duration_since(from.max(*begin))).sum()
    }
}

/// How often phones are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(1);
