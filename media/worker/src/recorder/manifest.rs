//! The JSON file beside each recording: what it is, its hash, and what is missing.
#![allow(clippy::disallowed_types, reason = "a shell: manifests are files")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use clock::WallTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a recording is and how whole it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Name of the WAV file beside the manifest.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Size of the file.
    pub bytes: u64,
    /// Always 8000.
    pub sample_rate_hz: u32,
    /// What each channel holds: `customer` and `agent`, or `mono`.
    pub channels: Vec<String>,
    /// Samples a channel.
    pub samples: u64,
    /// Length, ms.
    pub duration_ms: u64,
    /// Start, microseconds since 1970.
    pub started_at_us: i64,
    /// The start was reckoned back from the file's last change, after a crash.
    pub started_at_estimated: bool,
    /// The codecs that each channel came in; empty lists after a crash.
    pub codecs: Vec<Vec<String>>,
    /// What is missing, in order; silence stands in its place, save at the end.
    pub gaps: Vec<Gap>,
    /// Where time stood still, in order: a caller's second wait in a queue is no part of the conversation.
    #[serde(default)]
    pub pauses: Vec<Pause>,
}

/// A stretch that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First sample.
    pub at_sample: u64,
    /// How many samples; unknown after a crash.
    pub samples: Option<u64>,
    /// Why.
    pub reason: GapReason,
}

/// Time that passed between two samples and is not in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The first sample after it.
    pub at_sample: u64,
    /// How long it was, ms.
    pub duration_ms: u64,
}

/// Why a stretch was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The writer had no room: the disk was too slow.
    Overload,
    /// The node ended without closing the recording.
    NodeRestart,
}

/// The facts of a finished file that a manifest states.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) channels: u8,
    pub(super) samples: u64,
    pub(super) sha256: [u8; 32],
    pub(super) started: WallTime,
    pub(super) started_at_estimated: bool,
    pub(super) codecs: Vec<Vec<String>>,
    pub(super) gaps: &'a [Gap],
    pub(super) pauses: &'a [Pause],
}

impl Manifest {
    pub(super) fn of(wav: &Path, facts: Facts<'_>) -> Self {
        let labels: &[&str] = if facts.channels == 1 { &["mono"] } else { &["customer", "agent"] };
        let name = wav.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            version: 1,
            file: name,
            sha256: hex(&facts.sha256),
            bytes: super::track::HEADER_LEN as u64 + facts.samples * u64::from(facts.channels) * 2,
            sample_rate_hz: rtp_core::SAMPLE_RATE_HZ,
            channels: labels.iter().map(|label| (*label).to_owned()).collect(),
            samples: facts.samples,
            duration_ms: duration_ms(facts.samples),
            started_at_us: facts.started.as_micros(),
            started_at_estimated: facts.started_at_estimated,
            codecs: facts.codecs,
            gaps: facts.gaps.to_vec(),
            pauses: facts.pauses.to_vec(),
        }
    }

    /// Reads the manifest beside a recording.
    ///
    /// # Errors
    /// When the file is missing or is no manifest.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read(path)?;
        serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes the manifest so that it is there whole or not at all.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let part = path.with_extension("json.part");
        let mut text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        text.push(b'\n');
        let mut file = File::create(&part)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    }
}

/// Length of `samples` a channel, ms.
pub(super) fn duration_ms(samples: u64) -> u64 {
    samples * 1_000 / u64::from(rtp_core::SAMPLE_RATE_HZ)
}

/// SHA-256 of a file.
pub(super) fn sha256_of(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            len => hash.update(&buffer[..len]),
        }
    }
}

/// Makes a rename or creation in the folder of `path` survive power loss.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes renames and creations in `folder` survive power loss.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Hexadecimal digits of `bytes`.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const READ_BYTES: usize = 64 * 1024;
