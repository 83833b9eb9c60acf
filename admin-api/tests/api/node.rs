//! A node without telephony: the API on an ephemeral port, its owners played by the test.

use std::net::SocketAddr;
use std::sync::Arc;

use acd::{AgentSnapshot, QueueSnapshot, State, Status};
use admin_api::{Api, CommandRequest, Keys, Metrics, Readiness, Scope, Services};
use centre::{
    Answer, Command, CommandError, Directory, NamedAgent, NamedQueue, NamedTrunk, RegistrationSnapshot, Snapshot,
    TrunkSnapshot,
};
use clock::{AgentId, CallId, QueueId, TrunkId, WallTime};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

pub(crate) struct Node {
    pub(crate) at: SocketAddr,
    pub(crate) commands: mpsc::Receiver<CommandRequest>,
    pub(crate) readiness: watch::Sender<Readiness>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) served: tokio::task::JoinHandle<()>,
    _published: (watch::Sender<Arc<Snapshot>>, watch::Sender<Arc<Directory>>),
}

impl Node {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (command_sender, commands) = mpsc::channel(COMMAND_ROOM);
        let (snapshot_sender, snapshot) = watch::channel(Arc::new(snapshot()));
        let (directory_sender, directory) = watch::channel(Arc::new(directory()));
        let (readiness_sender, readiness) = watch::channel(Readiness::default());
        let (stop, shutdown) = watch::channel(false);
        let mut keys = Keys::default();
        keys.add("demo", "demo-admin-key", vec![Scope::Admin]);
        keys.add("useless", "key-without-scopes", vec![]);
        let metrics = Arc::new(Metrics::new("0.0.0").unwrap());
        let services = Services {
            commands: command_sender,
            snapshot,
            directory,
            readiness,
            answers: journal_core::Answers::default(),
            keys,
            data_dir: "data".into(),
            metrics: Arc::clone(&metrics),
        };
        let served = tokio::spawn(Api::serve(listener, services, shutdown));
        let _published = (snapshot_sender, directory_sender);
        Self { at, commands, readiness: readiness_sender, metrics, stop, served, _published }
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
        missed: 0,
    }
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
    };
    Directory {
        agents: (1..=3).map(|number| (AgentId(number), named(number))).collect(),
        queues: [
            (QueueId(1), NamedQueue { name: "support".into() }),
            (QueueId(2), NamedQueue { name: "sales".into() }),
        ]
        .into(),
        trunks: [(TrunkId(1), trunk)].into(),
    }
}

fn snapshot() -> Snapshot {
    let agents = vec![agent(1, State::Ready), agent(2, State::OnCall), agent(3, State::Offline)];
    let queue = |number, waiting, agents| QueueSnapshot {
        queue: QueueId(number),
        waiting,
        agents,
        tally: acd::QueueTally::default(),
    };
    let waiting = vec![(CallId(8), WallTime::from_micros(2)), (CallId(9), WallTime::from_micros(1))];
    let registration = RegistrationSnapshot {
        agent: AgentId(1),
        contact: "sip:1001@127.0.0.1:5070".into(),
        transport: "udp",
        source: "127.0.0.1:5070".into(),
        expires_at: WallTime::from_micros(3_000_000),
    };
    let queues = vec![queue(1, waiting, [1, 1, 0, 1, 0, 0]), queue(2, vec![], [1, 0, 0, 0, 0, 0])];
    Snapshot {
        at: WallTime::from_micros(4_000_000),
        acd: Arc::new(acd::Snapshot { agents, queues }),
        registrations: Arc::new(vec![registration]),
        trunks: Arc::new(vec![TrunkSnapshot { trunk: TrunkId(1), calls: 2, refused: 3 }]),
    }
}

/// Small, so that a test can fill it.
pub(crate) const COMMAND_ROOM: usize = 4;
