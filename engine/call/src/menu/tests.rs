//! Menus walked key by key, sent on by schedules, and checked.

use core::time::Duration;
use std::sync::Arc;

use clock::{AgentId, QueueId, WallTime};
use hours::Schedule;
use journal_core::HoursFound;

use super::*;
use crate::plan::{
    AgentPlan, EntryPlan, Exit, Gate, MenuId, MenuPlan, NumberPlan, Overflow, Plan, QueuePlan, Target, Unserved,
};

const SALES: QueueId = QueueId(1);
const SUPPORT: QueueId = QueueId(2);
const MAIN: MenuId = MenuId(1);
const SPANISH: MenuId = MenuId(2);
const DID: &str = "+442071830001";
/// Friday 20 November 2026, 12:00 in London.
const NOON: WallTime = WallTime::from_micros(1_795_176_000_000_000);
const NIGHT: WallTime = WallTime::from_micros(1_795_176_000_000_000 + 10 * 3_600_000_000);
/// 25 December 2026, 10:00.
const CHRISTMAS: WallTime = WallTime::from_micros(1_798_192_800_000_000);

fn queue(id: QueueId) -> Exit {
    Exit::Own(Target::Queue(id))
}

fn gate() -> Gate {
    let open = ["mon-fri 09:00-17:30".to_owned()];
    let schedule = Schedule::parse("office", "Europe/London", &open, &["12-25 Christmas Day".to_owned()]).unwrap();
    Gate {
        schedule: Arc::new(schedule),
        closed: Exit::Own(Target::Voicemail(SUPPORT)),
        holiday: Exit::Message("holiday".to_owned()),
    }
}

fn menu(name: &str, keys: &[(&str, Exit)]) -> MenuPlan {
    MenuPlan {
        name: name.to_owned(),
        language: None,
        gate: None,
        prompts: vec!["menu".to_owned()],
        keys: keys.iter().map(|(keys, exit)| ((*keys).to_owned(), exit.clone())).collect(),
        extensions: true,
        wait: Duration::from_secs(5),
        digit_wait: Duration::from_secs(2),
        retries: 2,
        invalid_prompt: "invalid".to_owned(),
        silence_prompt: "nothing-pressed".to_owned(),
        default: queue(SUPPORT),
    }
}

fn plan() -> Plan {
    let main = menu(
        "main",
        &[
            ("1", queue(SALES)),
            ("2", queue(SUPPORT)),
            ("9", Exit::Own(Target::Menu(SPANISH))),
            ("91", Exit::HangUp),
            ("*", Exit::Own(Target::Menu(MAIN))),
        ],
    );
    let spanish =
        MenuPlan { language: Some("es".to_owned()), extensions: false, ..menu("spanish", &[("1", queue(SALES))]) };
    let named = |name: &str| QueuePlan { name: name.to_owned(), voicemail_on_timeout: true, ..QueuePlan::default() };
    let agent = AgentPlan {
        extension: "1001".to_owned(),
        name: None,
        ha1_md5: String::new(),
        ha1_sha256: String::new(),
        algorithms: sip::digest::AlgorithmChoice::Md5,
        caller_id: None,
        may_dial_out: true,
        calls_per_day_max: 0,
        personal: dialer::gate::Personal::default(),
    };
    Plan {
        numbers: NumberPlan {
            country_code: "44".to_owned(),
            trunk_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
            national_digits: (9, 10),
            ..NumberPlan::default()
        },
        dids: [(DID.to_owned(), Target::Menu(MAIN))].into(),
        extensions: [("1001", Target::Agent(AgentId(1))), ("1002", Target::Agent(AgentId(2))), ("600", Target::Echo)]
            .map(|(extension, target)| (extension.to_owned(), target))
            .into(),
        agents: [(AgentId(1), agent)].into(),
        queues: [(SALES, named("sales")), (SUPPORT, named("support"))].into(),
        menus: [(MAIN, main), (SPANISH, spanish)].into(),
        ..Plan::default()
    }
}

