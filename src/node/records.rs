//! The database, the projector, live calls, and the API on top of them.

use std::sync::Arc;

use admin_api::{Api, ConfigKey, Metrics, Readiness, Roster, Services};
use centre::Directory;
use clock::CampaignId;
use dialer::hopper::Wanted;
use journal::{Journal, Options, Restored, Upkeep};
use journal_core::{Answers, Position};
use records::{Database, DatabaseUnavailable, LiveCalls, Naming, PrepareError, Projector};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::StartError;
use super::call_figures::follow_calls;
use super::entries::NodeEntries;
use super::leads::LeadReader;
use super::lost_calls::{LostCallWatch, Patience};
use crate::channels;
use crate::clock_source::wall_now;
use crate::commands::route_commands;
use crate::config::{self, Config};
use crate::essential::spawn_essential;
use crate::owner::Post;
use crate::snapshots::Snapshots;

/// What the API will stand on.
pub(super) struct Records {
    database: Database,
    live: LiveCalls,
    journal: Journal,
    answers: Answers,
    applied: watch::Receiver<Position>,
    metrics: Arc<Metrics>,
    pub(super) roster: Arc<Roster>,
}

/// Opens the database, and starts what follows the journal. A database that is away is no fault; one that does not
/// belong to this journal is.
pub(super) async fn open(
    config: Config,
    journal: Journal,
    mut restored: Restored,
    metrics: Arc<Metrics>,
) -> Result<(Records, Restored), StartError> {
    let database = database(&config);
    let naming = Naming { names: restored.replay.names.clone(), home: config.node.account.clone() };
    let projector = Projector::new(database.clone(), journal.clone(), naming.clone());
    let from = match prepare(&projector).await {
        Ok(()) => *projector.resume().borrow(),
        Err(PrepareError::Away(why)) => {
            tracing::warn!(%why, "the database is away: calls go on, records wait in the journal");
            Position::START
        }
        Err(PrepareError::Refused(why)) => return Err(StartError::Database(why.to_string())),
    };
    let (live, following) = LiveCalls::start(&journal, naming, from, projector.applied()).await;
    #[cfg(feature = "fault-injection")]
    let following = crate::faults::live_calls(following);
    spawn_essential(following);
    spawn_essential(Upkeep::new(&journal, &restored).run(projector.resume()));
    let up = restored.replay.live_calls().map(|record| (record.id, Box::new(record.clone()))).collect();
    spawn_essential(follow_calls(journal.clone(), restored.position, up, Arc::clone(&metrics)));
    spawn_essential(follow_backlog(projector.metrics(), Arc::clone(&metrics)));
    let applied = projector.applied();
    spawn_essential(projector.run());
    let answers = std::mem::take(&mut restored.replay.answers);
    let roster = roster(&config, &database).await?;
    Ok((Records { database, live, journal, answers, applied, metrics, roster }, restored))
}

/// Who may ask, and whose phones may be used.
async fn roster(config: &Config, database: &Database) -> Result<Arc<Roster>, StartError> {
    let account = &config.node.account;
    let roster = Arc::new(Roster::new(account.clone(), config_keys(config)));
    let file = config.node.data_dir.join(PEOPLE_FILE);
    roster.open(database, &file).await.map_err(|error| StartError::Database(error.to_string()))?;
    spawn_essential(Arc::clone(&roster).keep_up(database.clone(), file));
    Ok(roster)
}

/// The keys that the file declares.
pub(super) fn config_keys(config: &Config) -> Vec<ConfigKey> {
    let key = |key: &crate::config::ApiKey| ConfigKey::new(&config.node.account, key.name.clone(), &key.secret);
    config.keys.iter().map(key).collect()
}

/// A server that says nothing holds up no start.
async fn prepare(projector: &Projector) -> Result<(), PrepareError> {
    let silent = || DatabaseUnavailable { why: format!("not ready within {} s", PREPARE_TIMEOUT.as_secs()) };
    tokio::time::timeout(PREPARE_TIMEOUT, projector.prepare()).await.unwrap_or_else(|_| Err(silent().into()))
}

