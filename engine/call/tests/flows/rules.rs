//! Menus, hours, overflow and announcements: DESIGN section 9 and what the configuration adds to it.

use core::time::Duration;
use std::sync::Arc;

use call::{
    Announcements, EntryPlan, Exit, Gate, Input, MenuId, MenuPlan, Overflow, Plan, QueuePlan, Target, Unserved,
};
use clock::{CallId, LegId, QueueId, WallTime};
use hours::Schedule;
use journal_core::{CallEvent, CallStatus, Outcome, QueueLeft};
use media_graph::{Event, PlaySource};

use crate::rig::World;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, agent_id, demo};

pub(crate) const SALES: QueueId = QueueId(2);
pub(crate) const MAIN: MenuId = MenuId(1);
/// Friday 20 November 2026, 12:00 in London.
const NOON: WallTime = WallTime::from_micros(1_795_176_000_000_000);
const NIGHT: WallTime = WallTime::from_micros(1_795_212_000_000_000);

pub(crate) fn to(queue: QueueId) -> Exit {
    Exit::Own(Target::Queue(queue))
}

pub(crate) fn plan() -> Plan {
    let mut plan = demo();
    let open = ["mon-fri 09:00-17:30".to_owned()];
    let schedule = Schedule::parse("office", "Europe/London", &open, &[]).unwrap();
    let closed = Exit::Message("closed".to_owned());
    let keys = [
        ("1", to(SUPPORT)),
        ("2", to(SALES)),
        ("3", Exit::Message("directions".to_owned())),
        ("4", Exit::Number("+442079460000".to_owned())),
    ];
    let menu = MenuPlan {
        name: "main".to_owned(),
        language: Some("es".to_owned()),
        gate: Some(Gate { schedule: Arc::new(schedule), holiday: closed.clone(), closed }),
        prompts: vec!["welcome".to_owned(), "menu".to_owned()],
        keys: keys.map(|(keys, exit)| (keys.to_owned(), exit)).into(),
        extensions: true,
        wait: Duration::from_secs(5),
        digit_wait: Duration::from_secs(2),
        retries: 1,
        invalid_prompt: "invalid".to_owned(),
        silence_prompt: "nothing-pressed".to_owned(),
        default: to(SUPPORT),
    };
    let sales = QueuePlan { name: "sales".to_owned(), music: "waiting".to_owned(), ..QueuePlan::default() };
    plan.menus = [(MAIN, menu)].into();
    plan.queues.insert(SALES, sales);
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Menu(MAIN));
    plan.language = "en".to_owned();
    plan
}

/// A caller who has just come to the number.
pub(crate) fn calling(plan: Plan, wall: WallTime) -> (World, usize) {
    let mut world = World::starting(plan, 7, wall);
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    (world, carrier)
}

/// A caller who has just come to the queue, without a menu before it.
pub(crate) fn waiting(rules: QueuePlan) -> (World, usize) {
    let mut plan = plan();
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    let support = plan.queues.get_mut(&SUPPORT).unwrap();
    let former = support.clone();
    *support = QueuePlan { name: former.name, music: former.music, recording: true, ..rules };
    calling(plan, NOON)
}

fn leg(world: &World) -> LegId {
    *world.media.legs.first().unwrap()
}

pub(crate) fn press(world: &mut World, digits: &str) {
    let leg = leg(world);
    for digit in digits.chars() {
        world.media.say(Event::Digit { leg, digit });
        world.settle();
    }
}

pub(crate) fn prompts(world: &World) -> Vec<String> {
    let named = |source| match source {
        PlaySource::Prompt(name) => name,
        PlaySource::Music(name) => format!("music/{name}"),
        other => format!("{other:?}"),
    };
    world.media.played_to(leg(world)).into_iter().map(named).collect()
}

pub(crate) fn leave(world: &mut World, call: CallId, queue: QueueId, why: Unserved) {
    world.acd.forget(call);
    world.input(Input::LeaveQueue { call, queue, why });
}

pub(crate) fn hang_up(mut world: World, carrier: usize) -> World {
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    world
}

