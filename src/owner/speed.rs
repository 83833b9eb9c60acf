//! How fast the ACD's real task answers while thousands wait: from the word that an agent is free, put into its channel,
//! to the offer that comes out of the shard's. The figure for
//! docs/benchmarks.md comes from `cargo test --release -p trunkline --lib owner::speed -- --nocapture`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use acd::{AgentConfig, AgentFact, Enqueue, Input, QueueAgent, QueueConfig};
use admin_api::Metrics;
use centre::owner::AcdOwner;
use clock::{AgentId, CallId, LegId, QueueId, Rng, ShardId};
use journal::{Journal, Options};
use journal_core::Owner;
use media_worker::{MediaConfig, MediaWorker};
use tokio::sync::mpsc;

use super::{AcdCore, AnswerTable, Lanes, Post, Progress, Runner};
use crate::channels;
use crate::clock_source::ClockSource;
use crate::net::{CallIdDirectory, Flows};
use crate::node::NodeEntries;
use crate::quarantine::Quarantine;
use crate::snapshots::Snapshots;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_full_offers_leave_the_owner_while_thousands_wait() {
    let (waiting, samples) = if cfg!(debug_assertions) { (500, 200) } else { (10_000, 3_000) };
    let folder = tempfile::tempdir().expect("a folder");
    let (acd, mut offers) = start(folder.path());
    acd.send(rules()).await.expect("the owner runs");
    for id in 0..AGENTS {
        acd.send(Input::Reachable { agent: AgentId(id), reachable: true }).await.expect("the owner runs");
        acd.send(Input::AgentBusy(leg(id))).await.expect("the owner runs");
    }
    let before = resident_bytes();
    for call in 0..waiting {
        acd.send(enqueue(call)).await.expect("the owner runs");
    }
    let mut entered = 0;
    while entered < waiting {
        entered += u64::from(matches!(offers.recv().await, Some(call::Input::Enqueued { .. })));
    }
    let each = resident_bytes().saturating_sub(before) / waiting;
    let (mut times, mut on) = (Vec::new(), (0..AGENTS).map(|id| leg(id).call).collect::<Vec<_>>());
    for nth in 0..samples {
        let agent = u32::try_from(nth).unwrap_or(0) % AGENTS;
        let (took, call) = free_one(&acd, &mut offers, agent, on[agent as usize]).await;
        times.push(took);
        on[agent as usize] = call;
        acd.send(enqueue(waiting + nth)).await.expect("the owner runs");
        tokio::time::sleep(PACE).await;
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{waiting} waiting, {AGENTS} agents: agent free to offer p50 {:?}, p99 {:?}, largest {:?}; {each} bytes a waiting call",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert_eq!(times.len() as u64, samples);
    assert!(cfg!(debug_assertions) || at(0.99) < P99_MAX, "p99 {:?}", at(0.99));
}

/// An agent's call ends and he gets the next caller: how long the offer took, and who that is.
async fn free_one(
    acd: &mpsc::Sender<Input>,
    offers: &mut mpsc::Receiver<call::Input>,
    agent: u32,
    on: CallId,
) -> (Duration, CallId) {
    let begun = Instant::now();
    let AgentFact { agent, leg, .. } = leg(agent);
    acd.send(Input::AgentFree { agent, call: on, leg, talked: true }).await.expect("the owner runs");
    loop {
        let told = offers.recv().await.expect("the owner runs");
        if let call::Input::Offer { offer, generation, call, .. } = told {
            let took = begun.elapsed();
            acd.send(Input::Claim { shard: ShardId(0), offer, generation }).await.expect("the owner runs");
            return (took, call);
        }
    }
}

/// The ACD's task with its channels, journal and snapshots; what it tells the shard.
fn start(folder: &std::path::Path) -> (mpsc::Sender<Input>, mpsc::Receiver<call::Input>) {
    let (shard, to_shard) = mpsc::channel(channels::OWNERS);
    let (acd, inputs) = mpsc::channel(channels::OWNERS);
    let progress = Progress::of([Owner::Acd]);
    let reports = progress.clone();
    let sink = move |report| {
        if let journal::Report::Reached { owner, durability, entry } = report {
            reports.report(owner, durability, entry);
        }
    };
    let (journal, _) = Journal::open(Options::at(folder.join("journal")), sink).expect("a journal");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let media = MediaConfig::new(address, 20_000..=20_009, folder.to_owned(), folder.to_owned());
    let (media, _events) = MediaWorker::start(&media).expect("a media thread");
    let snapshots = Arc::new(Snapshots::new(Vec::new()));
    let quarantine = Quarantine::new(NodeEntries::new(journal.clone()), Arc::clone(&snapshots));
    let post = Arc::new(Post {
        shards: vec![shard],
        acd: acd.clone(),
        dialer: mpsc::channel(1).0,
        location: mpsc::channel(1).0,
        trunks: mpsc::channel(1).0,
        media,
        journal,
        flows: Arc::new(Flows::default()),
        answers: AnswerTable::default(),
        directory: Arc::new(CallIdDirectory::new(1)),
        metrics: Arc::new(Metrics::new("test").expect("metrics")),
        drained: mpsc::channel(1).0,
        quarantine,
        #[cfg(feature = "fault-injection")]
        faults: crate::faults::Faults::default(),
    });
    let core = AcdCore::new(AcdOwner::new(acd::Limits::default(), Rng::new(1)), snapshots);
    let runner = Runner::new(core, Owner::Acd, post, ClockSource::start(), progress.owner(Owner::Acd));
    tokio::spawn(runner.run(Lanes { owners: inputs, dialogs: None, new_calls: None, strangers: None }));
    (acd, to_shard)
}

fn rules() -> Input {
    let queue = |id| QueueConfig {
        queue: QueueId(id),
        max_wait: Duration::from_secs(86_400),
        max_waiting: 100_000,
        agents: (0..AGENTS)
            .filter(|agent| agent % QUEUES == id)
            .map(|agent| QueueAgent::from(AgentId(agent)))
            .collect(),
        ..QueueConfig::default()
    };
    let agent = |id| AgentConfig { agent: AgentId(id), ..AgentConfig::default() };
    Input::Configure { queues: (0..QUEUES).map(queue).collect(), agents: (0..AGENTS).map(agent).collect() }
}

fn enqueue(call: u64) -> Input {
    let queue = QueueId(u32::try_from(call % u64::from(QUEUES)).unwrap_or(0));
    let caller = Some(format!("+4477{call:08}"));
    Input::Enqueue(Enqueue {
        call: CallId(u128::from(call) + 1),
        shard: ShardId(0),
        queue,
        caller,
        ..Enqueue::default()
    })
}

/// The call of his own that keeps an agent busy.
fn leg(agent: u32) -> AgentFact {
    let (call, leg) = (CallId(1 << 100 | u128::from(agent)), LegId(u64::from(agent) + 1));
    AgentFact { shard: ShardId(0), agent: AgentId(agent), call, leg, queue: None }
}

/// Resident memory of this process, from `/proc/self/statm`; 0 where there is none.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

const AGENTS: u32 = 500;
const QUEUES: u32 = 10;
/// Between two samples: 500 a second, so that publishing and the journal go on beside them.
const PACE: Duration = Duration::from_millis(2);
/// Issue 4, item 11.
const P99_MAX: Duration = Duration::from_millis(2);
