//! A queue closes while callers wait in it.

use std::sync::Arc;

use call::{Exit, Input, Overflow, Plan, QueuePlan, Target, Unserved};
use clock::WallTime;
use dialer::contract::{Dial, Fact};
use hours::Schedule;
use journal_core::{CallEvent, CallStatus, QueueLeft};

use crate::attempt::order;
use crate::rig::World;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, agent_id};
use crate::rules::{SALES, calling, hang_up, plan, prompts, to};

/// Friday 20 November 2026, 17:29 in London: a minute before the end.
const LATE: WallTime = WallTime::from_micros(1_795_195_740_000_000);

fn office(open: &[&str], holidays: &[&str]) -> Option<Arc<Schedule>> {
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    Some(Arc::new(Schedule::parse("office", "Europe/London", &owned(open), &owned(holidays)).unwrap()))
}

fn rules(leave_closed: bool) -> QueuePlan {
    let closed = Overflow { to: Exit::Message("closed".to_owned()), keeps_arrival: false };
    let overflow = [(Unserved::Closed, closed)].into();
    let schedule = office(&["mon-fri 09:00-17:30"], &[]);
    QueuePlan { schedule, leave_closed, overflow, ..QueuePlan::default() }
}

fn with(rules: QueuePlan) -> Plan {
    let mut plan = plan();
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    let support = plan.queues.get_mut(&SUPPORT).unwrap();
    *support = QueuePlan { name: "support".to_owned(), music: "waiting".to_owned(), ..rules };
    plan
}

fn left(world: &World) -> usize {
    let closed = |event: &&&CallEvent| matches!(event, CallEvent::QueueLeft { queue: SUPPORT, how: QueueLeft::Closed });
    world.events(world.call()).iter().filter(closed).count()
}

#[test]
fn who_waits_when_the_queue_closes_waits_on_unless_its_rule_says_else() {
    let (mut world, carrier) = calling(with(rules(false)), LATE);
    world.secs(300);
    assert_eq!((prompts(&world), left(&world)), (vec!["music/waiting".to_owned()], 0));
    hang_up(world, carrier).assert_nothing_left();

    let (mut world, carrier) = calling(with(rules(true)), LATE);
    world.secs(59);
    assert_eq!((prompts(&world), left(&world)), (vec!["music/waiting".to_owned()], 0));
    world.secs(1);
    let call = world.call();
    assert_eq!((prompts(&world), left(&world)), (vec!["en/closed".to_owned()], 1));
    assert_eq!(world.acd.moved, [call], "he did not give up");
    let why = |event: &CallEvent| matches!(event, CallEvent::Overflowed { why, to, .. } if why == "closed" && to == "message:closed");
    assert!(world.has(call, why));
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "closed".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn into_another_queue_he_may_bring_his_arrival_and_a_holiday_has_a_way_of_its_own() {
    let onward = Overflow { to: to(SALES), keeps_arrival: true };
    let schedule = office(&["daily 00:00-24:00"], &["2026-11-21 Stocktaking"]);
    let overflow = [(Unserved::Holiday, onward)].into();
    let night = WallTime::from_micros(LATE.as_micros() + 6 * 3_600_000_000);
    let (mut world, carrier) = calling(with(QueuePlan { schedule, overflow, ..rules(true) }), night);
    let arrived = world.now.wall;
    world.secs(30 * 60);
    assert_eq!(left(&world), 0);
    world.secs(60);
    assert_eq!(world.acd.enqueued.last().unwrap().1, SALES, "the day of the holiday has begun");
    assert_eq!(world.acd.since, [None, Some(arrived)]);
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn whom_a_phone_rings_for_is_served_first() {
    let (mut world, carrier) = calling(with(rules(true)), LATE);
    let agent = world.agent("1001");
    world.secs(55);
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    assert!(world.phones[agent].is_called());
    world.secs(8);
    assert_eq!(left(&world), 0, "it rings still");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]));
    world.secs(5);
    assert_eq!(left(&world), 0);
    hang_up(world, carrier).assert_nothing_left();

    let (mut world, carrier) = calling(with(rules(true)), LATE);
    let agent = world.agent("1001");
    world.secs(55);
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    world.secs(8);
    world.phones[agent].reject(world.now.mono, 486);
    world.secs(2);
    assert_eq!((left(&world), prompts(&world)), (1, vec!["en/closed".to_owned()]), "nobody took him");
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}

/// New rules are looked at too: whoever closes a queue by a reload closes it for those who wait.
#[test]
fn a_queue_that_new_rules_close_lets_them_go() {
    let (mut world, carrier) = calling(with(rules(true)), WallTime::from_micros(LATE.as_micros() - 3_600_000_000));
    world.secs(10);
    let closed = QueuePlan { schedule: office(&[], &[]), ..rules(true) };
    world.input(Input::Configure(Arc::new(with(closed))));
    world.millis(10);
    assert_eq!((left(&world), prompts(&world)), (1, vec!["en/closed".to_owned()]));
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}

/// Whom a campaign called waits for two seconds and is told why nobody came, whatever a queue does with its callers.
#[test]
fn whom_a_campaign_called_is_abandoned_and_not_sent_on() {
    let mut world = World::starting(with(rules(true)), 1, WallTime::from_micros(LATE.as_micros() - 3_600_000_000));
    let carrier = world.carrier();
    world.input(Input::Dial(Box::new(Dial { detect: false, ..order() })));
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let closed = QueuePlan { schedule: office(&[], &[]), ..rules(true) };
    world.input(Input::Configure(Arc::new(with(closed))));
    world.secs(1);
    assert_eq!((left(&world), world.phones[carrier].got_bye()), (0, false));
    world.millis(1_100);
    assert!(world.reports.iter().any(|report| report.fact == Fact::Abandoned), "{:?}", world.reports);
    world.secs(5);
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}
