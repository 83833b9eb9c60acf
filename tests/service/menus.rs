//! Key menus, opening hours and announcements: driven by keys that peers really send.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Call, Node, NodeConfig, SUPPORT, Sipp, level_db, root, until};

/// The demo with a menu before its first number; the office is open, or always closed.
fn with_menu(open: bool) -> NodeConfig {
    let hours = if open { "[\"daily 00:00-24:00\"]" } else { "[]" };
    NodeConfig::demo()
        .queue_times(15, 120, 0)
        .push("schedule", &format!("name = \"office\"\ntime_zone = \"Europe/London\"\nopen = {hours}"))
        .push("menu", MENU)
        .set("number.0.target", "menu:main")
}

const MENU: &str = r#"
name = "main"
language = "es"
prompts = ["menu"]
keys = { "1" = "queue:support", "2" = "queue:sales", "4" = "message:goodbye" }
extensions = true
timeout_s = 1
retries = 1
default = "queue:support"
schedule = "office"
closed = "message:closed"
"#;

/// A caller in the menu, and where his RTP goes.
fn in_menu(node: &Node) -> (Call, std::net::SocketAddr) {
    let mut caller = node.carrier.call(SUPPORT);
    let answer = caller.expect_final(200);
    // A key before the menu is heard says nothing.
    caller.rtp.wait_packets(5);
    (caller, answer.audio().expect("audio"))
}

fn step(node: &Node, sip_call_id: &str, kind: &str) -> Value {
    let ask = || {
        let call = node.http().call_with(sip_call_id);
        let path = format!("/v1/calls/{}/events", call["id"].as_str().unwrap_or_default());
        let steps = node.http().get(&path).json()["data"].as_array().cloned().unwrap_or_default();
        steps.into_iter().rfind(|step| step["type"] == kind)
    };
    until(kind, ask, Option::is_some).expect("it was waited for")
}

#[test]
fn a_key_leads_to_the_queue_it_stands_for() {
    let node = Node::start(with_menu(true));
    let (mut caller, audio) = in_menu(&node);
    caller.rtp.press(audio, 2);
    node.http().wait_waiting("sales", 1);
    let left = step(&node, &caller.id, "menu.left");
    assert_eq!((&left["data"]["keys"], &left["data"]["to"]), (&"2".into(), &"queue:sales".into()), "{left:#}");
    caller.bye();
    let journey = node.http().journey(&node.http().record_of(&caller.id));
    let expected = ["call.started", "hours.checked", "menu.entered", "call.digit", "menu.left", "queue.entered"];
    crate::queue_calls::assert_order(&journey, &expected);
}

#[test]
fn an_extension_is_dialed_in_the_menu() {
    let node = Node::start(with_menu(true));
    let phone = node.registered("1003");
    let (mut caller, audio) = in_menu(&node);
    for (pressed, key) in [1, 0, 0, 3].into_iter().enumerate() {
        caller.rtp.press(audio, key);
        let digits = || {
            let journey = node.http().journey(&node.http().call_with(&caller.id));
            journey.iter().filter(|step| *step == "call.digit").count()
        };
        until("the key", digits, |count| *count > pressed);
    }
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1003", "on_call");
    caller.bye();
    offer.expect_bye();
    assert_eq!(node.http().record_of(&caller.id)["status"], "completed");
}

#[test]
fn whoever_presses_nothing_comes_to_the_default() {
    let node = Node::start(with_menu(true).set("menu.0.prompts", toml::Value::Array(vec!["goodbye".into()])));
    let (mut caller, _) = in_menu(&node);
    let missed = step(&node, &caller.id, "menu.missed");
    assert_eq!(missed["data"]["keys"], "", "{missed:#}");
    node.http().wait_waiting("support", 1);
    caller.bye();
}

#[test]
fn out_of_hours_a_message_is_played_and_the_call_is_lost() {
    let node = Node::start(with_menu(false));
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    caller.rtp.wait_packets(20);
    caller.expect_bye_within(Duration::from_secs(15));
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"no_answer".into(), &"closed".into()), "{record:#}");
    assert_eq!(record["is_lost"], true);
    let checked = step(&node, &caller.id, "hours.checked");
    assert_eq!((&checked["data"]["hours"], &checked["data"]["to"]), (&"closed".into(), &"message:closed".into()));
}

