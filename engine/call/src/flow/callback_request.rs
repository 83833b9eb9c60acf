//! A caller in the queue asks to be called back, by key.

use clock::{CallId, CallbackId, LegId, QueueId};
use core::time::Duration;
use dialer::gate::{self, Facts, Purpose};
use journal_core::{CallEvent, DialOccasion, QueueLeft};

use crate::call::{Flow, SentToAsk};
use crate::contract::Effect;
use crate::decision::decision;
use crate::plan::CallbackPlan;
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

/// How far a caller is with his request; none while he only waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// He withholds his number and types one.
    Typing(String),
    /// The ACD is asked.
    Asked(String),
    /// He hears that he is not called back, and goes on waiting.
    Refused,
}

impl Shard {
    /// A key in the queue. True when it was about being called back.
    pub(crate) fn callback_digit(&mut self, call: CallId, leg: LegId, digit: char) -> bool {
        let Some((queue, plan)) = self.callback_plan(call) else { return false };
        let Some(known) = self.calls.get_mut(&call) else { return false };
        match (&mut known.asking, digit) {
            (Some(Asking::Typing(typed)), '#') => {
                let number = self.plan.numbers.e164(typed);
                self.ask_callback(call, queue, number);
            }
            (Some(Asking::Typing(typed)), '0'..='9') if typed.len() < TYPED_MAX => typed.push(digit),
            (Some(Asking::Typing(_) | Asking::Asked(_)), _) => {}
            (None | Some(Asking::Refused), digit) if digit == plan.key => {
                let number = known.from_is_number.then(|| known.from.clone());
                self.log(call, CallEvent::Digit { leg, digit });
                match number {
                    Some(number) => self.ask_callback(call, queue, Some(number)),
                    None => self.ask_number(call),
                }
            }
            _ => return false,
        }
        true
    }

    /// Rules sent a waiting party here to be called back: as if it had pressed the key.
    pub(crate) fn begin_asking(&mut self, call: CallId) {
        let Some(known) = self.calls.get(&call) else { return };
        let Flow::Waiting { queue, .. } = known.flow else { return };
        match known.from_is_number.then(|| known.from.clone()) {
            Some(number) => self.ask_callback(call, queue, Some(number)),
            None => self.ask_number(call),
        }
    }

    /// A key while the caller hears what became of his request: the one that calls it off.
    pub(crate) fn farewell_digit(&mut self, call: CallId, leg: LegId, digit: char) {
        let Some(known) = self.calls.get(&call) else { return };
        let Flow::Farewell { party, queue, ref number, .. } = known.flow else { return };
        let number = number.clone();
        let Some(plan) = self.plan.queues.get(&queue).and_then(|queue| queue.callback.as_deref()) else { return };
        if plan.cancel_key == Some(digit) {
            let prompt = plan.cancelled_prompt.clone();
            self.log(call, CallEvent::Digit { leg, digit });
            self.effects.push_back(Effect::CancelCallback { queue, number: number.clone() });
            self.set_flow(call, Flow::Farewell { party, queue, number, prompt });
        }
    }

    /// The number was not typed in time: he waits as before.
    pub(crate) fn typing_over(&mut self, call: CallId) {
        self.waits_on(call);
    }

