//! A journal, a database, a projector and live calls in a folder of their own, and the calls that go through them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::{AgentId, CallId, LegId, OfferId, QueueId, ShardId, TrunkId, WallTime};
use journal::{Journal, OpenError, Options};
use journal_core::{
    AgentState, CallEntry, CallEvent, CallStatus, Cause, Direction, Durability, Entry, LegKind, NameKind, Outcome,
    Owner, Position, QueueLeft, RecordingState, StateCause, Who,
};
use records::{
    Call, CallFilter, Database, IntervalFilter, IntervalPlace, LiveCalls, Naming, PrepareError, Projector,
    ProjectorMetrics, StateInterval, list_calls,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod store;

pub(crate) use store::{Lock, On, Store};

/// Everything open.
pub(crate) struct World {
    disk: Disk,
    pub(crate) journal: Journal,
    pub(crate) database: Database,
    pub(crate) live: LiveCalls,
    pub(crate) metrics: ProjectorMetrics,
    applied: watch::Receiver<Position>,
    projector: Option<Projector>,
    task: Option<JoinHandle<()>>,
    /// Sequence before the first entry of this opening, and entries appended since.
    base: u64,
    appended: AtomicU64,
}

/// Everything closed: what is on the disk, and how far each call was.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    seqs: Mutex<BTreeMap<CallId, u32>>,
    states: AtomicU64,
}

impl World {
    pub(crate) async fn open(on: On) -> Self {
        let world = Self::closed(on).start().await;
        world.give_names();
        world
    }

    pub(crate) fn closed(on: On) -> Disk {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(on, folder.path());
        Disk { folder, store, seqs: Mutex::default(), states: AtomicU64::new(0) }
    }

    pub(crate) fn give_names(&self) {
        let names = [(NameKind::Agent, 1, "1001"), (NameKind::Queue, 2, "support"), (NameKind::Trunk, 3, "carrier")];
        for (kind, id, name) in names {
            self.append(Entry::Name { kind, id, account: "demo".to_owned(), name: name.to_owned() });
        }
    }

    pub(crate) async fn stop(self) -> Disk {
        let journal = self.journal.clone();
        tokio::task::spawn_blocking(move || journal.close()).await.expect("it closes");
        if let Some(task) = self.task {
            task.await.expect("the projector ends with the journal");
        }
        self.database.close().await;
        self.disk
    }

    /// Ends the projector wherever it is, and starts another.
    pub(crate) async fn crash_projector(&mut self) {
        let task = self.task.take().expect("running");
        task.abort();
        let ended = task.await;
        assert!(ended.is_err_and(|end| end.is_cancelled()));
        let projector = Projector::new(self.database.clone(), self.journal.clone(), self.live.naming());
        self.applied = projector.applied();
        self.metrics = projector.metrics();
        self.task = Some(tokio::spawn(projector.run()));
    }

    pub(crate) async fn prepare(&self) -> Result<(), PrepareError> {
        self.projector.as_ref().expect("not running").prepare().await
    }

    /// A caller in the queue, an agent's phone rings.
    pub(crate) fn ring(&self, n: u64) -> CallId {
        self.ring_from(n, n)
    }

    pub(crate) fn ring_from(&self, n: u64, from: u64) -> CallId {
        let call = CallId(u128::from(n));
        self.step(call, n, started(from));
        self.step(call, n, leg(n, 1, LegKind::Caller));
        self.step(call, n + 1, CallEvent::QueueEntered { queue: QUEUE, arrived: at(n + 1), priority: 0 });
        self.step(call, n + 1, leg(n, 2, LegKind::Agent));
        self.step(call, n + 2, CallEvent::OfferRinging { offer: OfferId(n), agent: AGENT, leg: LegId(2) });
        call
    }

    /// A call whose texts are a peer's idea.
    pub(crate) fn odd_call(&self, n: u64, text: &str) -> CallId {
        let call = CallId(u128::from(n));
        let CallEvent::Started { direction, internal, to, parent, trunk, agent, .. } = started(n) else {
            panic!("it is how a call starts")
        };
        let from = text.to_owned();
        self.step(call, n, CallEvent::Started { direction, internal, from, to, parent, trunk, agent });
        let (leg, kind, sip_call_id) = (LegId(1), LegKind::Caller, text.to_owned());
        self.step(call, n, CallEvent::LegStarted { leg, kind, sip_call_id, agent: None });
        self.step(call, n, ended(CallStatus::Failed, Outcome::Error));
        call
    }

