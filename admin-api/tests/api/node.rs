//! A node without telephony: the API on an ephemeral port, its owners played by the test.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acd::{AgentSnapshot, QueueSnapshot, State, Status};
use admin_api::{Api, CommandRequest, ConfigKey, Metrics, Readiness, Roster, Services};
use centre::owner::Named;
use centre::{
    Answer, Ban, Command, CommandError, Directory, DispositionRule, NamedAgent, NamedQueue, NamedTrunk, Quarantined,
    QueueStanding, RegistrationSnapshot, Snapshot, TrunkSnapshot,
};
use clock::{AgentId, CallId, QueueId, ShardId, TrunkId, WallTime};
use journal::{Journal, OpenError, Options, Report};
use journal_core::{Answers, Durability, Entry, NameKind, Names, Owner, Position};
use records::{Database, LiveCalls, Naming, Projector};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::cast;
use crate::client::get;

pub(crate) struct Node {
    pub(crate) at: SocketAddr,
    pub(crate) commands: mpsc::Receiver<CommandRequest>,
    pub(crate) readiness: watch::Sender<Readiness>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) served: tokio::task::JoinHandle<()>,
    keeping: tokio::task::JoinHandle<()>,
    projecting: tokio::task::JoinHandle<()>,
    folder: TempDir,
    writer: Writer,
    /// The shard's entries that are written.
    written: watch::Receiver<u64>,
    applied: watch::Receiver<Position>,
    published: (watch::Sender<Arc<Snapshot>>, watch::Sender<Arc<Directory>>),
}

/// Writes entries as the one shard.
#[derive(Clone)]
pub(crate) struct Writer {
    journal: Journal,
    last: Arc<AtomicU64>,
}

