//! The call of a campaign's attempt: a number is dialed, the line is listened to, and a person who answers waits for an
//! agent of the campaign's queue for as long as the law lets him (16 CFR 310.4(b)(4)), or hears the safe harbour.

use core::time::Duration;

use clock::{AgentId, AttemptId, CallId, Instant, LegId, MessageId, Now, QueueId, TrunkId, WallTime};
use dialer::contract::{Detection, Dial, Fact, Heard, OnMachine, OnPerson, Report};
use journal_core::{CallEvent, Direction, LegKind, Who};
use media_graph::{Command, LineEvent, LineVerdict};

use crate::audio::codecs_from;
use crate::call::{Call, Flow};
use crate::contract::Effect;
use crate::flow::attempt_end::not_dialed;
use crate::ids::RingId;
use crate::plan::{CallStep, Unserved};
use crate::planted::Planted;
use crate::ring::Purpose;
use crate::ringing::RingOrder;
use crate::route::{Destination, Route};
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

/// The attempt that a call is.
#[derive(Clone, Debug)]
pub(crate) struct Dialed {
    pub(crate) order: Dial,
    /// Since when the called phone rings, as far as we know; from the INVITE while nothing says so.
    rings_since: Instant,
    rang: bool,
    /// It may ring, as the network sends something before the answer.
    may_ring: bool,
    /// It is to end as soon as it has rung long enough.
    pub(crate) cancelled: bool,
    /// Why its ringing was called off; the network has not agreed yet.
    pub(crate) called_off: Option<Termination>,
    /// Why nobody is there for whoever answers: it was hung up by hand, or the node goes down.
    pub(crate) hung_up: Option<Termination>,
    /// The leg that answered.
    pub(crate) customer: Option<LegId>,
    /// What was heard after the answer.
    heard: Option<Heard>,
    /// When the greeting ended: the limit for the agent runs from here.
    greeting_ended: Option<Instant>,
    /// A recording's beep is over, or its greeting without one.
    may_speak: bool,
    /// A person was there and no agent in time.
    pub(crate) abandoned: bool,
    /// An agent talks with whoever answered.
    is_with_agent: bool,
    /// Whoever answered heard the message to its end.
    is_told: bool,
    /// A message for him could not be played.
    is_mute: bool,
}

impl Dialed {
    /// A machine answered, and no agent took it for a person.
    pub(crate) fn is_with_machine(&self) -> bool {
        self.heard == Some(Heard::Machine) && !self.is_with_agent
    }

    /// A person, or doubt, answered, and had neither an agent nor a message yet.
    fn is_waiting(&self) -> bool {
        let is_person = matches!(self.heard, None | Some(Heard::Person));
        self.customer.is_some() && is_person && !self.is_with_agent && !self.is_told && !self.abandoned
    }
}

impl Shard {
    /// From the dialer: an attempt begins. It ends with exactly one `Ended`, also when nothing is dialed.
    pub(crate) fn dial_attempt(&mut self, order: Dial) {
        let attempt = order.attempt;
        if self.attempts.contains_key(&attempt) {
            return;
        }
        match self.way_of(&order) {
            Ok((trunk, number)) => self.begin_attempt(order, trunk, &number),
            Err(reason) => self.report(attempt, Fact::Ended(not_dialed(reason))),
        }
    }

