//! What follows a call of a queue: wrap-up, and what the agent says came of it.

use core::time::Duration;

use clock::{AgentId, CallId, Instant, QueueId, RequestId};

use crate::acd::Acd;
use crate::agent::{Agent, Leg};
use crate::contract::{
    CommandError, Disposed, Effect, Note, QueueConfig, Reply, StateCause, Status, WithdrawReason, WrapUpMode,
    WrapUpView,
};
use crate::limits::MAX_LEGS;
use crate::timers::Timer;

/// A wrap-up that begins when the last leg has ended, by the rules that its queue had at the end of the call.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    call: CallId,
    queue: QueueId,
    mode: WrapUpMode,
    lasts: Duration,
    extension: Duration,
    expects_disposition: bool,
    /// A disposition was given while he talked.
    is_disposed: bool,
}

impl Owed {
    /// The longer and stricter of both, about the call of `self`.
    fn with(mut self, former: &Self) -> Self {
        self.mode = self.mode.max(former.mode);
        self.lasts = self.lasts.max(former.lasts);
        self.extension = self.extension.max(former.extension);
        self
    }
}

/// A wrap-up that runs.
#[derive(Clone, Debug)]
pub(crate) struct WrapUp {
    pub(crate) call: CallId,
    pub(crate) queue: QueueId,
    pub(crate) mode: WrapUpMode,
    pub(crate) until: Instant,
    pub(crate) extension_left: Duration,
    /// Calls whose disposition is awaited.
    pub(crate) awaits: Vec<CallId>,
}

impl WrapUp {
    /// It ends when the agent says that he is ready.
    pub(crate) fn yields(&self) -> bool {
        matches!(self.mode, WrapUpMode::Optional | WrapUpMode::Timed)
    }

    fn view(&self, now: clock::Now) -> WrapUpView {
        let Self { call, queue, mode, until, extension_left, awaits } = self.clone();
        WrapUpView { call, queue, mode, until: now.wall + (until - now.mono), extension_left, awaits }
    }
}

impl Agent {
    /// His wrap-up as others see it.
    pub(crate) fn wrap_up_view(&self, now: clock::Now) -> Option<WrapUpView> {
        self.wrap_up.as_ref().map(|wrap_up| wrap_up.view(now))
    }
}

impl Acd {
    /// A call of a queue has ended for him. A queue without wrap-up leaves none to be owed.
    pub(crate) fn owe_wrap_up(&mut self, slot: usize, leg: &Leg, queue: QueueId) {
        let Some(queue_slot) = self.queue_slot(queue) else { return };
        let QueueConfig { wrap_up, wrap_up_mode, wrap_up_extension, expects_disposition, .. } =
            self.queues[queue_slot].config;
        if wrap_up.is_zero() {
            return;
        }
        let mut owed = Owed {
            call: leg.call,
            queue,
            mode: wrap_up_mode,
            lasts: wrap_up,
            extension: wrap_up_extension,
            expects_disposition,
            is_disposed: leg.is_disposed,
        };
        let known = &mut self.agents[slot].wrap_up_owed;
        // Of one call once, also when he had two legs in it. Where there is no room the oldest joins the new one.
        let same = known.iter().position(|known| known.call == owed.call);
        if let Some(index) = same.or((known.len() >= MAX_LEGS).then_some(0)) {
            owed = owed.with(&known.remove(index));
        }
        known.push(owed);
    }

    /// The last of his legs has ended: what he owes becomes a wrap-up.
    pub(crate) fn begin_wrap_up(&mut self, slot: usize) {
        let now = self.now.mono;
        let owed = core::mem::take(&mut self.agents[slot].wrap_up_owed);
        let mut begun = self.agents[slot].wrap_up.take();
        for Owed { call, queue, mode, lasts, extension, expects_disposition, is_disposed } in owed {
            if mode == WrapUpMode::Mandatory && is_disposed {
                continue;
            }
            let (until, extension_left) = (now + lasts, extension);
            let awaited = (expects_disposition && !is_disposed).then_some(call);
            let known =
                begun.get_or_insert_with(|| WrapUp { call, queue, mode, until, extension_left, awaits: vec![] });
            (known.call, known.queue) = (call, queue);
            known.mode = known.mode.max(mode);
            known.until = known.until.max(until);
            known.extension_left = known.extension_left.max(extension_left);
            known.awaits.extend(awaited);
        }
        let row = &mut self.agents[slot];
        if let Some(wrap_up) = &begun {
            self.timers.set(Timer::WrapUp(row.agent), wrap_up.until);
        }
        row.wrap_up = begun;
    }

    /// Its time is over.
    pub(crate) fn wrap_up_over(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        let Some(wrap_up) = self.agents[slot].wrap_up.take() else { return };
        if wrap_up.mode != WrapUpMode::Optional {
            wrap_up.awaits.iter().for_each(|call| self.not_set(agent, *call));
        }
        if wrap_up.mode == WrapUpMode::Mandatory && !wrap_up.awaits.is_empty() {
            self.impose(slot, Status::Paused, WRAP_UP_OVERDUE);
        }
        self.settle(slot);
        self.probe(slot);
    }

