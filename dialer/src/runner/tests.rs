//! What takes a world of chance too long to come to: a hopper that is full, and agents whom two campaigns share.

use clock::{
    AgentId, AttemptId, CallId, CampaignId, Instant, LeadId, ListId, MessageId, Now, QueueId, RequestId, Rng, WallTime,
};
use std::sync::Arc;

use super::contract::{Effect, Input, Note, Reply, Written};
use super::{AlertKind, Dialer};
use crate::campaign::{Actor, Definition, ListShare, Method, Service, Status, Step};
use crate::contract::{AgentFact, Dial, Doing, EndClass, Ending, Fact, Order, Report};
use crate::gate::{Lists, Voice};
use crate::hopper::{Lead, NumberHistory, Page, Stock, What};

/// A dialer, and lists with so many leads; nothing happens but what a test says.
struct Bench {
    dialer: Dialer,
    seconds: f64,
    lists: [u64; 2],
    dialed: Vec<Dial>,
    /// Alerts, on and off, as they are told.
    alerts: Vec<(AlertKind, bool)>,
}

const ANN: &str = "ann";
const X: AgentId = AgentId(1);

fn campaign(which: u128) -> CampaignId {
    CampaignId(70 + which)
}

impl Bench {
    fn new(lists: [u64; 2]) -> Self {
        let dialer = Dialer::new(Rng::new(1));
        let mut bench = Self { dialer, seconds: 0.0, lists, dialed: Vec::new(), alerts: Vec::new() };
        bench.tell(Input::Lists(Arc::new(Lists::default())));
        bench
    }

    /// 2025-10-13 12:00 UTC, a Monday, and so long after it.
    fn now(&self) -> Now {
        let mono = Instant::from_nanos((self.seconds * 1e9) as u64);
        Now { mono, wall: WallTime::from_micros(1_760_356_800_000_000 + (self.seconds * 1e6) as i64) }
    }

    /// A campaign of its own list.
    fn begin(&mut self, which: u128, method: Method, service: Service) {
        let mut definition = Definition::new("Autumn", method, service);
        definition.lists = vec![ListShare { list: ListId(which), share: 100 }];
        definition.detection.enabled = false;
        definition.recycle.rules.clear();
        if matches!(service, Service::Message(_)) {
            definition.terms.voice = Voice::Recorded;
        }
        let written = Written { definition: Arc::new(definition), text: "{}".into() };
        let (campaign, by) = (campaign(which), Actor(ANN.to_owned()));
        self.tell(Input::Write { request: None, campaign, written, based_on: None, by: by.clone() });
        let steps = [Step::Submit(by.clone(), None), Step::Approve(Actor("bob".to_owned())), Step::Start(by)];
        steps.into_iter().for_each(|step| self.step(which, step));
        self.wait(2.0);
        assert_eq!(self.status(which), Status::Running);
    }

    fn step(&mut self, which: u128, step: Step) {
        let request = Some(RequestId(1));
        self.tell(Input::Step { request, campaign: campaign(which), step, based_on: None });
    }

    fn status(&self, which: u128) -> Status {
        self.dialer.campaigns[&campaign(which)].life.status
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: f64) {
        let until = self.seconds + seconds;
        while self.seconds < until {
            self.seconds += 0.25;
            let now = self.now();
            self.dialer.handle_timeout(now);
            self.drain();
        }
    }

