//! What is done with lists, one after the other: rows counted, rows made leads, leads deleted.
//!
//! The database says what is to be done and how far it is. A piece of an import is one transaction with the place in
//! the file behind it, so that a node that was killed goes on where it was. Lists wait for the database, never calls.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dialer::list::Place;
use records::{ChunkWritten, DatabaseUnavailable, LeadList, LeadListCounts, LeadListState, LeadListTask, Word};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use super::layout::Layout;
use super::numbering::Plans;
use super::sieve::{Sieve, Sifted};
use super::source::{ReadRow, Source};
use super::{files, offer, tell};
use crate::api::Shared;
use crate::time::wall_now;

/// Why a list is left.
#[derive(Debug)]
enum Stopped {
    /// The database is away: it is tried again.
    Away(DatabaseUnavailable),
    /// The list cannot be read.
    Failed(String),
    /// Somebody called it off.
    Elsewhere,
}

/// Files that were here before anybody could upload one.
pub(crate) async fn leftovers(data_dir: &Path) -> Vec<PathBuf> {
    files::present(data_dir).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the files of lists of leads cannot be read");
        Vec::new()
    })
}

/// Works for ever; begins with what a crash left.
pub(crate) async fn work(shared: Shared, leftovers: Vec<PathBuf>) {
    tidy(&shared, leftovers).await;
    loop {
        match next(&shared).await {
            Ok(true) => {}
            Ok(false) => {
                // Woken by who changes a list; by the clock too, as a restored database says nothing.
                let _woken = timeout(LOOK_EVERY, shared.lead_lists.wake.notified()).await;
            }
            Err(error) => {
                tracing::debug!(%error, "lists of leads wait for the database");
                sleep(AWAY_PAUSE).await;
            }
        }
    }
}

/// Deletes files of uploads that a crash cut, once the database says which files belong to lists.
async fn tidy(shared: &Shared, leftovers: Vec<PathBuf>) {
    if leftovers.is_empty() {
        return;
    }
    let lists = loop {
        match shared.services.database.lead_lists_with_file().await {
            Ok(lists) => break lists,
            Err(_) => sleep(AWAY_PAUSE).await,
        }
    };
    if let Err(error) = files::tidy(&shared.services.data_dir, leftovers, &lists).await {
        tracing::warn!(%error, "files of lists of leads cannot be tidied up");
    }
}

/// Does what has waited longest; false when there is nothing.
async fn next(shared: &Shared) -> Result<bool, DatabaseUnavailable> {
    let Some(mut list) = shared.services.database.next_lead_task().await? else { return Ok(false) };
    let Some(task) = list.task else { return Ok(false) };
    let done = match task {
        LeadListTask::Purge => return purge(shared, &list).await.map(|()| true),
        LeadListTask::Validate => validate(shared, &mut list).await,
        LeadListTask::Import => import(shared, &mut list).await,
    };
    match done {
        Ok(state) => end(shared, list, task, state, None).await?,
        Err(Stopped::Failed(why)) => end(shared, list, task, LeadListState::Failed, Some(why)).await?,
        Err(Stopped::Away(error)) => return Err(error),
        Err(Stopped::Elsewhere) => {}
    }
    Ok(true)
}

async fn import(shared: &Shared, list: &mut LeadList) -> Result<LeadListState, Stopped> {
    // What a validation counted is not what is written.
    let is_begin = list.counts.read_bytes == 0;
    list.counts = if is_begin { LeadListCounts::default() } else { list.counts };
    let mut source = open(shared, list, is_begin).await?;
    let mut told = Instant::now();
    loop {
        let rows = rows(&mut source).await?;
        let (from, before) = (list.counts.read_bytes, list.counts);
        if rows.is_empty() {
            break;
        }
        let sifted = sift(shared, list, &source, rows, &mut BTreeSet::new()).await?;
        let Sifted { mut chunk, mut counts } = sifted;
        counts.read_bytes = source.as_ref().map_or(from, |source| source.place().byte);
        chunk.place = source.as_ref().map(|source| text(source.place())).unwrap_or_default();
        chunk.counts = counts;
        check_size(&counts)?;
        let written = shared.services.database.import_chunk(list.id, &list.account, from, chunk, wall_now()).await;
        if written.map_err(Stopped::Away)? == ChunkWritten::Elsewhere {
            return Err(Stopped::Elsewhere);
        }
        list.counts = counts;
        count(shared, &before, &counts);
        if told.elapsed() >= TELL_EVERY {
            tell(shared, list, true).await;
            told = Instant::now();
        }
    }
    list.counts.read_bytes = list.file_bytes;
    let is_clean = list.counts.issues == 0;
    Ok(if is_clean { LeadListState::Done } else { LeadListState::DoneWithErrors })
}

/// Reads all rows as an import would, and writes nothing.
async fn validate(shared: &Shared, list: &mut LeadList) -> Result<LeadListState, Stopped> {
    list.counts = LeadListCounts::default();
    let mut source = open(shared, list, true).await?;
    let (mut seen, mut told) = (BTreeSet::new(), Instant::now());
    loop {
        let rows = rows(&mut source).await?;
        if rows.is_empty() {
            list.counts.read_bytes = 0;
            return Ok(LeadListState::Validated);
        }
        let sifted = sift(shared, list, &source, rows, &mut seen).await?;
        list.counts = sifted.counts;
        list.counts.read_bytes = source.as_ref().map_or(0, |source| source.place().byte);
        check_size(&list.counts)?;
        if seen.len() > SEEN_MAX {
            seen.clear();
        }
        if told.elapsed() >= TELL_EVERY {
            let stands = shared.services.database.lead_list(&list.account, list.id).await.map_err(Stopped::Away)?;
            if stands.is_none_or(|stands| stands.task != Some(LeadListTask::Validate)) {
                return Err(Stopped::Elsewhere);
            }
            tell(shared, list, true).await;
            told = Instant::now();
        }
    }
}