/// A message is no person: whoever chose it was served, but nobody spoke with him about the call that was lost.
#[test]
fn a_message_is_a_service_only_for_whom_it_was_chosen_and_resolves_nothing() {
    let node =
        Node::start(with_menu(true).set("menu.0.default", "message:goodbye").set("menu.0.prompts", vec!["goodbye"]));
    let (caller, _) = in_menu(&node);
    caller.expect_bye_within(Duration::from_secs(20));
    let silent = node.http().record_of(&caller.id);
    assert_eq!((&silent["status"], &silent["is_lost"]), (&"canceled".into(), &true.into()), "{silent:#}");
    let (caller, audio) = in_menu(&node);
    caller.rtp.press(audio, 4);
    caller.expect_bye_within(Duration::from_secs(20));
    let chosen = node.http().record_of(&caller.id);
    assert_eq!((&chosen["status"], &chosen["is_lost"]), (&"completed".into(), &false.into()), "{chosen:#}");
    let lost = node.http().get("/v1/lost-calls").json();
    let open = (&lost["data"][0]["id"], &lost["data"][0]["self_resolved_at"]);
    assert_eq!(open, (&silent["id"], &Value::Null), "{lost:#}");
}

/// SIPp sends the key from a capture of a real phone.
#[test]
fn sipp_presses_a_key() {
    let node = Node::start(with_menu(true));
    let capture = "/usr/share/sip-tester/dtmf_2833_2.pcap";
    assert!(Path::new(capture).exists(), "Debian's sip-tester has it");
    let caller = Sipp::carrier(&node, "caller_presses").key("to", SUPPORT).key("from", "+447700900123");
    let caller = caller.with("EVENTS", "101").with("CAPTURE", capture).with("TALK_MS", "2000").start();
    node.http().wait_waiting("sales", 1);
    caller.finish();
    let call = &node.http().calls("")[0];
    assert_eq!(call["queue"], "sales", "{call:#}");
}

/// The announcement takes seconds; the agent who answers is heard at once.
#[test]
fn an_answer_cuts_an_announcement() {
    let config = NodeConfig::demo()
        .queue_times(15, 120, 0)
        .set("queue.0.announce_first_s", 1)
        .set("queue.0.announce_every_s", 5)
        .set("queue.0.announce_position_max", 10)
        .set("queue.0.comfort", toml::Value::Array(vec!["comfort".into()]));
    let node = Node::start(config);
    let phone = node.registered("1001");
    let mut caller = node.carrier.call(SUPPORT);
    caller.expect_final(200);
    let offer = phone.expect_call();
    let announced = step(&node, &caller.id, "queue.announced");
    assert_eq!((&announced["data"]["position"], &announced["data"]["message"]), (&1.into(), &"comfort".into()));
    let answered = Instant::now();
    offer.answer();
    offer.talk(440.0);
    let heard = caller.rtp.wait_packets(0);
    let mut window = heard;
    until("the agent's voice", || level_db(&last_samples(&caller, &mut window), 440.0), |level| *level > -25.0);
    assert!(answered.elapsed() < Duration::from_secs(4), "{:?}: the announcement takes nine", answered.elapsed());
    caller.bye();
    offer.expect_bye();
}

/// The last tenth of a second that a caller heard.
fn last_samples(caller: &Call, from: &mut usize) -> Vec<i16> {
    *from = caller.rtp.wait_packets(5);
    caller.rtp.samples(*from)
}

#[test]
fn a_menu_is_tried_out_without_a_call() {
    let example = root().join("config/menus.toml");
    let try_out = |at: &str, keys: &str| {
        let mut command = crate::support::binary();
        command.current_dir(root()).args(["menu", "try", "--number", SUPPORT, "--at", at, "--keys", keys, "--config"]);
        let output = command.arg(&example).output().expect("the binary runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, way) = try_out("2026-11-20T12:00:00Z", "timeout,1,timeout");
    assert_eq!(code, Some(0), "{way}");
    let lines: Vec<&str> = way.lines().collect();
    assert!(
        lines.contains(&"menu:main: nothing pressed") && lines.contains(&"queue:sales: timed_out -> queue:support")
    );
    let (code, way) = try_out("2026-12-25T10:00:00Z", "1,timeout,9");
    assert_eq!(code, Some(0), "{way}");
    assert!(way.contains("holiday (Christmas Day) -> message:holiday"), "{way}");
    assert_eq!(try_out("yesterday", "").0, Some(1));
}
