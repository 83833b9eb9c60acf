//! The node's books: the campaign's figures over REST, and its attempts counted once more.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Http, until};

/// Every attempt of a campaign, oldest first.
pub(crate) fn attempts(http: &Http, campaign: &str) -> Vec<Value> {
    let mut all = pages(http, &format!("/v1/campaigns/{campaign}/attempts?limit=200"));
    all.reverse();
    all
}

/// Every lead that a campaign has tried.
pub(crate) fn leads(http: &Http, campaign: &str) -> Vec<Value> {
    pages(http, &format!("/v1/campaigns/{campaign}/leads?limit=200"))
}

/// What attempts come to, by the names of the campaign's `total`.
pub(crate) fn counts(attempts: &[Value]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| !attempt["ended_at"].is_null()) {
        let outcome = attempt["outcome"].as_str().unwrap_or_default();
        let rows = [
            ("attempts", true),
            ("answered", !attempt["answered_at"].is_null()),
            ("people", matches!(outcome, "connected" | "abandoned" | "hung_up" | "message")),
            ("served", matches!(outcome, "connected" | "message")),
            ("abandoned", outcome == "abandoned"),
            ("machines", matches!(outcome, "machine" | "machine_message")),
            ("failed", matches!(outcome, "failed" | "not_dialed" | "congestion")),
        ];
        rows.into_iter().for_each(|(name, is_one)| *counts.entry(name).or_default() += u64::from(is_one));
    }
    counts
}

/// How many attempts had which outcome.
pub(crate) fn outcomes(attempts: &[Value]) -> BTreeMap<String, u64> {
    let mut outcomes = BTreeMap::new();
    for attempt in attempts {
        *outcomes.entry(attempt["outcome"].as_str().unwrap_or("under way").to_owned()).or_default() += 1;
    }
    outcomes
}

/// The campaign's figures equal a recount of its attempts, once all of them are over and written.
pub(crate) fn reconcile(http: &Http, campaign: &str) -> Vec<Value> {
    let show = || http.get(&format!("/v1/campaigns/{campaign}")).json();
    let ended = until("every attempt is over", show, |shown| shown["in_flight"] == 0);
    let total = ended["total"].clone();
    let is_whole = |all: &Vec<Value>| {
        let over = all.iter().filter(|attempt| !attempt["ended_at"].is_null()).count();
        over == all.len() && Some(over as u64) == total["attempts"].as_u64()
    };
    let mut all = Vec::new();
    until(
        "the attempts are written",
        || {
            all = attempts(http, campaign);
            (is_whole(&all), all.len(), total["attempts"].clone())
        },
        |(whole, ..)| *whole,
    );
    for (name, count) in counts(&all) {
        assert_eq!(total[name], count, "`{name}` of the campaign and of its attempts: {total}");
    }
    all
}

fn pages(http: &Http, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = http.get(&format!("{path}{cursor}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
