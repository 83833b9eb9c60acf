//! After a restart: what each owner gets back, and what the crash left unfinished.

use std::collections::BTreeMap;
use std::path::Path;

use call::recording_path;
use clock::WallTime;
use journal_core::{CallEntry, CallEvent, CallRecord, Entry, RecordingState, Replay, outcome};
use media_worker::{Manifest, Recovered, RecoveredAs};

use super::entries::NodeEntries;

/// Recordings and messages that were being written when the node died are ready now, failed, or gone.
pub(super) fn finish_recordings(
    replay: &mut Replay,
    data_dir: &Path,
    now: WallTime,
    entries: &NodeEntries,
) -> std::io::Result<()> {
    let recovered: BTreeMap<String, RecoveredAs> =
        media_worker::recover(data_dir)?.into_iter().map(|Recovered { path, outcome }| (path, outcome)).collect();
    let unfinished: Vec<_> = replay
        .unfinished_recordings()
        .filter_map(|record| Some((record.id, record.next_seq(), record.recording.as_ref()?.path.clone())))
        .collect();
    for (call, seq, path) in unfinished {
        let Some(event) = recording_end(&path, recovered.get(&path), data_dir) else { continue };
        let entry = Entry::Call(CallEntry { call, seq, at: now, event });
        if replay.apply(&entry).is_ok() {
            entries.append(entry);
        }
    }
    for entry in kept_messages(replay, &recovered, data_dir, now) {
        if replay.apply(&entry).is_ok() {
            entries.append(entry);
        }
    }
    remove_scraps(&recovered, data_dir)
}

/// Messages that a crash cut off before they were long enough to be kept are nobody's: no entry names them.
fn remove_scraps(recovered: &BTreeMap<String, RecoveredAs>, data_dir: &Path) -> std::io::Result<()> {
    for (path, became) in recovered {
        let scrap = path.starts_with(VOICEMAIL_FOLDER)
            && matches!(became, RecoveredAs::Playable { duration_ms, .. } if *duration_ms < outcome::SHORTEST_VOICEMAIL_MS);
        if scrap {
            std::fs::remove_file(data_dir.join(path).with_extension("wav"))?;
            std::fs::remove_file(data_dir.join(path).with_extension("json"))?;
        }
    }
    Ok(())
}

/// Messages that were being spoken, or saved, when the node died: in their boxes, if they are long enough.
fn kept_messages(
    replay: &Replay,
    recovered: &BTreeMap<String, RecoveredAs>,
    data_dir: &Path,
    now: WallTime,
) -> Vec<Entry> {
    let message = |record: &CallRecord| {
        let queue = record.awaited_message()?;
        let (path, duration_ms) = message_of(record, recovered, data_dir)?;
        let event = CallEvent::VoicemailLeft { queue, path, duration_ms };
        Some(Entry::Call(CallEntry { call: record.id, seq: record.next_seq(), at: now, event }))
    };
    replay.live_calls().filter_map(message).collect()
}

/// Path and length of the message of a call, if there is one to keep.
fn message_of(
    record: &CallRecord,
    recovered: &BTreeMap<String, RecoveredAs>,
    data_dir: &Path,
) -> Option<(String, u64)> {
    let days = (0..=CALL_DAYS_MAX).map(|day| record.started_at + A_DAY * day);
    let mut paths = days.map(|day| recording_path(VOICEMAIL_FOLDER, day, record.id));
    paths.find_map(|path| {
        let duration_ms = match recovered.get(&path) {
            Some(RecoveredAs::Playable { duration_ms, .. }) => *duration_ms,
            Some(_) => return None,
            None => match finished(&data_dir.join(&path))? {
                CallEvent::RecordingEnded { duration_ms, .. } => duration_ms,
                _ => return None,
            },
        };
        (duration_ms >= outcome::SHORTEST_VOICEMAIL_MS).then_some((path, duration_ms))
    })
}

/// `None` while it cannot be said: the next start tries again.
fn recording_end(path: &str, recovered: Option<&RecoveredAs>, data_dir: &Path) -> Option<CallEvent> {
    Some(match recovered {
        Some(RecoveredAs::Left { why }) => {
            tracing::error!(path, why, "a recording could not be recovered now; the next start tries again");
            return None;
        }
        Some(RecoveredAs::Playable { duration_ms, sha256 }) => {
            CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms: *duration_ms, sha256: *sha256 }
        }
        Some(RecoveredAs::Quarantined { why }) => {
            tracing::error!(path, why, "a recording was damaged by the crash");
            FAILED
        }
        // Finished on disk, but the entry that says so was lost with the crash.
        None => finished(&data_dir.join(path)).unwrap_or(FAILED),
    })
}

/// What the manifest of a finished recording says; a manifest without its WAV is of one that was not finished.
fn finished(path: &Path) -> Option<CallEvent> {
    let manifest = Manifest::read(&path.with_extension("json")).ok()?;
    let mut sha256 = [0; 32];
    for (byte, digits) in sha256.iter_mut().zip(manifest.sha256.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let whole = path.with_extension("wav").is_file();
    let duration_ms = manifest.duration_ms;
    whole.then_some(CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms, sha256 })
}

const FAILED: CallEvent = CallEvent::RecordingEnded { state: RecordingState::Failed, duration_ms: 0, sha256: [0; 32] };
/// Where messages lie, below the data folder.
const VOICEMAIL_FOLDER: &str = "voicemails";
/// The longest call that may be configured, and the day into which it lasts.
const CALL_DAYS_MAX: u32 = 8;
const A_DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
