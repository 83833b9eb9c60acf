//! Prompts and music in memory, and the thread that reads what is not there yet.
//!
//! Prompts are read once, at the start, and kept; a media thread never waits
//! for a file. Recordings and voicemails are read when played, and not kept.
#![allow(clippy::disallowed_types, reason = "a shell: prompts are files")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use media_graph::{PlaySource, PlayerId, ToneKind};
use rtp_core::tone::Tone;
use rtp_core::wav::Wav;

use crate::config::StartError;
use crate::recorder::within;
use crate::ring::OrderSender;
use crate::threads::spawn_behind;

/// Sound that a player can play.
#[derive(Clone, Debug)]
pub(crate) enum Clip {
    /// From a file.
    Samples(Arc<[i16]>),
    /// By formula.
    Tone(Tone),
}

impl Clip {
    /// Samples until its end; `None` if it has none.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Samples(samples) => Some(samples.len() as u64),
            Self::Tone(tone) => tone.total_samples(),
        }
    }

    /// Fills `out` from sample `at` on and returns how many there were.
    pub(crate) fn fill(&self, at: u64, out: &mut [i16]) -> usize {
        match self {
            Self::Samples(samples) => {
                let rest = usize::try_from(at).ok().and_then(|at| samples.get(at..)).unwrap_or_default();
                let len = rest.len().min(out.len());
                out[..len].copy_from_slice(&rest[..len]);
                len
            }
            Self::Tone(tone) => {
                let left = tone.total_samples().map_or(u64::MAX, |total| total.saturating_sub(at));
                let len = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                tone.fill(at, &mut out[..len]);
                len
            }
        }
    }
}

/// Prompts and music by their path in the prompts folder, without suffix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Library {
    clips: BTreeMap<String, Arc<[i16]>>,
    samples: usize,
}

impl Library {
    /// Reads all prompts of a folder, and of its folders all music and the
    /// prompts in each language. What cannot be read is logged, and fails the
    /// player that asks for it.
    pub(crate) fn read(prompts_dir: &Path) -> Self {
        let mut library = Self::default();
        let folders = folder_names(prompts_dir).into_iter().map(|name| (prompts_dir.join(&name), format!("{name}/")));
        for (folder, prefix) in [(prompts_dir.to_owned(), String::new())].into_iter().chain(folders) {
            for name in wav_names(&folder) {
                let key = format!("{prefix}{name}");
                match read_wav(&folder.join(format!("{name}.wav"))) {
                    Ok(samples) => library.keep(key, samples),
                    Err(why) => tracing::warn!(prompt = key, "{why}"),
                }
            }
        }
        library
    }

    /// The clip of a source, if it needs no file or its file was read.
    pub(crate) fn find(&self, source: &PlaySource) -> Option<Clip> {
        if let PlaySource::Tone(kind) = source {
            return Some(Clip::Tone(tone_of(*kind)));
        }
        let key = key_of(source)?;
        let plain = in_no_language(source, &key);
        self.clips.get(&key).or_else(|| self.clips.get(plain?)).cloned().map(Clip::Samples)
    }

    /// Keeps a prompt that was read late, as long as there is room.
    pub(crate) fn learn(&mut self, source: &PlaySource, samples: &Arc<[i16]>) {
        if let Some(key) = key_of(source) {
            self.keep(key, Arc::clone(samples));
        }
    }

    fn keep(&mut self, key: String, samples: Arc<[i16]>) {
        if self.samples + samples.len() <= MAX_KEPT_SAMPLES && !self.clips.contains_key(&key) {
            self.samples += samples.len();
            self.clips.insert(key, samples);
        }
    }
}

/// A file that a media thread wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) player: PlayerId,
    pub(crate) part: usize,
    pub(crate) source: PlaySource,
    pub(crate) answer_to: OrderSender<Loaded>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) player: PlayerId,
    pub(crate) part: usize,
    pub(crate) source: PlaySource,
    pub(crate) samples: Result<Arc<[i16]>, String>,
}

/// Starts the thread that reads files for players; it ends when all its queues are gone.
pub(crate) fn start_loader(
    prompts_dir: PathBuf,
    data_dir: PathBuf,
) -> Result<(JoinHandle<()>, SyncSender<Wanted>), StartError> {
    let (queue, wanted): (_, Receiver<Wanted>) = sync_channel(LOADER_QUEUE);
    let thread = spawn_behind("media-load", move || {
        while let Ok(Wanted { player, part, source, answer_to }) = wanted.recv() {
            let samples = read_source(&prompts_dir, &data_dir, &source);
            answer_to.internal(Loaded { player, part, source, samples });
        }
    })?;
    Ok((thread, queue))
}

fn read_source(prompts_dir: &Path, data_dir: &Path, source: &PlaySource) -> Result<Arc<[i16]>, String> {
    let path = match source {
        PlaySource::File(relative) => within(data_dir, relative, ""),
        _ => key_of(source).and_then(|key| {
            let spoken = within(prompts_dir, &key, ".wav");
            let plain = in_no_language(source, &key).and_then(|plain| within(prompts_dir, plain, ".wav"));
            spoken.filter(|path| path.is_file() || plain.is_none()).or(plain)
        }),
    };
    let path =
        path.ok_or_else(|| format!("{source:?}: names have letters, digits, - and _; paths stay in the data folder"))?;
    read_wav(&path)
}

