use core::time::Duration;

use acd::{AgentConfig, State};
use clock::{AgentId, LegId, WallTime};

use super::super::Fault;
use super::*;

fn at(millis: u64) -> Now {
    Now { mono: Instant::from_nanos(millis * 1_000_000), wall: WallTime::from_micros(millis as i64 * 1_000) }
}

fn drain(owner: &mut AcdOwner, now: Now) -> Vec<Delivery> {
    core::iter::from_fn(|| owner.poll_delivery(now)).collect()
}

/// 200 agents who talk, 200 callers who wait, and more inputs than lie between two checkpoints.
fn busy_centre() -> AcdOwner {
    let mut owner = AcdOwner::new(Limits::default(), Rng::new(7));
    let agents: Vec<AgentId> = (1..=200).map(AgentId).collect();
    let queue = QueueConfig {
        queue: QueueId(1),
        ring: Duration::from_secs(15),
        max_wait: Duration::from_secs(3_600),
        wrap_up: Duration::from_secs(10),
        max_waiting: 1_000,
        agents: agents.iter().copied().map(Into::into).collect(),
        ..QueueConfig::default()
    };
    let agent = |agent: &AgentId| AgentConfig { agent: *agent, max_missed: 3, ..AgentConfig::default() };
    let rules = Input::Configure { queues: vec![queue], agents: agents.iter().map(agent).collect() };
    owner.handle(at(1), rules);
    for agent in agents {
        owner.handle(at(2), Input::Reachable { agent, reachable: true });
    }
    for number in 1..=400_u32 {
        let now = at(1_000 + u64::from(number) * 10);
        let (call, queue) = (CallId(number.into()), QueueId(1));
        owner.handle(now, Input::Enqueue(acd::Enqueue { call, queue, ..acd::Enqueue::default() }));
        for delivery in drain(&mut owner, now) {
            if let Delivery::Shard(shard, call::Input::Offer { offer, generation, .. }) = delivery {
                owner.handle(now, Input::Claim { shard, offer, generation });
            }
        }
    }
    drain(&mut owner, at(6_000));
    owner
}

#[test]
fn two_hundred_who_wait_and_two_hundred_who_talk_stay_where_they_are() {
    let mut owner = busy_centre();
    let before = owner.snapshot();
    assert_eq!((before.queues[0].waiting.len(), before.queues[0].agents[State::OnCall as usize]), (200, 200));
    owner.break_at(Fault::Next);
    owner.handle(at(7_000), Input::CallerGone { call: CallId(9_999) });
    let alarms = drain(&mut owner, at(7_000)).into_iter().filter(|one| matches!(one, Delivery::Alarm(_))).count();
    assert_eq!(alarms, 1);
    let mut after = owner.snapshot();
    // Time has passed, and what was learned of waits is learned anew. All else is as it was.
    after.now = before.now;
    for (after, before) in after.queues.iter_mut().zip(&before.queues) {
        after.estimator = before.estimator;
    }
    assert_eq!(after, before, "counts, order, arrivals, states and since when");
    // One talk ends: wrap-up as ever, and then the first in line.
    let (agent, call) = (AgentId(1), before.agents[0].call.unwrap());
    owner.handle(at(8_000), Input::AgentFree { agent, call, leg: LegId(1), talked: true });
    assert_eq!(owner.snapshot().agents[0].state, State::WrapUp);
    drain(&mut owner, at(8_000));
    owner.handle_timeout(at(18_001));
    let offered = drain(&mut owner, at(18_001)).into_iter().find_map(|delivery| match delivery {
        Delivery::Shard(_, call::Input::Offer { call, .. }) => Some(call),
        _ => None,
    });
    assert_eq!(offered, Some(before.queues[0].waiting[0].call));
}

#[test]
fn a_queue_is_quarantined_at_its_second_call_that_breaks_the_acd() {
    let mut owner = busy_centre();
    owner.break_at(Fault::At(Named::Queue(QueueId(1))));
    for number in [501_u32, 502] {
        let (call, queue) = (CallId(number.into()), QueueId(1));
        owner.handle(at(7_000), Input::Enqueue(acd::Enqueue { call, queue, ..acd::Enqueue::default() }));
    }
    let said = drain(&mut owner, at(7_000));
    let quarantined = said.iter().filter_map(|delivery| match delivery {
        Delivery::Alarm(Alarm::Quarantined(named)) => Some(named.clone()),
        _ => None,
    });
    assert_eq!(quarantined.collect::<Vec<_>>(), [Named::Call(CallId(501)), Named::Queue(QueueId(1))]);
    let left = said.iter().filter(|one| matches!(one, Delivery::Shard(_, call::Input::LeaveQueue { .. }))).count();
    assert_eq!(left, 202, "the two, and all who waited, go the way of a wait that is over");
    assert!(owner.snapshot().queues.is_empty());
    assert_eq!(owner.counts().legs, 200, "who talks goes on talking");
}

#[test]
fn what_is_released_comes_back_as_it_was() {
    let mut owner = busy_centre();
    let agent = AgentId(7);
    let pause = |reason: &str| Input::SetStatus {
        request: None,
        agent,
        status: Status::Paused,
        reason: Some(reason.to_owned()),
    };
    owner.handle(at(6_500), pause("lunch"));
    owner.break_at(Fault::Twice(Named::Agent(agent)));
    owner.handle(at(7_000), pause("tea"));
    let names = |owner: &AcdOwner| owner.snapshot().agents.iter().map(|one| one.agent).collect::<Vec<_>>();
    assert!(!names(&owner).contains(&agent));
    owner.handle(at(7_100), Input::Reachable { agent, reachable: false });
    owner.handle(at(7_200), Input::Reachable { agent, reachable: true });
    owner.release(at(8_000), &Named::Agent(AgentId(8)));
    drain(&mut owner, at(8_000));
    owner.release(at(8_000), &Named::Agent(agent));
    let said = drain(&mut owner, at(8_000));
    let released = |one: &Delivery| matches!(one, Delivery::Alarm(Alarm::Released(Named::Agent(id))) if *id == agent);
    assert!(said.iter().any(released), "{said:?}");
    let back = owner.snapshot().agents.into_iter().find(|one| one.agent == agent).expect("he is back");
    assert_eq!((back.status, back.reachable), (Status::Paused, true));
    assert_eq!((back.state, back.call.is_some()), (State::OnCall, true), "his call went on without him being known");
    owner.handle(at(8_100), Input::SetStatus { request: None, agent, status: Status::Ready, reason: None });
    let now = owner.snapshot().agents.into_iter().find(|one| one.agent == agent).expect("he stays");
    assert_eq!(now.status, Status::Ready, "his inputs are taken again");
}
