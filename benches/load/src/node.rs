//! The program under test: `trunkline run` with a copy of a configuration, on free ports and a fresh data folder.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use toml::{Table, Value};

use crate::Fault;
use crate::rest::Rest;

/// What to start, and from what.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The `trunkline` binary.
    pub(crate) binary: PathBuf,
    /// The configuration that is copied.
    pub(crate) config: PathBuf,
}

/// A running node. Dropping it stops the process and removes its data.
pub(crate) struct Node {
    child: Child,
    dir: PathBuf,
    /// SIP over UDP.
    pub(crate) sip: SocketAddr,
    pub(crate) rest: Rest,
}

impl Recipe {
    /// The configuration that is copied.
    pub(crate) fn table(&self) -> Result<Table, Fault> {
        let text = fs::read_to_string(&self.config)
            .map_err(|error| Fault::Start(format!("cannot read {}: {error}", self.config.display())))?;
        text.parse().map_err(|error| Fault::Start(format!("{error}")))
    }

    /// Starts a node whose trunk `a` lies at `a` and every other at `b`; `edit` may change the configuration further.
    pub(crate) fn start(&self, a: SocketAddr, b: SocketAddr, edit: impl FnOnce(&mut Table)) -> Result<Node, Fault> {
        let mut config = self.table()?;
        let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let dir = PathBuf::from("var").join(format!("bench-{}-{nanos}", std::process::id()));
        fs::create_dir_all(&dir)?;
        set(&mut config, "node", "data_dir", Value::String(dir.display().to_string()));
        let listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"].map(|one| Value::String(one.to_owned()));
        set(&mut config, "sip", "listen", Value::Array(listen.to_vec()));
        set(&mut config, "http", "listen", Value::String("127.0.0.1:0".to_owned()));
        for trunk in config.get_mut("trunk").and_then(Value::as_array_mut).into_iter().flatten() {
            let at = if trunk.get("name").and_then(Value::as_str) == Some("a") { a } else { b };
            if let Some(trunk) = trunk.as_table_mut() {
                trunk.insert("destination".to_owned(), Value::String(format!("udp:{at}")));
            }
        }
        edit(&mut config);
        let key = config["key"][0]["secret"].as_str().unwrap_or_default().to_owned();
        let path = dir.join("bench.toml");
        fs::write(&path, config.to_string())?;
        self.run(&path, dir, &key)
    }

    fn run(&self, config: &Path, dir: PathBuf, key: &str) -> Result<Node, Fault> {
        let log = fs::File::create(dir.join("log"))?;
        let child = Command::new(&self.binary)
            .args(["run", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| Fault::Start(format!("cannot start {}: {error}", self.binary.display())))?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut node = Node { child, dir, sip: nowhere, rest: Rest::new(nowhere, key) };
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = node.child.try_wait() {
                return Err(Fault::Start(format!("the node ended with {status}: {}", node.log())));
            }
            if let Some((sip, http)) = node.addresses() {
                (node.sip, node.rest) = (sip, Rest::new(http, key));
                if node.rest.is_ready() {
                    return Ok(node);
                }
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(Fault::Start(format!("the node is not ready after {START_MAX:?}: {}", node.log())))
    }
}

impl Node {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Finished recordings in its data folder, and the gaps that their manifests list.
    pub(crate) fn recordings(&self) -> (usize, usize) {
        let (mut folders, mut found) = (vec![self.dir.clone()], (0, 0));
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "wav") {
                    let manifest = fs::read_to_string(path.with_extension("json")).unwrap_or_default();
                    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
                    found.0 += 1;
                    found.1 += manifest["gaps"].as_array().map_or(1, Vec::len);
                }
            }
        }
        found
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let text = fs::read_to_string(self.dir.join("addresses.json")).ok()?;
        let all: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some((all["sip_udp"][0].as_str()?.parse().ok()?, all["http"].as_str()?.parse().ok()?))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0));
        let _ = kill(pid, Signal::SIGTERM);
        let deadline = Instant::now() + STOP_MAX;
        while Instant::now() < deadline && !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Sets `[section] key`.
pub(crate) fn set(config: &mut Table, section: &str, key: &str, value: Value) {
    let section = config.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value);
    }
}

/// Adds the tables of `text` to the lists of a configuration.
pub(crate) fn extend(config: &mut Table, text: &str) {
    let Ok(added) = text.parse::<Table>() else { return };
    for (section, more) in added {
        let list = config.entry(section).or_insert_with(|| Value::Array(Vec::new()));
        if let (Some(list), Value::Array(more)) = (list.as_array_mut(), more) {
            list.extend(more);
        }
    }
}

/// Restoring an empty journal takes milliseconds; a loaded machine takes longer.
const START_MAX: Duration = Duration::from_secs(20);
/// The drain time of `config/bench.toml`, the last BYEs, and a sync.
const STOP_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