    pub(crate) fn talk_and_hang_up(&self, call: CallId) {
        let n = call.0 as u64;
        self.step(call, n + 5, CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Answered });
        self.step(call, n + 5, CallEvent::Answered { leg: LegId(2), agent: Some(AGENT) });
        self.step(call, n + 5, CallEvent::RecordingStarted { path: format!("recordings/{n}") });
        self.step(call, n + 8, ended(CallStatus::Completed, Outcome::Successful));
        let ready = CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms: 3_000, sha256: [7; 32] };
        self.step(call, n + 9, ready);
    }

    /// The agent does not answer; then the caller hangs up.
    pub(crate) fn ring_out(&self, call: CallId) {
        let n = call.0 as u64;
        self.step(call, n + 3, CallEvent::OfferMissed { offer: OfferId(n), agent: AGENT });
        self.hang_up(call);
    }

    /// The caller hangs up while it rings.
    pub(crate) fn hang_up(&self, call: CallId) {
        let n = call.0 as u64;
        self.step(call, n + 4, CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Abandoned });
        self.step(call, n + 4, ended(CallStatus::Canceled, Outcome::NoAnswer));
    }

    /// The caller asks to be called back.
    pub(crate) fn promise_callback(&self, call: CallId) {
        let n = call.0 as u64;
        self.step(call, n + 4, CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::CalledBack });
        self.step(call, n + 4, ended(CallStatus::Completed, Outcome::Callback));
    }

    pub(crate) fn leave_voicemail(&self, n: u64, duration_ms: u64) {
        let call = CallId(u128::from(n));
        self.step(call, n, started(n));
        self.step(call, n, leg(n, 1, LegKind::Caller));
        self.step(call, n, CallEvent::VoicemailStarted { queue: QUEUE });
        self.step(call, n, CallEvent::Answered { leg: LegId(1), agent: None });
        let path = format!("voicemail/{n}");
        self.step(call, n + 4, CallEvent::VoicemailLeft { queue: QUEUE, path, duration_ms });
        self.step(call, n + 4, ended(CallStatus::Completed, Outcome::Voicemail));
    }

    pub(crate) fn agent_states(&self, many: u64) {
        for _ in 0..many {
            let n = self.disk.states.fetch_add(1, Ordering::SeqCst);
            let state = if n.is_multiple_of(2) { AgentState::Ready } else { AgentState::Paused };
            let (at, cause) = (at(n + 1), StateCause::Chosen);
            self.append(Entry::AgentStateChanged { agent: AGENT, state, reason: None, call: None, at, cause });
        }
    }

    /// A step of a call that never started.
    pub(crate) fn stray_step(&self) {
        let event = CallEvent::Held { leg: LegId(1) };
        self.append(Entry::Call(CallEntry { call: CallId(77_777), seq: 5, at: at(1), event }));
    }

    /// Waits until the live calls show all that was appended.
    pub(crate) async fn written(&self) {
        self.until("live calls", || self.live.position().sequence >= self.last()).await;
    }

    /// Waits until the database has all that was appended, and the live calls show it.
    pub(crate) async fn applied(&self) {
        self.until("the projector", || self.applied.borrow().sequence >= self.last()).await;
        self.written().await;
    }

    /// Waits until the projector noticed that the database is away.
    pub(crate) async fn away(&self) {
        self.until("an attempt", || self.metrics.away_total() > 0).await;
        self.written().await;
    }

    pub(crate) async fn call(&self, id: CallId) -> Call {
        let found = records::find_call(&self.live, &self.database, "demo", id).await;
        found.expect("the database answers").expect("the call is there")
    }

    /// Ids of all pages of a list; `between` is done after each.
    pub(crate) async fn pages(&self, mut filter: CallFilter, mut between: impl FnMut(&Self)) -> Vec<CallId> {
        let mut seen = Vec::new();
        loop {
            let page = list_calls(&self.live, &self.database, &filter).await;
            assert!(!page.incomplete && page.calls.len() <= filter.limit);
            seen.extend(page.calls.iter().map(|call| call.id));
            let Some(next) = page.next_cursor else { return seen };
            filter.cursor = Some(next.to_string().parse().expect("a cursor reads back"));
            between(self);
        }
    }

    /// The whole log of the agent's states.
    pub(crate) async fn intervals(&self) -> Vec<StateInterval> {
        let (account, agent) = ("demo".to_owned(), "1001".to_owned());
        let mut filter = IntervalFilter { account, agent, from: at(0), to: at(1_000_000), behind: None, limit: 3 };
        let mut all = Vec::new();
        loop {
            let (page, more) = self.database.agent_states(&filter).await.expect("the database answers");
            filter.behind = page.last().map(|last| IntervalPlace { since: last.since, seq: last.seq });
            all.extend(page);
            if !more {
                return all;
            }
        }
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.disk.store.count(table).await
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        self.disk.store.execute(sql).await;
    }

    /// Another program that locks the database for itself.
    pub(crate) async fn lock(&self) -> Lock {
        self.disk.store.lock().await
    }

    fn step(&self, call: CallId, seconds: u64, event: CallEvent) {
        let mut seqs = self.disk.seqs.lock().expect("not poisoned");
        let seq = seqs.entry(call).or_default();
        *seq += 1;
        self.append(Entry::Call(CallEntry { call, seq: *seq, at: at(seconds), event }));
    }

    pub(crate) fn append(&self, entry: Entry) {
        let number = self.appended.fetch_add(1, Ordering::SeqCst) + 1;
        self.journal.append(Owner::Shard(ShardId(0)), number, entry).expect("there is room");
    }

    fn last(&self) -> u64 {
        self.base + self.appended.load(Ordering::SeqCst)
    }

    pub(crate) async fn until(&self, what: &str, done: impl Fn() -> bool) {
        let waited = async {
            while !done() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waited).await.unwrap_or_else(|_| panic!("{what}: too late"));
    }
}