fn database(config: &Config) -> Database {
    match &config.node.database {
        config::Database::Embedded => Database::sqlite(&config.node.data_dir.join(DATABASE_FILE)),
        config::Database::Postgres(address) => Database::postgres(address),
    }
}

/// Lets the database go on with the journal that lies beside it, keeping its rows.
pub(super) async fn adopt(config: &Config) -> Result<(), StartError> {
    let (journal, _) = Journal::open(Options::at(config.node.data_dir.join(JOURNAL_FOLDER)), |_| {})
        .map_err(|error| StartError::Journal(error.to_string()))?;
    let database = database(config);
    records::adopt(&database, &journal).await.map_err(|error| StartError::Database(error.to_string()))
}

async fn follow_backlog(projector: records::ProjectorMetrics, metrics: Arc<Metrics>) {
    loop {
        metrics.journal_backlog.set(i64::try_from(projector.backlog()).unwrap_or(i64::MAX));
        metrics.database_available.set((projector.state() == records::ProjectorState::Working).into());
        metrics.entries_put_aside.set(i64::try_from(projector.poisoned_total()).unwrap_or(i64::MAX));
        metrics.projector_panics.set(i64::try_from(projector.panics_total()).unwrap_or(i64::MAX));
        metrics.journal_lag.set(projector.lag_seconds(wall_now()));
        tokio::time::sleep(BACKLOG_EVERY).await;
    }
}

/// What the API needs of the running owners.
pub(super) struct Running {
    pub(super) post: Arc<Post>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) directory: watch::Receiver<Arc<Directory>>,
    pub(super) readiness: watch::Receiver<Readiness>,
    pub(super) api_synced: watch::Receiver<u64>,
    pub(super) stop: watch::Receiver<bool>,
}

impl Records {
    /// Tells of overdue lost calls from now on.
    pub(super) fn watch_lost_calls(
        &self,
        config: &Config,
        entries: NodeEntries,
        patience: watch::Receiver<Patience>,
        threads: &Handle,
    ) {
        let watch = LostCallWatch {
            account: config.node.account.clone(),
            database: self.database.clone(),
            journal: self.journal.clone(),
            entries,
            applied: self.applied.clone(),
            patience,
            metrics: Arc::clone(&self.metrics),
        };
        let _entered = threads.enter();
        spawn_essential(watch.run());
    }

    /// Reads leads for campaigns from now on.
    pub(super) fn read_leads(
        &self,
        config: &Config,
        wanted: mpsc::Receiver<(CampaignId, Wanted)>,
        post: Arc<Post>,
        threads: &Handle,
    ) {
        let reader = LeadReader {
            account: config.node.account.clone(),
            database: self.database.clone(),
            journal: self.journal.clone(),
            applied: self.applied.clone(),
            post,
        };
        let _entered = threads.enter();
        spawn_essential(reader.run(wanted));
    }

    /// Serves the API in a task of its own.
    pub(super) fn serve(self, listener: TcpListener, config: &Config, running: Running) -> JoinHandle<()> {
        let (commands, asked) = mpsc::channel(channels::COMMANDS);
        spawn_essential(route_commands(asked, Arc::clone(&running.post)));
        let services = Services {
            time_zone: config.node.time_zone.clone(),
            home_country: config.node.home_country.clone(),
            number_plan: config::number_plan,
            commands,
            snapshot: running.snapshots.watch(),
            directory: running.directory,
            readiness: running.readiness,
            database: self.database,
            live: self.live,
            journal: self.journal,
            synced: running.api_synced,
            answers: self.answers,
            roster: self.roster,
            account: config.node.account.clone(),
            data_dir: config.node.data_dir.clone(),
            metrics: Arc::clone(&running.post.metrics),
        };
        tokio::spawn(Api::serve(listener, services, running.stop))
    }
}

/// The journal, below the data folder.
pub(super) const JOURNAL_FOLDER: &str = "journal";
/// People and hashes of keys as known last, below the data folder.
const PEOPLE_FILE: &str = "people.json";
/// The embedded database, below the data folder.
const DATABASE_FILE: &str = "trunkline.db";
/// Long enough for new tables, not for a new index over millions of rows: that goes on beside the calls.
const PREPARE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
const BACKLOG_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
