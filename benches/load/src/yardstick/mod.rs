//! Programs from Debian that do the same work, driven by the same generator in the same run.
//!
//! They are peers in processes of their own; `tools/needs bench` installs them. One that is not there is not run.

mod bencode;
mod kamailio;
mod rtpengine;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Fault;

pub(crate) use kamailio::Kamailio;
pub(crate) use rtpengine::Rtpengine;

/// A running program with a folder of its own. Dropping it stops it and removes the folder.
struct Peer {
    child: Child,
    dir: PathBuf,
}

impl Peer {
    /// Starts `program` with the arguments that `arguments` makes of the written configuration's path; `None` when it
    /// is not installed.
    fn start(
        program: &str,
        config: &str,
        arguments: impl FnOnce(&str, &str) -> Vec<String>,
    ) -> Result<Option<Self>, Fault> {
        let Some(path) = installed(program) else { return Ok(None) };
        let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let dir = std::env::current_dir()?.join("var").join(format!("bench-{program}-{}-{nanos}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let file = dir.join("config");
        fs::write(&file, config)?;
        let log = fs::File::create(dir.join("log"))?;
        let child = Command::new(path)
            .args(arguments(&file.display().to_string(), &dir.display().to_string()))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Some(Self { child, dir }))
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends `question` until something is answered.
    fn wait_for(&mut self, at: SocketAddr, question: &[u8]) -> Result<(), Fault> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Fault::Start(format!("it ended with {status}: {}", self.log())));
            }
            let _ = socket.send_to(question, at);
            if socket.recv(&mut [0; 2_048]).is_ok() {
                return Ok(());
            }
        }
        Err(Fault::Start(format!("it does not answer after {START_MAX:?}: {}", self.log())))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0)), Signal::SIGTERM);
        let deadline = Instant::now() + STOP_MAX;
        while Instant::now() < deadline && !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Debian keeps daemons in folders that are not in everyone's path.
fn installed(program: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
        .into_iter()
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.is_file())
}

/// A port of `address` that was free a moment ago.
fn free_address(address: Ipv4Addr) -> Result<SocketAddr, Fault> {
    Ok(UdpSocket::bind((address, 0))?.local_addr()?)
}

/// Reading a configuration takes a moment; a loaded machine takes longer.
const START_MAX: Duration = Duration::from_secs(10);
/// Who has not ended by then is killed.
const STOP_MAX: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);
