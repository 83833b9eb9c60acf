//! Who asks to be called back, what shards say of those calls, and what supervisors order.

use core::time::Duration;

use acd::*;
use clock::*;

use super::inputs::pick;
use super::rules::QUEUES;
use super::{AGENTS, Storm};
use crate::checker::Phase;

impl Storm {
    pub(super) fn callback(&mut self) -> Option<Input> {
        match self.rng.below(20) {
            0..4 => Some(self.request_of_a_client()),
            4..7 => {
                let (call, shard, queue, number) = self.caller_on_the_line()?;
                let mut input = self.request(Some((Asker::Caller { call, shard }, queue)));
                if let (Input::RequestCallback(request), Some(number)) = (&mut input, number) {
                    request.number = Some(number);
                }
                Some(input)
            }
            7 => self.call_off(),
            19 => Some(self.honest_callback_facts()),
            _ => self.step_of_a_callback(),
        }
    }

    /// Now and then for one who waits on the line.
    fn request_of_a_client(&mut self) -> Input {
        let mut input = self.request(None);
        let waits = self.rng.chance(0.05).then(|| self.caller_on_the_line()).flatten();
        if let (Input::RequestCallback(request), Some((_, _, queue, number @ Some(_)))) = (&mut input, waits) {
            (request.queue, request.number) = (Some(queue), number);
        }
        input
    }

    fn request(&mut self, line: Option<(Asker, QueueId)>) -> Input {
        let stranger = QueueId(self.rng.below(u64::from(QUEUES)) as u32 + 1);
        let (asker, queue) = line.unwrap_or((Asker::Client(RequestId(2)), stranger));
        let is_planned = line.is_none() && self.rng.chance(0.2);
        let due_at = is_planned.then(|| self.checker.now.wall + Duration::from_micros(self.rng.below(15_000_000)));
        Input::RequestCallback(Box::new(CallbackRequest {
            asker,
            number: (!self.rng.chance(0.02)).then(|| self.caller()),
            queue: Some(queue),
            agent: None,
            source: CallbackSource::Api,
            related: None,
            due_at,
            priority: self.rng.below(3) as i32 - 1,
            device: None,
            is_verified: false,
            is_open: !self.rng.chance(0.08),
            denied_by: self.rng.chance(0.08).then_some("do_not_call"),
        }))
    }

    fn caller_on_the_line(&mut self) -> Option<(CallId, ShardId, QueueId, Option<String>)> {
        let rows = self.checker.calls.iter().filter(|(_, row)| row.work.kind == WorkKind::Inbound);
        let rows = rows.map(|(call, row)| (*call, row.shard, row.queue, row.work.caller.clone()));
        pick(&mut self.rng, &rows.collect::<Vec<_>>())
    }

    fn call_off(&mut self) -> Option<Input> {
        let all = self.checker.backs.values().map(|back| (back.id, back.queue, back.number.clone()));
        let (id, queue, number) = pick(&mut self.rng, &all.collect::<Vec<_>>())?;
        let of = CallbackPick::Of { queue, number };
        let pick = id.map_or(of.clone(), CallbackPick::Id);
        let pick = if self.rng.chance(0.5) { of } else { pick };
        Some(Input::CancelCallback { request: None, pick, why: "api" })
    }

    /// A shard tells of a call in the order in which such calls go: dialled, then answered or not.
    fn step_of_a_callback(&mut self) -> Option<Input> {
        let begun = self.checker.backs.values().filter(|back| back.shard.is_some());
        let begun: Vec<_> = begun.map(|back| (back.work, back.phase, back.queue, back.is_through())).collect();
        let through = begun.iter().find(|(.., is_through)| *is_through).copied().filter(|_| self.rng.chance(0.3));
        let (call, phase, queue, is_through) = through.or_else(|| pick(&mut self.rng, &begun))?;
        let rules = self.checker.queues.get(&queue).map(|desk| desk.config.callbacks).unwrap_or_default();
        let failed = CallbackStep::Failed { may_retry: self.rng.chance(0.8), why: "no_answer".to_owned() };
        let step = match phase {
            Phase::Claimed(true) if !is_through && self.rng.chance(0.5) => CallbackStep::Connected,
            Phase::Claimed(true) => failed,
            Phase::Claimed(false) if self.rng.chance(0.9) => CallbackStep::Dialing,
            Phase::Waiting(false) if rules.customer_first => CallbackStep::Dialing,
            _ if self.rng.chance(0.15) => failed,
            _ => return None,
        };
        Some(Input::CallbackStep { call, step })
    }

    fn honest_callback_facts(&mut self) -> Input {
        let shard = self.shard();
        let of_shard = self.checker.backs.values().filter(|back| back.shard == Some(shard));
        Input::CallbackFacts { shard, calls: of_shard.map(|back| back.work).collect() }
    }

    pub(super) fn order(&mut self) -> Option<Input> {
        let some = self.some_call()?;
        let mut call = if self.rng.chance(0.08) { CallId(self.rng.below(self.calls as u64).into()) } else { some };
        let keep_arrival = self.rng.chance(0.5);
        let steering = match self.rng.below(6) {
            0 | 4 => Steering::Move { queue: QueueId(self.rng.below(u64::from(QUEUES)) as u32 + 1), keep_arrival },
            1 => Steering::Prioritise { priority: self.rng.below(4) as i32 - 1 },
            2 => {
                let ready = self.checker.agents.iter().filter(|(_, person)| person.state() == State::Ready);
                let ready: Vec<AgentId> = ready.map(|(agent, _)| *agent).collect();
                let agent = pick(&mut self.rng, &ready).filter(|_| !self.rng.chance(0.3));
                Steering::Pull { agent: agent.unwrap_or(AgentId(self.rng.below(u64::from(AGENTS) + 2) as u32)) }
            }
            _ => {
                let ringing = self.checker.calls.iter().filter(|(_, row)| !row.ringing.is_empty());
                let ringing = ringing.filter(|(_, row)| row.work.kind != WorkKind::Callback);
                let ringing: Vec<CallId> = ringing.map(|(call, _)| *call).collect();
                call = pick(&mut self.rng, &ringing).filter(|_| keep_arrival).unwrap_or(call);
                Steering::Requeue { keep_arrival }
            }
        };
        Some(Input::Steer(Steer { request: None, call, steering }))
    }
}
