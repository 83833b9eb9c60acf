//! A trunk with several targets: which one gets the call, and when the next one is tried.

use call::Input;
use journal_core::{CallEvent, CallStatus, Who};
use sip::trunk::{Reason, Target, Targets};

use crate::rig::plan::CARRIER;
use crate::rig::{World, peer};

const NUMBER: &str = "02079460000";
const TARGETS: [&str; 3] = ["127.0.0.2:5080", "127.0.0.3:5080", "127.0.0.4:5080"];

/// Agent 1001 with a phone, and a carrier of three targets.
struct Scene {
    world: World,
    caller: usize,
    targets: [usize; 3],
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        let targets = TARGETS.map(|addr| world.stranger(addr));
        let caller = world.agent("1001");
        let mut scene = Self { world, caller, targets };
        scene.tell([true; 3]);
        scene
    }

    /// The watcher says which targets are up.
    fn tell(&mut self, up: [bool; 3]) {
        let target = |(rank, (addr, up)): (usize, (&str, bool))| Target {
            host: addr.to_owned(),
            peer: peer(addr.parse().unwrap()),
            rank: rank as u32,
            weight: 0,
            up,
            reason: if up { Reason::Ok } else { Reason::Unanswered },
        };
        let targets = TARGETS.into_iter().zip(up).enumerate().map(target).collect();
        let targets = Targets { trunk: CARRIER, targets, sources: Vec::new(), contact_user: None };
        self.world.input(Input::TrunkTargets(targets));
    }

    fn dial(&mut self) {
        self.world.phones[self.caller].call(self.world.now.mono, NUMBER);
        self.world.settle();
    }

    fn is_called(&self, target: usize) -> bool {
        self.world.phones[self.targets[target]].is_called()
    }

    fn reject(&mut self, target: usize, status: u16) {
        self.world.phones[self.targets[target]].reject(self.world.now.mono, status);
        self.world.settle();
    }

    fn ring(&mut self, target: usize) {
        self.world.phones[self.targets[target]].ring(self.world.now.mono);
        self.world.settle();
    }

    fn answer(&mut self, target: usize) {
        self.world.phones[self.targets[target]].answer_call(self.world.now.mono);
        self.world.settle();
    }

    fn refusal(&self) -> Option<u16> {
        self.world.phones[self.caller].refusal_status()
    }

    /// (failed, next) of each step on, in order.
    fn steps(&self) -> Vec<(String, String)> {
        let step = |event: &CallEvent| match event {
            CallEvent::TargetFailed { target, next, trunk: CARRIER, .. } => Some((target.clone(), next.clone())),
            _ => None,
        };
        self.world.events(self.world.call()).into_iter().filter_map(step).collect()
    }

    /// The caller talks to this target and hangs up; nothing is left.
    fn finish_talk(mut self, target: usize) {
        self.answer(target);
        assert!(self.world.phones[self.caller].is_answered());
        assert_eq!(self.world.shard.snapshot().trunks[0].calls, 1, "one call of the trunk's limit");
        self.world.secs(2);
        self.world.phones[self.caller].hang_up(self.world.now.mono);
        self.world.settle();
        assert!(self.world.phones[self.targets[target]].got_bye());
        assert_eq!(self.world.verdict(), (CallStatus::Completed, "normal".to_owned()));
        self.world.assert_nothing_left();
    }
}

fn step(from: usize, to: usize) -> (String, String) {
    (TARGETS[from].to_owned(), TARGETS[to].to_owned())
}

#[test]
fn the_first_target_that_is_up_gets_the_call() {
    let mut scene = Scene::new();
    scene.tell([false, true, true]);
    scene.dial();
    assert_eq!([0, 1, 2].map(|target| scene.is_called(target)), [false, true, false]);
    assert!(scene.steps().is_empty());
    scene.finish_talk(1);
}

