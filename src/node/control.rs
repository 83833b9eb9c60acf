//! What an operator on this machine may ask of the running node: over a socket in the data folder, whose file
//! mode says who may, and by SIGHUP.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::log;
use super::rules::{ReloadError, ReloadRequest};
use crate::config::ConfigError;

/// Opens the socket, in place of one that a killed process left.
///
/// # Errors
/// The folder cannot be written, or its path is too long for a socket (107 bytes).
pub(super) fn open(data_dir: &Path) -> io::Result<UnixListener> {
    let path = socket_in(data_dir);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(OWNER_ONLY))?;
    Ok(listener)
}

/// Takes one request after the other; they are rare.
pub(super) async fn serve(listener: UnixListener, reloads: mpsc::Sender<ReloadRequest>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match timeout(REQUEST_TIME, answer(stream, &reloads)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "an operator's request could not be answered"),
                Err(_) => tracing::warn!("an operator's request came or went too slowly"),
            },
            Err(error) => {
                tracing::warn!(%error, "the control socket failed; tried again");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// SIGHUP asks for a reload; what became of it stands in the log.
pub(super) async fn reload_on_hangup(reloads: mpsc::Sender<ReloadRequest>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        tracing::error!("SIGHUP cannot be caught: reload by the command only");
        return;
    };
    while hangup.recv().await.is_some() {
        let (reply, done) = oneshot::channel();
        if reloads.send(reply).await.is_err() {
            return;
        }
        let _ = done.await;
    }
}

async fn answer(stream: UnixStream, reloads: &mpsc::Sender<ReloadRequest>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
        ("reload", "") => reload(reloads).await,
        ("log", filter) => log::set_filter(filter).map(|()| format!("the log shows {filter}")),
        _ => Err("expected `reload` or `log <filter>`".to_owned()),
    };
    let text = match answer {
        Ok(text) => format!("{DONE}{text}\n"),
        Err(text) => format!("{text}\n"),
    };
    writer.write_all(text.as_bytes()).await?;
    writer.shutdown().await
}

async fn reload(reloads: &mpsc::Sender<ReloadRequest>) -> Result<String, String> {
    let (reply, done) = oneshot::channel();
    let stopping = || "the node is stopping".to_owned();
    reloads.send(reply).await.map_err(|_| stopping())?;
    match done.await.map_err(|_| stopping())? {
        Ok(changed) if changed.is_empty() => Ok("nothing changed".to_owned()),
        Ok(changed) => Ok(format!("changed: {}", changed.join(", "))),
        Err(ReloadError::Config(ConfigError::Faults { path, faults })) => {
            let faults: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
            Err(format!("{} has {} fault(s), nothing changed:{}", path.display(), faults.len(), faults.concat()))
        }
        Err(error) => Err(format!("{error}; nothing changed")),
    }
}

/// Asks the node that runs on `data_dir`. Blocks; the outer error is of the way to it, the inner one its refusal.
///
/// # Errors
/// No node answers there.
pub fn ask(data_dir: &Path, request: &str) -> io::Result<Result<String, String>> {
    use std::io::{Read, Write};
    let mut stream = std::os::unix::net::UnixStream::connect(socket_in(data_dir))?;
    stream.set_read_timeout(Some(REQUEST_TIME))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    let answer = answer.trim_end();
    Ok(match answer.strip_prefix(DONE) {
        Some(text) => Ok(text.to_owned()),
        None => Err(answer.to_owned()),
    })
}

fn socket_in(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// Answers of requests that were carried out begin so.
const DONE: &str = "done: ";
const OWNER_ONLY: u32 = 0o600;
/// A word and a filter.
const REQUEST_BYTES_MAX: u64 = 4_096;
/// A file may have many faults.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
const REQUEST_TIME: Duration = Duration::from_secs(10);
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);
