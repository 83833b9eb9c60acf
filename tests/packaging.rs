//! The Debian package: built from the program under test, installed, run, upgraded and removed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod support;

use std::path::PathBuf;
use std::process::{Command, Output};

use support::{NodeConfig, root};

#[test]
fn the_package_installs_runs_upgrades_and_leaves_the_data() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let package = package_in(dir.path());
    if !may_mount() {
        eprintln!("left out: installing needs root and a mount namespace; only the package was built");
        return;
    }
    let config = dir.path().join("trunkline.toml");
    let data = NodeConfig::demo().set("node.data_dir", "/var/lib/trunkline");
    data.set("node.prompts_dir", "/usr/share/trunkline/prompts").write(&config);
    let system = dir.path().join("system");
    std::fs::create_dir(&system).expect("a folder of the test");
    let output = run(Command::new("unshare")
        .arg("--mount")
        .arg(root().join("tests/packaging/install.sh"))
        .args([&package, &system, &config]));
    let said = String::from_utf8_lossy(&output.stdout);
    for step in ["installed", "ready", "reloaded", "stopped", "upgraded", "removed"] {
        assert!(said.lines().any(|line| line == step), "{step}: {said}");
    }
}

#[test]
fn the_package_says_what_it_needs_and_holds_what_it_should() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let package = package_in(dir.path());
    let about = run(Command::new("dpkg-deb").arg("--info").arg(&package));
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    assert!(about.contains(&format!("Version: {}", env!("CARGO_PKG_VERSION"))), "{about}");
    assert!(about.contains("libc6 (>="), "{about}");
    let files = run(Command::new("dpkg-deb").arg("--contents").arg(&package));
    let files = String::from_utf8_lossy(&files.stdout).into_owned();
    for file in [
        "./usr/bin/trunkline",
        "./lib/systemd/system/trunkline.service",
        "./usr/share/trunkline/prompts/voicemail.wav",
        "./usr/share/doc/trunkline/monitoring/alerts.yml",
        "./usr/share/doc/trunkline/operations/README.md",
    ] {
        assert!(files.lines().any(|line| line.ends_with(file)), "{file}: {files}");
    }
}

fn package_in(folder: &std::path::Path) -> PathBuf {
    let program = env!("CARGO_BIN_EXE_trunkline");
    run(Command::new(root().join("tools/make-deb")).arg(program).arg(folder));
    let mut files = std::fs::read_dir(folder).expect("a folder of the test").filter_map(Result::ok);
    let package = files.find(|file| file.path().extension().is_some_and(|kind| kind == "deb"));
    package.expect("a package").path()
}

fn may_mount() -> bool {
    let script = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/a /mnt/b /mnt/c && \
                  mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/a,workdir=/mnt/b /mnt/c";
    let tried = Command::new("unshare").args(["--mount", "sh", "-c", script]).output();
    tried.is_ok_and(|output| output.status.success())
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
