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

use super::finish::{Finish, part_of, run_finisher, run_syncer};
use super::manifest::{duration_ms, sync_folder_of};
use super::track::Track;
use super::{Batch, Begin, ToWriter, channels_of, within};
use crate::config::StartError;
use crate::metrics::MediaMetrics;
use crate::ring::EventSender;
use crate::time::Clock;

/// The way to the writer, for media threads.
pub(crate) type WriterQueue = SyncSender<ToWriter>;

/// The three threads that bring recordings to the disk. They end when all
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
        let (finish, finishes) = sync_channel(FINISH_QUEUE);
        let (sync, files) = sync_channel(SYNC_QUEUE);
        let mut writer = Writer {
            data_dir: data_dir.to_owned(),
            open: BTreeMap::new(),
            finish,
            sync,
            events: events.another(),
            metrics: Arc::clone(metrics),
            clock,
        };
        let (mut finisher_events, finisher_metrics) = (events.another(), Arc::clone(metrics));
        let threads = vec![
            spawn("rec-write", move || writer.run(&orders))?,
            spawn("rec-finish", move || run_finisher(&finishes, &mut finisher_events, &finisher_metrics))?,
            spawn("rec-sync", move || run_syncer(&files))?,
        ];
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

pub(crate) fn spawn(name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map_err(|source| StartError::System { what: name, source })
}

struct Writer {
    data_dir: PathBuf,
    open: BTreeMap<RecorderId, Open>,
    finish: SyncSender<Finish>,
    sync: SyncSender<Arc<File>>,
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
    failed: Arc<AtomicBool>,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<ToWriter>) {
        loop {
            match orders.recv_timeout(if self.events.has_kept() { RETRY_EVENTS } else { IDLE }) {
                Ok(ToWriter::Begin(begin)) => self.begin(begin),
                Ok(ToWriter::Batch(batch)) => self.batch(&batch),
                Ok(ToWriter::End(batch, least)) => self.end(&batch, least),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.events.flush();
        }
        self.events.flush();
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
                let open = Open { track, wav, channels, started, refreshed, failed };
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
                // A disk that is behind with 1,024 files gains nothing from another request.
                if changed && let Err(TrySendError::Full(_)) = self.sync.try_send(Arc::clone(open.track.file())) {
                    tracing::debug!("sync of a recording left out: the disk is behind");
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
        if self.finish.send(done).is_err() {
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

/// Creates the `.part` file; an existing recording of that name is never touched.
fn create(wav: &Path) -> io::Result<File> {
    if wav.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a recording of that name exists"));
    }
    if let Some(folder) = wav.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = part_of(wav);
    let file = OpenOptions::new().write(true).create_new(true).open(&part)?;
    sync_folder_of(&part)?;
    Ok(file)
}

/// Batches that wait: four seconds of 200 recordings.
const WRITER_QUEUE: usize = 4_096;
/// Recordings that wait for their end: four seconds of 1,000 a second.
const FINISH_QUEUE: usize = 4_096;
/// Files that wait for a sync.
const SYNC_QUEUE: usize = 1_024;
/// A crash may cost a second (DESIGN section 6); the batches before take part of it.
const REFRESH_EVERY: Duration = Duration::from_millis(900);
const RETRY_EVENTS: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_secs(60);
