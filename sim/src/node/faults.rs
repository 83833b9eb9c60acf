//! What breaks inside the node while it runs: its disk for a while, and an owner's assertion.

use core::time::Duration;

use ::clock::Instant;
use centre::owner::DialerInput;

use super::campaigns::Campaigns;
use super::{Input, Node, NodeEvent};
use crate::chance::{between, index};
use crate::ctx::{Ctx, Event};
use crate::watch::Seen;

impl Node {
    /// The disk takes nothing for a while. Owners notice within the time in which production's look.
    pub(crate) fn fail_journal(&mut self, ctx: &mut Ctx) {
        if self.running.is_none() || self.is_journal_failing() {
            return;
        }
        let lasts = between(&mut self.rng, Duration::from_millis(20), self.scenario.journal_outage_max);
        self.disk_fails_until = Some(ctx.now + lasts);
        ctx.see(&Seen::JournalFailing { failing: true });
        self.tell_journal(ctx);
        ctx.events.at(ctx.now + lasts, Event::JournalWorks);
    }

    /// The disk works again, if this is the time, or faults are over.
    pub(crate) fn mend_journal(&mut self, ctx: &mut Ctx, at_once: bool) {
        if self.disk_fails_until.is_none_or(|until| until > ctx.now && !at_once) {
            return;
        }
        self.disk_fails_until = None;
        ctx.see(&Seen::JournalFailing { failing: false });
        if self.running.is_some() {
            self.write(ctx);
            self.tell_journal(ctx);
        }
    }

    pub(crate) fn is_journal_failing(&self) -> bool {
        self.disk_fails_until.is_some()
    }

    /// Until when a node that is down cannot start, as its journal cannot be opened.
    pub(crate) fn cannot_start_until(&self) -> Option<Instant> {
        self.disk_fails_until
    }

    /// As the owners' tasks do it: what waits is refused, and the core is told.
    pub(super) fn notice_journal(&mut self, ctx: &mut Ctx, owner: usize) {
        let failing = self.is_journal_failing();
        let Some(post) = self.post(owner).filter(|post| post.gate.is_failing() != failing) else { return };
        if failing {
            for held in post.gate.fail() {
                self.refuse_held(ctx, owner, held);
            }
        } else {
            post.gate.recover();
        }
        self.open_gate(ctx, owner);
        if owner < usize::from(self.shards) {
            self.step(ctx, owner, Some(Input::Shard(call::Input::JournalFailing(failing))));
        }
        if owner == self.dialer() {
            let input = dialer::runner::Input::Journal { is_well: !failing };
            self.step(ctx, owner, Some(Input::Dialer(DialerInput::Campaigns(Box::new(input)))));
        }
    }

    /// One of the owners breaks an assertion at its next input.
    pub(crate) fn break_an_owner(&mut self) {
        let Some(running) = &mut self.running else { return };
        // The dialer stands last: it breaks where it has campaigns, and then as often as all others.
        let (owner, dialer) = (index(&mut self.rng, running.posts.len() - 1), running.posts.len() - 1);
        let owner = if self.campaigns.as_mut().is_some_and(Campaigns::breaks_the_dialer) { dialer } else { owner };
        if let Some(post) = running.posts.get_mut(owner) {
            post.break_next();
        }
    }

    fn tell_journal(&mut self, ctx: &mut Ctx) {
        let mut at = ctx.now;
        let location = usize::from(self.shards) + 1;
        for owner in 0..=location {
            at = ctx.now + between(&mut self.rng, Duration::ZERO, NOTICED_WITHIN);
            self.schedule(ctx, at, NodeEvent::JournalState { owner });
        }
        self.schedule(ctx, at, NodeEvent::JournalState { owner: location + 1 });
    }
}

/// Owners look at the journal this often.
const NOTICED_WITHIN: Duration = Duration::from_millis(200);