async fn purge(shared: &Shared, list: &LeadList) -> Result<(), DatabaseUnavailable> {
    files::remove(&shared.services.data_dir, list.id).await;
    while shared.services.database.purge_leads(list.id, wall_now()).await? {}
    Ok(())
}

async fn end(
    shared: &Shared,
    mut list: LeadList,
    task: LeadListTask,
    state: LeadListState,
    failure: Option<String>,
) -> Result<(), DatabaseUnavailable> {
    let database = &shared.services.database;
    if !database.end_lead_task(list.id, task, state, failure.as_deref(), &list.counts, wall_now()).await? {
        return Ok(());
    }
    (list.state, list.task, list.failure) = (state, None, failure);
    if state.is_over() {
        files::remove(&shared.services.data_dir, list.id).await;
        shared.services.metrics.lead_list_ended(state.word());
        tracing::info!(list = %list.id, state = state.word(), leads = list.counts.leads, "a list of leads is imported");
    }
    tell(shared, &list, false).await;
    if matches!(state, LeadListState::Done | LeadListState::DoneWithErrors) {
        offer(shared, &list).await;
    }
    Ok(())
}

/// Opens the file of a list where its reading stands, or at its begin.
async fn open(shared: &Shared, list: &LeadList, is_begin: bool) -> Result<Option<Source>, Stopped> {
    let unreadable = |what: &str| Stopped::Failed(format!("{what} of the list cannot be read"));
    let layout = Layout::of(list).map_err(|_| unreadable("the layout"))?;
    let begin = layout.dialect.begin();
    let place = if is_begin { Ok(begin) } else { serde_json::from_str(&list.place) };
    let place: Place = place.map_err(|_| unreadable("the place"))?;
    let (path, country) = (files::path(&shared.services.data_dir, list.id), list.country.clone());
    let plans = Plans::new(shared.services.number_plan);
    let opened = spawn_blocking(move || Source::open(&path, &layout, &country, plans, place)).await;
    match opened {
        Ok(Ok(source)) => Ok(Some(source)),
        Ok(Err(error)) => Err(unread(&error)),
        Err(broken) => Err(Stopped::Failed(broken.to_string())),
    }
}

/// The next rows, read on a thread that may block.
async fn rows(source: &mut Option<Source>) -> Result<Vec<ReadRow>, Stopped> {
    let Some(mut taken) = source.take() else { return Ok(Vec::new()) };
    let read = spawn_blocking(move || {
        let rows = taken.rows(ROWS_AT_ONCE);
        (taken, rows)
    });
    let (taken, rows) = read.await.map_err(|broken| Stopped::Failed(broken.to_string()))?;
    *source = Some(taken);
    rows.map_err(|error| unread(&error))
}

async fn sift(
    shared: &Shared,
    list: &LeadList,
    source: &Option<Source>,
    mut rows: Vec<ReadRow>,
    seen: &mut BTreeSet<u64>,
) -> Result<Sifted, Stopped> {
    let sieve = Sieve::of(shared, list, rows.iter().map(|row| &row.read)).await.map_err(Stopped::Away)?;
    let mut sifted = Sifted::from(list.counts);
    for row in &mut rows {
        sieve.sift(&mut row.read, seen);
    }
    let header = |column| source.as_ref().map(|source| source.header(column)).unwrap_or_default();
    rows.into_iter().for_each(|row| sifted.enter(row, header));
    Ok(sifted)
}

fn check_size(counts: &LeadListCounts) -> Result<(), Stopped> {
    if counts.rows_read <= ROWS_MAX {
        return Ok(());
    }
    Err(Stopped::Failed(format!("a list may have at most {ROWS_MAX} rows")))
}

fn count(shared: &Shared, before: &LeadListCounts, now: &LeadListCounts) {
    let metrics = &shared.services.metrics;
    metrics.lead_rows("lead", now.leads - before.leads);
    metrics.lead_rows("invalid", now.rows_invalid - before.rows_invalid);
    metrics.lead_rows("duplicate", now.rows_duplicate - before.rows_duplicate);
    metrics.lead_rows("forbidden", now.rows_forbidden - before.rows_forbidden);
}

fn text(place: Place) -> String {
    serde_json::to_string(&place).unwrap_or_default()
}

fn unread(error: &io::Error) -> Stopped {
    Stopped::Failed(format!("the file cannot be read: {error}"))
}

/// Rows of a piece: a transaction of some tens of milliseconds, behind which the projector waits.
const ROWS_AT_ONCE: usize = 1_000;
/// As many rows as the longest file can sensibly have.
const ROWS_MAX: u64 = 5_000_000;
/// Numbers that a validation remembers to find those that come twice: some 100 MB; then it begins anew, and an import,
/// which asks the database, may find more.
const SEEN_MAX: usize = 5_000_000;
/// Progress is told at most so often.
const TELL_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(30);
const AWAY_PAUSE: Duration = Duration::from_secs(1);
