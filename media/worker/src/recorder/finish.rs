//! What takes long at the end of a recording: sync, hash, manifest, rename.
#![allow(clippy::disallowed_types, reason = "a shell: recordings are files")]

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use clock::WallTime;
use media_graph::{Event, RecorderId};

use super::manifest::{Facts, Gap, Manifest, Pause, duration_ms, sha256_of, sync_folder_of};
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

/// Runs until the writer ends.
pub(super) fn run_finisher(finishes: &Receiver<Finish>, events: &mut EventSender, metrics: &MediaMetrics) {
    loop {
        let wait = if events.has_kept() { RETRY_EVENTS } else { IDLE };
        match finishes.recv_timeout(wait) {
            Ok(done) => {
                let event = match finish(&done) {
                    Ok(sha256) => {
                        let duration_ms = duration_ms(done.samples);
                        Event::Recorded { recorder: done.recorder, duration_ms, sha256 }
                    }
                    Err(error) => {
                        metrics.recordings_failed.add(1);
                        let why = format!("{}: {error}", done.wav.display());
                        Event::RecordFailed { recorder: done.recorder, why }
                    }
                };
                metrics.recordings_active.sub(1);
                events.emit(event);
            }
            Err(RecvTimeoutError::Timeout) => events.flush(),
            Err(RecvTimeoutError::Disconnected) => return events.flush(),
        }
    }
}

/// Syncs files that are still being written, as they come; those of a disk
/// that falls behind are left out by the writer.
pub(super) fn run_syncer(files: &Receiver<Arc<File>>) {
    while let Ok(file) = files.recv() {
        if let Err(error) = file.sync_data() {
            tracing::warn!(%error, "a recording could not be synced");
        }
    }
}

/// The manifest is there before the `.wav` appears, so nobody sees one without the other.
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
    sync_folder_of(&done.wav)?;
    Ok(sha256)
}

/// The name while it is written.
pub(super) fn part_of(wav: &std::path::Path) -> PathBuf {
    let mut name = wav.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// How soon an event that found no room is tried again.
const RETRY_EVENTS: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_secs(60);
