//! Leads that agents see before they are called.

use std::time::Duration;

use clock::{AgentId, LeadId};
use dialer::campaign::Method;
use dialer::hopper::Booked;
use dialer::runner::{ByHand, Doing, Refusal};

use super::scene;
use super::world::{Scene, World};

const ANN: AgentId = AgentId(1);

fn shown(world: &World) -> Option<LeadId> {
    let campaign = world.campaign();
    campaign.desks.get(&ANN).filter(|desk| matches!(desk.doing, Doing::Shown { .. })).map(|desk| desk.lead)
}

#[test]
fn a_callback_that_its_agent_passes_on_stays_promised_and_his() {
    let preview = Method::Preview { may_skip: true, limit: None };
    let mut world = World::new(Scene { agents: 2, leads: 40, ..scene(3, preview) });
    let mine = LeadId(22);
    world.booked(mine, Booked::Callback(world.now().wall, Some(ANN)));
    world.run_for(5);
    assert_eq!(shown(&world), Some(mine), "before everything else");
    assert_eq!(world.by_hand_refused(ANN, ByHand::Skip), None);
    assert!(shown(&world).is_some_and(|lead| lead != mine), "another one");
    let why = world.dialer.why_not(world.campaign().campaign, mine, world.now()).unwrap();
    assert_eq!(why.why.word(), "callback", "{why:?}");
    // He looks at the other for a while.
    world.run_for(601);
    assert_eq!(world.by_hand_refused(ANN, ByHand::Skip), None);
    assert_eq!(shown(&world), Some(mine), "his, and before the others");
}

#[test]
fn the_last_lead_is_passed_on_and_nothing_is_shown() {
    let preview = Method::Preview { may_skip: true, limit: Some(Duration::from_secs(60)) };
    let mut world = World::new(Scene { agents: 1, leads: 2, ..scene(3, preview) });
    world.run_for(5);
    for _ in 0..2 {
        assert!(shown(&world).is_some());
        assert_eq!(world.by_hand_refused(ANN, ByHand::Skip), None);
    }
    assert_eq!(shown(&world), None);
    assert_eq!(world.by_hand_refused(ANN, ByHand::Skip), Some(Refusal::NothingShown));
    assert_eq!(world.by_hand_refused(ANN, ByHand::Accept), Some(Refusal::NothingShown));
    world.run_for(610);
    assert!(shown(&world).is_some(), "they come again");
}