#[test]
fn a_key_cuts_the_menu_and_leads_to_its_queue() {
    let (mut world, carrier) = calling(plan(), NOON);
    assert!(world.phones[carrier].is_answered());
    assert_eq!(prompts(&world), ["es/welcome", "es/menu"]);
    press(&mut world, "2");
    assert_eq!(prompts(&world), ["music/waiting"]);
    let call = world.call();
    assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
    let went = |event: &CallEvent| matches!(event, CallEvent::MenuLeft { menu, keys, to } if menu == "main" && keys == "2" && to == "queue:sales");
    assert!(world.has(call, went));
    assert!(world.has(call, |event| matches!(event, CallEvent::HoursChecked { to: None, .. })));
    assert!(world.has(call, |event| matches!(event, CallEvent::Digit { digit: '2', .. })));
    let mut world = hang_up(world, carrier);
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn whoever_presses_nothing_hears_it_again_and_comes_to_the_default() {
    let (mut world, carrier) = calling(plan(), NOON);
    world.secs(4);
    assert!(prompts(&world).is_empty(), "silence after the prompts");
    world.secs(5);
    assert_eq!(prompts(&world), ["es/nothing-pressed", "es/welcome", "es/menu"]);
    world.secs(8);
    let call = world.call();
    assert_eq!(world.acd.enqueued.last().unwrap().1, SUPPORT);
    let missed = world.events(call).iter().filter(|event| matches!(event, CallEvent::MenuMissed { .. })).count();
    assert_eq!(missed, 2);
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn an_extension_is_dialed_key_by_key() {
    let mut world = World::starting(plan(), 7, NOON);
    let (carrier, agent) = (world.carrier(), world.agent("1002"));
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    press(&mut world, "10");
    assert!(prompts(&world).is_empty(), "more is awaited");
    press(&mut world, "02");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]));
    let mut world = hang_up(world, carrier);
    assert_eq!(world.verdict().0, CallStatus::Completed);
    world.assert_nothing_left();
}

