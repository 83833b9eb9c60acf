//! Those who ask to be called back, on the desk.
#![allow(dead_code, reason = "each test file uses its own part")]

use acd::*;
use clock::*;

use super::*;

pub(crate) const A: &str = "+442070000001";
pub(crate) const B: &str = "+442070000002";
pub(crate) const C: &str = "+442070000003";

pub(crate) fn ask(number: &str) -> CallbackRequest {
    CallbackRequest {
        asker: Asker::Client(RequestId(1)),
        number: Some(number.to_owned()),
        queue: Some(SUPPORT),
        agent: None,
        source: CallbackSource::Api,
        related: None,
        due_at: None,
        priority: 0,
        device: None,
        is_verified: false,
        is_open: true,
        denied_by: None,
    }
}

/// What a client hears.
pub(crate) fn say(desk: &mut Desk, request: CallbackRequest) -> (Result<CallbackTaken, CallbackRefusal>, Vec<Effect>) {
    let effects = desk.say(Input::RequestCallback(Box::new(request)));
    let reply = effects.iter().find_map(|effect| match effect {
        Effect::Reply { result: Ok(Reply::Callback(taken)), .. } => Some(Ok((**taken).clone())),
        Effect::Reply { result: Err(CommandError::Callback(refusal)), .. } => Some(Err(*refusal)),
        _ => None,
    });
    (reply.expect("an answer"), effects)
}

pub(crate) fn taken(desk: &mut Desk, request: CallbackRequest) -> CallbackTaken {
    say(desk, request).0.expect("a callback")
}

/// A caller on the line presses the key; if he is to be called back, his call is soon over.
pub(crate) fn press(
    desk: &mut Desk,
    call: CallId,
    number: &str,
) -> (Result<(CallbackId, bool), CallbackRefusal>, Vec<Effect>) {
    let (answer, mut effects) = pressed(desk, call, number);
    if answer.is_ok() {
        effects.extend(desk.say(Input::CallerGone { call }));
    }
    (answer, effects)
}

/// The same, and he is still on the line.
pub(crate) fn pressed(
    desk: &mut Desk,
    call: CallId,
    number: &str,
) -> (Result<(CallbackId, bool), CallbackRefusal>, Vec<Effect>) {
    let asker = Asker::Caller { call, shard: SHARD };
    let request = CallbackRequest { asker, source: CallbackSource::Key, related: Some(call), ..ask(number) };
    let effects = desk.say(Input::RequestCallback(Box::new(request)));
    let answer = effects.iter().find_map(|effect| match effect {
        Effect::CallbackAnswer { call: asked, result, .. } if *asked == call => Some(*result),
        _ => None,
    });
    (answer.expect("an answer"), effects)
}

pub(crate) fn state(desk: &Desk, id: CallbackId) -> Option<CallbackState> {
    desk.acd.callback(id).map(|known| known.callback.state)
}

pub(crate) fn counts(desk: &Desk) -> (u32, u32) {
    let counts = desk.acd.callback_counts(SUPPORT);
    (counts.waiting, counts.dialing)
}

pub(crate) fn begun(effects: &[Effect]) -> Option<CallbackOrder> {
    effects.iter().find_map(|effect| match effect {
        Effect::BeginCallback { order, .. } => Some((**order).clone()),
        _ => None,
    })
}

pub(crate) fn changes(effects: &[Effect]) -> Vec<CallbackState> {
    let changed = effects.iter().filter_map(|effect| match effect {
        Effect::CallbackChanged(callback) => Some(callback.state),
        _ => None,
    });
    changed.collect()
}

pub(crate) fn step(desk: &mut Desk, call: CallId, step: CallbackStep) -> Vec<Effect> {
    desk.say(Input::CallbackStep { call, step })
}

pub(crate) fn failed(may_retry: bool) -> CallbackStep {
    CallbackStep::Failed { may_retry, why: "no_answer".to_owned() }
}

pub(crate) fn closed_desk() -> Desk {
    Desk::new(&[queue(SUPPORT, &[])], &[])
}
