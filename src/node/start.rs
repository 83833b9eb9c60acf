//! Opens everything, in the order in which a fault costs least, and starts every owner.

use std::path::Path;
use std::sync::Arc;

use admin_api::{Metrics, Readiness};
use centre::restore;
use clock::{ShardId, WallTime};
use journal::{Journal, Options, Recovered, Report, Restored};
use journal_core::{Durability, Entry, Names, Owner, Replay};
use media_worker::{EventReceiver, MediaConfig, MediaWorker};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::StartError;
use super::addresses::Addresses;
use super::entries::NodeEntries;
use super::figures;
use super::lost_calls::Patience;
use super::owners::{self, Started};
use super::queue_figures;
use super::records::{self, Running};
use super::restore::finish_recordings;
use super::rules::Rules;
use super::{alive, control, supervisor};
use crate::channels;
use crate::clock_source::{ClockSource, wall_now};
use crate::config::Config;
use crate::essential::spawn_essential;
use crate::ids::{Resolved, resolve};
use crate::net::{self, Bound};
use crate::owner::{Post, Progress};

/// What runs, and what it takes to stop it.
pub(super) struct Node {
    pub(super) config: Config,
    pub(super) post: Arc<Post>,
    pub(super) stop_http: watch::Sender<bool>,
    pub(super) drained: mpsc::Receiver<ShardId>,
    pub(super) trunks_left: watch::Receiver<bool>,
    pub(super) http: tokio::task::JoinHandle<()>,
    pub(super) entries: NodeEntries,
}

/// Everything that can fail before the first call, opened.
pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) clock: ClockSource,
    pub(super) bound: Bound,
    pub(super) journal: Journal,
    pub(super) restored: Restored,
    pub(super) resolved: Resolved,
    pub(super) progress: Progress,
    pub(super) api_synced: watch::Receiver<u64>,
    pub(super) entries: NodeEntries,
    pub(super) media: MediaWorker,
    pub(super) media_events: EventReceiver,
    pub(super) metrics: Arc<Metrics>,
}

/// Starts a node; what follows the journal runs on `threads`.
pub(super) async fn start(config: Config, threads: &Handle) -> Result<Node, StartError> {
    let bound = net::bind(&config.sip.listen).map_err(|error| StartError::Sip(error.to_string()))?;
    let addr = config.http.listen;
    let http = TcpListener::bind(addr).await.map_err(|source| StartError::Http { addr, source })?;
    let data_dir = config.node.data_dir.clone();
    make_data_dir(&data_dir)?;
    let progress = Progress::of((0..config.node.shards).map(|shard| Owner::Shard(ShardId(shard))).chain([
        Owner::Acd,
        Owner::Dialer,
        Owner::Location,
        Owner::Node,
    ]));
    let (api_progress, api_synced) = watch::channel(0);
    let (journal, mut restored) = open_journal(&data_dir, progress.clone(), api_progress).await?;
    let entries = NodeEntries::new(journal.clone());
    let resolved = resolve_names(&config, &bound, &mut restored.replay.names, &entries);
    let started_at = wall_now();
    say_down(&mut restored.replay, started_at, &entries);
    entries.append(Entry::NodeStarted { at: started_at });
    entries.append(Entry::LostCallRules { rules: config.lost_calls.rules, at: wall_now() });
    finish_recordings(&mut restored.replay, &data_dir, wall_now(), &entries)
        .map_err(|source| StartError::DataDir { path: data_dir.clone(), source })?;
    let (media, media_events) = MediaWorker::start(&media_config(&config))?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION")).map_err(|error| StartError::Metrics(error.to_string()))?;
    let addresses = Addresses::of(&bound, &http).map_err(|source| StartError::Http { addr, source })?;
    let opened = Opened {
        config,
        clock: ClockSource::start(),
        bound,
        journal,
        restored,
        resolved,
        progress,
        api_synced,
        entries: entries.clone(),
        media,
        media_events,
        metrics: Arc::new(metrics),
    };
    run(opened, http, addresses, entries, threads).await
}