#[test]
fn a_message_that_was_chosen_is_a_service_and_a_closed_door_a_lost_call() {
    let (mut world, carrier) = calling(plan(), NOON);
    press(&mut world, "3");
    assert_eq!(prompts(&world), ["es/directions"]);
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.outcome), (CallStatus::Completed, Outcome::Successful));
    world.assert_nothing_left();

    let (mut world, carrier) = calling(plan(), NIGHT);
    assert_eq!(prompts(&world), ["en/closed"], "the menu with its language was never entered");
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "closed".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_number_leads_out_of_the_house() {
    let (mut world, carrier) = calling(plan(), NOON);
    press(&mut world, "4");
    assert!(world.phones[carrier].is_called(), "the carrier takes it too");
    world.phones[carrier].reject(world.now.mono, 486);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "busy".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_key_to_an_agent_without_a_phone_or_a_number_that_may_not_be_dialed_leads_to_the_default() {
    for to in [Exit::Own(Target::Agent(agent_id("1002"))), Exit::Number("+33123456789".to_owned())] {
        let mut plan = plan();
        plan.menus.get_mut(&MAIN).unwrap().keys.insert("8".to_owned(), to);
        let (mut world, carrier) = calling(plan, NOON);
        press(&mut world, "8");
        assert_eq!(world.acd.enqueued.last().unwrap().1, SUPPORT);
        let missed = |event: &CallEvent| matches!(event, CallEvent::MenuMissed { keys, .. } if keys == "8");
        assert!(world.has(world.call(), missed));
        hang_up(world, carrier).assert_nothing_left();
    }
}

#[test]
fn a_caller_who_hangs_up_in_the_menu_leaves_nothing_behind() {
    for keys in ["", "1"] {
        let (mut world, carrier) = calling(plan(), NOON);
        press(&mut world, keys);
        world.secs(1);
        hang_up(world, carrier).assert_nothing_left();
    }
}

#[test]
fn a_prompt_that_is_missing_does_not_stop_the_menu() {
    let mut world = World::starting(plan(), 7, NOON);
    let carrier = world.carrier();
    world.media.no_prompts = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.secs(1);
    press(&mut world, "2");
    assert_eq!(world.acd.enqueued.len(), 1);
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn numbers_have_hours_and_a_language_of_their_own() {
    let mut plan = plan();
    let gate = plan.menus[&MAIN].gate.clone().map(|gate| Gate { closed: to(SALES), ..gate });
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    plan.entries.insert(SUPPORT_DID.to_owned(), EntryPlan { language: Some("es".to_owned()), gate });
    let sales = plan.queues.get_mut(&SALES).unwrap();
    sales.announcements.welcome = Some("connecting".to_owned());
    let (world, carrier) = calling(plan, NIGHT);
    assert_eq!(world.acd.enqueued[0].1, SALES);
    assert_eq!(prompts(&world), ["es/connecting"]);
    let closed = |event: &CallEvent| {
        matches!(event, CallEvent::HoursChecked { at, to: Some(to), .. }
            if at == "number:+442071830001" && to == "queue:sales")
    };
    assert!(world.has(world.call(), closed));
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn whom_a_queue_does_not_serve_overflows_with_or_without_his_place() {
    for keeps_arrival in [false, true] {
        let rule = |queue| Overflow { to: to(queue), keeps_arrival };
        let overflow = [(Unserved::TimedOut, rule(SALES))].into();
        let (mut world, carrier) = waiting(QueuePlan { overflow, ..QueuePlan::default() });
        let arrived = world.now.wall;
        world.secs(60);
        let call = world.call();
        leave(&mut world, call, SUPPORT, Unserved::TimedOut);
        assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
        assert_eq!(world.acd.since, [None, keeps_arrival.then_some(arrived)]);
        let why = |event: &CallEvent| matches!(event, CallEvent::Overflowed { queue: SUPPORT, why, to } if why == "timed_out" && to == "queue:sales");
        assert!(world.has(call, why));
        leave(&mut world, call, SALES, Unserved::Full);
        assert!(world.phones[carrier].got_bye(), "sales has neither rule nor box");
        assert_eq!(world.verdict(), (CallStatus::NoAnswer, "queue_full".to_owned()));
        world.assert_nothing_left();
    }
}

#[test]
fn queues_that_send_a_call_round_in_circles_end_it() {
    let mut plan = plan();
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    for (from, onward) in [(SUPPORT, SALES), (SALES, SUPPORT)] {
        let overflow = Overflow { to: to(onward), keeps_arrival: true };
        plan.queues.get_mut(&from).unwrap().overflow.insert(Unserved::Full, overflow);
    }
    let (mut world, carrier) = calling(plan, NOON);
    let call = world.call();
    for _ in 0..30 {
        if world.phones[carrier].got_bye() {
            break;
        }
        let queue = world.acd.enqueued.last().unwrap().1;
        leave(&mut world, call, queue, Unserved::Full);
    }
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "queue_full".to_owned()));
    assert_eq!(world.dropped, ["detours"]);
    world.assert_nothing_left();
}

#[test]
fn a_key_leads_out_of_the_queue_and_a_phone_that_rings_is_let_go() {
    let (mut world, carrier) = waiting(QueuePlan { keys: [('0', to(SALES))].into(), ..QueuePlan::default() });
    let agent = world.agent("1001");
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    assert!(world.phones[agent].is_called());
    press(&mut world, "5");
    assert!(world.acd.moved.is_empty(), "5 leads nowhere");
    press(&mut world, "0");
    let call = world.call();
    assert_eq!(world.acd.moved, [call]);
    assert_eq!(world.acd.outcomes, [], "he has not failed to take an offer whose caller went elsewhere");
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { queue: SUPPORT, how: QueueLeft::Key })));
    assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
    hang_up(world, carrier).assert_nothing_left();
}

