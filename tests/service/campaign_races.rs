//! What happens to a campaign's calls in the same instant: answers that cross our CANCEL, forks, hold, hang-ups and
//! claims. Each attempt has one end, as its call's record says.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::campaign::{Campaign, called, list_of, nothing_is_dialed, number, on_duty};
use crate::campaign_troubles::{assert_reconciled, quick};
use crate::queue_calls::assert_louder;
use crate::support::{Call, Msg, Node, Rtp, eventually, root, ulaw_decode, unique, until};

fn outcomes(all: &[Value]) -> Vec<&str> {
    let mut words: Vec<&str> = all.iter().filter_map(|one| one["outcome"].as_str()).collect();
    words.sort_unstable();
    words
}

/// A request of this call, however long it takes by design.
#[track_caller]
fn request_within(call: &Call, method: &str, limit: Duration) -> Msg {
    let request = call.endpoint.take(limit, |msg| msg.is_request(method) && msg.call_id() == call.id);
    request.unwrap_or_else(|| panic!("no {method} within {limit:?}"))
}

/// ACKs that came for the answer with the tag of `call`, repeated ones included.
fn acknowledged(call: &Call) -> usize {
    let tag = format!("tag={}", call.tag());
    call.endpoint.datagrams(|text| text.starts_with("ACK ") && text.contains(&tag))
}

fn hears_something(call: &Call) {
    let heard = call.rtp.wait_packets(50);
    let loudest = call.rtp.samples(heard).iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest > Some(500), "a message: {loudest:?}");
}

/// RFC 3261 13.2.2.4: whoever answers first is the call, another phone of a fork is let go, and each answer that comes
/// again gets its ACK again.
#[test]
fn of_two_phones_that_answer_one_has_the_agent_and_the_other_is_let_go() {
    let node = Node::start(quick());
    let (_phone, leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 1, json!({"recycle": {}}));
    let mut first = node.carrier.expect_call();
    let other = Call::incoming(&node.carrier, first.invite.clone().expect("an INVITE"));
    first.reply(180);
    other.reply(180);
    first.reply_with_sdp(200);
    other.reply_with_sdp(200);
    eventually("both ACKs", || (acknowledged(&first) == 1 && acknowledged(&other) == 1).then_some(()));
    let bye = other.expect_request("BYE");
    assert_eq!(bye.tag("To"), other.tag(), "{bye:?}");
    other.respond(&bye, 200, "", "");
    // Their ACKs were lost.
    for _ in 0..2 {
        first.reply_with_sdp(200);
    }
    other.reply_with_sdp(200);
    eventually("the ACKs again", || (acknowledged(&first) == 3 && acknowledged(&other) == 2).then_some(()));
    node.http().wait_agent("1001", "on_call");
    first.talk(1_000.0);
    let from = leg.rtp.wait_packets(60);
    assert_louder(&leg.rtp.samples(from), 1_000.0, 440.0);
    assert!(!node.carrier.has(|msg| msg.is_request("BYE")), "one BYE");
    first.bye();
    campaign.step("stop");
    assert_eq!(outcomes(&assert_reconciled(&campaign, 1)), ["connected"]);
}

/// RFC 3261 9.1: a CANCEL does nothing to what was answered. He has picked up his phone: he is served, or abandoned.
#[test]
fn whoever_answers_as_his_ring_is_given_up_meets_an_agent_or_hears_the_safe_harbour() {
    let node = Node::start(quick());
    let (_phone, leg) = on_duty(&node, "1001");
    let more = json!({"pacing": "ratio", "lines_per_agent": 3.0, "ring_max_s": 15, "recycle": {}});
    let campaign = Campaign::started(&node, 3, more);
    let mut one = node.carrier.expect_call();
    let (two, three) = (node.carrier.expect_call(), node.carrier.expect_call());
    for call in [&one, &two, &three] {
        call.reply(180);
    }
    let answers = |call: &Call| {
        let cancel = request_within(call, "CANCEL", Duration::from_secs(18));
        call.reply_with_sdp(200);
        call.respond(&cancel, 200, "", "");
        call.expect_request("ACK");
    };
    answers(&one);
    node.http().wait_agent("1001", "on_call");
    answers(&two);
    three.expect_cancel();
    hears_something(&two);
    // He does not answer our BYE: his attempt is over all the same.
    let bye = two.expect_request("BYE");
    campaign.attempts(|all| all.iter().any(|one| one["outcome"] == "abandoned"));
    two.respond(&bye, 200, "", "");
    one.talk(1_000.0);
    let from = leg.rtp.wait_packets(60);
    assert_louder(&leg.rtp.samples(from), 1_000.0, 440.0);
    one.bye();
    campaign.step("stop");
    let all = assert_reconciled(&campaign, 3);
    assert_eq!(outcomes(&all), ["abandoned", "connected", "no_answer"], "{all:#?}");
    let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(2), &json!(1));
    until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
}