    /// From the ACD, once it is safe: he is called back, or is not.
    pub(crate) fn callback_answer(&mut self, call: CallId, result: Result<(CallbackId, bool), String>) {
        let Some((queue, plan)) = self.callback_plan(call) else { return };
        let Some(known) = self.calls.get(&call) else { return };
        let (Flow::Waiting { party, .. }, Some(Asking::Asked(number))) = (&known.flow, &known.asking) else { return };
        let (party, number) = (*party, number.clone());
        match result {
            Ok((callback, is_duplicate)) => {
                self.log(call, CallEvent::CallbackRequested { queue, callback, is_duplicate });
                self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::CalledBack });
                let prompt = if is_duplicate { plan.already_prompt } else { plan.registered_prompt };
                self.set_asking(call, None);
                self.set_flow(call, Flow::Farewell { party, queue, number, prompt });
            }
            Err(reason) => {
                let (is_limit, is_untold) = (reason == LIMIT, reason == UNTOLD);
                self.log(call, CallEvent::CallbackRejected { queue, reason });
                if is_limit {
                    self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::CallbackLimit });
                    self.set_flow(call, Flow::Dialing { party });
                    self.end_call(call, Termination::system(Reason::CallbackLimit));
                } else {
                    self.set_asking(call, Some(Asking::Refused));
                }
                if is_untold {
                    self.wait_again(call, queue);
                }
            }
        }
    }

    /// What the ACD decided could not be made safe, so that he must not hear of it. He waits: if the ACD let him go for a
    /// callback, this is as if he rang again, and he has its place.
    fn wait_again(&mut self, call: CallId, queue: QueueId) {
        let Some(known) = self.calls.get(&call) else { return };
        let caller = known.from_is_number.then(|| known.from.clone());
        let needs = known.needs.clone();
        let is_let_in = known.sent_to_ask == SentToAsk::Now;
        let dialed = self.dialed_left(call);
        self.effects.push_back(Effect::Enqueue { call, queue, caller, needs, since: None, is_let_in, dialed });
    }

    /// What he was told about his request is over, or cannot be played.
    pub(crate) fn told_of_callback(&mut self, call: CallId) {
        match self.calls.get(&call).map(|call| (&call.flow, &call.asking)) {
            Some((Flow::Farewell { .. }, _)) => self.end_call(call, Termination::system(Reason::CalledBack)),
            Some((Flow::Waiting { .. }, Some(Asking::Refused))) => self.waits_on(call),
            _ => {}
        }
    }

    fn ask_callback(&mut self, call: CallId, queue: QueueId, number: Option<String>) {
        self.timers.cancel(&Timer::Typing(call));
        let denied_by = number.as_deref().and_then(|number| self.denies_back(call, queue, number));
        let asked = Asking::Asked(number.clone().unwrap_or_default());
        self.set_asking(call, Some(asked));
        self.effects.push_back(Effect::AskCallback { call, queue, number, denied_by });
    }

    fn ask_number(&mut self, call: CallId) {
        self.set_asking(call, Some(Asking::Typing(String::new())));
        self.arm(Timer::Typing(call), TYPING_MAX);
    }

    pub(crate) fn set_asking(&mut self, call: CallId, asking: Option<Asking>) {
        if let Some(known) = self.calls.get_mut(&call) {
            known.asking = asking;
        }
        self.timers.cancel(&Timer::Typing(call));
        self.rewire(call);
    }

    /// The rule that keeps the house from calling this number back.
    fn denies_back(&mut self, call: CallId, queue: QueueId, number: &str) -> Option<&'static str> {
        if self.plan.route_back(number).is_none() {
            return Some("no_route");
        }
        let facts = Facts::new(number, Purpose::QueueCallback, self.now.wall);
        let verdict = gate::judge(&self.plan.dial_rules, &self.do_not_call, &facts);
        let denied_by = verdict.denied_by();
        let occasion = DialOccasion::CallbackAsked { queue: Some(queue), agent: None, call: Some(call) };
        self.journal(decision(verdict, occasion));
        denied_by
    }

    fn callback_plan(&self, call: CallId) -> Option<(QueueId, CallbackPlan)> {
        let known = self.calls.get(&call)?;
        let Flow::Waiting { queue, .. } = known.flow else { return None };
        // Who is being called back waits on the line too, and has asked already.
        let plan = self.plan.queues.get(&queue)?.callback.as_deref().filter(|_| known.attempt.is_none())?;
        Some((queue, plan.clone()))
    }
}

/// The word of a request above the limit: it takes the way of a call that nobody answered.
const LIMIT: &str = "limit";
/// The word in place of an answer that the journal could not take.
const UNTOLD: &str = "journal_failing";
/// Digits that are typed: no number is longer with its prefixes.
const TYPED_MAX: usize = 20;
/// Time to type a number.
const TYPING_MAX: Duration = Duration::from_secs(30);
