//! Attempts of a campaign: how many a second are judged, written, synced, dialed and accounted for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use toml::Table;

use crate::Fault;
use crate::dialed::Dialed;
use crate::exchange::bind;
use crate::machine::CpuTimes;
use crate::node::{Node, Recipe, extend};
use crate::process::{Usage, micros_each};
use crate::report::Report;
use crate::rig::{ADDRESS_A, PATIENCE};

/// Dials for `seconds` with so many lines, and counts what the carrier saw and what the records say.
pub(crate) fn attempts(recipe: &Recipe, lines: u32, seconds: u64, report: &mut Report) -> Result<(), Fault> {
    println!(
        "\nAttempts: a campaign with {lines} lines for {seconds} s; half busy, a quarter unknown, a quarter answers"
    );
    let socket = bind(ADDRESS_A)?;
    let at = socket.local_addr()?;
    let place = Place::awake();
    let node = recipe.start(at, at, |config| prepare(config, &place))?;
    let mut carrier = Dialed::new(socket, SocketAddr::new(at.ip(), DISCARD))?;
    let leads = u64::from(lines) * seconds + LEADS_MORE;
    let list = list(&node, &place, leads)?;
    let campaign = campaign(&node, &list, lines)?;
    let (usage, times) = (Usage::of(node.pid()), CpuTimes::now());
    node.rest.act(&format!("{campaign}/start"), &Value::Null)?;
    let begin = Instant::now();
    carrier.serve_until(begin + Duration::from_secs(seconds));
    node.rest.act(&format!("{campaign}/stop"), &Value::Null)?;
    let rate = carrier.dialed.len() as f64 / begin.elapsed().as_secs_f64();
    let deadline = Instant::now() + PATIENCE;
    while carrier.live() > 0 && Instant::now() < deadline {
        carrier.serve_until(Instant::now() + LOOK_EVERY);
    }
    let written = node.rest.caught_up(PATIENCE)?;
    let used = Usage::of(node.pid()).since(&usage).whole;
    let (stolen, busy) = times.until_now();
    let dialed = carrier.dialed.len() as u64;
    let accounts = Accounts::of(&node, &campaign, &carrier)?;
    let slowest = slowest_second(&carrier.dialed);
    println!(
        "  {dialed} dialed, {rate:.0} a second (the slowest second {slowest}), sent again {}; records caught up after {:.1} s",
        carrier.repeated,
        written.unwrap_or_default().as_secs_f64()
    );
    let Accounts { counted, recorded, paired, outcomes } = &accounts;
    println!("  counted {counted}, in the records {recorded}, each with one attempt {paired}; {outcomes:?}");
    println!(
        "  CPU {:.2} ms an attempt; machine in use {busy:.0} %, stolen {stolen:.2} %",
        micros_each(used, dialed) / 1e3
    );
    let is_right = accounts.is_right(dialed);
    report.against("attempts a second", format!("{rate:.0}"), "at least 200".to_owned(), rate >= RATE_MIN);
    let what = "the same: each dialed once, ended once and counted";
    report.against(what, format!("{} of {dialed}", accounts.paired), "every one".to_owned(), is_right);
    Ok(())
}

/// What the node wrote, beside what the carrier saw.
struct Accounts {
    /// Attempts that ended, by the campaign's own count.
    counted: u64,
    /// Attempts in the records that ended.
    recorded: u64,
    /// Numbers dialed once that have exactly one attempt.
    paired: u64,
    outcomes: BTreeMap<String, u64>,
}