#[test]
fn whoever_answers_as_a_stopped_campaign_cancels_is_served() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 3, json!({"recycle": {}}));
    let mut one = node.carrier.expect_call();
    one.reply(180);
    campaign.step("stop");
    let cancel = request_within(&one, "CANCEL", Duration::from_secs(18));
    one.respond(&cancel, 200, "", "");
    one.reply_with_sdp(200);
    one.expect_request("ACK");
    node.http().wait_agent("1001", "on_call");
    one.bye();
    let all = assert_reconciled(&campaign, 1);
    assert_eq!(outcomes(&all), ["connected"], "{all:#?}");
    nothing_is_dialed(&node, Duration::from_millis(800));
}

/// Who hangs up by hand wants nobody to talk with him: he was called all the same, and that counts.
#[test]
fn whoever_answers_as_his_call_is_hung_up_by_hand_hears_the_safe_harbour_and_is_counted() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 2, json!({"recycle": {}}));
    let hang_up = |call: &Call| -> Msg {
        call.reply(180);
        let seen = |all: &[Value]| all.iter().any(|one| one["ended_at"].is_null() && one["rang_at"].is_string());
        let all = campaign.attempts(seen);
        let rings = all.iter().find(|one| one["number"] == called(call)).expect("it rings");
        let path = format!("/v1/calls/{}/hangup", rings["call_id"].as_str().expect("a call"));
        let done = node.http().post(&path, &unique(), &json!({}));
        assert!(done.status < 300, "{}", done.text());
        call.expect_request("CANCEL")
    };
    let one = node.carrier.expect_call();
    let cancel = hang_up(&one);
    one.reply_with_sdp(200);
    one.respond(&cancel, 200, "", "");
    one.expect_request("ACK");
    hears_something(&one);
    one.expect_bye();
    let left = campaign.attempts(|all| all.iter().any(|one| one["outcome"] == "abandoned")).remove(0);
    assert!(left["answered_at"].is_string() && left["abandoned_at"].is_string(), "{left:#}");
    // Nobody picks up: it is hung up, and its agent has the next.
    let two = node.carrier.expect_call();
    let cancel = hang_up(&two);
    two.respond(&cancel, 200, "", "");
    two.reject(487);
    campaign.step("stop");
    let all = assert_reconciled(&campaign, 2);
    assert_eq!(outcomes(&all), ["abandoned", "no_answer"], "{all:#?}");
    let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(1), &json!(1));
    until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
}

/// The node goes down while a phone rings: whoever picks up in that moment was called for nothing, and that is kept.
#[test]
fn whoever_answers_as_the_node_goes_down_is_abandoned() {
    let mut node = Node::start(quick().set("node.drain_s", 1));
    let _agent = on_duty(&node, "1001");
    let (path, leads) = {
        let campaign = Campaign::started(&node, 1, json!({"recycle": {}}));
        (campaign.path.clone(), campaign.leads.clone())
    };
    let customer = node.carrier.expect_call();
    customer.reply(180);
    node.terminate();
    let cancel = customer.expect_request("CANCEL");
    customer.reply_with_sdp(200);
    customer.respond(&cancel, 200, "", "");
    customer.expect_request("ACK");
    customer.expect_bye();
    assert_eq!(node.wait(Duration::from_secs(30)).code(), Some(0), "{}", node.log());
    node.restart();
    let campaign = Campaign { node: &node, path, leads };
    let attempt = campaign.outcomes(&["abandoned"]).remove(0);
    assert!(attempt["answered_at"].is_string() && attempt["abandoned_at"].is_string(), "{attempt:#}");
    let record = node.http().record_of(&customer.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&json!("failed"), &json!("shutdown")), "{record:#}");
    let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(1), &json!(1));
    until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
    campaign.step("stop");
}