/// He did not go elsewhere: how he left is said when his request is answered.
#[test]
fn a_key_that_asks_for_a_callback_of_the_same_queue_leaves_it_once() {
    let keys = [('7', Exit::Callback(SUPPORT))].into();
    let (mut world, carrier) = waiting(QueuePlan { keys, callback: Some(Box::default()), ..QueuePlan::default() });
    let call = world.call();
    press(&mut world, "7");
    assert!(world.acd.moved.is_empty(), "he keeps his place until he is called back");
    world.acd.forget(call);
    world.input(Input::CallbackAnswer { call, result: Ok((clock::CallbackId(1), false)) });
    let left = |how| move |event: &CallEvent| matches!(event, CallEvent::QueueLeft { how: found, .. } if *found == how);
    assert!(world.has(call, left(QueueLeft::CalledBack)) && !world.has(call, left(QueueLeft::Key)));
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}

/// The offer of a callback is a menu after the wait: the caller goes, his place stays.
#[test]
fn a_caller_is_offered_a_callback_after_his_wait() {
    let mut plan = plan();
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    let main = plan.menus.get_mut(&MAIN).unwrap();
    main.keys.insert("1".to_owned(), Exit::Callback(SUPPORT));
    main.extensions = false;
    let offer = Overflow { to: Exit::Own(Target::Menu(MAIN)), keeps_arrival: false };
    plan.queues.get_mut(&SUPPORT).unwrap().overflow.insert(Unserved::TimedOut, offer);
    let (mut world, carrier) = calling(plan, NOON);
    let (call, arrived) = (world.call(), world.now.wall);
    world.secs(60);
    leave(&mut world, call, SUPPORT, Unserved::TimedOut);
    press(&mut world, "1");
    assert_eq!(world.acd.since, [None, Some(arrived)], "in the place of his arrival");
    let asked = |effect: &call::Effect| matches!(effect, call::Effect::AskCallback { queue: SUPPORT, .. });
    assert!(world.callbacks.iter().any(asked));
    world.acd.forget(call);
    world.input(Input::CallbackAnswer { call, result: Ok((clock::CallbackId(1), false)) });
    assert_eq!(prompts(&world), ["es/callback-registered"]);
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    world.assert_nothing_left();
}

/// A queue that is full, or has nobody, calls back: it lets the caller in to ask for that.
fn full(plan: impl FnOnce(&mut Plan)) -> (World, usize, CallId) {
    let mut rules = self::plan();
    rules.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    let overflow = Overflow { to: Exit::Callback(SUPPORT), keeps_arrival: false };
    rules.queues.get_mut(&SUPPORT).unwrap().overflow.insert(Unserved::Full, overflow);
    plan(&mut rules);
    let (mut world, carrier) = calling(rules, NOON);
    let call = world.call();
    leave(&mut world, call, SUPPORT, Unserved::Full);
    (world, carrier, call)
}

#[test]
fn a_full_queue_calls_back_whom_it_has_no_room_for() {
    let (mut world, carrier, call) = full(|_| {});
    assert_eq!(world.acd.is_let_in, [false, true], "he need not be let in");
    world.input(Input::CallbackAnswer { call, result: Ok((clock::CallbackId(1), false)) });
    assert_eq!(prompts(&world), ["en/callback-registered"]);
    world.secs(4);
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.ended(call).outcome, Outcome::Callback);
    assert!(world.dropped.is_empty(), "no circle");
    world.assert_nothing_left();
}

