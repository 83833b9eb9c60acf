use call::{NumberPlan, QueuePlan};
use clock::{AgentId, Instant, QueueId, WallTime};
use hours::Schedule;

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
    let mut owner = DialerOwner::new(2, clock::Rng::new(1));
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
fn a_consent_is_written_down_before_anybody_hears_of_it_and_is_there_after_a_restart() {
    let mut owner = DialerOwner::new(1, clock::Rng::new(1));
    let entry = |id: u128, given: bool| ConsentEntry {
        id,
        account: "demo".to_owned(),
        number: "+442079460000".to_owned(),
        purpose: "artificial_voice".to_owned(),
        given,
        channel: "web".to_owned(),
        source: "form".to_owned(),
        evidence: None,
        at: WallTime::from_micros(id as i64),
        by: "user_1".to_owned(),
        recorded_at: now().wall,
    };
    let mut replay = journal_core::Replay::default();
    for (id, given) in [(1, true), (2, false), (3, true)] {
        owner.handle(now(), DialerInput::Consent { request: RequestId(1), entry: Box::new(entry(id, given)) });
        let said: Vec<Delivery> = core::iter::from_fn(|| owner.poll_delivery()).collect();
        let [Delivery::Journal { entry, number }, Delivery::Answer { gate, result: Ok(Answer::Consent(_)), .. }] =
            &said[..]
        else {
            panic!("{said:?}")
        };
        assert_eq!(*gate, Some(Mark { entry: *number, durability: Durability::Synced }));
        replay.apply(entry).unwrap();
        let number = "+442079460000";
        let stands = consent::known(&replay.consents).of(number, &[]).iter().any(|one| one.stands(now().wall));
        assert_eq!(stands, given);
    }
    let unknown = Box::new(ConsentEntry { purpose: "everything".to_owned(), ..entry(4, true) });
    owner.handle(now(), DialerInput::Consent { request: RequestId(1), entry: unknown });
    assert!(matches!(owner.poll_delivery(), Some(Delivery::Answer { result: Err(CommandError::ListFull), .. })));
}

#[test]
fn what_is_listed_stays_and_what_is_not_cannot_be_removed() {
    let mut owner = DialerOwner::new(1, clock::Rng::new(1));
    change(&mut owner, "+4479*", true);
    let again = change(&mut owner, "+4479*", true);
    assert!(matches!(&again[..], [Delivery::Answer { result: Ok(Answer::DoNotCall { is_new: false, .. }), .. }]));
    let absent = change(&mut owner, "+4478*", false);
    assert!(matches!(&absent[..], [Delivery::Answer { result: Err(CommandError::NotListed), .. }]));
    assert_eq!(change(&mut owner, "+4479*", false).len(), 3);
    assert!(owner.changed_list().is_some_and(|lists| lists.is_empty()));
}

/// Whether the ACD hears that the queue is open.
fn is_open(owner: &mut DialerOwner, now: Now, due_at: Option<WallTime>, agent: Option<AgentId>) -> bool {
    let request = acd::CallbackRequest {
        asker: acd::Asker::Client(RequestId(1)),
        number: Some("+442079460000".to_owned()),
        queue: Some(QueueId(1)).filter(|_| agent.is_none()),
        agent,
        source: acd::CallbackSource::Api,
        related: None,
        due_at,
        priority: 0,
        device: None,
        is_verified: false,
        is_open: true,
        denied_by: None,
    };
    owner.handle(now, DialerInput::Callback { request: Box::new(request), pin: None });
    let kept = owner.poll_delivery();
    assert!(matches!(kept, Some(Delivery::Journal { entry: Entry::DialDecision(_), .. })), "{kept:?}");
    match owner.poll_delivery() {
        Some(Delivery::Acd(acd::Input::RequestCallback(asked))) => asked.is_open,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_queue_takes_callbacks_in_its_hours_and_an_agent_at_any() {
    let at = |hour: i64| WallTime::from_micros(MONDAY + hour * 3_600_000_000);
    let office = Schedule::parse("office", "UTC", &["mon-fri 09:00-17:00".to_owned()], &[]).unwrap();
    let queue = QueuePlan { schedule: Some(Arc::new(office)), ..QueuePlan::default() };
    let mut owner = DialerOwner::new(1, clock::Rng::new(1));
    let numbers = NumberPlan { country_code: "44".to_owned(), national_digits: (9, 10), ..NumberPlan::default() };
    let plan = Plan { queues: [(QueueId(1), queue)].into(), numbers, ..Plan::default() };
    owner.handle(now(), DialerInput::Configure(Arc::new(plan)));
    let wall = |hour| Now { wall: at(hour), ..now() };
    assert!(is_open(&mut owner, wall(10), None, None));
    assert!(!is_open(&mut owner, wall(20), None, None), "it is over for today");
    assert!(!is_open(&mut owner, wall(10), Some(at(20)), None), "what counts is when it is to happen");
    assert!(is_open(&mut owner, wall(20), Some(at(34)), None), "tomorrow at ten");
    assert!(is_open(&mut owner, wall(20), None, Some(AgentId(1))));
}

/// 2025-10-13 00:00 UTC.
const MONDAY: i64 = 1_760_313_600_000_000;