async fn run(
    mut opened: Opened,
    http: TcpListener,
    addresses: Addresses,
    entries: NodeEntries,
    threads: &Handle,
) -> Result<Node, StartError> {
    let (ready, readiness) = watch::channel(Readiness::default());
    let (config, metrics, journal) = (opened.config.clone(), Arc::clone(&opened.metrics), opened.journal.clone());
    let open = records::open(config.clone(), journal.clone(), opened.restored, Arc::clone(&metrics));
    let (records, restored) = threads.spawn(open).await.map_err(|error| StartError::Database(error.to_string()))??;
    opened.restored = restored;
    let phones = records.roster.phones();
    opened.resolved.give_to(&phones);
    let (media, api_synced) = (Arc::clone(opened.media.metrics()), opened.api_synced.clone());
    let (own_hosts, names) = (opened.bound.own_hosts(), opened.restored.replay.names.clone());
    let Started { post, snapshots, directory, drained, wanted, listeners, trunks_left } = owners::start(opened).await?;
    let (stop_http, stop) = watch::channel(false);
    let (watched, shown) = (directory.subscribe(), Arc::clone(&snapshots));
    let running =
        Running { post: Arc::clone(&post), snapshots: shown, directory: watched, readiness, api_synced, stop };
    let (zone, named) = (config.node.time_zone.clone(), directory.subscribe());
    let figures = queue_figures::follow_queues(journal.clone(), named, Arc::clone(&snapshots), zone);
    threads.spawn(figures);
    let (patience, watched) = watch::channel(Patience::of(&config));
    records.read_leads(&config, wanted, Arc::clone(&post), threads);
    records.watch_lost_calls(&config, entries.clone(), watched, threads);
    let rules = Rules {
        patience,
        config: config.clone(),
        own_hosts,
        names,
        entries: entries.clone(),
        post: Arc::clone(&post),
        snapshots,
        directory,
        listeners,
        phones,
        roster: Arc::clone(&records.roster),
    };
    take_requests(rules, &config.node.data_dir, threads)?;
    let entered = threads.enter();
    let http = records.serve(http, &config, running);
    drop(entered);
    threads.spawn(figures::keep_figures(metrics, media, journal, ready.clone()));
    threads.spawn(alive::tell(entries.clone()));
    ready.send_modify(|ready| {
        ready.sockets_open = true;
        ready.owners_restored = true;
        ready.journal_writable = post.journal.is_writable();
    });
    let path = config.node.data_dir.clone();
    addresses.write(&path).map_err(|source| StartError::DataDir { path, source })?;
    supervisor::ready();
    tracing::info!(sip = ?addresses.sip_udp, http = %addresses.http, "serving");
    Ok(Node { config, post, stop_http, drained, trunks_left, http, entries })
}

/// Serves operators, away from the threads that run calls.
fn take_requests(rules: Rules, data_dir: &Path, threads: &Handle) -> Result<(), StartError> {
    let _entered = threads.enter();
    let socket = control::open(data_dir).map_err(|source| StartError::DataDir { path: data_dir.to_owned(), source })?;
    let (reloads, asked) = mpsc::channel(channels::RELOADS);
    spawn_essential(rules.serve(asked));
    spawn_essential(control::reload_on_hangup(reloads.clone()));
    spawn_essential(control::serve(socket, reloads));
    Ok(())
}

fn make_data_dir(path: &Path) -> Result<(), StartError> {
    let probe = path.join("probe");
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b"writable?"))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|source| StartError::DataDir { path: path.to_owned(), source })
}

async fn open_journal(
    data_dir: &Path,
    progress: Progress,
    api: watch::Sender<u64>,
) -> Result<(Journal, Restored), StartError> {
    let sink = move |report| match report {
        Report::Reached { owner: Owner::Api, durability: Durability::Synced, entry } => {
            api.send_replace(entry);
        }
        Report::Reached { owner, durability, entry } => progress.report(owner, durability, entry),
        Report::Failing { why } => tracing::error!(why, "the journal cannot be written: new calls get 503"),
        Report::Working => tracing::info!("the journal can be written again"),
    };
    let options = Options::at(data_dir.join(records::JOURNAL_FOLDER));
    let opened: Result<(Journal, Recovered), _> = Journal::open(options, sink);
    let (journal, recovered) = opened.map_err(|error| StartError::Journal(error.to_string()))?;
    let folded = tokio::task::spawn_blocking(move || recovered.replay(wall_now())).await;
    let restored = match folded {
        Ok(Ok(restored)) => restored,
        Ok(Err(error)) => return Err(StartError::Journal(error.to_string())),
        Err(error) => return Err(StartError::Journal(error.to_string())),
    };
    if restored.anomalies > 0 {
        tracing::error!(count = restored.anomalies, "entries of the journal did not fit; the rest was taken");
    }
    tracing::info!(entries = restored.entries, "journal read");
    Ok((journal, restored))
}

/// What nobody knows of agents, before anything new is said of them.
fn say_down(replay: &mut Replay, started_at: WallTime, entries: &NodeEntries) {
    for entry in restore::node_down(replay, started_at) {
        // The state of an agent fits always.
        let _taken = replay.apply(&entry);
        entries.append(entry);
    }
}

fn resolve_names(config: &Config, bound: &Bound, names: &mut Names, entries: &NodeEntries) -> Resolved {
    let mut resolved = resolve(config, bound.own_hosts(), names);
    for entry in std::mem::take(&mut resolved.new_names) {
        entries.append(entry);
    }
    resolved
}

fn media_config(config: &Config) -> MediaConfig {
    let ports = config.rtp.first_port..=config.rtp.last_port;
    let (data_dir, prompts_dir) = (config.node.data_dir.clone(), config.node.prompts_dir.clone());
    let mut media = MediaConfig::new(config.rtp.address, ports, data_dir, prompts_dir);
    media.threads = config.rtp.threads;
    media
}