    /// From the dialer: it is to end, if nobody has answered.
    pub(crate) fn cancel_attempt(&mut self, attempt: AttemptId) {
        let Some(call) = self.attempts.get(&attempt).copied() else { return };
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.customer.is_none()) else { return };
        dialed.cancelled = true;
        let due = dialed.rings_since + dialed.order.ring_min();
        let why = Termination::system(Reason::Canceled);
        if due <= self.now.mono {
            return self.call_off_attempt(call, why);
        }
        if self.strikes(Planted::RingCut) {
            return self.end_call(call, why);
        }
        self.arm(Timer::Attempt(call), due.since(self.now.mono));
    }

    /// What was waited for did not come.
    pub(crate) fn attempt_due(&mut self, call: CallId) {
        if let Some(Flow::Waiting { queue, .. }) = self.calls.get(&call).map(|call| &call.flow) {
            // The distributor keeps the limit; should it be away for a moment, the law does not wait for it.
            let queue = *queue;
            self.effects.push_back(Effect::CallerMoved { call });
            return self.leave_queue(call, queue, Unserved::TimedOut);
        }
        let Some(dialed) = self.dialed_mut(call) else { return };
        match (dialed.customer, dialed.heard) {
            (None, _) if dialed.cancelled => self.call_off_attempt(call, Termination::system(Reason::Canceled)),
            (None, _) => {}
            // The detection is silent: doubt goes to an agent.
            (Some(leg), None) => self.person_answered(call, leg),
            (Some(_), Some(Heard::Machine)) => self.end_call(call, Termination::system(Reason::Normal)),
            (Some(_), Some(_)) => {}
        }
    }

    /// 18x: the phone rings, or the network says something before the answer.
    pub(crate) fn attempt_rings(&mut self, call: CallId, leg: LegId, status: u16, has_media: bool) {
        let listens = self.dialed_mut(call).is_some_and(|dialed| dialed.order.detect);
        if status != 183 || !has_media || !listens {
            // What nobody listens to may be ringing.
            self.attempt_rang(call);
        } else {
            self.attempt_may_ring(call);
        }
        if has_media && listens {
            self.media(Command::Listen { leg, answered: false });
        }
    }

    /// The called phone rings.
    fn attempt_rang(&mut self, call: CallId) {
        self.attempt_may_ring(call);
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| !dialed.rang && dialed.customer.is_none()) else {
            return;
        };
        dialed.rang = true;
        let attempt = dialed.order.attempt;
        self.report(attempt, Fact::Rang);
    }

    /// The called phone rings, or may do so: for its minimum from now, whatever was left.
    fn attempt_may_ring(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| !dialed.may_ring && dialed.customer.is_none()) else {
            return;
        };
        dialed.may_ring = true;
        let since_invite = now.since(dialed.rings_since);
        dialed.rings_since = now;
        let (least, left) = (dialed.order.ring_min(), dialed.order.ring_max().saturating_sub(since_invite));
        let cancelled = dialed.cancelled;
        let rings: Vec<RingId> = self.calls.get(&call).map(|call| call.rings.clone()).unwrap_or_default();
        for ring in rings {
            self.arm(Timer::Ring(ring), left.max(least));
        }
        if cancelled {
            self.arm(Timer::Attempt(call), least);
        }
    }

    /// The INVITE leaves, once its ports are open: until something is heard of the phone, it may ring from now.
    pub(crate) fn attempt_invited(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| !dialed.may_ring && dialed.customer.is_none()) else {
            return;
        };
        dialed.rings_since = now;
        let least = dialed.order.ring_min();
        if dialed.cancelled {
            self.arm(Timer::Attempt(call), least);
        }
    }

    /// Another target is called, which makes the phone ring from its beginning: for the minimum of a ring from now.
    pub(crate) fn attempt_rings_anew(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call) else { return };
        (dialed.rings_since, dialed.may_ring) = (now, false);
        let ring_max = dialed.order.ring_max();
        let rings: Vec<RingId> = self.calls.get(&call).map(|call| call.rings.clone()).unwrap_or_default();
        for ring in rings {
            self.arm(Timer::Ring(ring), ring_max);
        }
    }

    /// The dialer wants nobody called any more by this call: what rings may ring on, nothing else is tried.
    pub(crate) fn is_attempt_cancelled(&self, call: CallId) -> bool {
        self.calls.get(&call).and_then(|call| call.dialed.as_ref()).is_some_and(|dialed| dialed.cancelled)
    }

    /// 200: by whomever.
    pub(crate) fn attempt_answered(&mut self, call: CallId, ring: RingId, leg: LegId) {
        self.close_ring(ring);
        let Some(dialed) = self.dialed_mut(call) else { return };
        (dialed.customer, dialed.called_off) = (Some(leg), None);
        let (attempt, listens, agent) = (dialed.order.attempt, dialed.order.detect, dialed.order.agent);
        let hung_up = dialed.hung_up;
        self.timers.cancel(&Timer::Attempt(call));
        self.log(call, CallEvent::PickedUp { leg });
        self.report(attempt, Fact::Answered);
        if let Some(why) = hung_up {
            return self.answered_nobody(call, leg, why);
        }
        if agent.is_some() {
            return self.agent_meets(call, leg);
        }
        if !listens {
            return self.person_answered(call, leg);
        }
        self.media(Command::Listen { leg, answered: true });
        self.arm(Timer::Attempt(call), DETECT_MAX);
        self.set_flow(call, Flow::Attempt);
    }

    /// From the media worker: what is on the line of a leg.
    pub(crate) fn heard_on_line(&mut self, leg: LegId, event: LineEvent) {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else { return };
        match event {
            LineEvent::Verdict(verdict) if verdict.early => self.heard_early(call, &verdict),
            LineEvent::Verdict(verdict) => self.heard_answer(call, leg, verdict),
            LineEvent::MaySpeak => {
                let Some(dialed) = self.dialed_mut(call) else { return };
                dialed.may_speak = true;
                if dialed.heard == Some(Heard::Machine) {
                    self.speak_to_machine(call, leg);
                }
            }
        }
    }

    fn heard_early(&mut self, call: CallId, verdict: &LineVerdict) {
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.customer.is_none()) else { return };
        let (attempt, heard) = (dialed.order.attempt, heard_of(verdict.heard));
        if heard == Heard::Ringback {
            return self.attempt_rang(call);
        }
        self.log_heard(call, verdict);
        self.report(attempt, Fact::Early(heard));
        if let Some(reason) = over_early(heard) {
            self.call_off_attempt(call, Termination::new(Who::Callee, reason));
        }
    }

    fn heard_answer(&mut self, call: CallId, leg: LegId, verdict: LineVerdict) {
        let now = self.now;
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.heard.is_none()) else { return };
        if dialed.customer != Some(leg) {
            return;
        }
        let heard = heard_of(verdict.heard);
        dialed.heard = Some(heard);
        let ago = verdict.greeting_ended_ago;
        dialed.greeting_ended = ago.map(|ago| earlier(now, ago).0);
        let (attempt, on_machine) = (dialed.order.attempt, dialed.order.on_machine);
        let greeting_ended_at = ago.map(|ago| earlier(now, ago).1);
        self.timers.cancel(&Timer::Attempt(call));
        self.log_heard(call, &verdict);
        let LineVerdict { confidence, reason, .. } = verdict;
        self.report(attempt, Fact::Detected(Detection { heard, confidence, reason, greeting_ended_at }));
        match (heard, on_machine) {
            (Heard::Person, _) => self.person_answered(call, leg),
            (Heard::Machine, OnMachine::HangUp) => self.end_call(call, Termination::system(Reason::Normal)),
            (Heard::Machine, OnMachine::Queue(queue)) => self.wait_for_agent(call, leg, queue),
            (Heard::Machine, OnMachine::Message(_)) => self.await_beep(call, leg),
            _ => self.end_call(call, Termination::system(Reason::Normal)),
        }
    }

    /// A person, or doubt.
    fn person_answered(&mut self, call: CallId, leg: LegId) {
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call) else { return };
        dialed.heard = Some(Heard::Person);
        dialed.greeting_ended.get_or_insert(now);
        match dialed.order.on_person {
            OnPerson::Queue(queue) => self.wait_for_agent(call, leg, queue),
            OnPerson::Message(message) => self.speak(call, leg, message),
        }
    }

    /// He waits for an agent, until the limit from the end of his greeting is over.
    fn wait_for_agent(&mut self, call: CallId, leg: LegId, queue: QueueId) {
        if !self.plan.queues.contains_key(&queue) {
            return self.nothing_to_offer(call, leg, "unknown_queue");
        }
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call) else { return };
        dialed.greeting_ended.get_or_insert(now);
        let late = if self.strikes(Planted::LimitIgnored) { DETECT_MAX } else { Duration::ZERO };
        let left = self.dialed_left(call).unwrap_or_default() + late;
        self.arm(Timer::Attempt(call), left + DISTRIBUTOR_LATE);
        self.enter_queue_dialed(call, leg, queue, left);
    }

    /// What is left of the time in which an agent must be there; none for a call that no campaign made, and for whoever
    /// had his agent: sent on to a queue, he waits there like any caller.
    pub(crate) fn dialed_left(&self, call: CallId) -> Option<Duration> {
        let dialed = self.calls.get(&call)?.dialed.as_ref().filter(|dialed| !dialed.is_with_agent)?;
        let since = dialed.greeting_ended.map_or(Duration::ZERO, |ended| self.now.mono.since(ended));
        Some(dialed.order.connect_limit().saturating_sub(since))
    }

    fn await_beep(&mut self, call: CallId, leg: LegId) {
        if self.dialed_mut(call).is_some_and(|dialed| dialed.may_speak) {
            return self.speak_to_machine(call, leg);
        }
        self.arm(Timer::Attempt(call), BEEP_MAX);
    }

    fn speak_to_machine(&mut self, call: CallId, leg: LegId) {
        let Some(dialed) = self.dialed_mut(call) else { return };
        let OnMachine::Message(message) = dialed.order.on_machine else { return };
        if matches!(self.calls.get(&call).map(|call| &call.flow), Some(Flow::Attempt)) {
            self.timers.cancel(&Timer::Attempt(call));
            self.speak(call, leg, message);
        }
    }

    /// A message is the service that the call was made for.
    fn speak(&mut self, call: CallId, leg: LegId, message: MessageId) {
        let Some(prompt) = self.plan.messages.get(&message).cloned() else {
            return self.nothing_to_offer(call, leg, "unknown_message");
        };
        self.log_answered(call, leg, None);
        self.play_to(call, leg, prompt);
    }

    /// What was to take him is gone, since he was dialed: a person is abandoned, and hears it.
    fn nothing_to_offer(&mut self, call: CallId, leg: LegId, what: &'static str) {
        self.dropped(what);
        if self.dialed_mut(call).is_some_and(|dialed| dialed.is_with_machine()) {
            return self.end_call(call, Termination::system(Reason::Normal));
        }
        self.abandon_attempt(call, leg);
    }

    /// We end the call of a person who waits, whatever the reason: nobody was there for him.
    pub(crate) fn attempt_left(&mut self, call: CallId, why: &Termination) {
        let is_ours = why.who == Who::System;
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| is_ours && dialed.is_waiting()) else { return };
        dialed.abandoned = true;
        let attempt = dialed.order.attempt;
        self.report(attempt, Fact::Abandoned);
    }

    /// The queue did not serve him in time: the safe harbour. A machine that was to have an agent may be a person: it is
    /// treated as one.
    pub(crate) fn abandon_attempt(&mut self, call: CallId, leg: LegId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        known.unserved = Some(Unserved::TimedOut);
        let Some(dialed) = known.dialed.as_mut() else { return };
        dialed.abandoned = true;
        let (attempt, message) = (dialed.order.attempt, dialed.order.abandon_message);
        self.timers.cancel(&Timer::Attempt(call));
        self.report(attempt, Fact::Abandoned);
        let message = message.filter(|_| !self.strikes(Planted::HarbourSkipped));
        match message.and_then(|message| self.plan.messages.get(&message).cloned()) {
            Some(prompt) => self.play_to(call, leg, prompt),
            None => self.end_call(call, Termination::system(Reason::Abandoned)),
        }
    }

    /// A message could not be played: nobody heard it.
    pub(crate) fn attempt_message_failed(&mut self, call: CallId) {
        if let Some(dialed) = self.dialed_mut(call) {
            dialed.is_mute = true;
        }
    }

    /// A person for whom his message could not be played: the safe harbour may be left for him.
    pub(crate) fn told_nothing(&mut self, call: CallId) -> Option<LegId> {
        let dialed = self.dialed_mut(call).filter(|dialed| dialed.is_mute && dialed.is_waiting())?;
        dialed.customer
    }

    /// A message was heard to its end.
    pub(crate) fn attempt_message_over(&mut self, call: CallId) {
        let is_heard = |dialed: &&mut Dialed| !dialed.abandoned && !dialed.is_mute;
        let Some(dialed) = self.dialed_mut(call).filter(is_heard) else { return };
        dialed.is_told = true;
        let attempt = dialed.order.attempt;
        self.report(attempt, Fact::Played);
    }

    /// An agent talks with him from now: the first one. To whom that one sends him on is a matter of the call alone.
    pub(crate) fn attempt_connected(&mut self, call: CallId, agent: AgentId) {
        let now = self.now.mono;
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| !dialed.is_with_agent) else { return };
        dialed.is_with_agent = true;
        let waited = dialed.greeting_ended.map_or(Duration::ZERO, |ended| now.since(ended));
        let attempt = dialed.order.attempt;
        let waited_ms = u32::try_from(waited.as_millis()).unwrap_or(u32::MAX);
        self.timers.cancel(&Timer::Attempt(call));
        if let Some(known) = self.calls.get_mut(&call) {
            // Whoever he is sent on to need not be the campaign's.
            known.needs.steps.clear();
        }
        self.report(attempt, Fact::Connected { agent, waited_ms });
    }

    /// The agent who waits for this very call (manual and preview) hears it ring, and talks at the answer.
    fn agent_meets(&mut self, call: CallId, customer: LegId) {
        let Some(Flow::Dialing { party }) = self.calls.get(&call).map(|call| call.flow.clone()) else {
            // His leg is gone: another agent may be there.
            return self.person_answered(call, customer);
        };
        let agent = self.legs.get(&party).and_then(|leg| leg.agent);
        self.log_answered(call, customer, agent);
        let queue = self.calls.get(&call).and_then(|call| call.queue);
        self.start_recording(call, queue);
        self.talk(call, customer, party);
        self.media(Command::StopListening { leg: customer });
        if let Some(agent) = agent {
            self.attempt_connected(call, agent);
        }
    }

    /// The agent for whom a number is called is gone: it rings for its minimum, and whoever answers by then may meet
    /// another. False: nothing rings for anybody.
    pub(crate) fn attempt_rings_on(&mut self, call: CallId) -> bool {
        let is_dialing = matches!(self.calls.get(&call).map(|call| &call.flow), Some(Flow::Dialing { .. }));
        let dialed = self.dialed_mut(call).filter(|dialed| is_dialing && dialed.customer.is_none());
        let Some(attempt) = dialed.map(|dialed| dialed.order.attempt) else { return false };
        self.set_flow(call, Flow::Attempt);
        self.cancel_attempt(attempt);
        true
    }

    fn way_of(&mut self, order: &Dial) -> Result<(TrunkId, String), Reason> {
        if self.has_capacity().is_err() {
            return Err(Reason::Overload);
        }
        let Some(Route { destination: Destination::Trunk { trunk, number }, .. }) = self.plan.route_back(&order.number)
        else {
            return Err(Reason::Denied);
        };
        if !self.trunk_has_room(trunk) {
            return Err(Reason::Overload);
        }
        match order.agent {
            Some(agent) if self.free_standing_leg(agent).is_none() => Err(Reason::Unreachable),
            _ => Ok((trunk, number)),
        }
    }

    fn begin_attempt(&mut self, order: Dial, trunk: TrunkId, number: &str) {
        let Some(callee) = self.over_trunk(trunk, number) else {
            return self.report(order.attempt, Fact::Ended(not_dialed(Reason::TrunkDown)));
        };
        let call = CallId::mint(self.now.wall, &mut self.rng);
        let own = self.plan.trunks.get(&trunk).and_then(|trunk| trunk.caller_id.clone());
        let from = order.caller_id.clone().or(own).unwrap_or_default();
        let (attempt, agent) = (order.attempt, order.agent);
        let started = CallEvent::Started {
            direction: Direction::OutboundAuto,
            internal: false,
            from: from.clone(),
            to: order.number.clone(),
            parent: None,
            trunk: Some(trunk),
            agent,
        };
        let mut begun = Call::new(call, self.now, from, Flow::Attempt);
        begun.queue = match order.on_person {
            OnPerson::Queue(queue) => Some(queue),
            OnPerson::Message(_) => None,
        };
        let asked = order.skill.map(|skill| CallStep { required: vec![(skill, 1)], ..CallStep::default() });
        begun.needs.steps.extend(asked);
        let (campaign, lead, limit) = (order.campaign, order.lead, order.ring_max());
        begun.dialed = Some(Box::new(Dialed {
            order,
            rings_since: self.now.mono,
            rang: false,
            may_ring: false,
            cancelled: false,
            called_off: None,
            hung_up: None,
            customer: None,
            heard: None,
            greeting_ended: None,
            may_speak: false,
            abandoned: false,
            is_with_agent: false,
            is_told: false,
            is_mute: false,
        }));
        self.attempts.insert(attempt, call);
        self.add_call(begun, started);
        self.log(call, CallEvent::AttemptStarted { attempt, campaign, lead });
        self.report(attempt, Fact::Began { call });
        if let Some(leg) = agent.and_then(|agent| self.free_standing_leg(agent)) {
            self.lend(leg, call);
            self.occupy(leg);
            self.set_flow(call, Flow::Dialing { party: leg });
        }
        let identity = self.identity(call, Some(trunk));
        let codecs = codecs_from(None);
        let order = RingOrder { purpose: Purpose::Attempt, kind: LegKind::Callee, identity, codecs, limit };
        self.start_ring(call, order, vec![callee]);
    }

    fn play_to(&mut self, call: CallId, leg: LegId, prompt: String) {
        self.log(call, CallEvent::MessagePlayed { prompt: prompt.clone() });
        let said = self.words(call, &[prompt]);
        self.set_flow(call, Flow::Message { party: leg, said });
    }

    fn log_heard(&mut self, call: CallId, verdict: &LineVerdict) {
        let greeting_ended_at = verdict.greeting_ended_ago.map(|ago| earlier(self.now, ago).1);
        self.log(
            call,
            CallEvent::LineHeard {
                heard: heard_of(verdict.heard).word().to_owned(),
                early: verdict.early,
                confidence: verdict.confidence,
                reason: verdict.reason.clone(),
                greeting_ended_at,
            },
        );
    }

    pub(crate) fn dialed_mut(&mut self, call: CallId) -> Option<&mut Dialed> {
        self.calls.get_mut(&call)?.dialed.as_deref_mut()
    }

    pub(crate) fn report(&mut self, attempt: AttemptId, fact: Fact) {
        let at = self.now.wall;
        self.effects.push_back(Effect::Attempt(Box::new(Report { attempt, at, fact })));
    }
}

