//! A campaign over real SIP: a node, its carrier, agents on their standing legs, and the list that is called.

use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use clock::Rng;
use serde_json::{Value, json};
use sim::pacing::Scenario;

use crate::audio::mark_samples;
use crate::carrier::Carrier;
use crate::fate::{Fates, duration};
use crate::ledger::{Ledger, Line};
use crate::numbers::Numbers;
use crate::phones::{Phones, extension};
use crate::support::{Baresip, Endpoint, Http, Node, NodeConfig, Response, root, unique, until};

/// What is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// A file of `tests/city/scenarios`.
    pub(crate) scenario: &'static str,
    /// Leads of the list.
    pub(crate) leads: usize,
    /// Agents with a real phone, the last ones.
    pub(crate) baresips: u8,
    /// Conversations are recorded.
    pub(crate) record: bool,
    pub(crate) seed: u64,
}

/// All of it.
pub(crate) struct City {
    pub(crate) node: Node,
    pub(crate) ledger: Ledger,
    /// As the file has it.
    pub(crate) scenario: Value,
    pub(crate) agents: u8,
    pub(crate) numbers: Numbers,
    pub(crate) campaign: String,
    /// The agents' real phones.
    pub(crate) baresips: Vec<(u8, Baresip)>,
    laws: Scenario,
    rng: Rng,
    carrier: Carrier,
    /// Dispositions that agents are about to give: when, and after which call of the ledger.
    about: Vec<(Instant, usize)>,
    #[allow(dead_code, reason = "the phones go with the city")]
    phones: Phones,
}

impl City {
    /// Builds it: everybody is on his standing leg, the campaign is approved and waits for its start.
    pub(crate) fn build(plan: Plan) -> Self {
        let text = std::fs::read_to_string(scenario_path(plan.scenario)).expect("a scenario");
        let scenario: Value = serde_json::from_str(&text).expect("a scenario is JSON");
        let laws: Scenario = serde_json::from_str(&text).expect("a scenario as `simulate` reads it");
        let agents = u8::try_from(laws.agent_plan[0].1).expect("fewer agents than marks");
        let numbers = Numbers::now();
        let carrier = Carrier::start(Fates::new(laws.clone(), plan.seed), numbers);
        let config = config(&numbers, agents, carrier.addr.port(), plan.record);
        let node = Node::start_as_is(config, Endpoint::carrier());
        let phones = Phones::start(&node, agents - plan.baresips);
        let real = (agents - plan.baresips..agents).map(|agent| (agent, baresip(&node, agent)));
        let baresips = real.collect();
        let rng = Rng::new(plan.seed);
        let (ledger, campaign, about) = (Ledger::default(), String::new(), Vec::new());
        let mut city =
            Self { node, ledger, scenario, agents, numbers, campaign, baresips, laws, rng, carrier, about, phones };
        (0..agents).for_each(|agent| city.connect(agent));
        city.await_agents();
        city.campaign = city.approved(plan);
        city
    }

    /// Has an agent's phone called once.
    fn connect(&self, agent: u8) {
        let done = self.http().post(&format!("/v1/agents/{}/connect", extension(agent)), &unique(), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text());
    }

    /// Waits until everybody's standing leg is up.
    pub(crate) fn await_agents(&self) {
        for agent in 0..self.agents {
            let ask = || self.http().agent(&extension(agent));
            until("a standing leg", ask, |agent| agent["standing_leg"] == "up" && agent["state"] == "ready");
        }
    }

    /// The list, and the campaign that calls it, approved by another person than who wrote it.
    fn approved(&self, plan: Plan) -> String {
        let mut file = String::from("Name,Phone\n");
        (0..plan.leads).for_each(|nth| file += &format!("Lead {nth},{}\n", self.numbers.number(nth)));
        let headers = [("Content-Type", "text/csv")];
        let list = self.http().send("POST", "/v1/lead-lists?name=city.csv", &headers, Some(file.as_bytes()));
        let list = expect(&list, 201)["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/lead-lists/{list}");
        expect(&self.http().send("POST", &format!("{path}/start"), &[], None), 202);
        let read = || self.http().get(&path).json();
        let read = until("the list is read", read, |list| list["task"].is_null() && list["state"] != "mapping");
        assert_eq!(read["leads"], plan.leads, "{read}");
        let definition = json!({
            "name": "City", "pacing": "predictive", "queue": "support", "lists": [{"list_id": list}],
            "record": plan.record, "ring_max_s": RING_MAX_S, "max_lines": self.laws.max_lines,
            "abandon_target": self.laws.target_abandon,
            // Nobody is tried again, save whom a crash of the node cut.
            "recycle": {},
        });
        let made = expect(&self.http().post("/v1/campaigns", &unique(), &definition), 201);
        let campaign = made["id"].as_str().expect("an id").to_owned();
        expect(&self.http().send("POST", &format!("/v1/campaigns/{campaign}/submit"), &[], None), 200);
        let other = [("Authorization", "Bearer another-person-key")];
        expect(&self.http().send("POST", &format!("/v1/campaigns/{campaign}/approve"), &other, None), 200);
        campaign
    }

