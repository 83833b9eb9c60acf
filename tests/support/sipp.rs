//! SIPp as a peer, with scenarios of `tests/sipp`.

use std::fs::File;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::config::root;
use super::{Node, until};

/// A SIPp, ready to run.
pub(crate) struct Sipp {
    command: Command,
    scenario: String,
    name: String,
    dir: TempDir,
}

/// A running SIPp.
pub(crate) struct Running {
    child: Child,
    name: String,
    dir: TempDir,
}

impl Sipp {
    /// As the carrier, on any port of its address.
    pub(crate) fn carrier(node: &Node, scenario: &str) -> Self {
        Self::new(node, scenario, "127.0.0.2", free_port("127.0.0.2"))
    }

    /// As the carrier that calls go to.
    pub(crate) fn carrier_at(node: &Node, scenario: &str, port: u16) -> Self {
        Self::new(node, scenario, "127.0.0.2", port)
    }

    /// As an agent's phone on `port`.
    pub(crate) fn phone(node: &Node, scenario: &str, extension: &str, port: u16) -> Self {
        let password = format!("demo-{extension}");
        let phone = Self::new(node, scenario, "127.0.0.1", port).key("extension", extension);
        phone.args(&["-au", extension, "-ap", &password, "-auth_uri", "sip:demo.local"])
    }

    fn new(node: &Node, scenario: &str, ip: &str, port: u16) -> Self {
        let dir = tempfile::Builder::new().prefix("sipp-").tempdir().expect("a folder for SIPp");
        let mut command = Command::new("sipp");
        command
            .arg(node.sip().to_string())
            .args(["-sf", SCENARIO])
            .args(["-i", ip, "-p", &port.to_string(), "-mi", ip, "-mp", &free_port(ip).to_string()])
            .args(["-nostdin", "-m", "1", "-timeout", TIMEOUT, "-timeout_error", "-recv_timeout", RECEIVE_TIMEOUT])
            .args(["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"])
            .args(["-cid_str", "%u-%p-%s@sipp.test"])
            .current_dir(dir.path())
            .stdin(Stdio::null());
        let file = root().join("tests/sipp").join(format!("{scenario}.xml"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { command, scenario: text, name: scenario.to_owned(), dir }
    }

    /// What `@NAME@` in the scenario stands for, where SIPp has no keyword.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.scenario = self.scenario.replace(&format!("@{name}@"), value);
        self
    }

    /// What `[name]` in the scenario stands for.
    pub(crate) fn key(self, name: &str, value: &str) -> Self {
        self.args(&["-key", name, value])
    }

    /// More options; a later one counts.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        std::fs::write(self.dir.path().join(SCENARIO), &self.scenario).expect("the test's folder is writable");
        let screen = File::create(self.dir.path().join("screen")).expect("the test's folder is writable");
        let child = self.command.stdout(screen.try_clone().expect("a file")).stderr(screen).spawn();
        Running {
            child: child.expect("sipp is installed (apt-get install sip-tester)"),
            name: self.name,
            dir: self.dir,
        }
    }

    /// Runs it to its end; every call must have gone as the scenario says.
    #[track_caller]
    pub(crate) fn run(self) {
        self.start().finish();
    }
}

impl Running {
    /// Waits for its end; every call must have gone as the scenario says.
    #[track_caller]
    pub(crate) fn finish(mut self) {
        let status = self.child.wait().expect("our own child");
        assert!(status.success(), "sipp {} ended with {status}\n{}\n{}", self.name, self.text("errors"), self.tail());
    }

    /// Waits until it listens.
    pub(crate) fn listening(self, ip: &str, port: u16) -> Self {
        until(&format!("sipp on {ip}:{port}"), || UdpSocket::bind((ip, port)).is_err(), |taken| *taken);
        self
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default()
    }

    fn tail(&self) -> String {
        let text = self.text("messages");
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(MESSAGE_LINES)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A UDP port that is free now.
pub(crate) fn free_port(ip: &str) -> u16 {
    let socket = UdpSocket::bind((ip, 0)).expect("a free port");
    socket.local_addr().expect("a bound socket").port()
}

const SCENARIO: &str = "scenario.xml";
/// The whole of a run.
const TIMEOUT: &str = "60s";
/// One expected message, ms.
const RECEIVE_TIMEOUT: &str = "30000";
const MESSAGE_LINES: usize = 120;
