//! Where rules send a caller: through schedules to a queue, a menu, a person, a number, a message, or out.

use clock::{CallId, LegId, WallTime};
use journal_core::{CallEvent, QueueLeft};

use crate::call::{Flow, SentToAsk};
use crate::contract::Effect;
use crate::menu::{Passed, Steered, steer, steer_number};
use crate::plan::{Exit, Target, Unserved};
use crate::route::{Destination, Dialer, NoRoute};
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    /// Sends a party where an exit leads now.
    pub(crate) fn send_to(&mut self, call: CallId, party: LegId, exit: Exit) {
        let steered = steer(&self.plan, self.now.wall, exit);
        self.follow(call, party, steered, None);
    }

    /// A party dialed an own number or extension: its language, its hours, and what it asks of agents count.
    pub(crate) fn enter_number(&mut self, call: CallId, party: LegId, number: &str, target: Target) {
        let steered = steer_number(&self.plan, self.now.wall, number, target);
        self.follow(call, party, steered, None);
    }

    /// The queue does not serve the party, for this reason: where it goes instead. `arrived` is its place there.
    pub(crate) fn overflow(&mut self, call: CallId, party: LegId, why: (clock::QueueId, Unserved), arrived: WallTime) {
        let (queue, why) = why;
        let overflow = self.plan.overflow(queue, why);
        if let Some(known) = self.calls.get_mut(&call) {
            known.unserved = Some(why);
            known.waited_since.get_or_insert(arrived);
        }
        let to = self.plan.written(&overflow.to);
        self.log(call, CallEvent::Overflowed { queue, why: why.word().to_owned(), to });
        let steered = steer(&self.plan, self.now.wall, overflow.to);
        self.follow(call, party, steered, overflow.keeps_arrival.then_some(arrived));
    }

    /// A message is over: so is the call.
    pub(crate) fn message_over(&mut self, call: CallId) {
        self.attempt_message_over(call);
        match self.told_nothing(call) {
            Some(leg) => self.abandon_attempt(call, leg),
            None => self.end_unserved(call),
        }
    }

    /// What an own number says holds for whoever is led to it; what it does not say leaves the caller what he has.
    fn take_number(&mut self, call: CallId, number: &str) {
        let language = self.plan.entries.get(number).and_then(|entry| entry.language.clone());
        let needs = self.plan.needs.get(number).cloned();
        let Some(known) = self.calls.get_mut(&call) else { return };
        known.language = language.map(String::into_boxed_str).or(known.language.take());
        if let Some(needs) = needs {
            known.needs = needs;
        }
    }

    fn follow(&mut self, call: CallId, party: LegId, steered: Steered, arrived: Option<WallTime>) {
        if let Some(number) = &steered.number {
            self.take_number(call, number);
        }
        let Some(known) = self.calls.get_mut(&call) else { return };
        known.detours = known.detours.saturating_add(1);
        if known.sent_to_ask == SentToAsk::Now {
            known.sent_to_ask = SentToAsk::Before;
        }
        let lost = known.detours > MAX_DETOURS;
        if steered.passed.iter().any(|passed| passed.to.is_some()) {
            known.unserved = Some(Unserved::Closed);
        }
        for passed in steered.passed {
            let Passed { at, schedule, hours, to, queue } = passed;
            let turned_away = queue.filter(|_| to.is_some());
            self.log(call, CallEvent::HoursChecked { at, schedule, hours, to });
            if let Some(queue) = turned_away {
                self.log_turned_away(call, queue);
            }
        }
        if lost {
            self.dropped("detours");
            return self.end_unserved(call);
        }
        match steered.to {
            Exit::Own(Target::Agent(agent)) => {
                self.connect_to(call, party, &Destination::Own(Target::Agent(agent)));
            }
            Exit::Own(service) => self.serve_here(call, party, service, arrived),
            Exit::Number(number) => self.send_to_number(call, party, &number),
            Exit::Message(prompt) => self.play_message(call, party, prompt),
            Exit::Callback(queue) => self.send_to_callback(call, party, queue),
            Exit::HangUp => self.end_unserved(call),
        }
    }

    /// He came to a queue that is closed: his call is that queue's, in its figures and if nobody serves him elsewhere.
    fn log_turned_away(&mut self, call: CallId, queue: clock::QueueId) {
        let Some(priority) = self.calls.get(&call).map(|call| call.needs.priority) else { return };
        self.log(call, CallEvent::QueueEntered { queue, arrived: self.now.wall, priority });
        self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Closed });
    }

    /// A number that is none of ours, or none that may be dialed, ends the call.
    fn send_to_number(&mut self, call: CallId, party: LegId, number: &str) {
        let refused = match self.plan.route(Dialer::System, number).map(|route| route.destination) {
            Ok(Destination::Trunk { trunk, .. }) if !self.trunk_has_room(trunk) => Reason::Overload,
            Ok(destination) => return self.connect_to(call, party, &destination),
            Err(NoRoute::Unknown) => Reason::UnknownNumber,
            Err(NoRoute::Denied) => Reason::Denied,
        };
        self.end_call(call, Termination::refusal(refused));
    }

    /// Into the queue, be it full, and at once out of it again: the place stays, the caller need not. Whoever was sent
    /// before and is here again cannot be called back.
    fn send_to_callback(&mut self, call: CallId, party: LegId, queue: clock::QueueId) {
        if !self.answer_party(party, None) {
            return;
        }
        let Some(known) = self.calls.get_mut(&call) else { return };
        if known.sent_to_ask != SentToAsk::Never {
            known.unserved.get_or_insert(Unserved::TimedOut);
            return self.end_unserved(call);
        }
        known.sent_to_ask = SentToAsk::Now;
        let since = known.waited_since;
        self.enter_queue(call, party, queue, since);
        self.begin_asking(call);
    }

    /// He is not called back. In a queue that let him in to ask he waits on if it lets him in like every other.
    pub(crate) fn waits_on(&mut self, call: CallId) {
        self.set_asking(call, None);
        let Some(known) = self.calls.get(&call) else { return };
        let Flow::Waiting { party, queue, arrived, .. } = known.flow else { return };
        // For whom a phone rings is about to be served.
        if known.sent_to_ask != SentToAsk::Now || !known.rings.is_empty() {
            return;
        }
        self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Moved });
        self.effects.push_back(Effect::CallerMoved { call });
        self.stop_waiting(call, party);
        let steered = steer(&self.plan, self.now.wall, Exit::Own(Target::Queue(queue)));
        self.follow(call, party, steered, Some(arrived));
    }

    fn play_message(&mut self, call: CallId, party: LegId, prompt: String) {
        if !self.answer_party(party, None) {
            return;
        }
        if self.calls.get(&call).is_some_and(|call| call.unserved.is_none() && !call.chose_nothing) {
            // He chose it: the message is the service that he called for.
            self.log_answered(call, party, None);
        }
        self.log(call, CallEvent::MessagePlayed { prompt: prompt.clone() });
        let said = self.words(call, &[prompt]);
        self.set_flow(call, Flow::Message { party, said });
    }

    /// Ends a call by our rules; the record says why it was not served.
    fn end_unserved(&mut self, call: CallId) {
        let reason = match self.calls.get(&call).and_then(|call| call.unserved) {
            None => Reason::Normal,
            Some(Unserved::TimedOut) => Reason::WaitOver,
            Some(Unserved::Full) => Reason::QueueFull,
            Some(Unserved::Empty) => Reason::NobodyThere,
            Some(Unserved::Closed | Unserved::Holiday) => Reason::Closed,
        };
        self.end_call(call, Termination::system(reason));
    }
}

/// Rules may send a call on so often without a word of its caller: more is a circle over queues and menus that no
/// check can see, as it takes all of them full or empty at once.
const MAX_DETOURS: u8 = 20;