/// Keys one after the other, `t` for a time-out; the way in words.
fn walk(plan: &Plan, menu: MenuId, script: &str) -> Vec<String> {
    let (mut walk, next) = Walk::enter(plan, menu).unwrap();
    let mut way = vec![shown(plan, &next)];
    for step in script.chars() {
        let heard = match step {
            't' => Heard::TimeOut,
            'p' => Heard::PromptOver,
            key => Heard::Key(key),
        };
        let turn = walk.handle(plan, heard);
        if let Some(missed) = turn.missed {
            way.push(format!("missed [{}]", missed.keys));
        }
        way.push(shown(plan, &turn.next));
    }
    way
}

fn shown(plan: &Plan, next: &Next) -> String {
    match next {
        Next::Same => "same".to_owned(),
        Next::Play(prompts) => format!("play {}", prompts.join(" ")),
        Next::Listen(wait) => format!("listen {}", wait.as_secs()),
        Next::Leave { keys, to } => format!("[{keys}] {}", plan.written(to)),
    }
}

#[test]
fn a_key_cuts_the_prompt_and_leads_on() {
    assert_eq!(walk(&plan(), MAIN, "2"), ["play menu", "[2] queue:support"]);
    assert_eq!(walk(&plan(), MAIN, "p2"), ["play menu", "listen 5", "[2] queue:support"]);
    assert_eq!(walk(&plan(), MAIN, "*"), ["play menu", "[*] menu:main"]);
}

#[test]
fn more_keys_are_awaited_where_more_could_follow() {
    let plan = plan();
    // 1 is a key, and extensions begin with it too.
    assert_eq!(walk(&plan, MAIN, "1t"), ["play menu", "listen 2", "[1] queue:sales"]);
    assert_eq!(walk(&plan, MAIN, "1#"), ["play menu", "listen 2", "[1] queue:sales"], "# ends an entry");
    let dialed = walk(&plan, MAIN, "1001");
    assert_eq!(dialed, ["play menu", "listen 2", "listen 2", "listen 2", "[1001] agent:1001"]);
    assert_eq!(walk(&plan, MAIN, "9t"), ["play menu", "listen 2", "[9] menu:spanish"]);
    assert_eq!(walk(&plan, MAIN, "91"), ["play menu", "listen 2", "[91] hang_up"]);
    assert_eq!(walk(&plan, SPANISH, "1"), ["play menu", "[1] queue:sales"], "no extensions here");
}

#[test]
fn services_are_not_extensions_of_callers_from_outside() {
    assert_eq!(walk(&plan(), MAIN, "6"), ["play menu", "missed [6]", "play invalid menu"]);
}

#[test]
fn after_the_last_try_the_default_has_him() {
    let way = walk(&plan(), MAIN, "pt7pt");
    assert_eq!(
        way,
        [
            "play menu",
            "listen 5",
            "missed []",
            "play nothing-pressed menu",
            "missed [7]",
            "play invalid menu",
            "listen 5",
            "missed []",
            "[] queue:support"
        ]
    );
    assert_eq!(walk(&plan(), MAIN, "10t").last().unwrap(), "play invalid menu", "too few digits for an extension");
    assert_eq!(walk(&plan(), MAIN, "#").last().unwrap(), "play invalid menu", "# alone is a key like others");
}

#[test]
fn what_comes_too_late_changes_nothing() {
    assert_eq!(walk(&plan(), MAIN, "tpp"), ["play menu", "same", "listen 5", "same"]);
    let mut without = plan();
    let (mut walk, _) = Walk::enter(&without, MAIN).unwrap();
    without.menus.clear();
    assert!(Walk::enter(&without, MAIN).is_none());
    let turn = walk.handle(&without, Heard::Key('1'));
    assert_eq!(turn.next, Next::Leave { keys: String::new(), to: Exit::HangUp }, "a reload took it away");
}

