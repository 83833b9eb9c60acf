//! Campaigns of a run: whom they call, by which rules, what their administrators do, and what the database takes.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{ListId, MessageId, QueueId, Rng};
use dialer::campaign::{
    Again, CallerIds, Definition, LeadAction, LeadOrder, ListShare, Method, Mix, Outcome, Recycle, Service,
};
use dialer::contract::OnMachine;
use dialer::gate::{Caps, Voice};
use hours::Schedule;

use crate::chance::{between, index, number, share};

/// Campaigns, where a run has any.
#[derive(Clone, Debug)]
pub struct CampaignScenario {
    /// How many there are at the start; every second one plays a message and needs no agents.
    pub campaigns: u32,
    /// Leads of a list at the start.
    pub leads: u32,
    /// The run goes on for at least so long.
    pub lasts: Duration,
    /// So much later in the day than other runs it begins, in microseconds: windows open or close meanwhile.
    pub later_micros: i64,
    /// Agents of the campaigns serve no other queue.
    pub dedicated: bool,
    /// Mean time from one order of an administrator to the next.
    pub orders: Duration,
    /// Longest time that a page of leads takes.
    pub read_max: Duration,
    /// Share of pages that cannot be read.
    pub read_failure: f64,
    /// Share of answers of which the detection says the wrong thing.
    pub mistaken: f64,
    /// Share of answers of which the detection says nothing.
    pub mute: f64,
}

impl CampaignScenario {
    /// Those of a seed: one in four runs has some. From chance of their own, so that the rest of a run is what it is
    /// without them.
    pub(super) fn draw(seed: u64) -> Option<Self> {
        let mut rng = Rng::new(seed ^ 0x4341_4D50_4149_474E);
        rng.chance(0.25).then(|| Self::drawn(&mut rng))
    }

    fn drawn(rng: &mut Rng) -> Self {
        let secs = Duration::from_secs;
        // 9:00 of a Monday, 20:45, or 7:50: the window of 8 to 21 is open, about to close, or about to open.
        let later = [0, 0, 0, 11 * 60 + 45, -70][index(rng, 5)];
        Self {
            campaigns: number(rng, 1, 3) as u32,
            leads: if rng.chance(0.1) { 700 } else { number(rng, 10, 120) as u32 },
            lasts: between(rng, secs(240), secs(900)),
            later_micros: later * 60 * 1_000_000,
            dedicated: rng.chance(0.6),
            orders: between(rng, secs(10), secs(120)),
            read_max: between(rng, Duration::from_millis(1), secs(4)),
            read_failure: share(rng, 0.02, 0.3),
            mistaken: share(rng, 0.01, 0.1),
            mute: share(rng, 0.005, 0.05),
        }
    }
}

/// What a campaign is in its `version`-th wording: drawn, and the same whenever it is asked for.
pub(crate) fn definition(seed: u64, campaign: u32, version: u32, queue: QueueId) -> Definition {
    let mut rng = Rng::new(seed ^ (u64::from(campaign) << 40) ^ (u64::from(version) << 20) ^ 0x5749_5245);
    let rng = &mut rng;
    let is_message = campaign.is_multiple_of(2);
    let max_lines = number(rng, 2, 12) as u32;
    let method = if is_message {
        Method::Bot { concurrent: number(rng, 1, u64::from(max_lines)) as u32 }
    } else {
        match rng.below(8) {
            0 => Method::Preview { may_skip: true, limit: Some(Duration::from_secs(5)) },
            1 | 2 => Method::Progressive,
            3 => Method::Ratio { lines: 1.0 + rng.unit() * 3.0 },
            _ => Method::Predictive,
        }
    };
    let service = if is_message { Service::Message(NOTICE) } else { Service::Queue(queue) };
    let mut drawn = Definition::new(&format!("Campaign {campaign}"), method, service);
    drawn.max_lines = max_lines;
    drawn.lists = lists_of(campaign);
    drawn.mix = [Mix::InOrder, Mix::Even, Mix::Shares][index(rng, 3)];
    drawn.order = [LeadOrder::OldestFirst, LeadOrder::NewestFirst, LeadOrder::Random][index(rng, 3)];
    drawn.ring_min_s = number(rng, 15, 18) as u16;
    drawn.ring_max_s = number(rng, 18, 40) as u16;
    drawn.record = rng.chance(0.3);
    drawn.detection.enabled = rng.chance(0.7);
    if drawn.detection.enabled {
        let further = [OnMachine::HangUp, OnMachine::Message(TO_MACHINES), OnMachine::Queue(queue)];
        drawn.detection.on_machine = further[index(rng, if is_message { 2 } else { 3 })];
    }
    drawn.abandon.message = rng.chance(0.7).then_some(SAFE_HARBOUR);
    drawn.abandon.target = 0.05;
    let own = ["+442071830001", "+442071830002"].map(str::to_owned);
    drawn.caller_ids = CallerIds { pool: if rng.chance(0.5) { own.into() } else { Vec::new() }, local_presence: false };
    drawn.recycle = recycle(rng);
    drawn.dispositions = dispositions();
    drawn.terms.caps = caps(rng);
    drawn.terms.voice = if is_message { Voice::Recorded } else { Voice::Person };
    drawn.schedule = schedule(seed, campaign, version);
    drawn
}

