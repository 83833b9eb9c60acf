//! Folds the journal into figures of queues and publishes them once a second, with the alerts that stand.
//!
//! The day is folded anew from the journal at each start, so figures outlive a restart and equal what reports count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use acd::State;
use acd::measure::{AbandonRate, Alerts, Board, Figures, Formula, Goal, Level};
use centre::{Directory, QueueStanding, fact_of};
use clock::{AgentId, Now, QueueId};
use hours::Zone;
use journal::{Journal, Stored, Tail};
use journal_core::{Durability, Position};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::clock_source::ClockSource;
use crate::snapshots::Snapshots;

/// Follows the journal for ever, from its oldest entry; anew when a queue is measured against something else, so that
/// all that is counted is counted by one rule, which is that of the reports.
pub(super) async fn follow_queues(
    journal: Journal,
    directory: watch::Receiver<Arc<Directory>>,
    snapshots: Arc<Snapshots>,
    zone: Zone,
) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let clock = ClockSource::start();
    let mut wall = Wallboard::new(directory, snapshots, zone);
    let (mut tail, mut end) = past_of(&journal);
    loop {
        tokio::select! {
            read = tail.next(ENTRIES_AT_ONCE) => match read {
                Ok(read) if read.is_empty() => return,
                Ok(read) => wall.take(&read),
                Err(error) => {
                    tracing::warn!(%error, "figures of queues wait for the journal");
                    tokio::time::sleep(RETRY).await;
                }
            },
            _ = tick.tick() => {
                if wall.has_other_goals() {
                    wall.begin_anew();
                    (tail, end) = past_of(&journal);
                }
                // Until then figures lack calls, and what they say would alert somebody for nothing.
                if tail.position() >= end {
                    wall.publish(clock.now());
                }
            }
        }
    }
}

/// All entries that there are, and where those end that are past: under load there is no moment without a new one.
fn past_of(journal: &Journal) -> (Tail, Position) {
    let tail = journal.subscribe(Position::START, Durability::Written).with_rest(REST);
    (tail, journal.reached(Durability::Written))
}

struct Wallboard {
    board: Board,
    goals: BTreeMap<QueueId, Goal>,
    alerts: BTreeMap<QueueId, Alerts>,
    directory: watch::Receiver<Arc<Directory>>,
    snapshots: Arc<Snapshots>,
    zone: Zone,
}

impl Wallboard {
    fn new(directory: watch::Receiver<Arc<Directory>>, snapshots: Arc<Snapshots>, zone: Zone) -> Self {
        let (board, alerts, goals) = (Board::new(), BTreeMap::new(), BTreeMap::new());
        let mut wall = Self { board, goals, alerts, directory, snapshots, zone };
        wall.has_other_goals();
        wall.begin_anew();
        wall
    }

    /// Whether queues are measured against something else than before. A queue that is new or gone changes nothing of
    /// the others, nor does a new one have a past.
    fn has_other_goals(&mut self) -> bool {
        let directory = Arc::clone(&self.directory.borrow_and_update());
        let goals: BTreeMap<_, _> = directory.queues.iter().map(|(id, queue)| (*id, queue.rules.goal)).collect();
        let other = goals.iter().any(|(id, goal)| self.goals.get(id).is_some_and(|former| former != goal));
        self.board.set_goals(goals.clone());
        self.goals = goals;
        other
    }

    fn begin_anew(&mut self) {
        self.board = Board::new();
        self.board.set_goals(self.goals.clone());
    }

    fn take(&mut self, read: &[Arc<Stored>]) {
        for fact in read.iter().filter_map(|stored| fact_of(stored.entry.as_ref().ok()?)) {
            self.begin_day(fact.at());
            self.board.take(&fact);
        }
    }

    fn begin_day(&mut self, now: clock::WallTime) {
        if now >= self.board.day_ends()
            && let Some(day) = self.zone.day(now)
        {
            self.board.begin_day(day);
        }
    }

    fn publish(&mut self, now: Now) {
        self.begin_day(now.wall);
        self.board.forget(now.wall);
        let directory = Arc::clone(&self.directory.borrow());
        self.alerts.retain(|queue, _| directory.queues.contains_key(queue));
        let mut agents: BTreeMap<QueueId, Vec<AgentId>> = BTreeMap::new();
        for (id, agent) in &directory.agents {
            agent.queues.iter().for_each(|queue| agents.entry(*queue).or_default().push(*id));
        }
        let acd = Arc::clone(&self.snapshots.watch().borrow().acd);
        let standings = directory.queues.iter().map(|(id, named)| {
            let figures = self.board.figures(*id, now.wall);
            let served_by = agents.get(id).map(Vec::as_slice).unwrap_or_default();
            let (duty_of_day, duty_rolling) = self.board.duty(served_by, now.wall);
            let level = level(acd.queue(*id), &figures.rolling, now.wall);
            let alerts = self.alerts.entry(*id).or_default();
            for change in alerts.compare(now, &named.rules.thresholds, &level) {
                let (queue, alert, raised) = (&named.name, change.alert.kind.word(), change.raised);
                tracing::info!(queue, alert, raised, value = change.alert.value, "queue alert");
            }
            let alerts = alerts.standing().copied().collect();
            let (goal, day_began) = (named.rules.goal, self.board.day_began());
            (*id, QueueStanding { goal, day_began, figures, duty_of_day, duty_rolling, alerts })
        });
        let standings = standings.collect();
        self.snapshots.set_standings(standings);
    }
}

fn level(queue: Option<&acd::QueueSnapshot>, rolling: &Figures, now: clock::WallTime) -> Level {
    let enough = rolling.answered + rolling.abandoned >= CALLS_MIN;
    let (waiting, longest_ms, ready) = queue.map_or((0, 0, 0), |queue| {
        let longest = queue.waiting.iter().map(|call| now.millis_since(call.entered)).max();
        (queue.waiting.len(), longest.unwrap_or(0), queue.agents[State::Ready as usize])
    });
    Level {
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        longest_wait: Duration::from_millis(longest_ms),
        service_level: Formula::C.of(rolling).filter(|_| enough),
        abandoned: AbandonRate::WithoutShort.of(rolling).filter(|_| enough),
        ready,
    }
}

/// A wallboard changes this often, whatever happens.
const EVERY: Duration = Duration::from_secs(1);
/// Far less than that.
const REST: Duration = Duration::from_millis(100);
const RETRY: Duration = Duration::from_secs(1);
const ENTRIES_AT_ONCE: usize = 1_024;
/// Answered and abandoned calls from which on a rate says something.
const CALLS_MIN: u64 = 10;