#[test]
fn the_next_one_is_tried_on_408_and_5xx() {
    for status in [408, 500, 503, 504, 513] {
        let mut scene = Scene::new();
        scene.dial();
        scene.reject(0, status);
        assert_eq!([1, 2].map(|target| scene.is_called(target)), [true, false], "{status}");
        assert_eq!(scene.refusal(), None, "the caller hears nothing of it");
        scene.ring(1);
        assert_eq!(scene.world.phones[scene.caller].provisionals(), [180]);
        assert_eq!(scene.steps(), [step(0, 1)]);
        let causes = scene.world.events(scene.world.call()).into_iter().filter_map(|event| match event {
            CallEvent::LegEnded { cause, .. } => Some((cause.who, cause.sip)),
            _ => None,
        });
        assert_eq!(causes.collect::<Vec<_>>(), [(Who::Callee, Some(status))], "why it was left");
        scene.finish_talk(1);
    }
}

#[test]
fn what_is_said_of_the_number_ends_the_attempt() {
    for status in [400, 403, 404, 480, 486, 488, 600, 603] {
        let mut scene = Scene::new();
        scene.dial();
        scene.reject(0, status);
        assert!(!scene.is_called(1), "{status}");
        assert_eq!(scene.refusal(), Some(status));
        scene.world.assert_nothing_left();
    }
}

#[test]
fn a_silent_target_is_left_after_five_seconds() {
    let mut scene = Scene::new();
    scene.world.phones[scene.targets[0]].is_dead = true;
    scene.dial();
    scene.world.millis(4_900);
    assert!(!scene.is_called(1));
    scene.world.millis(200);
    assert!(scene.is_called(1));
    let sent = scene.world.lines_to(scene.targets[0]).len();
    assert_eq!(sent, 4, "the INVITE at 0, 0.5, 1.5 and 3.5 s");
    scene.ring(1);
    scene.world.secs(40);
    assert_eq!(scene.world.lines_to(scene.targets[0]).len(), sent, "it must not begin to ring later");
    scene.finish_talk(1);
}

#[test]
fn a_target_that_says_100_has_longer_to_ring() {
    let mut scene = Scene::new();
    scene.dial();
    scene.world.millis(9_900);
    assert!(!scene.is_called(1));
    scene.finish_talk(0);
}

#[test]
fn a_target_that_says_100_and_never_rings_is_cancelled_after_ten_seconds() {
    let mut scene = Scene::new();
    scene.dial();
    scene.world.millis(10_100);
    assert!(scene.world.phones[scene.targets[0]].got_cancel());
    assert!(scene.is_called(1));
    assert_eq!(scene.steps(), [step(0, 1)]);
    scene.world.millis(10_100);
    assert!(scene.is_called(2));
    scene.world.secs(60);
    assert_eq!(scene.refusal(), None, "the last one has its whole time");
    scene.finish_talk(2);
}

/// 16 CFR 310.4(b)(4)(ii) counts from the ring of the target that is called now.
#[test]
fn an_attempt_rings_for_its_minimum_at_the_next_target_too() {
    let mut scene = Scene::new();
    scene.world.input(Input::Dial(Box::new(crate::attempt::order())));
    scene.world.secs(1);
    scene.reject(0, 503);
    assert!(scene.is_called(1));
    scene.world.secs(8);
    scene.world.input(Input::CancelDial { attempt: crate::attempt::order().attempt });
    scene.ring(1);
    scene.world.secs(14);
    assert!(!scene.world.phones[scene.targets[1]].got_cancel());
    scene.world.secs(2);
    assert!(scene.world.phones[scene.targets[1]].got_cancel());
    scene.world.assert_nothing_left();
}

/// What nobody wants any more is not tried elsewhere.
#[test]
fn an_attempt_that_was_cancelled_goes_to_no_other_target() {
    let mut scene = Scene::new();
    scene.world.input(Input::Dial(Box::new(crate::attempt::order())));
    scene.world.secs(1);
    scene.world.input(Input::CancelDial { attempt: crate::attempt::order().attempt });
    scene.reject(0, 503);
    scene.world.secs(30);
    assert!(!scene.is_called(1));
    scene.world.assert_nothing_left();
}

