//! Rules around a queue through SIP, sound and the journal: places that outlive a kill, a queue that closes, what a
//! caller is told and in which language.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Call, Node, NodeConfig, PATIENCE, SALES, SUPPORT, root, until};

/// Numbers of those who wait in `support`, in their order.
fn in_line(node: &Node) -> Vec<String> {
    let page = node.http().get("/v1/queues/support/calls").json();
    let calls = page["data"].as_array().cloned().unwrap_or_default();
    let mut by_place: Vec<_> = calls.iter().map(|call| (call["position"].as_u64(), &call["from"])).collect();
    by_place.sort_by_key(|(position, _)| *position);
    by_place.into_iter().filter_map(|(_, from)| from.as_str().map(str::to_owned)).collect()
}

fn waiting(node: &Node, from: &str, waiting: u64) -> Call {
    let mut caller = node.carrier.named(from).call(SUPPORT);
    caller.expect_final(200);
    node.http().wait_waiting("support", waiting);
    caller
}

/// Offered, overflowed and abandoned of a queue, when the figures of the day and the report say the same.
fn counted(node: &Node, queue: &str) -> (u64, u64, u64) {
    let report = node.http().get(&format!("/v1/reports/queues?by=whole&queue={queue}")).json();
    let day = node.http().get(&format!("/v1/queues/{queue}/figures")).json();
    let of = |figures: &Value| ["offered", "overflowed", "abandoned"].map(|name| figures[name].as_u64());
    match (of(&report["data"][0]), of(&day["day"])) {
        (report @ [Some(offered), Some(overflowed), Some(abandoned)], day) if report == day => {
            (offered, overflowed, abandoned)
        }
        _ => (0, 0, 0),
    }
}

const FIRST: &str = "+447700900101";
const SECOND: &str = "+447700900102";
const THIRD: &str = "+447700900103";

/// He gave up before the node was killed, so no call of his was cut: his place is in the journal alone.
#[test]
fn who_gave_up_has_his_place_again_after_the_node_was_killed() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.rejoin_s", 600));
    let mut first = waiting(&node, FIRST, 1);
    let second = waiting(&node, SECOND, 2);
    first.bye();
    node.http().wait_waiting("support", 1);
    // The answer comes when all that the distributor wrote before is on the disk.
    assert_eq!(node.http().put("/v1/agents/1001/state", &json!({"state": "ready"})).status, 200);
    node.kill();
    node.restart();
    second.expect_bye();
    let mut callers = [waiting(&node, THIRD, 1), waiting(&node, SECOND, 2), waiting(&node, FIRST, 3)];
    until("the old order", || in_line(&node), |line| *line == [FIRST, SECOND, THIRD]);
    // His place is that of his first call; his wait is that of this one, which began last.
    let page = node.http().get("/v1/queues/support/calls").json();
    let of = |key: &str| [0, 1, 2].map(|at| page["data"][at][key].clone());
    let ([first, _, third], [first_ms, _, third_ms]) = (of("arrived_at"), of("wait_ms"));
    assert!(first.as_str() < third.as_str() && first_ms.as_u64() < third_ms.as_u64(), "{page:#}");
    callers.iter_mut().for_each(Call::bye);
    node.http().wait_waiting("support", 0);
}

fn closed_and_open(open: &str) -> NodeConfig {
    NodeConfig::demo()
        .queue_times(15, 120, 0)
        .push("schedule", &format!("name = \"office\"\ntime_zone = \"Europe/London\"\nopen = {open}"))
        .set("queue.0.schedule", "office")
        .set("queue.0.overflow_closed", "queue:sales")
        .set("queue.0.overflow_keeps_arrival", true)
}

#[test]
fn who_waits_when_a_reload_closes_the_queue_goes_where_those_go_who_come_then() {
    for leave_closed in [true, false] {
        let config = closed_and_open("[\"daily 00:00-24:00\"]").set("queue.0.leave_closed", leave_closed);
        let mut node = Node::start(config);
        let mut caller = waiting(&node, FIRST, 1);
        node.edit(|config| config.set("schedule.0.open", toml::Value::Array(Vec::new())));
        assert!(node.command("reload", &[]).status.success());
        let mut late = node.carrier.named(SECOND).call(SUPPORT);
        late.expect_final(200);
        let (stay, gone) = if leave_closed { (0, 2) } else { (1, 1) };
        node.http().wait_waiting("sales", gone);
        node.http().wait_waiting("support", stay);
        caller.bye();
        let journey = node.http().journey(&node.http().record_of(&caller.id));
        let overflowed = journey.iter().any(|step| step == "queue.overflowed");
        assert_eq!(overflowed, leave_closed, "{journey:?}");
        late.bye();
        // Who came when it was closed came to it all the same.
        until("both counted", || counted(&node, "support"), |count| *count == (2, gone, 1 - u64::from(leave_closed)));
    }
}

