//! A campaign whose queue or message a reload or a restart took away.

use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, nothing_is_dialed, number, on_duty};
use crate::support::{Node, until};

const WINTER: &str = "name = \"winter\"\nagents = [\"1001\"]\nstanding_leg = true";

fn reloaded(node: &Node) {
    let said = node.command("reload", &[]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

fn is_alerted(seen: &Value) -> bool {
    seen["alerts"].as_array().is_some_and(|all| all.iter().any(|alert| alert["kind"] == "target_gone"))
}

/// It has paused itself, as this is gone.
fn is_paused(campaign: &Campaign<'_>, what: &str) {
    let seen = campaign.wait("paused");
    let says = format!("{what} is gone from the configuration.");
    assert_eq!((&seen["paused_because"], &seen["rejection_reason"]), (&json!(says), &Value::Null), "{seen:#}");
    until("the alert", || campaign.seen(), is_alerted);
}

#[test]
fn without_its_queue_a_campaign_pauses_itself_and_who_answered_is_abandoned() {
    let mut node = Node::start(demo().push("queue", WINTER));
    let _agent = on_duty(&node, "1001");
    let (path, leads) = {
        let campaign = Campaign::started(&node, 3, json!({"queue": "winter"}));
        (campaign.path.clone(), campaign.leads.clone())
    };
    let customer = node.carrier.expect_call();
    customer.reply(180);
    node.edit(|config| config.drop_last("queue"));
    reloaded(&node);
    {
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        is_paused(&campaign, "Its queue");
        customer.answer();
        let heard = customer.rtp.wait_packets(60);
        let loudest = customer.rtp.samples(heard).iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest > Some(500), "the safe harbour: {loudest:?}");
        customer.expect_bye();
        let attempt = campaign.outcomes(&["abandoned"]).remove(0);
        assert!(attempt["abandoned_at"].is_string(), "{attempt:#}");
        let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(1), &json!(1));
        until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
        nothing_is_dialed(&node, Duration::from_millis(1_200));
    }
    node.edit(|config| config.push("queue", WINTER));
    reloaded(&node);
    let campaign = Campaign { node: &node, path, leads };
    campaign.wait("paused");
    let started = campaign.step("start");
    assert_eq!(started["paused_because"], Value::Null, "{started:#}");
    assert_eq!(called(&node.carrier.expect_call()), number(1));
    until("no alert", || campaign.seen(), |seen| !is_alerted(seen));
}

#[test]
fn without_its_message_a_campaign_is_paused_after_a_restart_until_it_is_there_again() {
    let mut node = Node::start(demo());
    let (path, leads) = {
        let more = json!({"pacing": "bot", "concurrent": 1, "queue": null, "message": "goodbye", "voice": "recorded",
            "abandon_message": null});
        let campaign = Campaign::started(&node, 3, more);
        (campaign.path.clone(), campaign.leads.clone())
    };
    let first = node.carrier.expect_call();
    node.kill();
    node.edit(|config| config.set("dialing.messages", Vec::<String>::new()));
    for is_first in [true, false] {
        node.restart();
        if is_first {
            first.expect_cancel();
        }
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        is_paused(&campaign, "Its message");
        nothing_is_dialed(&node, Duration::from_millis(1_200));
        node.kill();
    }
    node.edit(|config| config.set("dialing.messages", vec!["goodbye"]));
    node.restart();
    let campaign = Campaign { node: &node, path, leads };
    campaign.wait("paused");
    campaign.step("start");
    assert_eq!(called(&node.carrier.expect_call()), number(1));
}