    /// Starts, pauses or stops the campaign.
    pub(crate) fn order(&self, verb: &str) -> Value {
        let path = format!("/v1/campaigns/{}/{verb}", self.campaign);
        expect(&self.http().send("POST", &path, &[("Idempotency-Key", &unique())], None), 200)
    }

    /// Lets it live until a moment: what the carrier tells is written down, and agents wrap up.
    pub(crate) fn live(&mut self, until: Instant) {
        while Instant::now() < until {
            self.hear(until);
            self.dispose();
        }
    }

    /// Lets it live until a person has answered and waits, well before he meets an agent.
    pub(crate) fn live_until_greeted(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            self.live(Instant::now() + LOOK_EVERY);
            let waits = |answered: Instant| (ANSWERED_AGO..ANSWERED_AGO * 2).contains(&answered.elapsed());
            let is_greeted = |line: &Line| {
                line.is_person()
                    && line.over_at.is_none()
                    && line.agent.is_none()
                    && line.answered_at.is_some_and(waits)
            };
            if self.ledger.lines.iter().any(is_greeted) || Instant::now() > deadline {
                return;
            }
        }
    }

    /// Lets it live until no call is up, at most so long.
    pub(crate) fn wind_down(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.ledger.lines.iter().any(|line| line.over_at.is_none()) {
            assert!(Instant::now() < deadline, "calls do not end within {limit:?}");
            self.live(Instant::now() + LOOK_EVERY);
        }
    }

    fn hear(&mut self, until: Instant) {
        let wait = until.saturating_duration_since(Instant::now()).min(LOOK_EVERY);
        match self.carrier.told.recv_timeout(wait) {
            Ok(told) => {
                let Some(nth) = self.ledger.take(told) else { return };
                let wrap = duration(&self.laws.wrap, &mut self.rng);
                let line = &mut self.ledger.lines[nth];
                let over = line.over_at.unwrap_or_else(Instant::now);
                line.done_at = Some(over + WRAP_UP);
                if wrap < WRAP_UP {
                    self.about.push((over + wrap, nth));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("the carrier is gone"),
        }
    }

    /// Agents who have done their notes say what came of the call.
    fn dispose(&mut self) {
        let now = Instant::now();
        let due: Vec<usize> = self.about.iter().filter(|(at, _)| *at <= now).map(|(_, nth)| *nth).collect();
        self.about.retain(|(at, _)| *at > now);
        for nth in due {
            let Some((agent, _)) = self.ledger.lines[nth].agent else { continue };
            let agent = extension(agent);
            let shown = self.http().agent(&agent);
            let Some(call) = shown["wrap_up"]["call_id"].as_str() else { continue };
            let said = json!({"code": "spoken", "agent": agent});
            let done = self.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &said);
            if done.status < 300 {
                self.ledger.lines[nth].done_at = Some(Instant::now());
            }
        }
    }

    pub(crate) fn http(&self) -> &Http {
        self.node.http()
    }
}

/// Where scenarios are.
fn scenario_path(name: &str) -> PathBuf {
    root().join("tests/city/scenarios").join(name)
}

fn config(numbers: &Numbers, agents: u8, carrier: u16, record: bool) -> NodeConfig {
    let support = toml::Value::Array(vec![format!("1001-{}", extension(agents - 1)).into()]);
    NodeConfig::demo()
        .trunk_port(carrier)
        .set("node.allowed_countries", toml::Value::Array(vec![numbers.country.into()]))
        .set("route.0.pattern", "*")
        .set("queue.0.agents", support)
        .set("queue.0.standing_leg", true)
        .set("queue.0.wrap_up_s", WRAP_UP.as_secs() as i64)
        .set("queue.0.recording", record)
        .push("disposition", "code = \"spoken\"")
        .push("key", "name = \"another\"\nsecret = \"another-person-key\"")
}

fn baresip(node: &Node, agent: u8) -> Baresip {
    Baresip::start_with(node, &extension(agent), &mark_samples(agent, BARESIP_S), true)
}

#[track_caller]
fn expect(answer: &Response, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json()
}

/// Of the queue; the scenarios' laws never take longer.
const WRAP_UP: Duration = Duration::from_secs(5);
/// The scenarios' 25 s, and the mean of their delay after dialing: the node's limit runs from the INVITE.
const RING_MAX_S: u16 = 27;
/// Longer than what may not have been written when the node is killed, and not yet the end of most greetings.
const ANSWERED_AGO: Duration = Duration::from_millis(600);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// At the end of its file a baresip hangs up: longer than the longest run.
const BARESIP_S: usize = 1_800;
