//! The writer thread: takes what is queued and writes it as one group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use clock::WallTime;
use journal_core::{Durability, Entry, Owner, Position};

use crate::log::{GROUP_BYTES, encode_frame, with_synced};
use crate::shared::Shared;
use crate::syncer::report;
use crate::time::monotonic_now;
use crate::unsynced::Written;
use crate::{Sink, Stored};

/// What comes over the channel.
pub(crate) enum Command {
    /// An entry, already encoded.
    Append(Box<Queued>),
    /// Write and sync all that is queued, then stop.
    Close,
}

/// An entry on its way to the disk.
pub(crate) struct Queued {
    pub(crate) owner: Owner,
    pub(crate) number: u64,
    pub(crate) written_at: WallTime,
    pub(crate) bytes: Vec<u8>,
    pub(crate) entry: Entry,
}

pub(crate) struct Writer {
    pub(crate) queue: Receiver<Command>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) sink: Sink,
    /// Position of the last entry.
    pub(crate) last: Position,
    /// Set at the end: how long a failing disk is still waited for.
    pub(crate) give_up_at: Option<Instant>,
    /// When the last group was taken.
    pub(crate) grouped: Option<Instant>,
}

/// Why the writer looks up.
enum Wake {
    Group(Vec<Queued>),
    Nothing,
    Close(Vec<Queued>),
}

impl Writer {
    pub(crate) fn run(mut self) {
        loop {
            let wake = self.wait();
            self.shared.note_synced(&self.sink, &self.mend());
            match wake {
                Wake::Group(group) => self.write(group),
                Wake::Nothing => {}
                Wake::Close(group) => {
                    self.give_up_at = Some(monotonic_now() + CLOSE_PATIENCE);
                    self.write(group);
                    break;
                }
            }
        }
        self.end();
    }

