//! What a run looks like. The seed draws the configuration too (a swarm), so that rare mixtures come by themselves.

mod callbacks;
mod campaigns;

use core::time::Duration;

use clock::Rng;

use crate::chance::{between, number, share};
use crate::planted::Planted;

pub use self::callbacks::CallbackScenario;
pub use self::campaigns::CampaignScenario;
pub(crate) use self::campaigns::{NOTICE, SAFE_HARBOUR, SAFE_HARBOUR_PROMPT, TO_MACHINES, definition};

/// One run: everything that happens in it follows from these values.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// From which all chance comes.
    pub seed: u64,
    /// Calls that carriers, agents and clients start before the quiet end.
    pub calls: u32,
    /// Call shards.
    pub shards: u16,
    /// Queues; agents serve one to all of them.
    pub queues: u32,
    /// Agents, a phone each.
    pub agents: u32,
    /// Carriers.
    pub carriers: u32,
    /// Mean time from one new call to the next.
    pub gap: Duration,
    /// The network between the node and everyone else.
    pub network: NetworkScenario,
    /// The node: its disk, its tasks, its crashes.
    pub node: NodeScenario,
    /// What people do.
    pub people: PeopleScenario,
    /// Rules before and around the queues.
    pub rules: RulesScenario,
    /// Agents log in with standing legs now and then: offers are bridged to those.
    pub standing_legs: bool,
    /// Campaigns that dial, where there are any: over one shard, and agents with standing legs (decision 0019).
    pub campaigns: Option<CampaignScenario>,
    /// A fault in the cores, for the judges to find.
    pub planted: Option<Planted>,
    /// Keep one line of text for everything that happens, for whoever looks for a fault.
    pub keep_log: bool,
}

/// Datagrams between the node and its peers.
#[derive(Clone, Debug)]
pub struct NetworkScenario {
    /// Share that is lost.
    pub loss: f64,
    /// Share that arrives twice.
    pub duplicate: f64,
    /// Least delay.
    pub delay_min: Duration,
    /// Mean of the delay beyond it (exponential: what reorders).
    pub delay_mean: Duration,
    /// Hostile datagrams for one new call.
    pub hostile: f64,
}

/// The node under test.
#[derive(Clone, Debug)]
pub struct NodeScenario {
    /// Crashes in the run.
    pub crashes: u32,
    /// Orderly stops in the run.
    pub stops: u32,
    /// Share of crashes that is a power loss: what is written and not synced is gone.
    pub power_loss: f64,
    /// Longest time from a crash to the restart.
    pub down_max: Duration,
    /// Mean time until the journal has handed an entry to the operating system.
    pub write_mean: Duration,
    /// Longest time from the write to the end of the sync.
    pub sync_max: Duration,
    /// Share of messages between owners that come late, by up to `stall_max`.
    pub stall: f64,
    /// The longest delay of those.
    pub stall_max: Duration,
    /// Share of ports, players and recordings that the media worker cannot give.
    pub media_failure: f64,
    /// How often its disk fails for a while.
    pub journal_outages: u32,
    /// The longest of these times.
    pub journal_outage_max: Duration,
    /// How often one of its owners breaks an assertion (with the feature `fault-injection`).
    pub breaks: u32,
    /// How fast its clock runs, in millionths off.
    pub drift_ppm: i64,
    /// How often its wall clock is set, in the run, by up to an hour forward or back.
    pub clock_sets: u32,
}

/// Callers, agents and those who use the API.
#[derive(Clone, Debug)]
pub struct PeopleScenario {
    /// Mean time for which a caller stays on the line, waiting included.
    pub patience: Duration,
    /// Share of callers who give up within a second: CANCEL that races the answer.
    pub hasty: f64,
    /// Mean talk time after which the agent hangs up.
    pub talk: Duration,
    /// Mean time until an agent answers.
    pub answer: Duration,
    /// Share of rings that an agent refuses.
    pub refuse: f64,
    /// Share of rings that an agent lets ring.
    pub ignore: f64,
    /// Share of conversations in which the agent puts the caller on hold.
    pub hold: f64,
    /// Share of conversations that the agent transfers.
    pub transfer: f64,
    /// Share of new calls that an agent dials.
    pub dial: f64,
    /// Share of new calls that the API starts (click-to-call).
    pub click: f64,
    /// Further targets of the first carrier's trunk, which take calls and bring none.
    pub gateways: u32,
    /// Times in which a carrier or gateway answers every call with 503, for each call.
    pub storms: f64,
    /// Agents who leave without logging out, with the phone left on or unplugged, for each call.
    pub forgets: f64,
    /// Share of a carrier's calls whose INVITE has no offer.
    pub late_offers: f64,
    /// Phones and carriers that fall silent in the run, for each call.
    pub outage: f64,
    /// Changes of status and hang-ups over the API, for each call.
    pub orders: f64,
    /// Ring time of the queues.
    pub ring: Duration,
    /// Longest wait in the queues.
    pub max_wait: Duration,
    /// Wrap-up after a queue call.
    pub wrap_up: Duration,
    /// Missed rings that pause an agent; 0 for never.
    pub max_missed: u32,
    /// How long a registration lasts.
    pub register_expires: Duration,
    /// Callbacks, where there are any.
    pub callbacks: Option<CallbackScenario>,
}

/// Rules before and around the queues; by default there are none.
#[derive(Clone, Debug, Default)]
pub struct RulesScenario {
    /// Share of callers who come to a menu first.
    pub menu: f64,
    /// From one announcement to a waiting caller to the next; zero: none.
    pub announce: Duration,
    /// A caller who gave up has his place again for so long; zero: never.
    pub rejoin: Duration,
}

