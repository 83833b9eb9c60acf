//! Who answers the calls of campaigns: people, machines, fax machines and silence; and all who do not.

use core::time::Duration;

use clock::Rng;
use media_graph::LineHeard;
use sip::ua::SessionId;

use super::carrier::{Carrier, CarrierAct};
use super::party::Called;
use crate::chance::{between, exponential, index};
use crate::ctx::{Ctx, Line};

impl Carrier {
    /// A campaign calls: what becomes of it is drawn anew for each call.
    pub(super) fn campaign_calls(&mut self, ctx: &mut Ctx, session: SessionId) {
        let post_dial = between(&mut self.rng, Duration::from_millis(50), Duration::from_secs(3));
        match self.rng.below(20) {
            0..9 => self.somebody_answers(ctx, session, post_dial),
            9..12 => {
                let status = [486, 486, 404, 603, 480, 503, 500][index(&mut self.rng, 7)];
                self.later(ctx, post_dial, CarrierAct::Refuse(session, status));
            }
            // Nobody at home.
            12..15 => self.alert(ctx, session, post_dial, ringing()),
            // The network says by sound why the call fails, and by a status later, or never.
            15..17 => {
                let heard = [LineHeard::Busy, LineHeard::Sit, LineHeard::Congestion][index(&mut self.rng, 3)];
                let after = between(&mut self.rng, Duration::from_millis(300), Duration::from_secs(2));
                self.expect(session, Called { early: Some(line(heard, after)), ..nobody() });
                self.later(ctx, post_dial, CarrierAct::EarlyMedia(session));
                if self.rng.chance(0.5) {
                    let then = between(&mut self.rng, Duration::from_secs(1), Duration::from_secs(8));
                    self.later(ctx, post_dial + then, CarrierAct::Refuse(session, 480));
                }
            }
            // The trunk takes the call, and nothing more is heard of it.
            17 => {}
            // An answer that nothing came before.
            _ => {
                let called = self.somebody();
                self.expect(session, called);
                self.later(ctx, post_dial, CarrierAct::Answer(session));
            }
        }
    }

    fn somebody_answers(&mut self, ctx: &mut Ctx, session: SessionId, post_dial: Duration) {
        let called = self.somebody();
        self.alert(ctx, session, post_dial, called);
        let mean = if called.stays > MACHINE_STAYS { Duration::from_secs(18) } else { Duration::from_secs(8) };
        let ring = exponential(&mut self.rng, mean);
        self.later(ctx, post_dial + ring, CarrierAct::Answer(session));
    }

    fn alert(&mut self, ctx: &mut Ctx, session: SessionId, post_dial: Duration, called: Called) {
        self.expect(session, called);
        let with_sound = self.rng.chance(0.3);
        let act = if with_sound { CarrierAct::EarlyMedia(session) } else { CarrierAct::Ring(session) };
        self.later(ctx, post_dial, act);
    }

    fn expect(&mut self, session: SessionId, called: Called) {
        self.parties.get_mut(&session).into_iter().for_each(|party| party.line = Some(called));
    }

    /// Somebody or something that answers.
    fn somebody(&mut self) -> Called {
        let (mistaken, mute) =
            self.campaigns.as_ref().map_or((0.0, 0.0), |campaigns| (campaigns.mistaken, campaigns.mute));
        let rng = &mut self.rng;
        let heard = match rng.below(20) {
            0..13 => LineHeard::Person,
            13..17 => LineHeard::Machine,
            17 => LineHeard::Fax,
            18 => LineHeard::DeadAir,
            _ => LineHeard::Sit,
        };
        let mut said = Some(heard);
        if rng.chance(mistaken) {
            said = Some(if heard == LineHeard::Person { LineHeard::Machine } else { LineHeard::Person });
        }
        if rng.chance(mute) {
            said = None;
        }
        let greeting = between(rng, Duration::from_millis(400), Duration::from_secs(4));
        let ago = between(rng, Duration::from_millis(50), Duration::from_millis(1_200));
        let answered = Line {
            heard: said,
            after: greeting + ago,
            greeting_ended_ago: rng.chance(0.9).then_some(ago),
            beep: rng.chance(0.8).then(|| between(rng, Duration::ZERO, Duration::from_secs(5))),
        };
        Called { early: Some(ringback(rng)), answered, stays: stays(rng, heard) }
    }
}

/// How long whoever answered stays on the line.
fn stays(rng: &mut Rng, heard: LineHeard) -> Duration {
    match heard {
        LineHeard::Person if rng.chance(0.1) => between(rng, Duration::from_millis(10), Duration::from_secs(2)),
        LineHeard::Person => Duration::from_secs(2) + exponential(rng, Duration::from_secs(20)),
        LineHeard::Machine => MACHINE_STAYS + between(rng, Duration::from_secs(1), Duration::from_secs(60)),
        _ => between(rng, Duration::from_secs(1), MACHINE_STAYS),
    }
}

fn ringback(rng: &mut Rng) -> Line {
    line(LineHeard::Ringback, between(rng, Duration::from_millis(200), Duration::from_secs(3)))
}

const fn line(heard: LineHeard, after: Duration) -> Line {
    Line { heard: Some(heard), after, greeting_ended_ago: None, beep: None }
}

/// Nobody ever answers.
const fn nobody() -> Called {
    Called { early: None, answered: line(LineHeard::DeadAir, Duration::ZERO), stays: Duration::ZERO }
}

/// It rings, and nobody ever answers.
const fn ringing() -> Called {
    Called { early: Some(line(LineHeard::Ringback, Duration::from_secs(1))), ..nobody() }
}

/// Only machines, and people who talk for long, stay longer.
const MACHINE_STAYS: Duration = Duration::from_secs(30);
