//! OPTIONS and what it says.

use super::*;

fn watched(hosts: &[&str]) -> TrunkConfig {
    let health = HealthConfig { interval: Duration::from_secs(10), up_after: 2, down_after: 2 };
    TrunkConfig { health: Some(health), ..trunk(hosts) }
}

#[test]
fn each_target_is_asked_and_one_that_is_silent_is_down_until_it_answers_again() {
    let mut rig = Rig::new(watched(&["192.0.2.1", "192.0.2.2"]), |_, peer, _| {
        (peer.addr.ip() != core::net::IpAddr::from([192, 0, 2, 1])).then(|| "404".into())
    });
    assert_eq!(rig.told[0].targets.len(), 2);
    rig.pass(Duration::from_secs(16));
    let told = rig.told.last().unwrap();
    let ups: Vec<(bool, Reason)> = told.targets.iter().map(|one| (one.up, one.reason)).collect();
    assert_eq!(ups, [(false, Reason::Unanswered), (true, Reason::Ok)]);
    assert_eq!((rig.view().up, rig.view().reason), (true, Reason::Ok), "the other one serves");
    rig.answer = |_, _, _| Some("200".into());
    rig.pass(Duration::from_secs(25));
    assert!(rig.told.last().unwrap().targets.iter().all(|one| one.up));
}

#[test]
fn with_all_targets_down_the_trunk_is_down_and_comes_back() {
    let mut rig = Rig::new(watched(&["192.0.2.1"]), |_, _, _| Some("503".into()));
    rig.pass(Duration::from_secs(15));
    assert_eq!(rig.changes, [(true, Reason::NotAskedYet), (false, Reason::Unavailable)]);
    rig.answer = |_, _, _| Some("405".into());
    rig.pass(Duration::from_secs(25));
    assert_eq!(rig.changes.last(), Some(&(true, Reason::Ok)));
    let asked = rig.methods();
    assert!(asked.iter().all(|(_, method)| *method == Method::Options) && (4..=5).contains(&asked.len()), "{asked:?}");
}

#[test]
fn a_peer_that_cannot_be_reached_fails_at_once() {
    let mut rig = Rig::new(watched(&["192.0.2.1"]), |_, _, _| None);
    let peer = rig.requests[0].1;
    rig.input(Input::TransportFailed { peer });
    rig.pass(Duration::from_millis(11_100));
    rig.input(Input::TransportFailed { peer });
    assert_eq!(rig.changes.last(), Some(&(false, Reason::Unanswered)));
}