#[test]
fn a_full_queue_says_so_and_one_without_agents_calls_somebody_else() {
    let config = NodeConfig::demo()
        .queue_times(15, 120, 0)
        .set("queue.0.waiting_max", 1)
        .set("queue.0.overflow_full", "message:full")
        .set("queue.1.join_empty", "offline")
        .set("queue.1.overflow_empty", "number:+442079460000");
    let node = Node::start(config);
    let mut first = waiting(&node, FIRST, 1);
    let mut second = node.carrier.named(SECOND).call(SUPPORT);
    second.expect_final(200);
    second.expect_bye_within(PATIENCE);
    let record = node.http().record_of(&second.id);
    assert_eq!(
        (&record["status"], &record["cause"]["code"]),
        (&json!("no_answer"), &json!("queue_full")),
        "{record:#}"
    );
    assert_eq!((&record["queue"], &record["is_lost"]), (&json!("support"), &json!(true)), "{record:#}");
    let mut third = node.carrier.named(THIRD).call(SALES);
    let outside = node.carrier.expect_call();
    outside.answer();
    third.expect_final(200);
    third.bye();
    outside.expect_bye();
    let record = node.http().record_of(&third.id);
    assert_eq!((&record["status"], &record["queue"]), (&json!("completed"), &json!("sales")), "{record:#}");
    first.bye();
    until("all counted", || counted(&node, "support"), |count| *count == (2, 1, 1));
    until("all counted", || counted(&node, "sales"), |count| *count == (1, 1, 0));
}

/// What is announced, and that it is the Spanish prompt that is heard, sample by sample.
#[test]
fn a_caller_hears_his_place_in_the_language_of_the_number_he_called() {
    let config = NodeConfig::demo()
        .queue_times(15, 120, 0)
        .set("number.0.language", "es")
        .set("queue.0.announce_first_s", 1)
        .set("queue.0.announce_every_s", 2)
        .set("queue.0.announce_position_max", 10)
        .set("queue.0.comfort", toml::Value::Array(vec!["comfort".into()]));
    let node = Node::start(config);
    let mut caller = waiting(&node, FIRST, 1);
    let announced = || {
        let call = node.http().call_with(&caller.id);
        let path = format!("/v1/calls/{}/events", call["id"].as_str().unwrap_or_default());
        let steps = node.http().get(&path).json()["data"].as_array().cloned().unwrap_or_default();
        steps.into_iter().find(|step| step["type"] == "queue.announced").map(|step| step["data"].clone())
    };
    let data: Value = until("an announcement", announced, Option::is_some).unwrap_or_default();
    assert_eq!((&data["position"], &data["message"]), (&json!(1), &json!("comfort")), "{data}");
    let spanish = prompt("es/position-next");
    caller.rtp.wait_packets(100);
    let heard = || likeness(&caller.rtp.samples(0), &spanish);
    until("the Spanish words", heard, |likeness| *likeness > 0.9);
    let english = likeness(&caller.rtp.samples(0), &prompt("en/position-next"));
    assert!(english < 0.7, "{english}: nothing else is heard");
    caller.bye();
}

/// Every mistake of a menu is named at once, and the menu that was there goes on.
#[test]
fn a_wrong_menu_is_refused_with_all_its_mistakes_and_the_former_one_serves_on() {
    let menu =
        "name = \"main\"\nprompts = [\"menu\"]\nkeys = { \"1\" = \"queue:support\" }\ndefault = \"queue:support\"";
    let config = NodeConfig::demo().queue_times(15, 120, 0).push("menu", menu).set("number.0.target", "menu:main");
    let mut node = Node::start(config);
    let keys = BTreeMap::from([("1".to_owned(), "queue:nowhere"), ("x".to_owned(), "queue:support")]);
    node.edit(|config| {
        config
            .set("menu.0.keys", toml::Value::try_from(keys).expect("a table"))
            .set("menu.0.prompts", toml::Value::Array(vec!["unspoken".into()]))
            .set("menu.0.timeout_s", 0)
            .set("menu.0.default", "menu:main")
    });
    let refused = node.command("reload", &[]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{text}");
    for key in ["menu[0].keys.1", "menu[0].keys:", "menu[0].prompts", "menu[0].timeout_s", "goes round for ever"] {
        assert!(text.contains(key), "{key} in {text}");
    }
    let mut caller = node.carrier.call(SUPPORT);
    let audio = caller.expect_final(200).audio().expect("audio");
    caller.rtp.wait_packets(5);
    caller.rtp.press(audio, 1);
    node.http().wait_waiting("support", 1);
    caller.bye();
}

/// The samples of a prompt, which is a WAV of G.711 A-law.
fn prompt(name: &str) -> Vec<i16> {
    let bytes = std::fs::read(root().join(format!("config/prompts/{name}.wav"))).expect("the prompt");
    let data = bytes.windows(4).position(|word| word == b"data").expect("a data chunk");
    bytes[data + 8..].iter().map(|byte| alaw(*byte)).collect()
}

fn alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (byte >> 4 & 7, i16::from(byte & 0x0f) << 4);
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// How much some place of what was heard is like the loudest part of a prompt: 1 for the same, 0 for anything else.
fn likeness(heard: &[i16], prompt: &[i16]) -> f64 {
    let energy = |part: &[i16]| part.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    let Some(loudest) = prompt.windows(PART).step_by(PART / 4).max_by(|a, b| energy(a).total_cmp(&energy(b))) else {
        return 0.0;
    };
    let own = energy(loudest);
    let like = |place: &[i16]| {
        let product: f64 = place.iter().zip(loudest).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        product / (own * energy(place)).sqrt().max(1.0)
    };
    heard.windows(PART).map(like).fold(0.0, f64::max)
}

/// 0.1 s: no two prompts share that.
const PART: usize = 800;
