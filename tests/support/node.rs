//! The real binary, started in a folder of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{Endpoint, Http, NodeConfig, PATIENCE, eventually, until};

/// A running node.
pub(crate) struct Node {
    /// The carrier: calls of the trunk come from it and go to it.
    pub(crate) carrier: Endpoint,
    config: NodeConfig,
    child: Child,
    sip: SocketAddr,
    http: Http,
    // Last: the folder goes when the process is gone.
    dir: TempDir,
}

impl Node {
    /// The demo.
    pub(crate) fn demo() -> Self {
        Self::start(NodeConfig::demo())
    }

    /// A node with a carrier of the test's own.
    pub(crate) fn start(config: NodeConfig) -> Self {
        let carrier = Endpoint::carrier();
        let config = config.trunk_port(carrier.addr().port());
        Self::start_with(config, carrier, |_| {})
    }

    /// A node whose configuration says itself where the trunk leads; calls of the trunk come from `carrier`.
    pub(crate) fn start_as_is(config: NodeConfig, carrier: Endpoint) -> Self {
        Self::start_with(config, carrier, |_| {})
    }

    /// A node whose trunk leads to several peers, in this order; calls of the trunk come from the first.
    pub(crate) fn with_targets(config: NodeConfig, mut targets: Vec<Endpoint>) -> (Self, Vec<Endpoint>) {
        let places: Vec<_> = targets.iter().map(|target| toml::Value::from(format!("udp:{}", target.addr()))).collect();
        let config = config.without("trunk.0.destination").set("trunk.0.destinations", toml::Value::Array(places));
        let carrier = targets.first().cloned().expect("a target");
        let node = Self::start_with(config, carrier, |_| {});
        targets.iter_mut().for_each(|target| target.set_server(node.sip));
        (node, targets)
    }

    /// A node whose data folder is prepared by the test before it starts.
    pub(crate) fn start_in(config: NodeConfig, prepare: impl FnOnce(&Path)) -> Self {
        let carrier = Endpoint::carrier();
        let config = config.trunk_port(carrier.addr().port());
        Self::start_with(config, carrier, prepare)
    }

    /// A node whose trunk leads to a SIPp that listens on `port` of 127.0.0.2.
    pub(crate) fn with_trunk_port(config: NodeConfig, port: u16) -> Self {
        Self::start_with(config.trunk_port(port), Endpoint::carrier(), |_| {})
    }

    fn start_with(config: NodeConfig, mut carrier: Endpoint, prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::Builder::new().prefix("trunkline-").tempdir().expect("a folder for the test");
        let config = config.set("node.data_dir", dir.path().join("data").display().to_string());
        prepare(&dir.path().join("data"));
        let (child, sip, http) = launch(&config, dir.path());
        carrier.set_server(sip);
        Self { carrier, config, child, sip, http, dir }
    }

    /// Where it takes SIP, over UDP and TCP.
    pub(crate) fn sip(&self) -> SocketAddr {
        self.sip
    }

    /// Its REST API, with the demo's key.
    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A folder of the test.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A phone of an agent, not yet registered.
    pub(crate) fn phone(&self, extension: &str) -> Endpoint {
        Endpoint::phone(self.sip, extension)
    }

    /// A registered phone.
    pub(crate) fn registered(&self, extension: &str) -> Endpoint {
        let phone = self.phone(extension);
        phone.register();
        phone
    }