/// Reads a WAV file as 8 kHz mono.
fn read_wav(path: &Path) -> Result<Arc<[i16]>, String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|error| named(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(named(&format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    let wav = Wav::parse(&bytes).map_err(|error| named(&error))?;
    if wav.is_empty() {
        return Err(named(&"no sound in it"));
    }
    Ok(wav.mono().collect())
}

/// Names of the `.wav` files of a folder, without suffix, in order.
fn wav_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".wav").map(str::to_owned))
        .filter(|name| is_name(name))
        .take(MAX_PROMPTS)
        .collect();
    names.sort();
    names
}

/// Names of the folders of a folder, in order.
fn folder_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_name(name));
    let mut names: Vec<_> = names.take(MAX_FOLDERS).collect();
    names.sort();
    names
}

/// What stands in for a prompt that is not there in its language: the one of no language.
fn in_no_language<'a>(source: &PlaySource, key: &'a str) -> Option<&'a str> {
    match source {
        PlaySource::Prompt(_) => key.split_once('/').map(|(_, name)| name),
        _ => None,
    }
}

fn key_of(source: &PlaySource) -> Option<String> {
    match source {
        PlaySource::Prompt(name) if name.split('/').count() <= 2 && name.split('/').all(is_name) => Some(name.clone()),
        PlaySource::Music(name) if is_name(name) => Some(format!("music/{name}")),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn tone_of(kind: ToneKind) -> Tone {
    match kind {
        ToneKind::Milliwatt => Tone::Milliwatt,
        ToneKind::RingBack => Tone::Ringback,
        ToneKind::Beep => Tone::Beep,
        ToneKind::Comfort => Tone::Silence,
        ToneKind::Cue => Tone::Cue,
    }
}

/// Prompts of one folder.
const MAX_PROMPTS: usize = 1_000;
/// Folders of one folder: languages, and the music.
const MAX_FOLDERS: usize = 100;
/// Samples kept: 64 MiB, more than an hour of prompts and music.
const MAX_KEPT_SAMPLES: usize = 32 * 1024 * 1024;
/// Size of one file: half an hour in stereo.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Files that wait to be read.
const LOADER_QUEUE: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_music_are_found_by_name_and_files_by_path() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("es")).unwrap();
        let write = |name: &str, samples: &[i16]| {
            let mut bytes = rtp_core::wav::header(1, samples.len() as u32 * 2).to_vec();
            bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
            std::fs::create_dir_all(dir.path().join("music")).unwrap();
            std::fs::write(dir.path().join(name), bytes).unwrap();
        };
        write("welcome.wav", &[1, 2, 3]);
        write("music/default.wav", &[4; 400]);
        write("es/welcome.wav", &[5; 6]);
        write("late.wav", &[7; 9]);
        write("empty.wav", &[]);
        std::fs::write(dir.path().join("torn.wav"), b"RIFF").unwrap();
        let library = Library::read(dir.path());
        assert_eq!(library.find(&PlaySource::Prompt("welcome".into())).unwrap().len(), Some(3));
        assert_eq!(library.find(&PlaySource::Music("default".into())).unwrap().len(), Some(400));
        for (name, samples) in [("es/welcome", 6), ("fr/welcome", 3), ("es/late", 9)] {
            assert_eq!(library.find(&PlaySource::Prompt(name.into())).unwrap().len(), Some(samples), "{name}");
        }
        for name in ["torn", "empty", "absent", "../welcome", "", "es/absent", "es/../welcome", "/welcome"] {
            assert!(library.find(&PlaySource::Prompt(name.into())).is_none(), "{name}");
        }
        let read = |source: &PlaySource| read_source(dir.path(), dir.path(), source);
        assert_eq!(read(&PlaySource::File("welcome.wav".into())).unwrap()[..], [1, 2, 3]);
        assert!(read(&PlaySource::File("../welcome.wav".into())).unwrap_err().contains("stay in the data folder"));
        assert_eq!(read(&PlaySource::Prompt("es/welcome".into())).unwrap().len(), 6);
        assert_eq!(read(&PlaySource::Prompt("es/late".into())).unwrap().len(), 9);
        assert!(read(&PlaySource::Prompt("absent".into())).unwrap_err().contains("absent.wav"));
    }

    #[test]
    fn every_prompt_that_we_ship_can_be_played() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/prompts");
        let library = Library::read(&folder);
        let shipped = wav_names(&folder).into_iter().map(PlaySource::Prompt);
        let music = wav_names(&folder.join("music")).into_iter().map(PlaySource::Music);
        let spoken = |language: &str| -> Vec<_> {
            let names = wav_names(&folder.join(language)).into_iter();
            names.map(|name| PlaySource::Prompt(format!("{language}/{name}"))).collect()
        };
        let (english, spanish) = (spoken("en"), spoken("es"));
        assert!(english.len() > 60 && spanish.len() >= english.len(), "{} {}", english.len(), spanish.len());
        let missing: Vec<_> = shipped
            .chain(music)
            .chain(english)
            .chain(spanish)
            .filter(|source| library.find(source).is_none())
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        for source in [PlaySource::Prompt("voicemail".into()), PlaySource::Music("music".into())] {
            assert!(library.find(&source).is_some(), "{source:?}");
        }
    }

    #[test]
    fn a_clip_ends_where_it_ends() {
        let clip = Clip::Samples(Arc::from([5i16; 200].as_slice()));
        let mut out = [0; 160];
        assert_eq!((clip.fill(0, &mut out), clip.fill(160, &mut out), clip.fill(200, &mut out)), (160, 40, 0));
        let beep = Clip::Tone(Tone::Beep);
        assert_eq!(beep.fill(beep.len().unwrap() - 10, &mut out), 10);
        assert_eq!(Clip::Tone(Tone::Milliwatt).fill(1 << 40, &mut out), 160);
    }
}
