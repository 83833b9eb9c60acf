use std::path::Path;

use super::*;

const FRIDAY_NOON: &str = "2026-11-20T12:00:00Z";
const MAIN: &str = "+442071830001";

/// The way through the example, from the given number at the given time.
fn way_of(number: &str, at: &str, keys: &str) -> Vec<String> {
    way_in("config/menus.toml", number, at, keys)
}

fn way_in(example: &str, number: &str, at: &str, keys: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(example)).expect("the example");
    let text = text.replace("config/prompts", &root.join("config/prompts").to_string_lossy());
    let config = Config::from_table(&text.parse().expect("TOML")).expect("no faults");
    let plan = crate::ids::resolve(&config, Vec::new(), &mut journal_core::Names::default()).plan;
    way(&plan, hours::moment(at).expect("a time"), number, &steps(keys).expect("keys")).expect("a way")
}

#[test]
fn on_a_working_day_keys_lead_to_a_queue_and_on() {
    assert_eq!(
        way_of(MAIN, FRIDAY_NOON, "1,timeout"),
        [
            "2026-11-20T12:00:00Z calls +442071830001",
            "menu:main: schedule office is open",
            "menu:main: plays welcome, menu",
            "menu:main: key 1 -> queue:sales",
            "queue:sales: waits",
            "queue:sales: timed_out -> queue:support",
            "queue:support: schedule office is open",
            "queue:support: waits",
        ]
    );
}

#[test]
fn whoever_presses_nothing_hears_the_menu_again_and_is_sent_to_its_default() {
    let way = way_of(MAIN, FRIDAY_NOON, "timeout,7");
    let menu: Vec<_> = way.iter().filter(|line| line.starts_with("menu:main")).map(String::as_str).collect();
    assert_eq!(
        menu,
        [
            "menu:main: schedule office is open",
            "menu:main: plays welcome, menu",
            "menu:main: nothing pressed",
            "menu:main: plays nothing-pressed, welcome, menu",
            "menu:main: 7 is not valid",
            "menu:main: plays invalid, welcome, menu",
            "menu:main: nothing pressed",
            "menu:main: default -> queue:support",
        ]
    );
    assert!(way_of(MAIN, FRIDAY_NOON, "1003").contains(&"end: agent:1003".to_owned()));
    let spanish = way_of(MAIN, FRIDAY_NOON, "9,2");
    assert!(spanish.contains(&"menu:spanish: key 2 -> queue:support".to_owned()), "{spanish:?}");
}

#[test]
fn at_night_and_on_holidays_nobody_waits_for_nobody() {
    let christmas = way_of(MAIN, "2026-12-25T10:00:00Z", "1,timeout,9");
    assert_eq!(
        christmas[1..],
        ["menu:main: schedule office is holiday (Christmas Day) -> message:holiday", "end: message:holiday"]
    );
    // An hour earlier by universal time in summer: 16:45 there is a quarter to six in London.
    for (at, open) in [("2026-11-20T16:45:00Z", true), ("2026-07-01T16:45:00Z", false)] {
        let way = way_of(MAIN, at, "");
        assert_eq!(way[1] == "menu:main: schedule office is open", open, "{way:?}");
    }
    let night = way_of("02071830002", "2026-11-20T22:00:00Z", "");
    assert_eq!(night.last().map(String::as_str), Some("end: number:+442079460000"));
}

#[test]
fn queues_that_are_full_or_empty_overflow_and_keys_lead_out_of_them() {
    let full = way_of(MAIN, FRIDAY_NOON, "1,full,empty");
    assert_eq!(full[4..6], ["queue:sales: full -> queue:support", "queue:support: schedule office is open"]);
    assert_eq!(full[6..], ["queue:support: empty -> voicemail:support", "end: voicemail:support"]);
    let key = way_of(MAIN, FRIDAY_NOON, "1,0");
    assert_eq!(key[4..], ["queue:sales: waits", "queue:sales: key 0 -> voicemail:support", "end: voicemail:support"]);
    assert!(way_of(MAIN, FRIDAY_NOON, "1,5,timeout").contains(&"queue:sales: key 5 means nothing".to_owned()));
}

#[test]
fn a_key_asks_to_be_called_back() {
    let way = way_in("config/demo.toml", MAIN, FRIDAY_NOON, "5,1");
    assert_eq!(
        way[2..],
        ["queue:support: key 5 means nothing", "queue:support: waits", "queue:support: asks to be called back"]
    );
}

#[test]
fn what_cannot_be_tried_is_said() {
    assert!(matches!(steps("1,dance"), Err(TryError::BadStep(step)) if step == "dance"));
    assert_eq!(steps(" 1001#, timeout ").expect("keys"), [Act::Keys("1001#".to_owned()), Act::TimeOut]);
    assert!(matches!(way(&Plan::default(), WallTime::from_micros(0), "600", &[]), Err(TryError::UnknownNumber(_))));
}
