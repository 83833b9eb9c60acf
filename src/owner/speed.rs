//! How fast the ACD's real task answers while thousands wait: from the word that an agent is free, put into its channel,
//! to the offer that comes out of the shard's. `make bench` prints it, and `trunkline-bench owner` alone
//! (docs/benchmarks.md). Not in what is built without the feature `measured`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acd::{AgentConfig, AgentFact, Enqueue, Input, QueueAgent, QueueConfig};
use admin_api::Metrics;
use centre::owner::AcdOwner;
use clock::{AgentId, CallId, LegId, QueueId, Rng, ShardId};
use journal::{Journal, Options};
use journal_core::Owner;
use media_worker::{MediaConfig, MediaWorker};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use super::{AcdCore, AnswerTable, Lanes, Post, Progress, Runner};
use crate::channels;
use crate::clock_source::ClockSource;
use crate::net::{CallIdDirectory, Flows};
use crate::node::NodeEntries;
use crate::quarantine::Quarantine;
use crate::snapshots::Snapshots;

/// What was measured of the ACD's task.
#[derive(Clone, Debug)]
pub struct OwnerSpeed {
    /// From the word that an agent is free to the offer, shortest first.
    pub offers: Vec<Duration>,
    /// Memory that a waiting call takes, bytes.
    pub call_bytes: u64,
}

/// Lets `waiting` calls wait in the ACD's task, with its channels, journal (in `folder`) and snapshots, and agents of 500
/// become free `samples` times, one every 2 ms.
///
/// # Errors
/// One line that says what did not start.
pub fn owner_speed(folder: &Path, waiting: u64, samples: u64) -> Result<OwnerSpeed, String> {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let (acd, offers) = start(folder)?;
        measure(acd, offers, waiting, samples).await.ok_or_else(|| "the ACD's task ended".to_owned())
    })
}

/// `None` when the task is gone.
async fn measure(acd: Lane, mut offers: mpsc::Receiver<call::Input>, waiting: u64, samples: u64) -> Option<OwnerSpeed> {
    acd.send(rules()).await.ok()?;
    for id in 0..AGENTS {
        acd.send(Input::Reachable { agent: AgentId(id), reachable: true }).await.ok()?;
        acd.send(Input::AgentBusy(leg(id))).await.ok()?;
    }
    let before = resident_bytes();
    for call in 0..waiting {
        acd.send(enqueue(call)).await.ok()?;
    }
    let mut entered = 0;
    while entered < waiting {
        entered += u64::from(matches!(offers.recv().await?, call::Input::Enqueued { .. }));
    }
    let call_bytes = resident_bytes().saturating_sub(before) / waiting.max(1);
    let (mut times, mut on) = (Vec::new(), (0..AGENTS).map(|id| leg(id).call).collect::<Vec<_>>());
    for nth in 0..samples {
        let agent = u32::try_from(nth % u64::from(AGENTS)).unwrap_or(0);
        let (took, call) = free_one(&acd, &mut offers, agent, on[agent as usize]).await?;
        times.push(took);
        on[agent as usize] = call;
        acd.send(enqueue(waiting + nth)).await.ok()?;
        tokio::time::sleep(PACE).await;
    }
    times.sort_unstable();
    Some(OwnerSpeed { offers: times, call_bytes })
}

/// An agent's call ends and he gets the next caller: how long the offer took, and who that is.
async fn free_one(
    acd: &Lane,
    offers: &mut mpsc::Receiver<call::Input>,
    agent: u32,
    on: CallId,
) -> Option<(Duration, CallId)> {
    let begun = Instant::now();
    let AgentFact { agent, leg, .. } = leg(agent);
    acd.send(Input::AgentFree { agent, call: on, leg, talked: true }).await.ok()?;
    loop {
        if let call::Input::Offer { offer, generation, call, .. } = offers.recv().await? {
            let took = begun.elapsed();
            acd.send(Input::Claim { shard: ShardId(0), offer, generation }).await.ok()?;
            return Some((took, call));
        }
    }
}

/// The ACD's task with its channels, journal and snapshots; what it tells the shard.
fn start(folder: &Path) -> Result<(Lane, mpsc::Receiver<call::Input>), String> {
    let (shard, to_shard) = mpsc::channel(channels::OWNERS);
    let (acd, inputs) = mpsc::channel(channels::OWNERS);
    let progress = Progress::of([Owner::Acd]);
    let reports = progress.clone();
    let sink = move |report| {
        if let journal::Report::Reached { owner, durability, entry } = report {
            reports.report(owner, durability, entry);
        }
    };
    let (journal, _) = Journal::open(Options::at(folder.join("journal")), sink).map_err(|error| error.to_string())?;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let media = MediaConfig::new(address, 20_000..=20_009, folder.to_owned(), folder.to_owned());
    let (media, _events) = MediaWorker::start(&media).map_err(|error| error.to_string())?;
    let snapshots = Arc::new(Snapshots::new(Vec::new()));
    let quarantine = Quarantine::new(NodeEntries::new(journal.clone()), Arc::clone(&snapshots));
    let post = Arc::new(Post {
        shards: vec![shard],
        acd: acd.clone(),
        dialer: mpsc::channel(1).0,
        leads: mpsc::channel(1).0,
        location: mpsc::channel(1).0,
        trunks: mpsc::channel(1).0,
        media,
        journal,
        flows: Arc::new(Flows::default()),
        answers: AnswerTable::default(),
        directory: Arc::new(CallIdDirectory::new(1)),
        metrics: Arc::new(Metrics::new("measured").map_err(|error| error.to_string())?),
        drained: mpsc::channel(1).0,
        quarantine,
        #[cfg(feature = "fault-injection")]
        faults: crate::faults::Faults::default(),
    });
    let core = AcdCore::new(AcdOwner::new(acd::Limits::default(), Rng::new(1)), snapshots);
    let runner = Runner::new(core, Owner::Acd, post, ClockSource::start(), progress.owner(Owner::Acd));
    tokio::spawn(runner.run(Lanes { owners: inputs, dialogs: None, new_calls: None, strangers: None }));
    Ok((acd, to_shard))
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

type Lane = mpsc::Sender<Input>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_leave_the_owner_while_hundreds_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        let speed = owner_speed(folder.path(), 500, 200).expect("it runs");
        assert_eq!(speed.offers.len(), 200);
        assert!(speed.offers.is_sorted() && speed.offers[0] > Duration::ZERO);
    }
}
