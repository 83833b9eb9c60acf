//! What takes long at the end of a recording: sync, hash, manifest, rename.
#![allow(clippy::disallowed_types, reason = "a shell: recordings are files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use clock::WallTime;
use media_graph::{Event, RecorderId};

use super::manifest::{Facts, Gap, Manifest, Pause, duration_ms, sha256_of, sync_folder};
use crate::metrics::MediaMetrics;
use crate::ring::EventSender;

/// A recording whose last sample is in the file.
#[derive(Debug)]
pub(super) struct Finish {
    pub(super) recorder: RecorderId,
    pub(super) file: Arc<File>,
    /// The final path, with `.wav`.
    pub(super) wav: PathBuf,
    pub(super) channels: u8,
    pub(super) samples: u64,
    pub(super) started: WallTime,
    pub(super) codecs: Vec<Vec<String>>,
    pub(super) gaps: Vec<Gap>,
    pub(super) pauses: Vec<Pause>,
}

/// Runs until the writer ends. Several may run: their number bounds how many syncs the disk is asked for at once,
/// so that the journal, on the same disk, has its turn.
pub(super) fn run_finisher(finishes: &Receiver<Finish>, events: &mut EventSender, metrics: &MediaMetrics) {
    loop {
        let wait = if events.has_kept() { RETRY_EVENTS } else { IDLE };
        match finishes.recv_timeout(wait) {
            Ok(first) => {
                let waiting = finishes.try_iter().take(FINISH_AT_ONCE - 1);
                for event in finish_all(std::iter::once(first).chain(waiting).collect()) {
                    metrics.recordings_failed.add(u64::from(matches!(event, Event::RecordFailed { .. })));
                    metrics.recordings_active.sub(1);
                    events.emit(event);
                }
            }
            Err(RecvTimeoutError::Timeout) => events.flush(),
            Err(RecvTimeoutError::Disconnected) => return events.flush(),
        }
    }
}

/// Finishes what ended together; a folder is synced once for all that lie in it.
fn finish_all(all: Vec<Finish>) -> Vec<Event> {
    let finished: Vec<_> = all.into_iter().map(|done| (finish(&done), done)).collect();
    let renamed = finished.iter().filter(|(sha256, _)| sha256.is_ok());
    let folders: BTreeSet<&Path> = renamed.filter_map(|(_, done)| done.wav.parent()).collect();
    let unsynced: BTreeMap<PathBuf, String> = folders
        .into_iter()
        .filter_map(|folder| Some((folder.to_owned(), sync_folder(folder).err()?.to_string())))
        .collect();
    let event = |(sha256, done): (io::Result<[u8; 32]>, Finish)| {
        let synced = |sha256| match done.wav.parent().and_then(|folder| unsynced.get(folder)) {
            Some(why) => Err(io::Error::other(why.clone())),
            None => Ok(sha256),
        };
        match sha256.and_then(synced) {
            Ok(sha256) => Event::Recorded { recorder: done.recorder, duration_ms: duration_ms(done.samples), sha256 },
            Err(error) => {
                let why = format!("{}: {error}", done.wav.display());
                Event::RecordFailed { recorder: done.recorder, why }
            }
        }
    };
    finished.into_iter().map(event).collect()
}

/// A file that is being written, to be synced; with its folder, where its name is new.
#[derive(Debug)]
pub(super) struct Unsynced {
    pub(super) file: Arc<File>,
    pub(super) folder: Option<PathBuf>,
}

/// Syncs files that are still being written, as they come; those of a disk
/// that falls behind are left out by the writer.
pub(super) fn run_syncer(files: &Receiver<Unsynced>) {
    while let Ok(Unsynced { file, folder }) = files.recv() {
        let synced = file.sync_data();
        if let Err(error) = synced.and_then(|()| folder.as_deref().map_or(Ok(()), sync_folder)) {
            tracing::warn!(%error, "a recording could not be synced");
        }
    }
}

/// All but the sync of the folder. The manifest is there before the `.wav` appears, so nobody sees one without the
/// other. The hash is taken at the end: the first of the blocks that it runs over holds the length.
fn finish(done: &Finish) -> io::Result<[u8; 32]> {
    done.file.sync_all()?;
    let part = part_of(&done.wav);
    let sha256 = sha256_of(&part)?;
    let facts = Facts {
        channels: done.channels,
        samples: done.samples,
        sha256,
        started: done.started,
        started_at_estimated: false,
        codecs: done.codecs.clone(),
        gaps: &done.gaps,
        pauses: &done.pauses,
    };
    Manifest::of(&done.wav, facts).write(&done.wav.with_extension("json"))?;
    std::fs::rename(&part, &done.wav)?;
    Ok(sha256)
}

/// The name while it is written.
pub(super) fn part_of(wav: &Path) -> PathBuf {
    let mut name = wav.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Recordings that share a sync of their folder; the first of them waits for the last.
const FINISH_AT_ONCE: usize = 16;
/// How soon an event that found no room is tried again.
const RETRY_EVENTS: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_secs(60);
