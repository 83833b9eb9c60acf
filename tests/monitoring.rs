//! The dashboard and the alert rules of `docs/monitoring`, checked by a real Prometheus that scrapes a node with calls.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod support;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{ECHO, Http, Node, eventually, root, until};

#[test]
fn alerts_fire_when_they_should_and_not_otherwise() {
    let folder = root().join("docs/monitoring");
    let run = |arguments: &[&str]| {
        let output = Command::new("promtool").current_dir(&folder).args(arguments).output();
        let output = output.expect("promtool runs: tools/needs installs it");
        assert!(output.status.success(), "{output:?}");
    };
    run(&["check", "rules", "alerts.yml"]);
    run(&["test", "rules", "alerts.test.yml"]);
    let rules = std::fs::read_to_string(folder.join("alerts.yml")).expect("the rules");
    let tests = std::fs::read_to_string(folder.join("alerts.test.yml")).expect("their tests");
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {name}\n        exp_alerts:")), "{name} is never made to fire");
        assert!(tests.contains(&format!("alertname: {name} }}")), "{name} is never shown to keep quiet");
    }
}

#[test]
fn prometheus_finds_every_figure_that_dashboard_and_alerts_name() {
    let node = Node::demo();
    node.registered("1001");
    make_traffic(&node);
    let prometheus = Prometheus::start(node.dir(), node.http().addr());
    let named = named_figures();
    assert!(named.len() > 15, "{named:?}");
    let missing = || {
        let known = prometheus.query("/api/v1/label/__name__/values");
        let known: BTreeSet<&str> = known["data"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        named.iter().filter(|name| !known.contains(name.as_str())).cloned().collect::<Vec<_>>()
    };
    until("a scrape of every figure", missing, Vec::is_empty);
    for expression in dashboard_expressions() {
        let expression = expression.replace("$instance", ".*");
        let answer = prometheus.query(&format!("/api/v1/query?query={}", escaped(&expression)));
        assert_eq!(answer["status"], "success", "{expression}: {answer:#}");
    }
    let rules = prometheus.query("/api/v1/rules");
    let groups = rules["data"]["groups"].as_array().expect("groups");
    let rules: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().expect("rules")).collect();
    assert!(rules.len() > 10 && rules.iter().all(|rule| rule["health"] != "err"), "{rules:#?}");
    assert_eq!(prometheus.query("/api/v1/query?query=up")["data"]["result"][0]["value"][1], "1");
}

#[test]
fn every_figure_has_a_help_text() {
    let node = Node::demo();
    make_traffic(&node);
    let page = node.http().get("/metrics").text();
    let helped: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).map(|(name, _)| name).collect();
    for kind in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = kind.split(' ').next().unwrap_or_default();
        assert!(name.starts_with("trunkline_") && helped.contains(name), "{name}");
    }
}

/// One call of each way to end that is quick, and one dropped datagram.
fn make_traffic(node: &Node) {
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    node.carrier.send(b"neither SIP nor anything else\r\n\r\n");
    eventually("a drop", || node.http().get("/metrics").text().contains("trunkline_drops_total").then_some(()));
}

/// Names of our figures in dashboard and alerts.
fn named_figures() -> BTreeSet<String> {
    let alerts = std::fs::read_to_string(root().join("docs/monitoring/alerts.yml")).expect("the rules");
    let mut names = BTreeSet::new();
    for text in dashboard_expressions().iter().chain([&alerts]) {
        for (at, _) in text.match_indices("trunkline_") {
            let name = text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_');
            names.insert(name.collect());
        }
    }
    // Full channels cannot be had on demand; its name is checked where it is counted.
    names.remove("trunkline_channel_full_total");
    names
}

fn dashboard_expressions() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/monitoring/dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().expect("an expression").to_owned()).collect()
}

/// A Prometheus that scrapes one node every second.
struct Prometheus {
    child: Child,
    http: Http,
}

impl Prometheus {
    fn start(folder: &Path, target: SocketAddr) -> Self {
        let rules = root().join("docs/monitoring/alerts.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [\"{}\"]\nscrape_configs:\n  \
             - job_name: trunkline\n    static_configs: [{{ targets: [\"{target}\"] }}]\n",
            rules.display()
        );
        let config = folder.join("prometheus.yml");
        std::fs::write(&config, text).expect("a file of the test");
        // Prometheus takes no port 0: one that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let log = std::fs::File::create(folder.join("prometheus.log")).expect("a log file");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
            .arg(format!("--web.listen-address={free}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus runs: tools/needs installs it");
        let started = Self { child, http: Http::new(free) };
        eventually("Prometheus", || (started.try_get("/-/ready")? == 200).then_some(()));
        started
    }

    /// The status, once it listens.
    fn try_get(&self, path: &str) -> Option<u16> {
        std::net::TcpStream::connect(self.http.addr()).ok()?;
        Some(self.http.get(path).status)
    }

    fn query(&self, path: &str) -> Value {
        self.http.get(path).json()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A query parameter (RFC 3986 2.1).
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
