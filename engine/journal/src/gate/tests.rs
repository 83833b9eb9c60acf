use super::*;

fn written(entry: u64) -> Option<Mark> {
    Some(Mark { entry, durability: Durability::Written })
}

fn synced(entry: u64) -> Option<Mark> {
    Some(Mark { entry, durability: Durability::Synced })
}

fn drain<T>(gate: &mut Gate<u8, T>) -> Vec<T> {
    std::iter::from_fn(|| gate.poll()).collect()
}

#[test]
fn an_effect_waits_for_its_mark_and_no_longer() {
    let mut gate = Gate::default();
    gate.push(1, written(1), "180").unwrap();
    gate.push(2, synced(2), "201").unwrap();
    assert_eq!(drain(&mut gate), Vec::<&str>::new());
    gate.advance(Durability::Written, 2);
    assert_eq!(drain(&mut gate), ["180"]);
    gate.advance(Durability::Synced, 1);
    assert_eq!(gate.held(), 1);
    gate.advance(Durability::Synced, 2);
    assert_eq!(drain(&mut gate), ["201"]);
}

#[test]
fn what_is_synced_is_written() {
    let mut gate = Gate::default();
    gate.push(1, written(3), ()).unwrap();
    gate.advance(Durability::Synced, 3);
    assert_eq!(drain(&mut gate), [()]);
    gate.push(1, written(2), ()).unwrap();
    assert_eq!(drain(&mut gate), [()]);
}

#[test]
fn ungated_effects_pass_other_lanes_and_never_their_own() {
    let mut gate = Gate::default();
    gate.push(1, written(1), "180 of 1").unwrap();
    gate.push(2, None, "401 of 2").unwrap();
    gate.push(1, None, "487 of 1").unwrap();
    assert_eq!(drain(&mut gate), ["401 of 2"]);
    gate.advance(Durability::Written, 1);
    assert_eq!(drain(&mut gate), ["180 of 1", "487 of 1"]);
}

#[test]
fn a_lane_stays_whole_behind_its_first_held_effect() {
    let mut gate = Gate::default();
    gate.push(1, synced(1), 'a').unwrap();
    gate.push(1, written(2), 'b').unwrap();
    gate.push(2, written(2), 'c').unwrap();
    gate.advance(Durability::Written, 2);
    assert_eq!(drain(&mut gate), ['c']);
    gate.push(1, None, 'd').unwrap();
    assert_eq!(drain(&mut gate), Vec::<char>::new());
    gate.advance(Durability::Synced, 1);
    assert_eq!(drain(&mut gate), ['a', 'b', 'd']);
}

#[test]
fn a_failing_journal_gives_back_what_it_cannot_promise() {
    let mut gate = Gate::default();
    gate.push(1, written(1), "200").unwrap();
    gate.push(1, None, "NOTIFY").unwrap();
    assert_eq!(gate.fail(), ["200"]);
    assert_eq!(drain(&mut gate), ["NOTIFY"]);
    assert_eq!(gate.push(2, written(2), "180"), Err((Refused::Failing, "180")));
    gate.push(2, None, "503").unwrap();
    assert_eq!(drain(&mut gate), ["503"]);
    gate.recover();
    gate.push(3, written(2), "180").unwrap();
    gate.advance(Durability::Written, 2);
    assert_eq!(drain(&mut gate), ["180"]);
}

#[test]
fn the_gate_is_bounded() {
    let mut gate = Gate::new(2);
    gate.push(1, written(1), 1).unwrap();
    gate.push(2, written(2), 2).unwrap();
    assert_eq!(gate.push(3, written(3), 3), Err((Refused::Full, 3)));
    gate.push(3, None, 4).unwrap();
    gate.advance(Durability::Written, 3);
    assert_eq!(drain(&mut gate), [4, 1, 2]);
}