    /// Waits for entries and takes all that is queued, up to the size of a group.
    fn wait(&mut self) -> Wake {
        let mut next = self.queue.recv_timeout(LOOK_EVERY);
        if matches!(next, Ok(Command::Append(_))) {
            self.gather();
        }
        let (mut group, mut bytes) = (Vec::new(), 0);
        loop {
            match next {
                Ok(Command::Append(queued)) => {
                    bytes += queued.bytes.len() + crate::log::LENGTH_BYTES;
                    group.push(*queued);
                }
                Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => return Wake::Close(group),
                Err(RecvTimeoutError::Timeout) if group.is_empty() => return Wake::Nothing,
                Err(RecvTimeoutError::Timeout) => return Wake::Group(group),
            }
            if bytes >= GROUP_BYTES || group.len() >= GROUP_ENTRIES {
                return Wake::Group(group);
            }
            next = self.queue.try_recv().map_err(|empty| match empty {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
    }

    /// Lets what comes right behind the first entry join its group. A group costs about the same whatever is in it; an
    /// entry that nobody came before for longer than this waits for no other.
    fn gather(&mut self) {
        if let Some(remainder) = self.grouped.and_then(|at| GROUP_EVERY.checked_sub(at.elapsed())) {
            pause(remainder);
        }
        self.grouped = Some(monotonic_now());
    }

    /// Writes a group, trying until it works: what was appended is never dropped.
    fn write(&mut self, group: Vec<Queued>) {
        if group.is_empty() {
            return;
        }
        self.shared.writing_since.begin(monotonic_now());
        self.wait_for_room();
        let first = self.last.sequence + 1;
        let mut entries = Vec::with_capacity(group.len());
        let mut stored = Vec::with_capacity(group.len());
        let mut reached = BTreeMap::new();
        for Queued { owner, number, written_at, bytes, entry } in group {
            self.last.sequence += 1;
            reached.insert(owner, number);
            entries.push(bytes);
            stored.push(Stored { position: self.last, written_at, entry: Ok(entry) });
        }
        let synced = self.shared.progress.borrow().synced.sequence;
        let frame = encode_frame(self.last.epoch, first, synced, &entries);
        let (count, at) = (entries.len() as u64, monotonic_now());
        let group = Written { frame, first, last: self.last, entries: count, reached: reached.clone(), at };
        let put = self.put(group);
        self.shared.writing_since.end();
        if let Some(synced) = put {
            self.shared.note_written(stored, self.last);
            report(&self.sink, &reached, Durability::Written);
            self.shared.note_synced(&self.sink, &synced);
        }
    }

    /// Puts the group behind the others. Where that fails, with all that is unsynced into a new segment: then what
    /// comes back is synced. `None` when it was given up.
    fn put(&self, group: Written) -> Option<Vec<Arc<Written>>> {
        let written = self.shared.unsynced.change(|state| {
            let is_full = state.segments.last().is_some_and(|active| active.end >= SEGMENT_BYTES);
            // Only the last two segments may have what is not synced.
            if is_full && state.segments.len() == 1 && state.spare.is_some() {
                let spare = state.spare.take();
                self.shared.log.adopt(spare.as_ref());
                state.segments.extend(spare);
            }
            let Some(active) = state.segments.last_mut() else { return Ok(()) };
            let done = self.shared.write(&active.file, &group.frame, active.end);
            if done.is_ok() {
                active.segment.note(group.first, active.end);
                active.end += group.frame.len() as u64;
            }
            state.failed = done.as_ref().err().map(ToString::to_string).or(state.failed.take());
            state.push(group);
            done
        });
        match written {
            Ok(()) => Some(Vec::new()),
            Err(error) => {
                self.shared.fail(&self.sink, &error.to_string());
                let moved = self.mend();
                (!moved.is_empty()).then_some(moved)
            }
        }
    }

    /// After a failure: moves what is unsynced to a new segment, trying until it works. What was moved is synced.
    fn mend(&self) -> Vec<Arc<Written>> {
        while self.shared.unsynced.lock().failed.is_some() && !self.gives_up() {
            pause(AGAIN_EVERY);
            match self.move_on() {
                Ok(moved) => return moved,
                Err(error) => self.shared.fail(&self.sink, &error.to_string()),
            }
        }
        Vec::new()
    }

    fn move_on(&self) -> std::io::Result<Vec<Arc<Written>>> {
        let groups: Vec<Arc<Written>> = self.shared.unsynced.lock().groups.iter().cloned().collect();
        // The segment gets its name when it is synced whole, so each frame may say so: damage to it is told from a torn end.
        let synced = groups.last().map_or(0, |newest| newest.last.sequence);
        let epoch = self.shared.log.epoch();
        let frames: Vec<Vec<u8>> = groups.iter().map(|group| with_synced(epoch, &group.frame, synced)).collect();
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let active = self.shared.begin_segment(groups.first().map(|group| group.first), &frames)?;
        self.shared.log.adopt(Some(&active));
        let moved = self.shared.unsynced.change(|state| {
            // Segments are read in the order of their numbers.
            if let Some(spare) = state.spare.take_if(|spare| spare.segment.number < active.segment.number) {
                spare.remove();
            }
            state.segments = vec![active];
            state.failed = None;
            groups.last().map(|newest| state.take_synced(newest.last)).unwrap_or_default()
        });
        self.shared.set_working(&self.sink);
        Ok(moved)
    }

    /// A disk that does not sync must not fill the memory.
    fn wait_for_room(&self) {
        let mut state = self.shared.unsynced.lock();
        while !state.has_room() && state.failed.is_none() && !self.gives_up() {
            state = self.shared.unsynced.wait(state, LOOK_EVERY);
        }
        drop(state);
        self.shared.note_synced(&self.sink, &self.mend());
    }

    /// Waits until all is synced, and ends the journal.
    fn end(self) {
        self.shared.unsynced.change(|state| state.closing = true);
        let mut state = self.shared.unsynced.lock();
        while !state.groups.is_empty() && !self.gives_up() {
            if state.failed.is_some() {
                drop(state);
                self.shared.note_synced(&self.sink, &self.mend());
                state = self.shared.unsynced.lock();
            } else {
                state = self.shared.unsynced.wait(state, LOOK_EVERY);
            }
        }
        if !state.groups.is_empty() {
            tracing::error!(target: "journal", "the disk fails: the journal's end is not synced");
        }
        drop(state);
        self.shared.progress.send_modify(|progress| progress.closed = true);
    }

    fn gives_up(&self) -> bool {
        self.give_up_at.is_some_and(|at| at <= monotonic_now())
    }
}

#[allow(clippy::disallowed_methods, reason = "the writer's own thread waits, nobody else")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// One group; more wait for the next.
const GROUP_ENTRIES: usize = 1_024;
/// What waits for the journal waits at most so much longer; at 1,000 calls a second a group has some ten entries.
const GROUP_EVERY: Duration = Duration::from_millis(1);
/// A failed sync is seen to within this time even if nothing is written.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A new segment is tried this often while the disk fails.
const AGAIN_EVERY: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 500 });
/// An orderly stop waits so long for a failing disk.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);
/// A segment is full then: read and checked whole in some 10 ms, some minutes of a busy node.
pub(crate) const SEGMENT_BYTES: u64 = if cfg!(test) { 256 * 1024 } else { 16 * 1024 * 1024 };
