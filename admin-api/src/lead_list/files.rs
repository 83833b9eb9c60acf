//! Uploaded files below the data folder: written as they come, synced before they are told to be there.

use std::io;
use std::path::{Path, PathBuf};

use clock::ListId;
use dialer::list::{BadText, Encoding, RECORD_BYTES_MAX, Transcoder};
use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::problem::{Code, Problem};

/// A file on its way.
#[derive(Debug)]
pub(super) struct Upload {
    file: File,
    part: Part,
    path: PathBuf,
    transcoder: Transcoder,
    digest: Sha256,
    /// Bytes that came, and bytes on the disk.
    came: u64,
    written: u64,
    text: Vec<u8>,
}

/// A file that is here.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its bytes in UTF-8.
    pub(super) bytes: u64,
    /// What it came in.
    pub(super) encoding: Encoding,
    /// SHA-256 of what came.
    pub(super) digest: [u8; 32],
}

/// Goes when it is dropped.
#[derive(Debug)]
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Renamed, it is not there any more.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Upload {
    /// Begins the file of a list.
    pub(super) async fn begin(data_dir: &Path, list: ListId, encoding: Option<Encoding>) -> Result<Self, Problem> {
        let path = path(data_dir, list);
        let part = path.with_extension("part");
        fs::create_dir_all(folder(data_dir)).await.map_err(|error| unwritable(&error))?;
        let file = File::create(&part).await.map_err(|error| unwritable(&error))?;
        let (transcoder, digest) = (Transcoder::new(encoding), Sha256::new());
        Ok(Self { file, part: Part(part), path, transcoder, digest, came: 0, written: 0, text: Vec::new() })
    }

    /// The next piece.
    pub(super) async fn take(&mut self, piece: &[u8]) -> Result<(), Problem> {
        self.came += piece.len() as u64;
        if self.came > FILE_BYTES_MAX {
            let detail = format!("The file may have at most {FILE_BYTES_MAX} bytes.");
            return Err(Problem::new(Code::PayloadTooLarge, detail));
        }
        self.digest.update(piece);
        self.transcoder.push(piece, &mut self.text).map_err(unreadable)?;
        self.flush().await
    }

    /// All of it is here: returned, it outlives a loss of power.
    pub(super) async fn finish(mut self) -> Result<Taken, Problem> {
        self.transcoder.finish(&mut self.text).map_err(unreadable)?;
        self.flush().await?;
        let Self { mut file, part, path, transcoder, digest, written, .. } = self;
        let keep = async {
            file.flush().await?;
            file.sync_all().await?;
            fs::rename(&part.0, &path).await?;
            let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
            File::open(folder).await?.sync_all().await
        };
        keep.await.map_err(|error: io::Error| unwritable(&error))?;
        let encoding = transcoder.encoding().unwrap_or(Encoding::Utf8);
        Ok(Taken { bytes: written, encoding, digest: digest.finalize().into() })
    }

    async fn flush(&mut self) -> Result<(), Problem> {
        self.file.write_all(&self.text).await.map_err(|error| unwritable(&error))?;
        self.written += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }
}

/// The file of a list.
pub(super) fn path(data_dir: &Path, list: ListId) -> PathBuf {
    folder(data_dir).join(format!("{list}.csv"))
}

/// The beginning of a list's file: as much as the longest record has, or all.
pub(super) async fn beginning(data_dir: &Path, list: ListId) -> Result<String, Problem> {
    let read = async {
        let mut bytes = Vec::with_capacity(RECORD_BYTES_MAX);
        File::open(path(data_dir, list)).await?.take(RECORD_BYTES_MAX as u64).read_to_end(&mut bytes).await?;
        io::Result::Ok(bytes)
    };
    let mut bytes = read.await.map_err(|error| {
        tracing::error!(%error, %list, "the file of a list cannot be read");
        Problem::new(Code::Unavailable, "The file cannot be read now.")
    })?;
    let whole = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    bytes.truncate(whole);
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// Deletes the file of a list, if it is there.
pub(super) async fn remove(data_dir: &Path, list: ListId) {
    match fs::remove_file(path(data_dir, list)).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, %list, "the file of a list cannot be deleted");
        }
        _ => {}
    }
}

/// The files that are here.
pub(super) async fn present(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = match fs::read_dir(folder(data_dir)).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        files.push(entry.path());
    }
    Ok(files)
}

/// Deletes those of these files that belong to none of these lists: of uploads that a crash cut.
pub(super) async fn tidy(data_dir: &Path, files: Vec<PathBuf>, lists: &[ListId]) -> io::Result<()> {
    for file in files {
        if !lists.iter().any(|list| path(data_dir, *list) == file) {
            fs::remove_file(file).await?;
        }
    }
    Ok(())
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("lead-lists")
}

fn unwritable(error: &io::Error) -> Problem {
    tracing::error!(%error, "an uploaded file cannot be written");
    Problem::new(Code::Unavailable, "The file cannot be written now.")
}

pub(super) fn unreadable(fault: BadText) -> Problem {
    let word = match fault {
        BadText::NotUtf8 { .. } => "not_utf8",
        BadText::Zero { .. } => "zero_byte",
        BadText::NotUtf16 { .. } => "not_utf16",
        BadText::Archive => "spreadsheet",
    };
    let detail = fault.to_string();
    Problem::new(Code::UnreadableFile, format!("The file is not read: {detail}.")).at("#", word, detail)
}

/// Some five million rows of leads.
pub(super) const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
