//! A disk that is full: calls in progress go on, new ones are refused until there is room again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Call, ECHO, Node, NodeConfig, run_to_end, until};

#[test]
fn new_calls_are_refused_while_calls_in_progress_go_on() {
    let Some(disk) = SmallDisk::probe() else { return };
    let node = Node::start_in(NodeConfig::demo(), |data| disk.mount(data));
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    disk.fill(&node.data_dir());
    let (_, retry_after) = until("new calls refused", || try_call(&node), |(status, _)| *status == 503);
    assert!(retry_after.parse::<u32>().is_ok_and(|s| s > 0), "{retry_after}");
    until("not ready", || node.http().get("/readyz").status, |status| *status == 503);
    call.talk(1_000.0);
    call.rtp.wait_packets(50);
    call.bye();
    disk.empty(&node.data_dir());
    until("new calls taken", || try_call(&node).0, |status| *status == 200);
    until("ready", || node.http().get("/readyz").status, |status| *status == 200);
    let record = node.http().record_of(&call.id);
    assert_eq!(record["status"], "completed", "{record:#}");
}

#[test]
fn a_start_on_a_full_disk_says_so() {
    let Some(disk) = SmallDisk::probe() else { return };
    let dir = tempfile::Builder::new().prefix("trunkline-").tempdir().expect("a folder for the test");
    let data = dir.path().join("data");
    disk.mount(&data);
    disk.fill(&data);
    let path = dir.path().join("trunkline.toml");
    NodeConfig::demo().set("node.data_dir", data.display().to_string()).write(&path);
    let output = run_to_end(&path);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains(" INFO ") && !line.contains(" WARN ")).collect();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(lines.len(), 1, "one line:\n{said}");
    assert!(lines[0].contains("space"), "{said}");
}

fn try_call(node: &Node) -> (u16, String) {
    let mut call: Call = node.carrier.call(ECHO);
    // One that comes as the disk fills up, too: what it was to be told is withdrawn.
    let answer = call.final_within(Duration::from_secs(2)).expect("a final answer at once");
    call.acknowledge(&answer);
    if answer.status() == 200 {
        call.bye();
    }
    (answer.status(), answer.header("Retry-After").to_owned())
}

/// A file system in memory of some megabytes, mounted where the test says.
struct SmallDisk {
    mounted: std::cell::RefCell<Option<PathBuf>>,
}

impl SmallDisk {
    /// None, with one line that says so, where file systems may not be mounted.
    fn probe() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let disk = Self { mounted: std::cell::RefCell::default() };
        if disk.try_mount(dir.path()) {
            disk.unmount();
            return Some(disk);
        }
        let _ = writeln!(std::io::stdout(), "disk full: 1 test not run: no file system may be mounted here");
        None
    }

    fn mount(&self, at: &Path) {
        std::fs::create_dir_all(at).expect("the test's folder is writable");
        assert!(self.try_mount(at), "a file system in memory");
    }

    fn try_mount(&self, at: &Path) -> bool {
        let size = format!("size={SIZE_MB}m");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).stderr(Stdio::null()).status();
        let is_mounted = mount.is_ok_and(|status| status.success());
        if is_mounted {
            *self.mounted.borrow_mut() = Some(at.to_owned());
        }
        is_mounted
    }

    /// Writes until nothing more fits.
    fn fill(&self, at: &Path) {
        let mut file = std::fs::File::create(at.join("ballast")).expect("room for a name");
        while file.write_all(&[0; 4_096]).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
    }

    fn empty(&self, at: &Path) {
        std::fs::remove_file(at.join("ballast")).expect("the ballast");
    }

    fn unmount(&self) {
        if let Some(at) = self.mounted.borrow_mut().take() {
            // Lazily: a node may still hold files.
            let _ = Command::new("umount").arg("-l").arg(at).status();
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.unmount();
    }
}

/// Room for a journal and a database.
const SIZE_MB: u32 = 160;
