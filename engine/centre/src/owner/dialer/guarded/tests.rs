use std::sync::Arc;

use clock::{AgentId, CampaignId, LeadId, ListId, QueueId, Rng};
use dialer::campaign::{Actor, Definition, ListShare, Method, Service, Step};
use dialer::contract::{AgentFact, Doing, Order};
use dialer::hopper::{Lead, Page, Stock, What};
use dialer::runner::{House, Written};

use super::super::super::Fault;
use super::*;

const CAMPAIGN: CampaignId = CampaignId(77);
const QUEUE: QueueId = QueueId(1);

fn now(tenths: u64) -> Now {
    // From Monday noon, UTC, on.
    let wall = WallTime::from_micros(1_760_356_800_000_000 + tenths as i64 * 100_000);
    Now { mono: Instant::from_nanos(tenths * 100_000_000), wall }
}

/// A campaign that was started, with agents who are ready.
fn start() -> Vec<Input> {
    let mut definition = Definition::new("Autumn", Method::Progressive, Service::Queue(QUEUE));
    definition.lists = vec![ListShare { list: ListId(1), share: 100 }];
    let written = Written { definition: Arc::new(definition), text: "{}".into() };
    let actor = |name: &str| Actor(name.to_owned());
    let step = |step| Input::Step { request: None, campaign: CAMPAIGN, step, based_on: None };
    let agent = |agent| {
        let fact = AgentFact { agent: AgentId(agent), doing: Doing::Ready, since: now(0).wall, standing: true };
        Input::Agent { queue: QUEUE, fact }
    };
    let house = House { queues: [QUEUE].into(), ..House::default() };
    let mut inputs = vec![
        Input::House(Arc::new(house)),
        Input::Lists(Arc::default()),
        Input::Write { request: None, campaign: CAMPAIGN, written, based_on: None, by: actor("ann") },
        step(Step::Submit(actor("ann"), None)),
        step(Step::Approve(actor("bob"))),
        step(Step::Start(actor("ann"))),
    ];
    inputs.extend((1..=3).map(agent));
    inputs
}

/// The leads that are asked for; three hundred of which nobody was ever called.
fn page(wanted: dialer::hopper::Wanted) -> Page {
    let lead = |place: u64| Lead {
        id: LeadId(u128::from(place)),
        list: ListId(1),
        place,
        numbers: vec![(format!("+442071{place:06}"), Default::default())],
        ..Lead::default()
    };
    let leads = match wanted.what {
        What::NewAfter { place } => (1..=300).filter(|at| Some(*at) > place).map(lead).collect(),
        _ => Vec::new(),
    };
    Page { wanted, leads: Some(leads), stock: Stock::Whole, looked_to: None }
}

/// A minute of it, and all that it does. `breaks` says before which tenth of a second it is to break.
fn minute(core: &mut Guarded, breaks: impl Fn(u64) -> bool) -> Vec<String> {
    let mut said = Vec::new();
    let mut inputs: VecDeque<Input> = start().into();
    for at in 0..600 {
        if breaks(at) {
            core.break_at(Fault::Next);
        }
        core.handle_timeout(now(at));
        loop {
            while let Some(effect) = core.poll_effect() {
                said.push(format!("{at} {effect:?}"));
                if let Effect::Wanted { campaign, wanted } = effect {
                    inputs.push_back(Input::Page { campaign, page: page(wanted) });
                }
            }
            let Some(input) = inputs.pop_front() else { break };
            core.handle(now(at), input);
        }
    }
    said
}

fn guarded() -> Guarded {
    Guarded::new(Dialer::new(Rng::new(1)))
}

#[test]
fn one_that_breaks_goes_on_as_if_nothing_had_happened() {
    let mut whole = guarded();
    let expected = minute(&mut whole, |_| false);
    let dials = |said: &[String]| said.iter().filter(|one| one.contains("Order(Dial(")).count();
    assert_eq!(dials(&expected), 3, "one for each agent: {expected:#?}");
    let mut broken = guarded();
    let said = minute(&mut broken, |at| at % 40 == 5);
    assert_eq!(said, expected);
    let alarms: Vec<Alarm> = core::iter::from_fn(|| broken.poll_alarm()).collect();
    assert_eq!(alarms.len(), 15);
    assert!(alarms.iter().all(|alarm| matches!(alarm, Alarm::Broke { .. })), "{alarms:?}");
    let end = now(600).wall;
    assert_eq!(format!("{:?}", broken.snapshot(end)), format!("{:?}", whole.snapshot(end)));
}

#[test]
fn an_input_that_breaks_it_twice_is_left_out_and_its_client_hears_so() {
    let mut core = guarded();
    minute(&mut core, |_| false);
    let before = format!("{:?}", core.snapshot(now(600).wall));
    core.break_at(Fault::Next);
    core.break_at(Fault::Next);
    let step = Step::Stop(Actor("ann".to_owned()));
    let stop = Input::Step { request: Some(RequestId(9)), campaign: CAMPAIGN, step, based_on: None };
    core.handle(now(600), stop.clone());
    assert_eq!(core.take_refused(), [RequestId(9)]);
    assert_eq!(format!("{:?}", core.snapshot(now(600).wall)), before);
    core.handle(now(600), stop);
    let done: Vec<Effect> = core::iter::from_fn(|| core.poll_effect()).collect();
    let ends = |effect: &Effect| matches!(effect, Effect::Order(Order::Cancel { .. }));
    assert_eq!(done.iter().filter(|effect| ends(effect)).count(), 3, "{done:?}");
}

#[test]
fn one_that_breaks_again_and_again_gives_up() {
    let mut core = guarded();
    core.break_at(Fault::Timeouts);
    for at in 0..30 {
        core.handle_timeout(now(at));
    }
    let last = core::iter::from_fn(|| core.poll_alarm()).last();
    assert_eq!(last, Some(Alarm::GaveUp));
}
