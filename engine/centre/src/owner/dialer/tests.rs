use clock::{Instant, WallTime};

use super::*;

fn now() -> Now {
    Now { mono: Instant::from_nanos(1), wall: WallTime::from_micros(7) }
}

fn change(owner: &mut DialerOwner, pattern: &str, listed: bool) -> Vec<Delivery> {
    let pattern = pattern.parse().unwrap();
    owner.handle(now(), DialerInput::DoNotCall { request: RequestId(1), pattern, listed, reason: None });
    core::iter::from_fn(|| owner.poll_delivery()).collect()
}

#[test]
fn a_change_is_journaled_and_told_to_every_shard_before_it_is_acknowledged() {
    let mut owner = DialerOwner::new(2);
    let said = change(&mut owner, "+442079460000", true);
    assert!(matches!(said[0], Delivery::Journal { number: 1, entry: Entry::DoNotCall { listed: true, .. } }));
    for (number, one) in said[1..3].iter().enumerate() {
        let Delivery::Shard(shard, call::Input::DoNotCall(lists)) = one else { panic!("{one:?}") };
        assert_eq!((usize::from(shard.0), lists.len()), (number, 1));
    }
    let Delivery::Answer { gate: Some(mark), result: Ok(Answer::DoNotCall { is_new: true, .. }), .. } = &said[3] else {
        panic!("{said:?}")
    };
    assert_eq!((mark.entry, mark.durability), (1, Durability::Synced));
}

#[test]
fn what_is_listed_stays_and_what_is_not_cannot_be_removed() {
    let mut owner = DialerOwner::new(1);
    change(&mut owner, "+4479*", true);
    let again = change(&mut owner, "+4479*", true);
    assert!(matches!(&again[..], [Delivery::Answer { result: Ok(Answer::DoNotCall { is_new: false, .. }), .. }]));
    let absent = change(&mut owner, "+4478*", false);
    assert!(matches!(&absent[..], [Delivery::Answer { result: Err(CommandError::NotListed), .. }]));
    assert_eq!(change(&mut owner, "+4479*", false).len(), 3);
    assert!(owner.changed_list().is_some_and(|lists| lists.is_empty()));
}
