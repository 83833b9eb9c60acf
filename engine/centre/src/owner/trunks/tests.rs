use clock::{TrunkId, WallTime};
use sip::Host;
use sip::trunk::{Destination, Reason};
use sip::ua::{Addresses, Listener, Transport};

use super::*;
use crate::owner::{BREAKS_A_MINUTE_MAX, Fault};

fn at(seconds: u64) -> Now {
    Now { mono: Instant::from_nanos(seconds * 1_000_000_000), wall: WallTime::default() }
}

fn owner() -> TrunkOwner {
    let addr = ([192, 0, 2, 200], 5060).into();
    let listener = Listener { transport: Transport::Udp, addr, flow: None };
    let addresses = Addresses { listeners: vec![listener], ..Addresses::default() };
    let mut owner = TrunkOwner::new(UaConfig::new(addresses, "test"), "demo.local", Rng::new(1));
    let host = Host::parse("carrier.example").expect("a host");
    let destination = Destination { host, port: Some(5060), transport: Some(Transport::Udp) };
    let trunk = TrunkId(1);
    let rules = TrunkConfig { trunk, destinations: vec![destination], listener: None, register: None, health: None };
    owner.handle(at(0), Input::Configure(vec![rules]));
    owner
}

fn effects(owner: &mut TrunkOwner) -> Vec<Effect> {
    std::iter::from_fn(|| owner.poll_effect()).collect()
}

/// Looks up what is asked for.
fn resolve(owner: &mut TrunkOwner) {
    let asked = effects(owner).into_iter().find_map(|effect| match effect {
        Effect::Resolve(query) => Some(query),
        _ => None,
    });
    let records = vec![Record::Address([192, 0, 2, 7].into())];
    let input = Input::Resolved { query: asked.expect("a question"), records, ttl: Duration::from_secs(300) };
    owner.handle(at(1), input);
}

#[test]
fn another_watcher_knows_the_rules_and_the_names() {
    let mut owner = owner();
    resolve(&mut owner);
    effects(&mut owner);
    owner.break_at(Fault::Next);
    owner.handle_timeout(at(2));
    assert!(matches!(owner.poll_alarm(), Some(Alarm::Broke { .. })));
    assert_eq!(owner.poll_alarm(), None);
    let targets = effects(&mut owner).into_iter().filter_map(|effect| match effect {
        Effect::Targets(targets) => Some(targets),
        _ => None,
    });
    assert!(targets.last().is_some_and(|last| last.targets.len() == 1), "the shards hear where calls go");
    let view = &owner.snapshot(at(2))[0];
    assert!(view.up && view.reason == Reason::Ok, "{view:?}");
}

#[test]
fn one_that_was_leaving_goes_on_leaving() {
    let mut owner = owner();
    owner.break_at(Fault::Next);
    owner.handle(at(1), Input::Stop);
    owner.handle_timeout(at(60));
    assert!(effects(&mut owner).iter().any(|effect| matches!(effect, Effect::Stopped)));
}

#[test]
fn too_many_breaks_are_not_borne() {
    let mut owner = owner();
    owner.break_at(Fault::Timeouts);
    for _ in 0..=BREAKS_A_MINUTE_MAX {
        owner.handle_timeout(at(1));
    }
    let alarms: Vec<Alarm> = std::iter::from_fn(|| owner.poll_alarm()).collect();
    assert_eq!(alarms.len(), BREAKS_A_MINUTE_MAX + 2);
    assert_eq!(alarms.last(), Some(&Alarm::GaveUp));
}