    /// He says that he is ready: a wrap-up that yields is over. True when it was.
    pub(crate) fn cut_wrap_up(&mut self, slot: usize) {
        let row = &mut self.agents[slot];
        let agent = row.agent;
        let is_cut = row.legs.is_empty() && row.wrap_up.as_ref().is_some_and(WrapUp::yields);
        let Some(wrap_up) = is_cut.then(|| row.wrap_up.take()).flatten() else { return };
        self.timers.cancel(&Timer::WrapUp(agent));
        if wrap_up.mode != WrapUpMode::Optional {
            for call in wrap_up.awaits {
                self.not_set(agent, call);
            }
        }
        self.probe(slot);
    }

    /// What came of a call; ends the wrap-up that waited for it, unless that lasts its time whatever is said.
    pub(crate) fn dispose(&mut self, request: Option<RequestId>, disposed: Disposed) {
        let (agent, call) = (disposed.agent, disposed.call);
        let Some(slot) = self.agent_slot(agent) else {
            return self.reply(request, Err(CommandError::UnknownAgent));
        };
        self.effects.push_back(Effect::Disposed(Box::new(disposed)));
        let row = &mut self.agents[slot];
        row.legs.iter_mut().filter(|leg| leg.call == call).for_each(|leg| leg.is_disposed = true);
        row.wrap_up_owed.iter_mut().filter(|owed| owed.call == call).for_each(|owed| owed.is_disposed = true);
        if let Some(wrap_up) = &mut row.wrap_up {
            let is_about = wrap_up.call == call || wrap_up.awaits.contains(&call);
            wrap_up.awaits.retain(|awaited| *awaited != call);
            let is_done = is_about && wrap_up.awaits.is_empty() && wrap_up.mode != WrapUpMode::Strict;
            self.changed_agents.insert(agent, ());
            if is_done {
                // Also while he is on another call: after it nothing is left to be done.
                row.wrap_up = None;
                self.timers.cancel(&Timer::WrapUp(agent));
                self.settle(slot);
                self.probe(slot);
            }
        }
        self.dispatch();
        self.reply_with(request, agent);
    }

    /// He needs longer, within what the queue allows.
    pub(crate) fn extend_wrap_up(&mut self, request: Option<RequestId>, agent: AgentId, by: Duration) {
        let Some(slot) = self.agent_slot(agent) else {
            return self.reply(request, Err(CommandError::UnknownAgent));
        };
        let now = self.now;
        let row = &mut self.agents[slot];
        let Some(wrap_up) = &mut row.wrap_up else {
            return self.reply(request, Err(CommandError::NoWrapUp));
        };
        if by > wrap_up.extension_left {
            let left_s = wrap_up.extension_left.as_secs();
            return self.reply(request, Err(CommandError::WrapUpExtensionOver { left_s }));
        }
        wrap_up.extension_left -= by;
        wrap_up.until += by;
        let (call, until) = (wrap_up.call, wrap_up.until);
        self.timers.set(Timer::WrapUp(agent), until);
        self.changed_agents.insert(agent, ());
        let note = Note::WrapUpExtended { call, by, until: now.wall + (until - now.mono) };
        self.effects.push_back(Effect::Noted { agent, note });
        self.reply_with(request, agent);
    }

    /// A status that nobody chose for him but these rules.
    pub(crate) fn impose(&mut self, slot: usize, status: Status, reason: &str) {
        let row = &mut self.agents[slot];
        if row.status == Status::Offline || (row.status, row.reason.as_deref()) == (status, Some(reason)) {
            return;
        }
        row.status = status;
        row.reason = Some(reason.to_owned()).filter(|_| status != Status::Ready);
        let (agent, reason) = (row.agent, row.reason.clone());
        self.effects.push_back(Effect::StatusChanged { agent, status, reason });
        if status == Status::Offline {
            self.withdraw(slot, WithdrawReason::Offline);
        }
    }

    /// The answer to a command that ended well: the agent as he is now.
    pub(crate) fn reply_with(&mut self, request: Option<RequestId>, agent: AgentId) {
        let result = self.agent_snapshot(agent).map(Reply::Agent);
        self.reply(request, result.ok_or(CommandError::UnknownAgent));
    }

    pub(crate) fn reply(&mut self, request: Option<RequestId>, result: Result<Reply, CommandError>) {
        if let Some(request) = request {
            self.effects.push_back(Effect::Reply { request, result });
        }
    }

    fn not_set(&mut self, agent: AgentId, call: CallId) {
        let (code, by) = (NOT_SET.to_owned(), "system".to_owned());
        let disposed = Disposed { agent, call, code, label: NOT_SET_LABEL.to_owned(), by, ..Disposed::default() };
        self.effects.push_back(Effect::Disposed(Box::new(disposed)));
    }

    pub(crate) fn because(&mut self, cause: StateCause) {
        self.cause = cause;
    }
}

/// Code of the disposition of a wrap-up that ended without one.
pub const NOT_SET: &str = "not_set";
const NOT_SET_LABEL: &str = "not set";
/// Reason of the pause of an agent who let a mandatory wrap-up run out.
pub(crate) const WRAP_UP_OVERDUE: &str = "wrap_up_overdue";
