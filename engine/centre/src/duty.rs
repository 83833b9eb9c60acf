//! What the ACD says of agents beside status and state, as entries of the journal.

use clock::{AgentId, WallTime};
use journal_core::{AgentEvent, AgentStep, Disposition, Entry, StateCause, WantedCallback};

use crate::from_acd::{agent_state, agent_status};

/// The journal's word for the cause of a state.
pub(crate) const fn cause(cause: acd::StateCause) -> StateCause {
    match cause {
        acd::StateCause::Configured => StateCause::Configured,
        acd::StateCause::Removed => StateCause::Removed,
        acd::StateCause::Chosen => StateCause::Chosen,
        acd::StateCause::Device => StateCause::Device,
        acd::StateCause::Probe => StateCause::Probe,
        acd::StateCause::Offer => StateCause::Offer,
        acd::StateCause::OfferEnded => StateCause::OfferEnded,
        acd::StateCause::Answered => StateCause::Answered,
        acd::StateCause::Call => StateCause::Call,
        acd::StateCause::CallEnded => StateCause::CallEnded,
        acd::StateCause::WrapUpOver => StateCause::WrapUpOver,
        acd::StateCause::Disposed => StateCause::Disposed,
        acd::StateCause::PauseLimit => StateCause::PauseLimit,
        acd::StateCause::NotTaken => StateCause::NotTaken,
        acd::StateCause::Repaired => StateCause::Repaired,
    }
}

/// Something told of an agent.
pub(crate) fn step(agent: AgentId, note: acd::Note, at: WallTime) -> Entry {
    let event = match note {
        acd::Note::PauseLimit { reason, of_day, limit, then } => {
            AgentEvent::PauseLimit { reason, of_day, limit_s: limit.as_secs(), then: at_limit(then).to_owned() }
        }
        acd::Note::StatusDeferred { status, after, call } => {
            AgentEvent::StatusDeferred { status: agent_status(status), after: agent_state(after), call }
        }
        acd::Note::QueuesChosen { queues } => AgentEvent::QueuesChosen { queues },
        acd::Note::StandingLeg { leg, why } => {
            AgentEvent::StandingLeg { wanted: leg != acd::StandingLeg::None, up: leg == acd::StandingLeg::Up, why }
        }
        acd::Note::WrapUpExtended { call, by, until } => AgentEvent::WrapUpExtended { call, by_s: by.as_secs(), until },
    };
    Entry::Agent(AgentStep { agent, at, event })
}

/// What an agent said came of a call.
pub(crate) fn disposition(said: acd::Disposed, at: WallTime) -> Entry {
    let acd::Disposed { agent, call, code, label, is_success, note, callback, by } = said;
    let callback = callback.map(|wanted| {
        let acd::WantedCallback { number, due_at, agent, zone } = wanted;
        WantedCallback { number, due_at, agent, zone }
    });
    Entry::Disposition(Box::new(Disposition { call, agent, code, label, is_success, note, callback, at, by }))
}

/// The word for what happens at the limit of a pause.
#[must_use]
pub const fn at_limit(then: acd::AtLimit) -> &'static str {
    match then {
        acd::AtLimit::Warn => "warn",
        acd::AtLimit::Ready => "ready",
        acd::AtLimit::SignOff => "sign_off",
    }
}
