//! Where a queue sends whom it does not serve: every kind of place, for every reason.

use call::{Effect, Exit, Input, Overflow, QueuePlan, Target, Unserved};
use journal_core::CallEvent;

use crate::rig::World;
use crate::rig::plan::{SUPPORT, agent_id};
use crate::rules::{MAIN, SALES, hang_up, prompts, to, waiting};

/// A caller of a queue that sends on so, after the queue did not serve him for this reason.
fn overflown(why: Unserved, exit: Exit) -> (World, usize) {
    let overflow = [(why, Overflow { to: exit, keeps_arrival: false })].into();
    let callback = Some(Box::default());
    let (mut world, carrier) = waiting(QueuePlan { overflow, callback, ..QueuePlan::default() });
    world.agent("1001");
    world.secs(10);
    let call = world.call();
    world.acd.forget(call);
    world.input(Input::LeaveQueue { call, queue: SUPPORT, why });
    let word = why.word();
    let said = |event: &CallEvent| matches!(event, CallEvent::Overflowed { queue: SUPPORT, why, .. } if why == word);
    assert!(world.has(call, said), "{word}");
    (world, carrier)
}

#[test]
fn every_kind_of_place_for_every_reason() {
    for why in [Unserved::TimedOut, Unserved::Full, Unserved::Empty] {
        let (world, carrier) = overflown(why, to(SALES));
        assert_eq!(world.acd.enqueued.last().unwrap().1, SALES);
        hang_up(world, carrier).assert_nothing_left();

        let (mut world, carrier) = overflown(why, Exit::Number("+442079460000".to_owned()));
        assert!(world.phones[carrier].is_called(), "out through the carrier");
        world.phones[carrier].reject(world.now.mono, 486);
        world.settle();
        world.assert_nothing_left();

        let (world, carrier) = overflown(why, Exit::Own(Target::Agent(agent_id("1001"))));
        let agent = world.phones.iter().position(|phone| phone.name == "1001").unwrap();
        assert!(world.phones[agent].is_called());
        hang_up(world, carrier).assert_nothing_left();

        let (world, carrier) = overflown(why, Exit::Own(Target::Voicemail(SALES)));
        assert!(world.has(world.call(), |event| matches!(event, CallEvent::VoicemailStarted { queue: SALES })));
        hang_up(world, carrier).assert_nothing_left();

        let (world, carrier) = overflown(why, Exit::Own(Target::Menu(MAIN)));
        assert_eq!(prompts(&world), ["es/welcome", "es/menu"]);
        hang_up(world, carrier).assert_nothing_left();

        let (world, carrier) = overflown(why, Exit::Callback(SUPPORT));
        let asked = |effect: &Effect| matches!(effect, Effect::AskCallback { queue: SUPPORT, .. });
        assert!(world.callbacks.iter().any(asked));
        hang_up(world, carrier).assert_nothing_left();

        let (mut world, carrier) = overflown(why, Exit::Message("full".to_owned()));
        assert_eq!(prompts(&world), ["en/full"]);
        world.secs(4);
        assert!(world.phones[carrier].got_bye());
        world.assert_nothing_left();

        let (mut world, carrier) = overflown(why, Exit::HangUp);
        assert!(world.phones[carrier].got_bye());
        world.assert_nothing_left();
    }
}