/// One in three has hours of its own that begin or end while the run goes on, with chance of their own.
fn schedule(seed: u64, campaign: u32, version: u32) -> Option<Arc<Schedule>> {
    let mut rng = Rng::new(seed ^ (u64::from(campaign) << 40) ^ (u64::from(version) << 20) ^ 0x484F_5552);
    let hours = ["daily 09:04-21:00", "daily 08:00-09:05", "daily 09:02-09:08", "daily 00:00-20:53"];
    let open = [hours[index(&mut rng, hours.len())].to_owned()];
    let schedule = Schedule::parse("campaign", "Europe/London", &open, &[]).ok().map(Arc::new);
    schedule.filter(|_| rng.chance(1.0 / 3.0))
}

/// Lists that a campaign calls: the first campaigns share one, so that a lead or number may be wanted twice.
fn lists_of(campaign: u32) -> Vec<ListShare> {
    let lists: &[u128] = if campaign.is_multiple_of(2) { &[2, 3] } else { &[1, 2] };
    lists.iter().map(|list| ListShare { list: ListId(*list), share: 50 }).collect()
}

/// Sooner than in production, so that a run of minutes comes by second and third attempts.
fn recycle(rng: &mut Rng) -> Recycle {
    let mut again = |outcome, next_number| {
        let times = number(rng, 0, 4) as u8;
        (outcome, Again { after: Recycle::AFTER_MIN, times, next_number })
    };
    let rules = [
        again(Outcome::NoAnswer, true),
        again(Outcome::Busy, false),
        again(Outcome::Machine, true),
        again(Outcome::HungUp, false),
        again(Outcome::Abandoned, false),
        again(Outcome::DeadAir, true),
        again(Outcome::Unobtainable, true),
    ];
    Recycle { rules: BTreeMap::from(rules), attempts_max: 6 }
}

fn caps(rng: &mut Rng) -> Caps {
    let mut cap = |most| if rng.chance(0.4) { Some(number(rng, 1, most) as u32) } else { None };
    Caps {
        lead: cap(4),
        number: cap(4),
        lead_a_day: cap(3),
        number_a_day: cap(3),
        lead_in_24_h: cap(3),
        number_in_24_h: cap(3),
    }
}

fn dispositions() -> BTreeMap<String, LeadAction> {
    let all = [
        ("sale", LeadAction::Done),
        ("later", LeadAction::Again(Recycle::AFTER_MIN)),
        ("back", LeadAction::Callback),
        ("never", LeadAction::DoNotCall),
    ];
    all.into_iter().map(|(code, action)| (code.to_owned(), action)).collect()
}

/// What campaigns without agents play.
pub(crate) const NOTICE: MessageId = MessageId(1);
/// What machines get.
pub(crate) const TO_MACHINES: MessageId = MessageId(2);
/// What a person hears whom no agent took in time.
pub(crate) const SAFE_HARBOUR: MessageId = MessageId(3);
/// Its prompt.
pub(crate) const SAFE_HARBOUR_PROMPT: &str = "safe-harbour";
