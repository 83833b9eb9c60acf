//! The distributor's reasons in the journal's words.

use acd::{Candidate, Others, Standing, State, Strategy, Why};
use clock::{AgentId, OfferId, QueueId};
use journal_core::{RoutedAgent, RoutedOthers, RoutedStanding, Routing, RoutingStrategy};

/// Why `offer` goes to this agent, as it is kept with the call.
pub(crate) fn routing(offer: OfferId, queue: QueueId, agent: AgentId, why: Why) -> Box<Routing> {
    Box::new(Routing {
        offer,
        agent,
        queue,
        strategy: strategy(why.strategy),
        preferred: why.preferred,
        joined: why.joined,
        candidates: why.candidates,
        attempt: why.attempt,
        waited_ms: millis(why.waited),
        idle_ms: millis(why.idle),
        required: why.required.iter().map(|need| (need.skill, need.level)).collect(),
        agents: why.agents.iter().map(routed_agent).collect(),
        others: others(why.others),
    })
}

fn routed_agent(one: &Candidate) -> RoutedAgent {
    let Candidate { agent, standing, level, proficiency, figure } = *one;
    RoutedAgent { agent, standing: routed_standing(standing), level, proficiency, figure }
}

fn routed_standing(standing: Standing) -> RoutedStanding {
    match standing {
        Standing::Chosen => RoutedStanding::Chosen,
        Standing::Behind | Standing::State(State::Ready) => RoutedStanding::Behind,
        Standing::State(State::Offline) => RoutedStanding::Offline,
        Standing::State(State::Reserved) => RoutedStanding::Reserved,
        Standing::State(State::OnCall) => RoutedStanding::OnCall,
        Standing::State(State::WrapUp) => RoutedStanding::WrapUp,
        Standing::State(State::Paused) => RoutedStanding::Paused,
        Standing::Resting => RoutedStanding::Resting,
        Standing::Kind => RoutedStanding::Kind,
        Standing::Level => RoutedStanding::Level,
        Standing::Skill(need) => RoutedStanding::Skill(need.skill, need.level),
        Standing::Held => RoutedStanding::Held,
    }
}

fn others(others: Others) -> RoutedOthers {
    let Others { behind, states: [offline, _, reserved, on_call, wrap_up, paused], resting, kind, level, skill } =
        others;
    RoutedOthers { behind, offline, reserved, on_call, wrap_up, paused, resting, kind, level, skill }
}

const fn strategy(strategy: Strategy) -> RoutingStrategy {
    match strategy {
        Strategy::LongestIdle => RoutingStrategy::LongestIdle,
        Strategy::RingAll => RoutingStrategy::RingAll,
        Strategy::RoundRobin => RoutingStrategy::RoundRobin,
        Strategy::FewestCalls => RoutingStrategy::FewestCalls,
        Strategy::LeastTalk => RoutingStrategy::LeastTalk,
        Strategy::TopDown => RoutingStrategy::TopDown,
        Strategy::Random => RoutingStrategy::Random,
        Strategy::Weighted => RoutingStrategy::Weighted,
        Strategy::ProgressiveRing { .. } => RoutingStrategy::ProgressiveRing,
    }
}

fn millis(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