impl Accounts {
    fn of(node: &Node, campaign: &str, carrier: &Dialed) -> Result<Self, Fault> {
        let mut numbers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        carrier.dialed.iter().for_each(|(_, number)| numbers.entry(plain(number)).or_default().0 += 1);
        let (mut outcomes, mut recorded, mut cursor) = (BTreeMap::new(), 0, String::new());
        loop {
            let page = node.rest.json(&format!("{campaign}/attempts?limit=200{cursor}"))?;
            for attempt in page["data"].as_array().into_iter().flatten() {
                let outcome = attempt["outcome"].as_str().unwrap_or("under way");
                recorded += u64::from(!attempt["ended_at"].is_null());
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
                numbers.entry(plain(attempt["number"].as_str().unwrap_or_default())).or_default().1 += 1;
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let counted = node.rest.json(campaign)?["total"]["attempts"].as_u64().unwrap_or_default();
        let paired = numbers.values().filter(|pair| **pair == (1, 1)).count() as u64;
        Ok(Self { counted, recorded, paired, outcomes })
    }

    fn is_right(&self, dialed: u64) -> bool {
        [self.counted, self.recorded, self.paired] == [dialed; 3]
    }
}

/// A way out, and a second person: who approves a campaign is another than who wrote it.
fn prepare(config: &mut Table, place: &Place) {
    let country = place.country;
    extend(
        config,
        &format!(
            "[[key]]\nname = \"second\"\nsecret = \"{SECOND_KEY}\"\n\
             [[route]]\nfrom = \"agents\"\npattern = \"+{country}\"\ntrunk = \"carrier\"\n"
        ),
    );
    if let Some(node) = config.get_mut("node").and_then(toml::Value::as_table_mut) {
        node.insert("allowed_countries".to_owned(), vec![country].into());
    }
}

/// Where people may be called at this hour: the gate calls nobody at night.
struct Place {
    country: &'static str,
    /// The first digits of its numbers; six follow.
    prefix: &'static str,
}

impl Place {
    fn awake() -> Self {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        match since / 3_600 % 24 {
            // London, 9:00 at the earliest and before 20:00.
            9..19 => Self { country: "44", prefix: "+442074" },
            // Los Angeles, 11:00 to 20:00.
            19.. | 0..3 => Self { country: "1", prefix: "+12137" },
            // Tokyo, 12:00 to 18:00.
            _ => Self { country: "81", prefix: "+81334" },
        }
    }

    fn number(&self, nth: u64) -> String {
        format!("{}{:06}", self.prefix, FIRST_NUMBER + nth)
    }
}

/// A list of `leads` leads, imported; its id.
fn list(node: &Node, place: &Place, leads: u64) -> Result<String, Fault> {
    let mut file = String::from("Name,Phone\n");
    for nth in 0..leads {
        let _ = writeln!(file, "Lead {nth},{}", place.number(nth));
    }
    let list = node.rest.post("/v1/lead-lists?name=bench.csv", "text/csv", file.as_bytes())?;
    let id = list["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/lead-lists/{id}");
    node.rest.post(&format!("{path}/start"), "application/json", b"")?;
    let deadline = Instant::now() + PATIENCE;
    while !node.rest.json(&path)?["task"].is_null() {
        if Instant::now() > deadline {
            return Err(Fault::Start("the list is not read in time".to_owned()));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(id)
}

/// An approved campaign that fills its lines; its path.
fn campaign(node: &Node, list: &str, lines: u32) -> Result<String, Fault> {
    let definition = json!({
        "name": "Bench", "pacing": "bot", "concurrent": lines, "max_lines": lines, "queue": "support",
        "voice": "ai", "lists": [{"list_id": list}], "detect": false, "record": false,
    });
    let made = node.rest.act("/v1/campaigns", &definition)?;
    let path = format!("/v1/campaigns/{}", made["id"].as_str().unwrap_or_default());
    node.rest.act(&format!("{path}/submit"), &Value::Null)?;
    node.rest.with_key(SECOND_KEY).act(&format!("{path}/approve"), &Value::Null)?;
    Ok(path)
}

/// Of all whole seconds that in which the fewest numbers were dialed; the first and the last are not whole.
fn slowest_second(dialed: &[(Instant, String)]) -> usize {
    let Some((begin, _)) = dialed.first() else { return 0 };
    let mut seconds: BTreeMap<u64, usize> = BTreeMap::new();
    dialed.iter().for_each(|(at, _)| *seconds.entry((*at - *begin).as_secs()).or_default() += 1);
    let last = seconds.keys().next_back().copied().unwrap_or_default();
    (1..last).map(|second| seconds.get(&second).copied().unwrap_or_default()).min().unwrap_or_default()
}

/// Digits alone: a request URI may have them with or without the plus.
fn plain(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Issue 5, item 11.
const RATE_MIN: f64 = 200.0;
const SECOND_KEY: &str = "second-person-key";
/// Of six digits.
const FIRST_NUMBER: u64 = 200_000;
/// So that the list does not run dry.
const LEADS_MORE: u64 = 1_000;
/// Nobody sends RTP there.
const DISCARD: u16 = 9;
const LOOK_EVERY: Duration = Duration::from_millis(50);