/// What he answers with fits nothing that we can speak: he picked up, and nobody was there.
#[test]
fn whoever_answers_in_a_codec_that_nobody_speaks_is_abandoned() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 1, json!({"recycle": {}}));
    let customer = node.carrier.expect_call();
    customer.reply(180);
    let addr = customer.rtp.addr();
    customer.answer_with(&format!(
        "v=0\r\no=peer 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n",
        ip = addr.ip(),
        port = addr.port()
    ));
    customer.expect_bye();
    let attempt = campaign.outcomes(&["abandoned"]).remove(0);
    assert!(attempt["answered_at"].is_string() && attempt["abandoned_at"].is_string(), "{attempt:#}");
    let record = node.http().record_of(&customer.id);
    // Why is a matter of the carrier, and told as such.
    assert_eq!(
        (&record["status"], &record["cause"]["code"]),
        (&json!("failed"), &json!("not_acceptable")),
        "{record:#}"
    );
    let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(1), &json!(1));
    until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
    campaign.step("stop");
}

#[test]
fn customers_who_hang_up_as_an_agent_takes_them() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    const CALLS: usize = 12;
    let campaign = Campaign::started(&node, CALLS, json!({"recycle": {}}));
    for round in 0..CALLS as u64 {
        let mut customer = node.carrier.expect_call();
        customer.reply_with_sdp(200);
        customer.expect_request("ACK");
        std::thread::sleep(Duration::from_micros(round * 700));
        customer.bye();
    }
    node.http().wait_agent("1001", "ready");
    campaign.step("stop");
    assert_reconciled(&campaign, CALLS);
}

/// His agent logs out, or his phone hangs up, as he answers: he gets that agent or nobody, and hears what there is for him.
#[test]
fn agents_who_leave_as_they_are_given_a_customer() {
    let node = Node::start(quick());
    let (phone, mut leg) = on_duty(&node, "1001");
    const CALLS: usize = 6;
    let campaign = Campaign::started(&node, CALLS, json!({"recycle": {}}));
    for round in 0..CALLS as u64 {
        let mut customer = node.carrier.expect_call();
        customer.reply_with_sdp(200);
        customer.expect_request("ACK");
        std::thread::sleep(Duration::from_micros(round / 2 * 900));
        if round % 2 == 0 {
            leg.bye();
            customer.expect_bye();
        } else {
            let done = node.http().post("/v1/agents/1001/disconnect", &unique(), &json!({}));
            assert_eq!(done.status, 200, "{}", done.text());
            // Either he is left alone, or talks until he hangs up.
            let bye = node.carrier.take(Duration::from_millis(2_500), |msg| msg.is_request("BYE"));
            match bye {
                Some(bye) => customer.respond(&bye, 200, "", ""),
                None => customer.bye(),
            }
            leg.expect_bye();
        }
        until("no standing leg", || node.http().agent("1001"), |agent| agent["standing_leg"] == "none");
        if round + 1 < CALLS as u64 {
            let done = node.http().post("/v1/agents/1001/connect", &unique(), &json!({}));
            assert_eq!(done.status, 200, "{}", done.text());
            leg = phone.expect_call();
            leg.answer();
        }
    }
    campaign.step("stop");
    assert_reconciled(&campaign, CALLS);
}