#[test]
fn the_last_target_has_its_whole_time() {
    let mut scene = Scene::new();
    for target in scene.targets {
        scene.world.phones[target].is_dead = true;
    }
    scene.dial();
    scene.world.secs(41);
    assert_eq!(scene.refusal(), None);
    scene.world.secs(2);
    assert_eq!(scene.refusal(), Some(408), "5 s, 5 s and timer B");
    assert_eq!(scene.steps(), [step(0, 1), step(1, 2)]);
    scene.world.assert_nothing_left();
}

#[test]
fn whoever_rang_is_never_left() {
    for early_media in [false, true] {
        for status in [408, 503] {
            let mut scene = Scene::new();
            scene.dial();
            if early_media {
                scene.world.phones[scene.targets[0]].early_media(scene.world.now.mono);
                scene.world.settle();
            } else {
                scene.ring(0);
            }
            scene.reject(0, status);
            assert!(!scene.is_called(1));
            assert_eq!(scene.refusal(), Some(status));
            scene.world.assert_nothing_left();
        }
    }
}

#[test]
fn a_transport_that_fails_is_one_more_reason_to_go_on() {
    let mut scene = Scene::new();
    scene.world.phones[scene.targets[0]].is_dead = true;
    scene.dial();
    scene.world.input(Input::TransportFailed { peer: peer(TARGETS[0].parse().unwrap()) });
    assert!(scene.is_called(1));
    assert_eq!(scene.steps(), [step(0, 1)]);
    scene.finish_talk(1);
}

#[test]
fn a_late_200_of_a_target_that_was_left_is_acked_and_ended() {
    let mut scene = Scene::new();
    let slow = scene.targets[0];
    scene.world.phones[slow].is_mute = true;
    scene.dial();
    scene.world.millis(5_100);
    assert!(scene.is_called(1));
    scene.ring(1);
    scene.world.phones[slow].is_mute = false;
    scene.answer(0);
    assert!(!scene.world.phones[scene.caller].is_answered(), "this one's answer comes too late");
    assert!(scene.world.phones[slow].got_bye());
    let lines = scene.world.lines_to(slow);
    assert!(lines.iter().any(|line| line.starts_with("ACK")) && lines.iter().any(|line| line.starts_with("BYE")));
    scene.finish_talk(1);
}

#[test]
fn a_target_that_rings_after_it_was_left_is_cancelled() {
    let mut scene = Scene::new();
    let slow = scene.targets[0];
    scene.world.phones[slow].is_mute = true;
    scene.dial();
    scene.world.millis(5_100);
    assert!(!scene.world.lines_to(slow).iter().any(|line| line.starts_with("CANCEL")), "not before a response");
    scene.world.phones[slow].is_mute = false;
    scene.ring(0);
    assert!(scene.world.phones[slow].got_cancel());
    assert!(scene.world.phones[scene.caller].provisionals().is_empty());
    scene.finish_talk(1);
}

#[test]
fn the_caller_may_cancel_at_any_stage() {
    for stage in ["first silent", "second called", "second rings", "second silent"] {
        let mut scene = Scene::new();
        match stage {
            "first silent" => scene.world.phones[scene.targets[0]].is_dead = true,
            "second silent" => scene.world.phones[scene.targets[1]].is_dead = true,
            _ => {}
        }
        scene.dial();
        if stage.starts_with("second") {
            scene.reject(0, 503);
        }
        if stage == "second rings" {
            scene.ring(1);
        }
        scene.world.millis(300);
        scene.world.phones[scene.caller].hang_up(scene.world.now.mono);
        scene.world.settle();
        assert_eq!(scene.world.verdict(), (CallStatus::Canceled, "canceled".to_owned()), "{stage}");
        scene.world.secs(10);
        assert!(!scene.is_called(2), "{stage}");
        scene.world.assert_nothing_left();
    }
}

