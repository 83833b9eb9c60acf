//! The layer between the node and the C library (`shim.c`): a disk and a clock that the test steers.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::NodeConfig;

/// Steers one node's disk and clock.
pub(crate) struct Shim {
    control: File,
    dir: TempDir,
}

impl Shim {
    /// Everything as it is in truth, until told otherwise.
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("trunkline-shim-").tempdir().expect("a folder for the test");
        let mut options = OpenOptions::new();
        let control = options.create_new(true).write(true).open(dir.path().join("control")).expect("the test's folder");
        control.set_len(CONTROL_BYTES).expect("the test's folder is writable");
        Self { control, dir }
    }

    /// A node that runs on it.
    pub(crate) fn under(&self, config: NodeConfig) -> NodeConfig {
        config
            .env("LD_PRELOAD", library().display())
            .env("SHIM_CONTROL", self.dir.path().join("control").display())
            .env_data_dir("SHIM_FOLDER")
    }

    /// The same, and what reaches the disk is recorded.
    pub(crate) fn recording(&self, config: NodeConfig) -> NodeConfig {
        self.under(config).env("SHIM_TRACE", self.trace().display())
    }

    /// Where the record is.
    pub(crate) fn trace(&self) -> PathBuf {
        self.dir.path().join("trace")
    }

    /// Each sync takes so much longer.
    pub(crate) fn slow_syncs(&self, by: Duration) {
        self.set(0, by.as_micros() as i64);
    }

    /// The civil clock is so many seconds off.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.set(8, seconds * 1_000_000);
    }

    /// Writes, syncs and new files below a folder of this name fail with this error number.
    pub(crate) fn refuse(&self, below: &str, errno: i64) {
        let mut name = [0; NAME_BYTES];
        name[..below.len()].copy_from_slice(below.as_bytes());
        self.control.write_all_at(&name, 24).expect("the control file");
        self.set(16, errno);
    }

    /// The disk takes everything again.
    pub(crate) fn allow(&self) {
        self.set(16, 0);
    }

    fn set(&self, at: u64, value: i64) {
        self.control.write_all_at(&value.to_le_bytes(), at).expect("the control file");
    }
}

/// Built once a test program, with the compiler that the node itself needs for SQLite.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let status =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(source).arg("-ldl").status();
        assert!(status.is_ok_and(|status| status.success()), "cc builds the shim");
        made
    })
}

const CONTROL_BYTES: u64 = 128;
const NAME_BYTES: usize = 104;
/// No space left on device.
pub(crate) const ENOSPC: i64 = 28;
/// Read-only file system.
pub(crate) const EROFS: i64 = 30;
/// Input/output error.
pub(crate) const EIO: i64 = 5;