    fn tell(&mut self, input: Input) {
        let now = self.now();
        self.dialer.handle(now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.dialer.poll_effect() {
            match effect {
                Effect::Order(Order::Dial(dial)) => self.dialed.push(*dial),
                Effect::Note(Note::Alert { alert, is_on, .. }) => self.alerts.push((alert.kind, is_on)),
                Effect::Wanted { campaign, wanted } => {
                    let size = self.lists[wanted.list.0 as usize - 1];
                    let leads = match wanted.what {
                        What::NewAfter { place } => {
                            let from = place.map_or(1, |place| place + 1);
                            (from..=size).take(wanted.limit.into()).map(|place| lead(wanted.list, place)).collect()
                        }
                        _ => Vec::new(),
                    };
                    // More are to come, so that no campaign is over.
                    let page = Page { wanted, leads: Some(leads), stock: Stock::Importing, looked_to: None };
                    self.tell(Input::Page { campaign, page });
                }
                Effect::Reply { result, .. } => {
                    assert!(matches!(result, Ok(Reply::Done | Reply::Life(_))), "{result:?}")
                }
                _ => {}
            }
        }
    }

    /// An agent serves both queues.
    fn agent(&mut self, doing: Doing) {
        for queue in [QueueId(1), QueueId(2)] {
            let fact = AgentFact { agent: X, doing, since: self.now().wall, standing: true };
            self.tell(Input::Agent { queue, fact });
        }
    }

    /// A lead is added to a list.
    fn add(&mut self, list: u128) {
        self.lists[list as usize - 1] += 1;
        self.tell(Input::Added { request: None, list: ListId(list) });
    }

    fn report(&mut self, attempt: AttemptId, fact: Fact) {
        let at = self.now().wall;
        self.tell(Input::Report(Report { attempt, at, fact }));
    }

    fn ends(&mut self, attempt: AttemptId, class: EndClass) {
        self.report(attempt, Fact::Ended(Ending { class, code: "normal".to_owned(), q850: 16, sip: None }));
    }

    /// Who dialed last, and the attempt; as many were dialed in all.
    #[track_caller]
    fn dialed_last(&self, count: usize) -> (u128, AttemptId) {
        assert_eq!(self.dialed.len(), count, "{:#?}", self.dialed);
        let last = self.dialed.last().expect("one");
        (last.campaign.0 - 70, last.attempt)
    }
}

fn lead(list: ListId, place: u64) -> Lead {
    let number = format!("+4420718{}{place:04}", list.0);
    let numbers = vec![(number, NumberHistory::default())];
    Lead { id: LeadId(list.0 * 10_000 + u128::from(place)), list, place, numbers, ..Lead::default() }
}

#[test]
fn a_full_hopper_is_told_until_a_list_is_reset() {
    let mut bench = Bench::new([3, 0]);
    bench.begin(1, Method::Bot { concurrent: 3 }, Service::Message(MessageId(1)));
    assert_eq!(bench.dialed.len(), 3);
    let told = |bench: &Bench| -> Vec<bool> {
        bench.alerts.iter().filter(|(kind, _)| *kind == AlertKind::HopperFull).map(|(_, is_on)| *is_on).collect()
    };
    bench.wait(10.0);
    assert!(told(&bench).is_empty());
    let run = bench.dialer.campaigns.get_mut(&campaign(1)).and_then(|campaign| campaign.run.as_mut());
    run.expect("a run").hopper.hold_at_most(3);
    bench.add(1);
    bench.wait(10.0);
    assert_eq!(told(&bench), [true]);
    // What is called counts as long as its list was not reset.
    for dial in bench.dialed.clone() {
        bench.ends(dial.attempt, EndClass::Unobtainable);
    }
    bench.wait(60.0);
    assert_eq!((told(&bench), bench.dialed.len()), (vec![true], 3), "the fourth is not read");
    bench.lists[0] = 2;
    bench.tell(Input::Reset { request: Some(RequestId(2)), campaign: campaign(1), list: ListId(1) });
    bench.wait(10.0);
    assert_eq!(told(&bench), [true, false]);
}

/// The first has nobody to call, then it has: what rings for the second relies on the agent, and he is dialed for by the
/// first once it is over.
#[test]
fn a_shared_agent_goes_back_when_nothing_rings_for_him_any_more() {
    let mut bench = Bench::new([0, 9]);
    bench.begin(1, Method::Progressive, Service::Queue(QueueId(1)));
    bench.begin(2, Method::Progressive, Service::Queue(QueueId(2)));
    bench.agent(Doing::Ready);
    bench.wait(2.0);
    let (who, rings) = bench.dialed_last(1);
    assert_eq!(who, 2, "the first has nobody");
    bench.add(1);
    bench.wait(5.0);
    bench.dialed_last(1);
    // Nobody answers there: now he is the first's.
    bench.ends(rings, EndClass::NoAnswer);
    bench.wait(1.0);
    let (who, rings) = bench.dialed_last(2);
    assert_eq!(who, 1);
    bench.ends(rings, EndClass::NoAnswer);
    bench.wait(1.0);
    let (who, rings) = bench.dialed_last(3);
    assert_eq!(who, 2, "and the second's, as the first has nobody again");
    // Whoever answers there as he is to leave has him; he goes back after the conversation.
    bench.add(1);
    bench.wait(1.0);
    bench.report(rings, Fact::Began { call: CallId(1) });
    bench.report(rings, Fact::Answered);
    bench.report(rings, Fact::Connected { agent: X, waited_ms: 100 });
    bench.agent(Doing::OnCall);
    bench.wait(5.0);
    bench.dialed_last(3);
    bench.ends(rings, EndClass::HungUp);
    bench.agent(Doing::Ready);
    bench.wait(1.0);
    assert_eq!(bench.dialed_last(4).0, 1);
}

/// A campaign that is paused rings on for a while, and relies on its agents as long.
#[test]
fn a_shared_agent_leaves_a_campaign_that_is_paused_when_its_last_ring_is_over() {
    let mut bench = Bench::new([9, 9]);
    bench.begin(1, Method::Progressive, Service::Queue(QueueId(1)));
    bench.begin(2, Method::Progressive, Service::Queue(QueueId(2)));
    bench.agent(Doing::Ready);
    bench.wait(2.0);
    let (who, rings) = bench.dialed_last(1);
    assert_eq!(who, 1);
    bench.step(1, Step::Pause(Actor(ANN.to_owned())));
    bench.wait(10.0);
    bench.dialed_last(1);
    bench.ends(rings, EndClass::Canceled);
    bench.wait(1.0);
    assert_eq!(bench.dialed_last(2).0, 2);
    // One who stops serving a queue does not wait for what rings there.
    let (_, rings) = bench.dialed_last(2);
    bench.step(1, Step::Start(Actor(ANN.to_owned())));
    bench.wait(2.0);
    bench.dialed_last(2);
    let fact = AgentFact { agent: X, doing: Doing::Gone, since: bench.now().wall, standing: true };
    bench.tell(Input::Agent { queue: QueueId(2), fact });
    bench.wait(1.0);
    assert_eq!(bench.dialed_last(3).0, 1);
    bench.ends(rings, EndClass::NoAnswer);
}