#[test]
fn whom_a_full_queue_cannot_call_back_it_lets_in_as_every_other_and_asks_but_once() {
    let (mut world, carrier, call) = full(|_| {});
    world.input(Input::CallbackAnswer { call, result: Err("do_not_call".to_owned()) });
    assert_eq!(prompts(&world), ["en/callback-refused"]);
    world.secs(4);
    assert_eq!((world.acd.is_let_in.clone(), world.acd.moved.clone()), (vec![false, true, false], vec![call]));
    assert_eq!(prompts(&world), ["music/waiting"], "room for him has come");
    leave(&mut world, call, SUPPORT, Unserved::Full);
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "queue_full".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_full_queue_offers_a_callback_by_a_menu_and_the_menu_is_not_heard_for_ever() {
    let menu = |plan: &mut Plan| {
        plan.menus.get_mut(&MAIN).unwrap().keys.insert("1".to_owned(), Exit::Callback(SUPPORT));
        plan.menus.get_mut(&MAIN).unwrap().extensions = false;
        let offer = Overflow { to: Exit::Own(Target::Menu(MAIN)), keeps_arrival: false };
        plan.queues.get_mut(&SUPPORT).unwrap().overflow.insert(Unserved::Full, offer);
    };
    let (mut world, carrier, call) = full(menu);
    press(&mut world, "1");
    assert_eq!(world.acd.is_let_in, [false, true]);
    world.input(Input::CallbackAnswer { call, result: Err("no_route".to_owned()) });
    world.secs(4);
    leave(&mut world, call, SUPPORT, Unserved::Full);
    press(&mut world, "1");
    assert!(world.phones[carrier].got_bye());
    assert_eq!(world.verdict(), (CallStatus::NoAnswer, "wait_over".to_owned()));
    world.assert_nothing_left();
}

pub(crate) fn told() -> Announcements {
    Announcements {
        welcome: Some("connecting".to_owned()),
        first: Duration::from_secs(20),
        every: Duration::from_secs(30),
        position_max: 10,
        wait: true,
        messages: vec!["comfort".to_owned()],
    }
}

#[test]
fn a_waiting_caller_is_told_his_place_and_his_wait_between_the_music() {
    let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
    assert_eq!(prompts(&world), ["en/connecting"]);
    world.secs(4);
    assert_eq!(prompts(&world), ["music/waiting"]);
    let music: Vec<_> = world.media.players.keys().copied().collect();
    world.acd.place = (3, Some(Duration::from_secs(200)));
    world.secs(17);
    let said = ["position-before", "number-3", "position-after", "wait-before", "number-4", "wait-after", "comfort"];
    assert_eq!(prompts(&world), said.map(|name| format!("en/{name}")));
    assert!(music.iter().all(|player| world.media.players.contains_key(player)), "the music goes on unheard");
    world.secs(3);
    assert_eq!(prompts(&world), ["music/waiting"]);
    let announced = |event: &CallEvent| {
        matches!(event, CallEvent::Announced { position: Some(3), wait_s: Some(240), message: Some(message), .. }
            if message == "comfort")
    };
    assert!(world.has(world.call(), announced));
    world.acd.place = (1, None);
    world.secs(31);
    assert_eq!(prompts(&world), ["en/position-next", "en/comfort"]);
    hang_up(world, carrier).assert_nothing_left();
}

/// A known defect of other products: the connection waits until the announcement is over.
#[test]
fn an_answer_cuts_an_announcement_at_once() {
    let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
    world.acd.place = (1, None);
    world.secs(21);
    assert!(prompts(&world).contains(&"en/position-next".to_owned()));
    let agent = world.agent("1001");
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    assert!(world.phones[agent].is_called(), "and the phone rings while it is said");
    let before = world.now;
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    assert_eq!(world.now, before, "in the same moment");
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
    assert!(world.media.players.is_empty());
    hang_up(world, carrier).assert_nothing_left();
}

/// From the first tone of the welcome to the end of the second announcement: whenever the agent answers, both hear each
/// other in the same instant, and nothing plays on.
#[test]
fn no_moment_of_any_announcement_delays_an_answer() {
    for moment in 0..60 {
        let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
        world.acd.place = (2, Some(Duration::from_secs(90)));
        let agent = world.agent("1001");
        world.acd.agents = vec![agent_id("1001")];
        world.acd.ring = Some(Duration::from_secs(120));
        world.settle();
        assert!(world.phones[agent].is_called());
        world.millis(moment * 1_000 + 1);
        let before = world.now;
        world.phones[agent].answer_call(world.now.mono);
        world.settle();
        assert_eq!(world.now, before, "after {moment} s");
        let legs: Vec<_> = world.media.legs.iter().copied().collect();
        let talk = world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]);
        assert!(talk && world.media.players.is_empty(), "after {moment} s: {:?}", world.media.players);
        hang_up(world, carrier).assert_nothing_left();
    }
}