/// The caller's CANCEL and the target's 503 cross, in both orders.
#[test]
fn a_cancel_that_meets_the_failure_starts_nothing_new() {
    let mut scene = Scene::new();
    scene.dial();
    let now = scene.world.now.mono;
    let (caller, target) = (scene.caller, scene.targets[0]);
    scene.world.phones[caller].hang_up(now);
    scene.world.phones[target].reject(now, 503);
    scene.world.settle();
    scene.world.secs(1);
    assert_eq!(scene.world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    scene.world.assert_nothing_left();
}

#[test]
fn nobody_up_is_a_503_with_its_cause() {
    let mut scene = Scene::new();
    scene.tell([false; 3]);
    scene.dial();
    assert_eq!(scene.refusal(), Some(503));
    let refusal = scene.world.phones[scene.caller].refusal().unwrap();
    assert_eq!(refusal.header("Reason").next(), Some("Q.850;cause=38;text=\"trunk_down\""));
    assert!(refusal.has("Retry-After"));
    assert_eq!(scene.world.verdict(), (CallStatus::Failed, "trunk_down".to_owned()));
    scene.tell([false, false, true]);
    scene.dial();
    assert!(scene.is_called(2), "the newest word counts");
    scene.reject(2, 486);
    scene.world.assert_nothing_left();
}

#[test]
fn all_targets_failed_is_the_last_ones_word() {
    let mut scene = Scene::new();
    scene.dial();
    for target in 0..3 {
        scene.reject(target, 503);
    }
    assert_eq!(scene.refusal(), Some(503));
    assert_eq!(scene.world.verdict(), (CallStatus::Failed, "upstream".to_owned()));
    assert_eq!(scene.world.calls().len(), 1, "one record");
    scene.world.assert_nothing_left();
}

#[test]
fn a_transfer_goes_on_to_the_next_target_too() {
    let mut scene = Scene::new();
    let callee = scene.world.agent("1002");
    scene.world.phones[scene.caller].call(scene.world.now.mono, "1002");
    scene.world.settle();
    scene.world.phones[callee].answer_call(scene.world.now.mono);
    scene.world.settle();
    scene.world.phones[callee].refer(scene.world.now.mono, "<sip:02079460000@demo.local>");
    scene.world.settle();
    scene.reject(0, 503);
    assert!(scene.is_called(1));
    scene.answer(1);
    assert!(scene.world.phones[callee].sipfrags().contains(&200));
    scene.world.phones[scene.caller].hang_up(scene.world.now.mono);
    scene.world.settle();
    assert_eq!(scene.steps(), [step(0, 1)]);
    scene.world.assert_nothing_left();
}

#[test]
fn storms_of_failing_targets_leave_nothing() {
    for seed in 0..40 {
        let mut scene = Scene::new();
        scene.world.rng = clock::Rng::new(seed);
        scene.world.loss = 0.2;
        scene.world.duplicate = 0.1;
        scene.dial();
        for _ in 0..30 {
            let target = scene.world.rng.below(3) as usize;
            let phone = scene.targets[target];
            if scene.world.phones[phone].is_called() && scene.world.phones[phone].session.is_some() {
                match scene.world.rng.below(4) {
                    0 => scene.reject(target, 503),
                    1 => scene.ring(target),
                    2 => scene.answer(target),
                    _ => {}
                }
            }
            let millis = scene.world.rng.below(2_000);
            scene.world.millis(millis);
        }
        scene.world.phones[scene.caller].hang_up(scene.world.now.mono);
        scene.world.settle();
        scene.world.loss = 0.0;
        scene.world.secs(100);
        for target in scene.targets {
            scene.world.phones[target].hang_up(scene.world.now.mono);
        }
        scene.world.assert_nothing_left();
    }
}