/// The agent's phone answers twice, and moves its audio to another port while a customer is bridged to it and before.
#[test]
fn a_standing_leg_that_moves_its_audio_hears_on_and_is_heard() {
    let node = Node::start(quick());
    let phone = node.registered("1001");
    let done = node.http().post("/v1/agents/1001/connect", &unique(), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text());
    let mut leg = phone.expect_call();
    for count in 1..=2 {
        leg.reply_with_sdp(200);
        eventually("an ACK each", || (acknowledged(&leg) == count).then_some(()));
    }
    until("the standing leg", || node.http().agent("1001"), |agent| agent["standing_leg"] == "up");
    let campaign = Campaign::started(&node, 2, json!({"recycle": {}}));
    for is_at_once in [true, false] {
        let mut customer = node.carrier.expect_call();
        customer.reply_with_sdp(200);
        customer.expect_request("ACK");
        if !is_at_once {
            node.http().wait_agent("1001", "on_call");
        }
        leg.rtp = Rtp::bind(phone.addr().ip());
        leg.reinvite("sendrecv");
        node.http().wait_agent("1001", "on_call");
        customer.talk(1_000.0);
        leg.talk(440.0);
        let (by_agent, by_customer) = (leg.rtp.wait_packets(75), customer.rtp.wait_packets(75));
        assert_louder(&leg.rtp.samples(by_agent), 1_000.0, 440.0);
        assert_louder(&customer.rtp.samples(by_customer), 440.0, 1_000.0);
        customer.bye();
        leg.rtp.hush();
        node.http().wait_agent("1001", "ready");
    }
    campaign.step("stop");
    assert_eq!(outcomes(&assert_reconciled(&campaign, 2)), ["connected", "connected"]);
}

/// Two queues, one agent of both: each campaign would have him, and one at a time does.
#[test]
fn an_agent_of_two_campaigns_is_dialed_for_by_one_at_a_time() {
    let node = Node::start(quick().set("queue.1.standing_leg", true));
    let _agent = on_duty(&node, "1025");
    let (list, leads) = list_of(&node, (0..4).map(|which| vec![number(10 + which)]).collect());
    let support = Campaign::started(&node, 2, json!({"recycle": {}}));
    let sales = Campaign::of(&node, &list, leads, json!({"name": "Winter", "queue": "sales", "recycle": {}}));
    for round in 0..3 {
        if round == 2 {
            support.step("stop");
        }
        let mut customer = node.carrier.expect_call();
        assert_eq!(called(&customer) >= number(10), round == 2, "the first has him until it is over");
        nothing_is_dialed(&node, Duration::from_millis(700));
        customer.answer();
        node.http().wait_agent("1025", "on_call");
        nothing_is_dialed(&node, Duration::from_millis(400));
        customer.bye();
    }
    let last = node.carrier.expect_call();
    sales.step("stop");
    last.reject(486);
    assert_reconciled(&support, 2);
    assert_reconciled(&sales, 2);
}

