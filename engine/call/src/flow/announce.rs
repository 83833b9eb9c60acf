//! What waiting callers are told, and the keys that they press. Nothing here holds a connection back: whoever answers
//! is bridged at once, and the words are cut.

use core::time::Duration;

use clock::{CallId, LegId, QueueId};
use journal_core::{CallEvent, QueueLeft};

use crate::announce::{Comfort, Said};
use crate::call::Flow;
use crate::contract::Effect;
use crate::plan::{Announcements, Exit};
use crate::shard::{Shard, Timer};

impl Shard {
    /// A call begins to wait: what it hears first, and when the next is due.
    pub(crate) fn begin_comfort(&mut self, call: CallId, queue: QueueId) {
        let plan = self.plan.clone();
        let Some(rules) = plan.queues.get(&queue).map(|queue| &queue.announcements) else { return };
        if rules.welcome.is_none() && rules.every.is_zero() {
            return;
        }
        let welcome = rules.welcome.as_ref().map(|welcome| self.words(call, core::slice::from_ref(welcome)));
        if let Some(known) = self.calls.get_mut(&call) {
            known.comfort = Some(Box::new(Comfort { said: welcome, ..Comfort::default() }));
        }
        if !rules.every.is_zero() {
            self.arm(Timer::Announce(call), rules.first);
        }
    }

    /// It is time to tell a caller something.
    pub(crate) fn announcement_due(&mut self, call: CallId) {
        let Some(Flow::Waiting { queue, .. }) = self.calls.get(&call).map(|call| &call.flow) else { return };
        let queue = *queue;
        // Rules that were reloaded may know of none.
        let Some(rules) = self.announcements(queue).filter(|rules| !rules.every.is_zero()) else { return };
        if self.calls.get(&call).and_then(|call| call.comfort.as_ref()).is_some_and(|comfort| comfort.said.is_some()) {
            // The welcome is still being said.
            return self.arm(Timer::Announce(call), STILL_TALKING);
        }
        if rules.need_place() {
            self.effects.push_back(Effect::AskPlace { call });
            // Should no answer come, as the ACD is being built anew.
            return self.arm(Timer::Announce(call), ANSWER_MAX);
        }
        self.announce(call, queue, None);
    }

    /// From the ACD: position and expected wait of a call.
    pub(crate) fn place_told(&mut self, call: CallId, queue: QueueId, position: u32, wait: Option<Duration>) {
        let flow = self.calls.get(&call).map(|call| &call.flow);
        if matches!(flow, Some(Flow::Waiting { queue: waits_in, .. }) if *waits_in == queue) {
            self.announce(call, queue, Some((position, wait)));
        }
    }

    /// Words to a waiting caller are over: music again.
    pub(crate) fn words_over(&mut self, call: CallId, turn: u32) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let Flow::Waiting { queue, .. } = known.flow else { return };
        let is_said = |comfort: &&mut Box<Comfort>| comfort.said.as_ref().is_some_and(|said| said.turn == turn);
        let Some(comfort) = known.comfort.as_mut().filter(is_said) else { return };
        comfort.said = None;
        let is_welcome = !core::mem::take(&mut comfort.announcing);
        self.rewire(call);
        // The first announcement is due from the beginning of the wait, whatever welcome there is.
        let rules = self.announcements(queue).filter(|rules| !is_welcome && !rules.every.is_zero());
        if let Some(rules) = rules {
            self.arm(Timer::Announce(call), rules.every);
        }
    }

    /// A key while waiting: where the queue says, else nothing.
    pub(crate) fn queue_digit(&mut self, call: CallId, leg: LegId, queue: QueueId, digit: char) {
        self.log(call, CallEvent::Digit { leg, digit });
        let to = self.plan.queues.get(&queue).and_then(|queue| queue.keys.get(&digit)).cloned();
        let Some(to) = to else { return };
        if to == Exit::Callback(queue) {
            // He leaves the line for this queue's callback and for nowhere else: the answer to his request says how.
            return self.begin_asking(call);
        }
        // Before the ends of the offers: nobody for whom it rang has failed to take it.
        self.effects.push_back(Effect::CallerMoved { call });
        self.end_offers_of_wait(call, "caller_gone");
        self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Key });
        if let Some(known) = self.calls.get_mut(&call) {
            (known.unserved, known.chose_nothing, known.detours) = (None, false, 0);
        }
        self.stop_waiting(call, leg);
        self.send_to(call, leg, to);
    }

    /// A call waits no more and goes somewhere else in this very moment: what it hears is decided there.
    pub(crate) fn stop_waiting(&mut self, call: CallId, party: LegId) {
        self.timers.cancel(&Timer::Announce(call));
        self.timers.cancel(&Timer::Closing(call));
        if let Some(known) = self.calls.get_mut(&call) {
            known.comfort = None;
            known.flow = Flow::Dialing { party };
        }
    }

    fn announce(&mut self, call: CallId, queue: QueueId, place: Option<(u32, Option<Duration>)>) {
        let Some(rules) = self.announcements(queue).filter(|rules| !rules.every.is_zero()) else { return };
        let Some(comfort) = self.calls.get_mut(&call).and_then(|call| call.comfort.as_mut()) else { return };
        if comfort.said.is_some() {
            return;
        }
        let next = comfort.announce(&rules, place);
        if next.prompts.is_empty() {
            return self.arm(Timer::Announce(call), rules.every);
        }
        self.timers.cancel(&Timer::Announce(call));
        let (position, wait_s, message) = (next.position, next.wait_s, next.message);
        self.log(call, CallEvent::Announced { queue, position, wait_s, message });
        let words: Said = self.words(call, &next.prompts);
        if let Some(comfort) = self.calls.get_mut(&call).and_then(|call| call.comfort.as_mut()) {
            (comfort.said, comfort.announcing) = (Some(words), true);
        }
        self.rewire(call);
    }

    /// Words are being said to a waiting caller.
    pub(crate) fn is_told_something(&self, call: CallId) -> bool {
        self.calls.get(&call).and_then(|call| call.comfort.as_ref()).is_some_and(|comfort| comfort.said.is_some())
    }

    fn announcements(&self, queue: QueueId) -> Option<Announcements> {
        self.plan.queues.get(&queue).map(|queue| queue.announcements.clone())
    }
}

/// A welcome takes a few seconds.
const STILL_TALKING: Duration = Duration::from_secs(1);
/// The ACD answers within microseconds; after this it is asked again.
const ANSWER_MAX: Duration = Duration::from_secs(5);