impl Scenario {
    /// The scenario of a seed, with about `calls` calls.
    #[must_use]
    pub fn draw(seed: u64, calls: u32) -> Self {
        let mut rng = Rng::new(seed ^ 0x5343_454E_4152_494F);
        let agents = number(&mut rng, 2, 14);
        let callbacks = CallbackScenario::draw(seed);
        let people = PeopleScenario { callbacks, ..PeopleScenario::draw(&mut rng) };
        // From half the work that the agents can do to twice as much.
        let load = 0.5 + rng.unit() * 1.5;
        let busy = people.talk + people.answer + people.wrap_up;
        let gap = busy.div_f64(agents as f64 * load);
        Self {
            seed,
            calls,
            shards: if rng.chance(0.3) { 4 } else { 1 },
            queues: number(&mut rng, 1, 4) as u32,
            agents: agents as u32,
            carriers: number(&mut rng, 1, 3) as u32,
            gap,
            network: NetworkScenario::draw(&mut rng),
            node: NodeScenario::draw(&mut rng),
            people,
            // A stream of its own: what was drawn for a seed before there were rules is drawn still.
            rules: RulesScenario::draw(&mut Rng::new(seed ^ 0x5255_4C45_535F_5F5F)),
            standing_legs: false,
            campaigns: CampaignScenario::draw(seed),
            planted: None,
            keep_log: false,
        }
    }

    /// Call shards of the node: standing legs have one.
    pub(crate) fn shards(&self) -> u16 {
        if self.campaigns.is_some() { 1 } else { self.shards }
    }

    /// The queue of the campaigns, behind those that callers reach.
    pub(crate) fn campaign_queue(&self) -> Option<clock::QueueId> {
        self.campaigns.as_ref().map(|_| clock::QueueId(self.queues + 1))
    }

    /// The same people and calls in a world without faults.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.network = NetworkScenario { loss: 0.0, duplicate: 0.0, hostile: 0.0, ..self.network };
        self.node = NodeScenario {
            crashes: 0,
            stops: 0,
            stall: 0.0,
            media_failure: 0.0,
            journal_outages: 0,
            breaks: 0,
            ..self.node
        };
        self.people.outage = 0.0;
        self.people.forgets = 0.0;
        if let Some(campaigns) = &mut self.campaigns {
            campaigns.read_failure = 0.0;
        }
        self
    }
}

impl NetworkScenario {
    fn draw(rng: &mut Rng) -> Self {
        Self {
            loss: share(rng, 0.001, 0.15),
            duplicate: share(rng, 0.001, 0.1),
            delay_min: between(rng, Duration::from_micros(100), Duration::from_millis(20)),
            delay_mean: between(rng, Duration::ZERO, Duration::from_millis(60)),
            hostile: share(rng, 0.01, 1.0),
        }
    }
}

impl NodeScenario {
    fn draw(rng: &mut Rng) -> Self {
        Self {
            crashes: if rng.chance(0.5) { number(rng, 1, 3) as u32 } else { 0 },
            stops: if rng.chance(0.15) { number(rng, 1, 2) as u32 } else { 0 },
            power_loss: rng.unit(),
            down_max: between(rng, Duration::from_millis(50), Duration::from_secs(8)),
            write_mean: between(rng, Duration::from_micros(20), Duration::from_millis(5)),
            sync_max: between(rng, Duration::from_millis(1), Duration::from_millis(60)),
            stall: share(rng, 0.001, 0.1),
            stall_max: between(rng, Duration::from_micros(100), Duration::from_millis(1_500)),
            media_failure: share(rng, 0.001, 0.03),
            drift_ppm: number(rng, 0, 200) as i64 - 100,
            journal_outages: if rng.chance(0.3) { number(rng, 1, 3) as u32 } else { 0 },
            journal_outage_max: between(rng, Duration::from_millis(100), Duration::from_secs(30)),
            breaks: if rng.chance(0.4) { number(rng, 1, 5) as u32 } else { 0 },
            clock_sets: if rng.chance(0.25) { number(rng, 1, 4) as u32 } else { 0 },
        }
    }
}

impl RulesScenario {
    fn draw(rng: &mut Rng) -> Self {
        let secs = Duration::from_secs;
        let mut perhaps = |least, most| if rng.chance(0.5) { between(rng, least, most) } else { Duration::ZERO };
        let (announce, rejoin) = (perhaps(secs(1), secs(20)), perhaps(secs(10), secs(600)));
        Self { menu: share(rng, 0.2, 1.0), announce, rejoin }
    }
}

impl PeopleScenario {
    fn draw(rng: &mut Rng) -> Self {
        let secs = Duration::from_secs;
        Self {
            patience: between(rng, secs(10), secs(120)),
            hasty: share(rng, 0.02, 0.2),
            talk: between(rng, secs(3), secs(40)),
            answer: between(rng, Duration::from_millis(300), secs(6)),
            refuse: share(rng, 0.02, 0.2),
            ignore: share(rng, 0.02, 0.2),
            hold: share(rng, 0.05, 0.4),
            transfer: share(rng, 0.02, 0.3),
            dial: share(rng, 0.02, 0.3),
            click: share(rng, 0.02, 0.15),
            gateways: number(rng, 0, 2) as u32,
            storms: share(rng, 0.02, 0.3),
            forgets: share(rng, 0.002, 0.03),
            late_offers: share(rng, 0.02, 0.3),
            outage: share(rng, 0.002, 0.05),
            orders: share(rng, 0.02, 0.3),
            ring: between(rng, secs(5), secs(20)),
            max_wait: between(rng, secs(10), secs(120)),
            wrap_up: between(rng, Duration::ZERO, secs(10)),
            max_missed: number(rng, 0, 4) as u32,
            register_expires: between(rng, secs(60), secs(600)),
            callbacks: None,
        }
    }
}