impl Disk {
    pub(crate) async fn start(self) -> World {
        let mut world = self.unprojected().await;
        let projector = world.projector.take().expect("made");
        projector.prepare().await.expect("database and journal belong together");
        let naming = world.live.naming();
        let (resume, applied) = (*projector.resume().borrow(), projector.applied());
        let (live, following) = LiveCalls::start(&world.journal, naming, resume, applied).await;
        tokio::spawn(following);
        world.live = live;
        world.task = Some(tokio::spawn(projector.run()));
        world
    }

    /// Tables as a program made them that knew only the migrations up to this one.
    pub(crate) async fn made_by_migration(self, last: i64) -> Self {
        self.store.migrate_to(last).await;
        self
    }

    /// Everything but the projector, which waits to be prepared.
    pub(crate) async fn unprojected(self) -> World {
        let (journal, recovered) = self.open_journal().await;
        let restored = recovered.replay(WallTime::from_micros(0)).expect("it reads");
        let naming = Naming { names: restored.replay.names, home: "demo".to_owned() };
        let database = self.store.database();
        let projector = Projector::new(database.clone(), journal.clone(), naming.clone());
        let (live, following) = LiveCalls::start(&journal, naming, Position::START, projector.applied()).await;
        tokio::spawn(following);
        World {
            base: journal.reached(Durability::Written).sequence,
            appended: AtomicU64::new(0),
            metrics: projector.metrics(),
            applied: projector.applied(),
            projector: Some(projector),
            task: None,
            disk: self,
            journal,
            database,
            live,
        }
    }

    /// Tails of the former opening may take a moment to let go of the files.
    async fn open_journal(&self) -> (Journal, journal::Recovered) {
        let opened = async {
            loop {
                match Journal::open(Options::at(self.journal()), |_| ()) {
                    Ok(opened) => return opened,
                    Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), opened).await.expect("the files are free")
    }

    /// Power loss that took the last entries.
    pub(crate) fn lose_journal_end(&self) {
        journal::surgery::cut_last(&self.journal(), 3);
    }

    /// An entry that a newer program wrote.
    pub(crate) fn plant_unreadable_entry(&self) {
        journal::surgery::append(&self.journal(), &[200, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }
}

/// A wall time.
pub(crate) fn at(seconds: u64) -> WallTime {
    WallTime::from_micros(seconds as i64 * 1_000_000)
}

fn started(from: u64) -> CallEvent {
    CallEvent::Started {
        direction: Direction::Inbound,
        internal: false,
        from: format!("+44770090{from:04}"),
        to: "+442071830001".to_owned(),
        parent: None,
        trunk: Some(TrunkId(3)),
        agent: None,
    }
}

fn leg(call: u64, leg: u64, kind: LegKind) -> CallEvent {
    let agent = (kind == LegKind::Agent).then_some(AGENT);
    CallEvent::LegStarted { leg: LegId(leg), kind, sip_call_id: format!("sip-{call}-{leg}"), agent }
}

fn ended(status: CallStatus, outcome: Outcome) -> CallEvent {
    let cause = Cause { who: Who::Caller, q850: Some(16), sip: None, code: "normal".to_owned() };
    CallEvent::Ended { status, outcome, cause }
}

pub(crate) const AGENT: AgentId = AgentId(1);
const QUEUE: QueueId = QueueId(2);
