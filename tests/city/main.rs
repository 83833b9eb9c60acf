//! A city is called over real SIP: a carrier with thousands of numbers, agents on their standing legs, and the same laws
//! in `trunkline simulate` for what is to be expected.
//!
//! `make test` runs the small town; `make city` the whole city (20 minutes), and one that is killed in the middle (5).
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

#[path = "../support/mod.rs"]
mod support;

mod audio;
mod books;
mod carrier;
mod chance;
mod city;
mod expected;
mod fate;
mod figures;
mod ledger;
mod numbers;
mod phones;
mod recount;
mod streams;

use std::time::{Duration, Instant};

use chance::interval_99;
use city::{City, Plan};
use expected::Expected;
use figures::Window;

#[test]
fn a_town_is_called_once_and_its_books_are_right_over_a_kill() {
    let plan = Plan { scenario: "town.json", leads: 400, baresips: 2, record: true, seed: 11 };
    killed(plan, Duration::from_secs(16), Duration::from_secs(16));
}

#[test]
fn in_full_a_killed_city_dials_nobody_twice_and_loses_nobody() {
    let plan = Plan { scenario: "city.json", leads: 4_000, baresips: 0, record: false, seed: 21 };
    killed(plan, Duration::from_secs(150), Duration::from_secs(150));
}

#[test]
fn in_full_a_city_keeps_to_its_laws() {
    let plan = Plan { scenario: "city.json", leads: 9_000, baresips: 2, record: false, seed: 1 };
    let mut city = City::build(plan);
    let expected = Expected::of(&city.scenario, COLD.as_secs_f64(), city.node.dir());
    let whole = Duration::from_secs_f64(city.scenario["duration_s"].as_f64().expect("a duration"));
    city.order("start");
    let begin = Instant::now();
    city.live(begin + COLD);
    let warm = Window::open(&city);
    city.live(begin + whole);
    let warm = warm.close(&city);
    warm.print();
    city.order("stop");
    city.wind_down(WIND_DOWN);
    let (people, abandoned) = (city.ledger.people(), city.ledger.abandoned());
    let (least, most) = interval_99(people, expected.abandoned);
    let share = abandoned as f64 / people.max(1) as f64;
    println!("expected  occupancy {:.2} %, abandoned {:.2} %", expected.occupancy * 100.0, expected.abandoned * 100.0);
    println!("abandoned {abandoned} of {people} ({:.2} %), 99 % of chance: {least} to {most}", share * 100.0);
    let books = books::check(&city, None);
    println!("{books}");
    figures::check_words(&mut city);
    warm.assert_agree(&city, &books);
    let off = (warm.own.occupancy() - expected.occupancy).abs() * 100.0;
    assert!(off <= OFF_MAX_POINTS, "the occupancy is {off:.2} points from the simulator's");
    assert!((least..=most).contains(&abandoned), "{abandoned} abandoned, {least} to {most} are expected");
}

/// Kills the node after `before`, restarts it, goes on for `after`, and compares all books.
fn killed(plan: Plan, before: Duration, after: Duration) {
    let mut city = City::build(plan);
    city.order("start");
    city.live(Instant::now() + before);
    // Somebody has said hello, and nobody is there yet.
    city.live_until_greeted(GREETED_WITHIN);
    city.node.kill();
    let at = Instant::now();
    city.node.restart();
    let back = Instant::now();
    println!("killed after {before:?}, ready again after {:.2} s", (back - at).as_secs_f64());
    city.live(back + after);
    city.order("stop");
    city.wind_down(WIND_DOWN);
    let books = books::check(&city, Some(at));
    println!("{books}");
    assert!(city.ledger.count(|line| line.dialed_at > back) > 0, "it went on");
    figures::check_words(&mut city);
}

/// What the pacing learns at the begin is not compared.
const COLD: Duration = Duration::from_secs(180);
/// Longest ring, talk and greeting after the last number was dialed.
const WIND_DOWN: Duration = Duration::from_secs(300);
/// Somebody answers every few seconds.
const GREETED_WITHIN: Duration = Duration::from_secs(20);
const OFF_MAX_POINTS: f64 = 2.0;