#[test]
fn schedules_of_numbers_menus_and_queues_send_callers_on() {
    let mut plan = plan();
    plan.menus.get_mut(&MAIN).unwrap().gate = Some(gate());
    let open = steer_number(&plan, NOON, DID, Target::Menu(MAIN));
    assert_eq!(open.to, Exit::Own(Target::Menu(MAIN)));
    assert_eq!((open.passed[0].at.as_str(), &open.passed[0].hours), ("menu:main", &HoursFound::Open));
    assert_eq!(steer_number(&plan, NIGHT, DID, Target::Menu(MAIN)).to, Exit::Own(Target::Voicemail(SUPPORT)));
    let holiday = steer_number(&plan, CHRISTMAS, DID, Target::Menu(MAIN));
    assert_eq!(holiday.to, Exit::Message("holiday".to_owned()));
    assert_eq!(holiday.passed[0].hours, HoursFound::Holiday("Christmas Day".to_owned()));
    assert_eq!(holiday.passed[0].to.as_deref(), Some("message:holiday"));

    // A closed number leads to a closed queue, which leads to another one that is always open.
    let to_sales = Gate { closed: queue(SALES), ..gate() };
    plan.entries.insert(DID.to_owned(), EntryPlan { gate: Some(to_sales), ..EntryPlan::default() });
    let sales = plan.queues.get_mut(&SALES).unwrap();
    sales.schedule = Some(gate().schedule);
    sales.overflow.insert(Unserved::Closed, Overflow { to: queue(SUPPORT), keeps_arrival: false });
    let night = steer_number(&plan, NIGHT, DID, Target::Menu(MAIN));
    let way: Vec<_> = night.passed.iter().map(|passed| (passed.at.as_str(), passed.to.as_deref().unwrap())).collect();
    assert_eq!(way, [(&*format!("number:{DID}"), "queue:sales"), ("queue:sales", "queue:support")]);
    assert_eq!(night.to, queue(SUPPORT));
    // The same by a key that names the number as people dial it.
    assert_eq!(steer(&plan, NIGHT, Exit::Number("02071830001".to_owned())), night);
    assert_eq!(steer(&plan, NIGHT, Exit::Number("02079460000".to_owned())).passed, [], "a number outside");
}

#[test]
fn a_circle_of_closed_doors_ends() {
    let mut plan = plan();
    let closed = Gate { closed: Exit::Number(DID.to_owned()), ..gate() };
    plan.menus.get_mut(&MAIN).unwrap().gate = Some(closed);
    let night = steer(&plan, NIGHT, Exit::Own(Target::Menu(MAIN)));
    assert_eq!(night.to, Exit::HangUp);
    assert!(night.passed.len() < 10, "{}", night.passed.len());
}

#[test]
fn faults_are_found_before_a_caller_finds_them() {
    assert_eq!(faults(&plan()), []);
    let mut unreached = plan();
    unreached.menus.insert(MenuId(3), menu("forgotten", &[]));
    assert_eq!(faults(&unreached), [MenuFault::Unreachable { menu: MenuId(3) }]);

    let mut circle = plan();
    circle.menus.get_mut(&SPANISH).unwrap().default = Exit::Number(DID.to_owned());
    assert_eq!(faults(&circle), [], "a key leads out of main, and to it");
    circle.menus.get_mut(&MAIN).unwrap().default = Exit::Own(Target::Menu(SPANISH));
    let found = faults(&circle);
    let [MenuFault::Circle { menu: MAIN, path }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(path.join(" "), "menu:main menu:spanish menu:main");

    // Through a queue that is full, but not through one in which one waits.
    let mut through_queue = plan();
    let back = |why| (why, Overflow { to: Exit::Own(Target::Menu(MAIN)), keeps_arrival: false });
    through_queue.queues.get_mut(&SUPPORT).unwrap().overflow.extend([back(Unserved::TimedOut)]);
    assert_eq!(faults(&through_queue), []);
    through_queue.queues.get_mut(&SUPPORT).unwrap().overflow.extend([back(Unserved::Full)]);
    assert!(matches!(faults(&through_queue)[..], [MenuFault::Circle { menu: MAIN, .. }]));
}

#[test]
fn any_keys_end_somewhere() {
    let plan = plan();
    let mut rng = clock::Rng::new(7);
    let alphabet: Vec<Heard> =
        "0123456789*#".chars().map(Heard::Key).chain([Heard::TimeOut, Heard::PromptOver]).collect();
    for _ in 0..2_000 {
        let (mut walk, _) = Walk::enter(&plan, MAIN).unwrap();
        let leaves = (0..200).any(|_| {
            let heard = alphabet[rng.below(alphabet.len() as u64) as usize];
            matches!(walk.handle(&plan, heard).next, Next::Leave { .. })
        });
        assert!(leaves);
    }
}