/// A copy of the demo's prompts.
pub(crate) fn own_prompts() -> TempDir {
    fn copied(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("the demo's prompts").flatten() {
            let (path, there) = (entry.path(), to.join(entry.file_name()));
            if path.is_dir() {
                copied(&path, &there);
            } else {
                std::fs::copy(&path, &there).expect("a prompt");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    copied(&root().join("config/prompts"), folder.path());
    folder
}

/// Whom no agent takes has his end, his record and his lock-out, also when the message for him cannot be played.
#[test]
fn a_message_that_cannot_be_played_leaves_nobody_on_the_line() {
    let folder = own_prompts();
    std::fs::write(folder.path().join("goodbye.wav"), b"RIFF\x04\0\0\0WAVE").expect("a prompt");
    let node = Node::start(quick().set("node.prompts_dir", folder.path().display().to_string()));
    let _agent = on_duty(&node, "1001");
    let (list, leads) = list_of(&node, (0..2).map(|which| vec![number(which)]).collect());
    let ratio = json!({"pacing": "ratio", "lines_per_agent": 2.0, "recycle": {}});
    let campaign = Campaign::of(&node, &list, leads.clone(), ratio);
    let (mut one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    one.answer();
    node.http().wait_agent("1001", "on_call");
    two.answer();
    two.expect_bye();
    let all = campaign.attempts(|all| all.iter().any(|attempt| attempt["outcome"] == "abandoned"));
    let left = all.iter().find(|attempt| attempt["outcome"] == "abandoned").expect("one").clone();
    assert_eq!((&left["abandoned_at"].is_string(), &left["played_at"]), (&true, &Value::Null), "{left:#}");
    one.bye();
    campaign.step("stop");
    assert_reconciled(&campaign, 2);
    // He is locked out of campaigns without agents who wait.
    let more = json!({"name": "Winter", "pacing": "bot", "concurrent": 1, "queue": null, "message": "goodbye",
        "voice": "recorded", "abandon_message": null, "recycle": {}});
    let which = leads.iter().position(|lead| left["lead_id"] == lead.as_str()).expect("a lead of the list");
    let (other, more_leads) = list_of(&node, vec![vec![number(which)], vec![number(20)]]);
    let bot = Campaign::of(&node, &other, more_leads, more);
    // The bot's own message is torn as well: who answers was called for nothing.
    let three = node.carrier.expect_call();
    assert_eq!(called(&three), number(20));
    three.answer();
    three.expect_bye();
    let why = until("why", || bot.why_not(0), |why| why["why"] == "denied");
    assert!(why["because"].as_str().is_some_and(|because| because.contains("abandoned")), "{why}");
    bot.step("stop");
    assert_eq!(outcomes(&assert_reconciled(&bot, 1)), ["abandoned"]);
}

/// The file is gone before he answers, and a reload would take the message away in the middle of its words: that one is
/// refused, and he hears them to their end.
#[test]
fn a_message_that_is_taken_away_while_it_plays_is_heard_to_its_end() {
    let folder = own_prompts();
    let mut node = Node::start(quick().set("node.prompts_dir", folder.path().display().to_string()));
    let more = json!({"pacing": "bot", "concurrent": 1, "queue": null, "message": "goodbye", "voice": "recorded",
        "abandon_message": null, "recycle": {}});
    let (path, leads) = {
        let campaign = Campaign::started(&node, 2, more);
        (campaign.path.clone(), campaign.leads.clone())
    };
    let customer = node.carrier.expect_call();
    std::fs::remove_file(folder.path().join("goodbye.wav")).expect("it was there");
    customer.answer();
    customer.rtp.wait_packets(5);
    node.edit(|config| config.set("dialing.messages", Vec::<String>::new()));
    let said = node.command("reload", &[]);
    assert!(!said.status.success(), "messages are those of the start");
    customer.expect_bye();
    let is_loud = |payload: &[u8]| payload.iter().any(|byte| ulaw_decode(*byte).unsigned_abs() > 300);
    let loud = customer.rtp.packets().iter().filter(|packet| is_loud(&packet.payload)).count();
    assert!(loud > 50, "1.9 s of words: {loud} packets");
    let campaign = Campaign { node: &node, path, leads };
    campaign.step("stop");
    let all = campaign.attempts(|all| !all.is_empty() && all.iter().all(|one| one["outcome"].is_string()));
    assert_eq!(all[0]["outcome"], "message", "{all:#?}");
}

/// Reliable provisional responses (RFC 3262): each gets its PRACK, and what comes after them counts as ever.
#[test]
fn what_a_carrier_says_reliably_before_the_answer_is_acknowledged() {
    let node = Node::start(quick().set("trunk.0.reliable_provisionals", true));
    let (_phone, leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 2, json!({"recycle": {}}));
    let progress = |call: &Call| call.reply_with_sdp_and(183, "Require: 100rel\r\nRSeq: 7\r\n");
    let busy = node.carrier.expect_call();
    progress(&busy);
    let prack = busy.expect_request("PRACK");
    assert!(prack.header("RAck").starts_with("7 "), "{prack:?}");
    busy.respond(&prack, 200, "", "");
    busy.reject(486);
    // Answered while the PRACK is still on its way.
    let mut customer = node.carrier.expect_call();
    progress(&customer);
    customer.reply_with_sdp(200);
    let prack = customer.expect_request("PRACK");
    customer.expect_request("ACK");
    customer.respond(&prack, 200, "", "");
    node.http().wait_agent("1001", "on_call");
    customer.talk(1_000.0);
    let from = leg.rtp.wait_packets(60);
    assert_louder(&leg.rtp.samples(from), 1_000.0, 440.0);
    customer.bye();
    campaign.step("stop");
    assert_eq!(outcomes(&assert_reconciled(&campaign, 2)), ["busy", "connected"]);
}