impl Writer {
    /// Queues entries; gives the number of the last.
    pub(crate) fn write(&self, entries: Vec<Entry>) -> u64 {
        for entry in entries {
            let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
            self.journal.append(SHARD, number, entry).unwrap();
        }
        self.last.load(Ordering::SeqCst)
    }
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap(), true).await
    }

    /// A node whose database cannot be reached.
    pub(crate) async fn without_database() -> Self {
        Self::open(tempfile::tempdir().unwrap(), false).await
    }

    /// The same node after an orderly stop, without its database.
    pub(crate) async fn restart_without_database(self) -> Self {
        self.restarted(false).await
    }

    /// The same node after an orderly stop.
    pub(crate) async fn restart(self) -> Self {
        self.restarted(true).await
    }

    async fn restarted(self, database: bool) -> Self {
        self.stop.send(true).unwrap();
        self.served.await.unwrap();
        self.keeping.abort();
        // Without its database it waits for it, and holds the journal.
        self.projecting.abort();
        let journal = self.writer.journal;
        tokio::task::spawn_blocking(move || journal.close()).await.unwrap();
        Self::open(self.folder, database).await
    }

    async fn open(folder: TempDir, database: bool) -> Self {
        let (shard_written, written) = watch::channel(0);
        let (api_synced, synced) = watch::channel(0);
        let sink = move |report| match report {
            Report::Reached { owner: SHARD, durability: Durability::Written, entry } => {
                shard_written.send_replace(entry);
            }
            Report::Reached { owner: Owner::Api, durability: Durability::Synced, entry } => {
                api_synced.send_replace(entry);
            }
            _ => {}
        };
        let (journal, recovered) = open_journal(&folder, sink).await;
        let restored = recovered.replay(WallTime::from_micros(0)).unwrap();
        let path = if database { "records.db" } else { "no-such-folder/records.db" };
        let database = Database::sqlite(&folder.path().join(path));
        let projector = Projector::new(database.clone(), journal.clone(), naming());
        let applied = projector.applied();
        // `Away` is what the tests without a database want.
        let _prepared = projector.prepare().await;
        let (live, following) =
            LiveCalls::start(&journal, naming(), *projector.resume().borrow(), projector.applied()).await;
        tokio::spawn(following);
        let projecting = tokio::spawn(projector.run());
        let writer = Writer { journal, last: Arc::default() };
        Self::serve(folder, writer, written, applied, synced, live, database, restored.replay.answers, projecting).await
    }

    #[allow(clippy::too_many_arguments, reason = "parts of one node")]
    async fn serve(
        folder: TempDir,
        writer: Writer,
        written: watch::Receiver<u64>,
        applied: watch::Receiver<Position>,
        synced: watch::Receiver<u64>,
        live: LiveCalls,
        database: Database,
        answers: Answers,
        projecting: tokio::task::JoinHandle<()>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (command_sender, commands) = mpsc::channel(COMMAND_ROOM);
        let (snapshot_sender, snapshot) = watch::channel(Arc::new(snapshot()));
        let (directory_sender, directory) = watch::channel(Arc::new(directory()));
        let (readiness_sender, readiness) = watch::channel(Readiness::default());
        let (stop, shutdown) = watch::channel(false);
        cast::invite(&database).await;
        let roster = Arc::new(Roster::new(ACCOUNT, vec![ConfigKey::new(ACCOUNT, "demo", "demo-admin-key")]));
        let people = folder.path().join("people.json");
        roster.open(&database, &people).await.unwrap();
        let keeping = tokio::spawn(Arc::clone(&roster).keep_up(database.clone(), people));
        let metrics = Arc::new(Metrics::new("0.0.0").unwrap());
        let services = Services {
            commands: command_sender,
            snapshot,
            account: ACCOUNT.into(),
            time_zone: hours::Zone::utc(),
            home_country: "GB".into(),
            number_plan,
            directory,
            readiness,
            live,
            database,
            journal: writer.journal.clone(),
            synced,
            answers,
            roster: Arc::clone(&roster),
            data_dir: folder.path().to_owned(),
            metrics: Arc::clone(&metrics),
        };
        let served = tokio::spawn(Api::serve(listener, services, shutdown));
        let published = (snapshot_sender, directory_sender);
        let readiness = readiness_sender;
        Self {
            at,
            commands,
            readiness,
            metrics,
            stop,
            served,
            keeping,
            projecting,
            folder,
            writer,
            written,
            applied,
            published,
        }
    }

    /// Plays the owners: every command is answered by `answer`.
    pub(crate) fn play(&mut self, mut answer: impl FnMut(Command) -> Result<Answer, CommandError> + Send + 'static) {
        let (_, nothing) = mpsc::channel(1);
        let mut commands = std::mem::replace(&mut self.commands, nothing);
        tokio::spawn(async move {
            while let Some(request) = commands.recv().await {
                let _ = request.reply.send(answer(request.command));
            }
        });
    }

    /// Publishes how the queue `support` stands.
    pub(crate) fn stand(&self, standing: QueueStanding) {
        self.published.0.send_modify(|snapshot| {
            Arc::make_mut(snapshot).standings = Arc::new([(QueueId(1), standing)].into());
        });
    }

    /// Publishes that a number is not to be called.
    pub(crate) fn forbid(&self, number: &str) {
        let listed = dialer::gate::Listed { reason: Some("asked us".into()), since: WallTime::from_micros(0) };
        let mut lists = dialer::gate::Lists::default();
        lists.add(&number.parse().unwrap(), listed).unwrap();
        self.published.0.send_modify(|snapshot| Arc::make_mut(snapshot).do_not_call = Arc::new(lists));
    }

    /// Publishes campaigns as the dialer does, before it answers.
    pub(crate) fn campaigns(&self) -> impl Fn(dialer::runner::CampaignSnapshot) + Send + 'static {
        let to = self.published.0.clone();
        move |campaign| {
            to.send_modify(|snapshot| {
                let campaigns = Arc::make_mut(&mut Arc::make_mut(snapshot).campaigns);
                campaigns.campaigns.insert(campaign.campaign, Arc::new(campaign));
            });
        }
    }

    /// After a reload these are the account's own numbers.
    pub(crate) fn own_numbers(&self, numbers: &[&str]) {
        self.published.1.send_modify(|directory| {
            Arc::make_mut(directory).own_numbers = numbers.iter().map(|number| (*number).to_owned()).collect();
        });
    }

    pub(crate) fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// Journals entries and waits until they are written.
    pub(crate) async fn append(&self, entries: Vec<Entry>) {
        let last = self.writer.write(entries);
        let mut written = self.written.clone();
        timeout(PATIENCE, written.wait_for(|written| *written >= last)).await.unwrap().unwrap();
    }

    /// Waits until all that is written is in the database.
    pub(crate) async fn stored(&self) {
        let end = self.writer.journal.reached(Durability::Written);
        let mut applied = self.applied.clone();
        timeout(PATIENCE, applied.wait_for(|applied| *applied >= end)).await.unwrap().unwrap();
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let reply = get(self.at, path).await;
            if reply.status == 200 {
                let json = reply.json();
                if wanted(&json) {
                    return json;
                }
            }
            assert!(Instant::now() < give_up, "{path} never became as wanted: {reply:?}");
            sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write_file(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The store's threads let go of a closed journal's files a moment after it is closed.
async fn open_journal(
    folder: &TempDir,
    sink: impl Fn(Report) + Clone + Send + Sync + 'static,
) -> (Journal, journal::Recovered) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match Journal::open(Options::at(folder.path().join("journal")), sink.clone()) {
            Ok(opened) => return opened,
            Err(OpenError::InUse { .. }) if Instant::now() < give_up => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The names that the journal of a real node would have given back.
fn naming() -> Naming {
    let mut names = Names::default();
    for number in 1..=3 {
        names.insert(NameKind::Agent, number, ACCOUNT, &(1000 + number).to_string());
    }
    names.insert(NameKind::Queue, 1, ACCOUNT, "support");
    names.insert(NameKind::Queue, 2, ACCOUNT, "sales");
    names.insert(NameKind::Trunk, 1, ACCOUNT, "carrier");
    Naming { names, home: ACCOUNT.into() }
}

pub(crate) fn agent(number: u32, state: State) -> AgentSnapshot {
    AgentSnapshot {
        agent: AgentId(number),
        status: Status::Ready,
        state,
        state_since: WallTime::from_micros(1_000_001),
        reason: (state == State::Offline).then(|| "no_device".into()),
        reachable: state != State::Offline,
        call: (state == State::OnCall).then_some(CallId(7)),
        calls: Vec::new(),
        held: Vec::new(),
        missed: 0,
        queues: None,
        answers: true,
        standing_leg: acd::StandingLeg::None,
        wrap_up: None,
    }
}

pub(crate) fn quarantined(id: u64) -> Quarantined {
    let since = WallTime::from_micros(1_000_000);
    Quarantined { id, owner: "acd", named: Named::Agent(AgentId(1)), since }
}

/// Agents 1001 to 1003 in `support`, the last also in `sales`.
fn directory() -> Directory {
    let named = |number: u32| NamedAgent {
        extension: (1000 + number).to_string(),
        name: None,
        queues: if number == 3 { vec![QueueId(1), QueueId(2)] } else { vec![QueueId(1)] },
    };
    let trunk = NamedTrunk {
        name: "carrier".into(),
        sources: vec!["127.0.0.2".into()],
        destination: "sip:127.0.0.2:5080".into(),
        destinations: vec!["udp:127.0.0.2:5080".into()],
    };
    Directory {
        agents: (1..=3).map(|number| (AgentId(number), named(number))).collect(),
        queues: [
            (QueueId(1), NamedQueue { name: "support".into(), ..NamedQueue::default() }),
            (QueueId(2), NamedQueue { name: "sales".into(), ..NamedQueue::default() }),
        ]
        .into(),
        trunks: [(TrunkId(1), trunk)].into(),
        skills: [(clock::SkillId(1), "german".into())].into(),
        pause_reasons: Vec::new(),
        dispositions: vec![DispositionRule { code: "sold".into(), label: "Sold".into(), ..DispositionRule::default() }],
        dial_rules: dialer::gate::Rules {
            verified: vec![dialer::gate::Verified {
                clause: "us.tsr.ring-15s".into(),
                by: "J. Doe, 2026-12-01".into(),
            }],
            ..dialer::gate::Rules::default()
        },
        messages: vec!["safe-harbour".into()],
        own_numbers: ["+442071830000".into()].into(),
    }
}

fn snapshot() -> Snapshot {
    let agents = vec![agent(1, State::Ready), agent(2, State::OnCall), agent(3, State::Offline)];
    let queue = |number, waiting, agents| QueueSnapshot {
        queue: QueueId(number),
        waiting,
        agents,
        callbacks: acd::CallbackCounts { waiting: u32::from(number == 1), dialing: 0 },
        ..QueueSnapshot::default()
    };
    let waits = |call, arrived| acd::WaitingSnapshot {
        call: CallId(call),
        arrived: WallTime::from_micros(arrived),
        entered: WallTime::from_micros(arrived),
        ..acd::WaitingSnapshot::default()
    };
    let waiting = vec![waits(8, 2), waits(9, 1)];
    let registration = RegistrationSnapshot {
        agent: AgentId(1),
        contact: "sip:1001@127.0.0.1:5070".into(),
        transport: "udp",
        source: "127.0.0.1:5070".into(),
        expires_at: WallTime::from_micros(3_000_000),
    };
    let mut queues = vec![queue(1, waiting, [1, 1, 0, 1, 0, 0]), queue(2, vec![], [1, 0, 0, 0, 0, 0])];
    queues[0].called_back = vec![acd::WaitingSnapshot { callback: Some(clock::CallbackId(5)), ..waits(10, 3) }];
    let day = Duration::from_secs(86_400);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let ban = |id, address: [u8; 4], user: Option<&str>, left| Ban {
        id,
        address: address.into(),
        user: user.map(str::to_owned),
        since: WallTime::from_micros(1_000_000),
        until: WallTime::from_micros(0) + now + left,
    };
    let over = Ban { until: WallTime::from_micros(2_000_000), ..ban(1, [192, 0, 2, 1], None, day) };
    let bans = vec![over, ban(2, [192, 0, 2, 66], Some("1001"), day), ban(10, [192, 0, 2, 67], None, day)];
    let callback = acd::Callback {
        id: clock::CallbackId(5),
        number: "+442071838750".into(),
        queue: Some(QueueId(1)),
        state: acd::CallbackState::Queued,
        ..acd::Callback::default()
    };
    let own = acd::Callback { id: clock::CallbackId(6), queue: None, agent: Some(AgentId(1)), ..callback.clone() };
    let callbacks =
        vec![acd::CallbackSnapshot { callback, place: Some(3) }, acd::CallbackSnapshot { callback: own, place: None }];
    Snapshot {
        at: WallTime::from_micros(4_000_000),
        bans: Arc::new(bans),
        standings: Arc::default(),
        acd: Arc::new(acd::Snapshot { agents, queues, callbacks, ..acd::Snapshot::default() }),
        do_not_call: Arc::default(),
        campaigns: Arc::default(),
        quarantined: Arc::new(vec![quarantined(1)]),
        registrations: Arc::new(vec![registration]),
        trunks: Arc::new(vec![TrunkSnapshot { trunk: TrunkId(1), calls: 2, refused: 3, status: None }]),
    }
}

/// Small, so that a test can fill it.
pub(crate) const COMMAND_ROOM: usize = 4;
const ACCOUNT: &str = "demo";
const SHARD: Owner = Owner::Shard(ShardId(0));
/// For what takes milliseconds on a machine that is not overloaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Great Britain only.
fn number_plan(country: &str) -> Option<call::NumberPlan> {
    (country == "GB").then(|| call::NumberPlan {
        country_code: "44".to_owned(),
        trunk_prefix: "0".to_owned(),
        international_prefix: "00".to_owned(),
        national_digits: (9, 10),
        ..call::NumberPlan::default()
    })
}