/// The moment so long before.
fn earlier(now: Now, ago: Duration) -> (Instant, WallTime) {
    let nanos = u64::try_from(ago.as_nanos()).unwrap_or(u64::MAX);
    let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    let mono = Instant::from_nanos(now.mono.as_nanos().saturating_sub(nanos));
    (mono, WallTime::from_micros(now.wall.as_micros().saturating_sub(micros)))
}

/// What the network says before the answer that nothing follows: how the attempt ends.
const fn over_early(heard: Heard) -> Option<Reason> {
    match heard {
        Heard::Busy => Some(Reason::Busy),
        Heard::Congestion => Some(Reason::Upstream),
        Heard::Sit | Heard::Unobtainable => Some(Reason::UnknownNumber),
        _ => None,
    }
}

/// The media worker's word as the dialer has it.
const fn heard_of(heard: media_graph::LineHeard) -> Heard {
    use media_graph::LineHeard;
    match heard {
        LineHeard::Ringback => Heard::Ringback,
        LineHeard::Busy => Heard::Busy,
        LineHeard::Congestion => Heard::Congestion,
        LineHeard::Unobtainable => Heard::Unobtainable,
        LineHeard::Sit => Heard::Sit,
        LineHeard::Announcement => Heard::Announcement,
        LineHeard::Person => Heard::Person,
        LineHeard::Machine => Heard::Machine,
        LineHeard::Fax => Heard::Fax,
        LineHeard::DeadAir => Heard::DeadAir,
    }
}

/// The detector has decided after 20 s at the latest; a media worker that says nothing is not waited for much longer.
const DETECT_MAX: Duration = Duration::from_secs(22);
/// The distributor says within this that the limit is over.
const DISTRIBUTOR_LATE: Duration = Duration::from_millis(50);
/// Longest wait for the beep of a machine: greetings of a minute are the longest that are met with.
const BEEP_MAX: Duration = Duration::from_secs(60);
