//! Starts that must fail: every fault of a configuration, and what the machine refuses. One line and what to do.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::support::{Node, NodeConfig, binary, run_to_end};

#[test]
fn a_wrong_configuration_lists_every_fault_before_a_port_opens() {
    let dir = folder();
    let blocked = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = blocked.local_addr().expect("a bound socket").port();
    let taken = toml::Value::Array(vec![format!("udp:127.0.0.1:{port}").into()]);
    let config = demo_in(&dir)
        .set("sip.listen", taken)
        .set("node.home_country", "XX")
        .set("rtp.first_port", 80)
        .set("queue.0.ring_s", "soon")
        .set("queue.1.agents", toml::Value::Array(vec!["2001".into()]))
        .set("trunk.0.destination", "udp:carrier.example:port")
        .set("number.0.target", "queue:nowhere")
        .set("key.0.secret", "short")
        .set("http.colour", "red");
    let output = run(&dir, &config);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let lines = text(&output);
    for key in [
        "node.home_country",
        "rtp.first_port",
        "queue[0].ring_s",
        "queue[1].agents",
        "trunk[0].destination",
        "number[0].target",
        "key[0].secret",
        "http.colour",
    ] {
        let line = lines.lines().find(|line| line.contains(key)).unwrap_or_else(|| panic!("{key} in\n{lines}"));
        assert!(
            line.contains("expected") || line.contains("known") || line.contains("there"),
            "what would be right: {line}"
        );
    }
    assert!(!lines.contains("short"), "secrets are not shown: {lines}");
    assert!(!lines.contains("cannot listen"), "no port was tried: {lines}");
    assert!(!dir.path().join("data").exists(), "nothing was made");
}

#[test]
fn a_file_that_is_none_or_no_toml() {
    let dir = folder();
    let missing = run_to_end(&dir.path().join("nowhere.toml"));
    assert_one_line(&missing, 2, &["nowhere.toml", "--config"]);
    std::fs::write(dir.path().join("wrong.toml"), "[node\n").expect("the test's folder is writable");
    let wrong = run_to_end(&dir.path().join("wrong.toml"));
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong));
    assert!(text(&wrong).contains("not TOML"), "{}", text(&wrong));
}

#[test]
fn check_says_the_same_and_opens_nothing() {
    let dir = folder();
    let path = dir.path().join("trunkline.toml");
    demo_in(&dir).write(&path);
    let check = || binary().args(["check", "--config"]).arg(&path).output().expect("the binary runs");
    assert_eq!(check().status.code(), Some(0), "{}", text(&check()));
    demo_in(&dir).set("queue.0.ring_s", 0).write(&path);
    assert_eq!(check().status.code(), Some(2));
    assert!(text(&check()).contains("queue[0].ring_s"), "{}", text(&check()));
    assert!(!dir.path().join("data").exists());
}

#[test]
fn known_demo_secrets_are_refused_outside_loopback() {
    let dir = folder();
    let outside = demo_in(&dir).set("http.listen", "0.0.0.0:0");
    let output = run(&dir, &outside);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("secret of your own"), "{}", text(&output));
}

#[test]
fn a_port_in_use() {
    let dir = folder();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let addr = udp.local_addr().expect("a bound socket");
    let listen = toml::Value::Array(vec![format!("udp:{addr}").into()]);
    assert_one_line(&run(&dir, &demo_in(&dir).set("sip.listen", listen)), 1, &[&addr.to_string(), "ss -lnp"]);
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = tcp.local_addr().expect("a bound socket").to_string();
    let config = demo_in(&dir).set("http.listen", addr.as_str());
    assert_one_line(&run(&dir, &config), 1, &[&addr, "ss -lntp"]);
}

#[test]
fn a_data_folder_that_cannot_be_used() {
    let dir = folder();
    std::fs::write(dir.path().join("data"), "a file, no folder").expect("the test's folder is writable");
    assert_one_line(&run(&dir, &demo_in(&dir)), 1, &["data", "writable"]);
}

#[test]
fn a_missing_prompt() {
    let dir = folder();
    let config = demo_in(&dir).set("queue.0.voicemail_prompt", "nowhere");
    let output = run(&dir, &config);
    assert_ne!(output.status.code(), Some(0));
    let lines = text(&output);
    assert!(lines.lines().any(|line| line.contains("nowhere")), "{lines}");
    assert!(lines.lines().count() <= 3, "{lines}");
}

#[test]
fn a_damaged_journal() {
    let mut node = Node::demo();
    let mut call = node.carrier.call(crate::support::ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    node.terminate();
    assert!(node.wait(std::time::Duration::from_secs(40)).success());
    let damaged = damage(&node.data_dir().join("journal"));
    assert!(damaged > 0, "the journal has files");
    let output = run_to_end(&node.dir().join("trunkline.toml"));
    assert_one_line(&output, 1, &["journal"]);
}

#[test]
fn two_nodes_on_one_data_folder() {
    let node = Node::demo();
    let text_of = std::fs::read_to_string(node.dir().join("trunkline.toml")).expect("the node's file");
    let second = node.dir().join("second.toml");
    std::fs::write(&second, text_of).expect("the test's folder is writable");
    assert_one_line(&run_to_end(&second), 1, &["journal"]);
    node.carrier.assert_alive();
}

/// Overwrites the middle of every file below `folder`.
fn damage(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            count += damage(&path);
        } else if let Ok(mut bytes) = std::fs::read(&path) {
            bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
            count += usize::from(std::fs::write(&path, bytes).is_ok());
        }
    }
    count
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("trunkline-").tempdir().expect("a folder for the test")
}

fn demo_in(dir: &TempDir) -> NodeConfig {
    NodeConfig::demo().set("node.data_dir", dir.path().join("data").display().to_string())
}

fn run(dir: &TempDir, config: &NodeConfig) -> Output {
    let path = dir.path().join("trunkline.toml");
    config.write(&path);
    run_to_end(&path)
}

/// What it said on standard error, without the log's lines below ERROR.
fn text(output: &Output) -> String {
    let all = String::from_utf8_lossy(&output.stderr).into_owned();
    all.lines().filter(|line| !line.contains(" INFO ") && !line.contains(" WARN ")).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_one_line(output: &Output, code: i32, parts: &[&str]) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "one line:\n{said}");
    for part in parts {
        assert!(said.contains(part), "{part} in: {said}");
    }
    assert!(said.contains(';') || said.contains('?'), "and what to do: {said}");
}