/// The language that the caller came to in the menu is that of all he is told while he waits.
#[test]
fn a_caller_is_told_in_the_language_of_his_menu() {
    let mut plan = plan();
    plan.queues.get_mut(&SALES).unwrap().announcements = told();
    let (mut world, carrier) = calling(plan, NOON);
    press(&mut world, "2");
    assert_eq!(prompts(&world), ["es/connecting"]);
    world.acd.place = (2, Some(Duration::from_secs(61)));
    world.secs(21);
    let said = ["position-before", "number-2", "position-after", "wait-before", "number-2", "wait-after", "comfort"];
    assert_eq!(prompts(&world), said.map(|name| format!("es/{name}")));
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn an_acd_that_says_nothing_is_asked_again_and_holds_nothing_up() {
    let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
    world.acd.is_dead = true;
    world.secs(60);
    assert_eq!(prompts(&world), ["music/waiting"]);
    hang_up(world, carrier).assert_nothing_left();
}

fn moved(world: &mut World, to: QueueId) {
    let (call, steering) = (world.call(), journal_core::Steering::Moved { to, keep_arrival: true });
    world.input(Input::Steered { request: None, call, queue: SUPPORT, steering });
}

/// A queue without announcements whose every 0 s came before: a thousand looks at the clock in a second.
#[test]
fn a_call_that_is_moved_is_told_what_its_new_queue_says() {
    let rules = |world: &World| (world.events(world.call()).len(), prompts(world));
    let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
    world.secs(10);
    moved(&mut world, SALES);
    let before = rules(&world);
    world.secs(60);
    assert_eq!(rules(&world), before, "sales says nothing");
    assert!(world.shard.poll_timeout().is_some_and(|(at, _)| at.since(world.now.mono) > Duration::from_millis(10)));
    hang_up(world, carrier).assert_nothing_left();

    let (mut world, carrier) = waiting(QueuePlan::default());
    let mut plan = plan();
    plan.queues.get_mut(&SALES).unwrap().announcements = Announcements { position_max: 0, wait: false, ..told() };
    world.input(Input::Configure(Arc::new(plan)));
    moved(&mut world, SALES);
    assert_eq!(prompts(&world), ["en/connecting"]);
    world.secs(21);
    assert!(world.has(world.call(), |event| matches!(event, CallEvent::Announced { queue: SALES, .. })));
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn a_reload_that_takes_the_announcements_away_stops_them() {
    let (mut world, carrier) = waiting(QueuePlan { announcements: told(), ..QueuePlan::default() });
    world.secs(10);
    let mut plan = plan();
    plan.dids.insert(SUPPORT_DID.to_owned(), Target::Queue(SUPPORT));
    world.input(Input::Configure(Arc::new(plan)));
    let before = world.events(world.call()).len();
    world.secs(60);
    assert_eq!(world.events(world.call()).len(), before);
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn a_reload_that_takes_a_queue_away_sends_its_callers_where_its_rules_said() {
    let overflow = [(Unserved::TimedOut, Overflow { to: to(SALES), keeps_arrival: false })].into();
    let (mut world, carrier) = waiting(QueuePlan { overflow, ..QueuePlan::default() });
    let mut without = plan();
    without.queues.remove(&SUPPORT);
    world.input(Input::Configure(Arc::new(without)));
    let call = world.call();
    leave(&mut world, call, SUPPORT, Unserved::TimedOut);
    assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
    hang_up(world, carrier).assert_nothing_left();
}

#[test]
fn a_reload_that_takes_a_menu_away_leaves_its_callers_in_it() {
    let (mut world, carrier) = calling(plan(), NOON);
    let mut without = plan();
    without.menus.clear();
    world.input(Input::Configure(Arc::new(without)));
    press(&mut world, "2");
    assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
    hang_up(world, carrier).assert_nothing_left();
}