    /// Ends it without warning, as a power cut of the process would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("our own child can be killed");
        self.child.wait().expect("our own child can be waited for");
    }

    /// Lets an owner break an assertion: `shard 0`, `acd`, `location`, `acd at agent 2` (see `src/faults.rs`). Returns
    /// when the order is taken; it strikes within 20 ms.
    pub(crate) fn break_owner(&self, order: &str) {
        let (file, draft) = (self.data_dir().join("break"), self.data_dir().join("break.draft"));
        std::fs::write(&draft, order).and_then(|()| std::fs::rename(&draft, &file)).expect("an order is written");
        eventually("the order is taken", || (!file.exists()).then_some(()));
    }

    /// Lets an owner break once, and waits until it has.
    pub(crate) fn break_once(&self, order: &str) {
        let owner = order.split(' ').next().unwrap_or_default();
        let metric = format!("trunkline_owner_panics_total{{owner=\"{owner}\"}}");
        let before = self.http().metric(&metric);
        self.break_owner(order);
        until("the owner broke", || self.http().metric(&metric), |now| *now > before);
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "SIGTERM");
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be waited for") {
                return status;
            }
            assert!(start.elapsed() < limit, "the node has not ended within {limit:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it once more, on the same folder and the same SIP port.
    pub(crate) fn restart(&mut self) {
        let listen = vec![format!("udp:{}", self.sip).into(), format!("tcp:{}", self.sip).into()];
        self.config = self.config.clone().set("sip.listen", toml::Value::Array(listen));
        let (child, sip, http) = launch(&self.config, self.dir.path());
        self.child = child;
        self.sip = sip;
        self.http = http;
    }

    /// Its configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.dir.path().join(CONFIG_FILE)
    }

    /// Changes its configuration file; the node has not read it yet.
    pub(crate) fn edit(&mut self, change: impl FnOnce(NodeConfig) -> NodeConfig) {
        self.config = change(self.config.clone());
        self.config.write(&self.config_file());
    }

    /// Runs the program's command for a running node, such as `reload`.
    pub(crate) fn command(&self, name: &str, rest: &[&str]) -> Output {
        let mut command = binary();
        command.args([name, "--config"]).arg(self.config_file()).args(rest).output().expect("the binary runs")
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("node.log")).unwrap_or_default()
    }

    /// Open files and sockets.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("a process of ours").count()
    }

    /// Local ports of open UDP sockets, each once: a SIP listener has two sockets on its port.
    pub(crate) fn udp_ports(&self) -> Vec<u16> {
        let links = std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("a process of ours");
        let names = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
        let own: Vec<String> = names.map(|name| name.display().to_string()).collect();
        let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
        let port_of = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let inode = format!("socket:[{}]", fields.get(9)?);
            let port = u16::from_str_radix(fields.get(1)?.split_once(':')?.1, 16).ok()?;
            own.contains(&inode).then_some(port)
        };
        let ports: std::collections::BTreeSet<u16> = table.lines().filter_map(port_of).collect();
        ports.into_iter().collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(LOG_LINES).collect();
            eprintln!("--- the node's last lines ---");
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// The binary under test.
pub(crate) fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trunkline"))
}

/// Runs `trunkline run` with a configuration that must not start, and waits for its end.
pub(crate) fn run_to_end(config: &Path) -> Output {
    run_to_end_in(config, &[])
}

/// The same, with variables of its environment.
pub(crate) fn run_to_end_in(config: &Path, environment: &[(String, String)]) -> Output {
    let mut child = binary()
        .args(["run", "--config"])
        .arg(config)
        .envs(environment.iter().cloned())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let start = Instant::now();
    while child.try_wait().expect("our own child").is_none() {
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            let output = child.wait_with_output().expect("our own child");
            panic!("the node runs with a configuration that must not start: {output:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().expect("our own child")
}

fn launch(config: &NodeConfig, dir: &Path) -> (Child, SocketAddr, Http) {
    let path = dir.join(CONFIG_FILE);
    config.write(&path);
    let addresses = dir.join("data/addresses.json");
    // Those of a former run would be taken for this one's.
    let _ = std::fs::remove_file(&addresses);
    let log = File::options().create(true).append(true).open(dir.join("node.log")).expect("a log file");
    let mut child = binary()
        .args(["run", "--config"])
        .arg(&path)
        .envs(config.environment())
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .expect("the binary starts");
    let known: Value = eventually("the node's addresses", || {
        if let Ok(Some(status)) = child.try_wait() {
            let log = std::fs::read_to_string(dir.join("node.log")).unwrap_or_default();
            panic!("the node ended with {status}:\n{log}");
        }
        serde_json::from_str(&std::fs::read_to_string(&addresses).ok()?).ok()
    });
    assert_eq!(known["pid"], child.id(), "addresses.json is this process's");
    let addr = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).expect("an address");
    let sip: SocketAddr = addr(&known["sip_udp"][0]);
    assert_eq!(sip, addr(&known["sip_tcp"][0]), "UDP and TCP share a port");
    let http = Http::new(addr(&known["http"]));
    eventually("readyz", || (http.get("/readyz").status == 200).then_some(()));
    (child, sip, http)
}

const CONFIG_FILE: &str = "trunkline.toml";
const LOG_LINES: usize = 60;
