//! The writer thread: all recordings' files, one batch after the other.
#![allow(clippy::disallowed_types, reason = "a shell: recordings are files")]

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clock::{Instant, WallTime};
use media_graph::{Event, RecorderId};

use super::finish::{Finish, Unsynced, part_of, run_finisher, run_syncer};
use super::manifest::duration_ms;
use super::track::Track;
use super::{Batch, Begin, ToWriter, channels_of, within};
use crate::config::StartError;
use crate::metrics::MediaMetrics;
use crate::ring::EventSender;
use crate::threads::spawn_behind;
use crate::time::Clock;

/// The way to the writer, for media threads.
pub(crate) type WriterQueue = SyncSender<ToWriter>;

/// The threads that bring recordings to the disk. They end when all
/// queues to the writer are gone; `join` waits for that.
#[derive(Debug)]
pub(crate) struct Recorders {
    threads: Vec<JoinHandle<()>>,
}

impl Recorders {
    /// Starts the threads.
    pub(crate) fn start(
        data_dir: &Path,
        events: &EventSender,
        metrics: &Arc<MediaMetrics>,
        clock: Clock,
    ) -> Result<(Self, WriterQueue), StartError> {
        let (queue, orders) = sync_channel(WRITER_QUEUE);
        let (sync, files) = sync_channel(SYNC_QUEUE);
        let (finish, finishes): (Vec<_>, Vec<_>) = (0..FINISHERS).map(|_| sync_channel(FINISH_QUEUE)).unzip();
        let mut writer = Writer {
            data_dir: data_dir.to_owned(),
            open: BTreeMap::new(),
            finish,
            next_finisher: 0,
            sync,
            events: events.another(),
            metrics: Arc::clone(metrics),
            clock,
        };
        let mut threads = vec![
            spawn_behind("rec-write", move || writer.run(&orders))?,
            spawn_behind("rec-sync", move || run_syncer(&files))?,
        ];
        for finishes in finishes {
            let (mut events, metrics) = (events.another(), Arc::clone(metrics));
            threads.push(spawn_behind("rec-finish", move || run_finisher(&finishes, &mut events, &metrics))?);
        }
        Ok((Self { threads }, queue))
    }

    /// Waits until everything is on the disk; all queues to the writer must be gone.
    pub(crate) fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a recording thread panicked");
            }
        }
    }
}

struct Writer {
    data_dir: PathBuf,
    open: BTreeMap<RecorderId, Open>,
    finish: Vec<SyncSender<Finish>>,
    next_finisher: usize,
    sync: SyncSender<Unsynced>,
    events: EventSender,
    metrics: Arc<MediaMetrics>,
    clock: Clock,
}

