//! What each owner is given after a restart, from the fold of the journal.

use call::RestoredCall;
use clock::WallTime;
use journal_core::outcome::Reached;
use journal_core::{AgentState, DialogIdentity, Entry, Replay, StateCause};

use crate::from_acd::status_of;

/// Calls that were up when the node died: each dialog is ended, each gets its one record. Standing legs are ended too.
#[must_use]
pub fn calls(replay: &Replay) -> Vec<RestoredCall> {
    let calls = replay.live_calls().map(|record| RestoredCall {
        call: record.id,
        next_seq: record.next_seq(),
        reached: record.reached(),
        has_record: true,
        dialogs: replay.dialogs().filter(|dialog| dialog.call == record.id).cloned().collect(),
    });
    calls.chain(standing_legs(replay)).collect()
}

/// Dialogs of no call: standing legs, of which no journey is written. They are ended, and nothing else.
fn standing_legs(replay: &Replay) -> impl Iterator<Item = RestoredCall> + '_ {
    let is_live = |dialog: &DialogIdentity| replay.call(dialog.call).is_some_and(|record| !record.is_ended());
    replay.dialogs().filter(move |dialog| !is_live(dialog)).map(|dialog| RestoredCall {
        call: dialog.call,
        next_seq: 0,
        reached: Reached::default(),
        has_record: false,
        dialogs: vec![dialog.clone()],
    })
}

/// The agents with the status they chose last in place of the configured one.
#[must_use]
pub fn agents(replay: &Replay, mut configured: Vec<acd::AgentConfig>) -> Vec<acd::AgentConfig> {
    for (id, chosen) in replay.statuses() {
        if let Some(agent) = configured.iter_mut().find(|agent| agent.agent == id) {
            agent.status = status_of(chosen.status);
            agent.reason.clone_from(&chosen.reason);
        }
    }
    for (id, queues) in replay.chosen_queues() {
        if let Some(agent) = configured.iter_mut().find(|agent| agent.agent == id) {
            agent.queues = Some(queues.to_vec());
        }
    }
    for id in replay.standing_legs() {
        if let Some(agent) = configured.iter_mut().find(|agent| agent.agent == id) {
            agent.standing_leg = true;
        }
    }
    configured
}

/// The same agents with what they have paused on the day of `now`: it counts for the limits of their pauses.
#[must_use]
pub fn pauses(replay: &Replay, now: WallTime, mut configured: Vec<acd::AgentConfig>) -> Vec<acd::AgentConfig> {
    for (id, reason, paused) in replay.paused_on(now) {
        if let Some(agent) = configured.iter_mut().find(|agent| agent.agent == id) {
            agent.paused_today.push((reason.to_owned(), paused));
        }
    }
    configured
}

/// What the log of states says of agents who were signed on when the node ended, in order or not: nobody knows what was
/// true of them from the last sign of life until `now`. Who was offline stayed so.
#[must_use]
pub fn node_down(replay: &Replay, now: WallTime) -> Vec<Entry> {
    // Where the clock was set back behind his last state, there is no time to account for.
    let signed_on = replay.states().filter(|(_, known)| known.state != AgentState::Offline && known.since <= now);
    let down = signed_on.map(|(agent, known)| Entry::AgentStateChanged {
        agent,
        state: AgentState::Offline,
        reason: Some(NODE_DOWN.to_owned()),
        call: None,
        at: replay.last_at.min(now).max(known.since),
        cause: StateCause::NodeDown,
    });
    down.collect()
}

/// Callbacks that have not ended, in the order in which they are to be entered again; after the rules.
#[must_use]
pub fn callbacks(replay: &Replay) -> Vec<acd::Input> {
    let open = replay.callbacks().into_iter().map(crate::callbacks::restored);
    open.map(|callback| acd::Input::RestoreCallback(Box::new(callback))).collect()
}

/// What each agent dialed out today counts for his cap as if there had been no restart.
#[must_use]
pub fn dials(replay: &Replay, now: WallTime) -> call::Input {
    call::Input::Dialed(replay.dialed_on(now).collect())
}

/// With whom callers talked last.
#[must_use]
pub fn last_agents(replay: &Replay) -> acd::Input {
    acd::Input::LastAgents(replay.last_agents.iter().map(|(caller, agent)| (caller.to_owned(), agent)).collect())
}

/// Places of callers whom the restart cut off, or who gave up before: theirs again if they ring in time (DESIGN section 6).
#[must_use]
pub fn places(replay: &Replay, now: WallTime) -> Vec<acd::Input> {
    replay
        .places(now)
        .into_iter()
        .map(|(caller, kept)| acd::Input::RestorePlace {
            queue: kept.place.queue,
            caller,
            arrived: kept.place.arrived,
            until: kept.until,
            ordered: kept.place.ordered,
        })
        .collect()
}

/// Reason of the state in which agents were while the node was down.
const NODE_DOWN: &str = "node_down";

#[cfg(test)]
mod tests;