struct Open {
    track: Track,
    wav: PathBuf,
    channels: u8,
    started: WallTime,
    refreshed: Instant,
    /// The folder, until a sync took its new entry along.
    folder: Option<PathBuf>,
    failed: Arc<AtomicBool>,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<ToWriter>) {
        loop {
            match orders.recv_timeout(if self.events.has_kept() { RETRY_EVENTS } else { IDLE }) {
                Ok(first) => {
                    self.serve(first);
                    orders.try_iter().take(WRITER_QUEUE).for_each(|order| self.serve(order));
                    self.events.flush();
                    rest();
                }
                Err(RecvTimeoutError::Timeout) => self.events.flush(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.events.flush();
    }

    fn serve(&mut self, order: ToWriter) {
        match order {
            ToWriter::Begin(begin) => self.begin(begin),
            ToWriter::Batch(batch) => self.batch(&batch),
            ToWriter::End(batch, least) => self.end(&batch, least),
        }
    }

    fn begin(&mut self, begin: Begin) {
        self.metrics.recordings_active.add(1);
        let Some(wav) = within(&self.data_dir, &begin.path, ".wav") else {
            begin.failed.store(true, Ordering::Relaxed);
            return self.fail(begin.recorder, &format!("the path {:?} does not stay in the data folder", begin.path));
        };
        let channels = channels_of(begin.layout);
        match create(&wav).and_then(|file| Track::start(file, channels)) {
            Ok(track) => {
                let (started, refreshed, failed) = (begin.started, self.clock.mono(), begin.failed);
                let folder = wav.parent().map(Path::to_owned);
                let open = Open { track, wav, channels, started, refreshed, folder, failed };
                self.open.insert(begin.recorder, open);
            }
            Err(error) => {
                begin.failed.store(true, Ordering::Relaxed);
                self.fail(begin.recorder, &format!("{}: {error}", wav.display()));
            }
        }
    }

    fn batch(&mut self, batch: &Batch) {
        let now = self.clock.mono();
        let Some(open) = self.open.get_mut(&batch.recorder) else { return };
        let mut written = open.track.take(batch, false);
        if written.is_ok() && now.since(open.refreshed) >= REFRESH_EVERY {
            open.refreshed = now;
            written = open.track.refresh_header().map(|changed| {
                if changed {
                    ask_for_sync(&self.sync, open);
                }
            });
        }
        if let Err(error) = written {
            self.give_up(batch.recorder, &error);
        }
    }

    fn end(&mut self, batch: &Batch, least: Duration) {
        if Duration::from_millis(duration_ms(batch.until)) < least {
            return self.discard(batch.recorder);
        }
        let Some(open) = self.open.get_mut(&batch.recorder) else { return };
        let written = open.track.take(batch, true).and_then(|()| open.track.refresh_header());
        if let Err(error) = written {
            return self.give_up(batch.recorder, &error);
        }
        let Some(open) = self.open.remove(&batch.recorder) else { return };
        let words = |channel: Vec<&'static str>| channel.into_iter().map(str::to_owned).collect();
        let done = Finish {
            recorder: batch.recorder,
            file: Arc::clone(open.track.file()),
            wav: open.wav,
            channels: open.channels,
            samples: open.track.samples(),
            started: open.started,
            codecs: open.track.codecs().into_iter().map(words).collect(),
            gaps: open.track.gaps().to_vec(),
            pauses: open.track.pauses().to_vec(),
        };
        // Waits when thousands of recordings wait for the disk already: the queue of batches then fills and is counted.
        let finisher = self.finish.get(self.next_finisher % FINISHERS);
        self.next_finisher = self.next_finisher.wrapping_add(1);
        if finisher.is_none_or(|finisher| finisher.send(done).is_err()) {
            self.fail(batch.recorder, "the thread that finishes recordings has ended");
        }
    }

    /// Too short to be wanted: as if it had never been.
    fn discard(&mut self, recorder: RecorderId) {
        let Some(open) = self.open.remove(&recorder) else { return };
        let part = part_of(&open.wav);
        match std::fs::remove_file(&part) {
            Ok(()) => {
                self.metrics.recordings_active.sub(1);
                self.events.emit(Event::Discarded { recorder });
            }
            Err(error) => self.fail(recorder, &format!("{}: {error}", part.display())),
        }
    }

    fn give_up(&mut self, recorder: RecorderId, error: &io::Error) {
        let Some(open) = self.open.remove(&recorder) else { return };
        open.failed.store(true, Ordering::Relaxed);
        self.fail(recorder, &format!("{}: {error}", part_of(&open.wav).display()));
    }

    fn fail(&mut self, recorder: RecorderId, why: &str) {
        self.metrics.recordings_active.sub(1);
        self.metrics.recordings_failed.add(1);
        self.events.emit(Event::RecordFailed { recorder, why: why.to_owned() });
    }
}

/// A disk that is behind with 1,024 files gains nothing from another request.
fn ask_for_sync(sync: &SyncSender<Unsynced>, open: &mut Open) {
    let wanted = Unsynced { file: Arc::clone(open.track.file()), folder: open.folder.take() };
    if let Err(TrySendError::Full(wanted)) = sync.try_send(wanted) {
        open.folder = wanted.folder;
        tracing::debug!("sync of a recording left out: the disk is behind");
    }
}

/// What comes meanwhile is taken together: a media thread that wakes the writer for each batch pays for it.
#[allow(clippy::disallowed_methods, reason = "a shell: the rest between two rounds of batches")]
fn rest() {
    std::thread::sleep(REST);
}

/// Creates the `.part` file; an existing recording of that name is never touched.
fn create(wav: &Path) -> io::Result<File> {
    if wav.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a recording of that name exists"));
    }
    if let Some(folder) = wav.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = part_of(wav);
    OpenOptions::new().write(true).create_new(true).open(&part)
}

/// Batches that wait: three seconds of 500 recordings.
const WRITER_QUEUE: usize = 8_192;
/// Threads that finish recordings. A sync is mostly waiting, and a disk takes several at once as one; more of them
/// would only stand in the way of the journal's.
const FINISHERS: usize = 4;
/// Recordings that wait for their end: four seconds of 1,000 a second.
const FINISH_QUEUE: usize = 4_096;
/// Files that wait for a sync.
const SYNC_QUEUE: usize = 1_024;
/// A crash may cost a second (DESIGN section 6); the batches before take part of it.
const REFRESH_EVERY: Duration = Duration::from_millis(900);
/// The rest between two rounds: much less than what a crash may cost, and 25 batches of 500 recordings.
const REST: Duration = Duration::from_millis(10);
const RETRY_EVENTS: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_secs(60);
