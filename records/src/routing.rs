//! A routing decision as plain data, with names for ids.

use journal_core::{RoutedAgent, RoutedOthers, RoutedStanding, Routing};
use serde_json::{Value, json};

use crate::Naming;
use crate::words::Word;

/// The data of a `routing.decided` step.
pub(crate) fn data(routing: &Routing, naming: &Naming) -> Value {
    let required =
        routing.required.iter().map(|(skill, level)| json!({ "skill": naming.skill(*skill), "level": level }));
    json!({
        "queue": naming.queue(routing.queue),
        "agent": naming.agent(routing.agent),
        "strategy": routing.strategy.word(),
        "preferred": routing.preferred,
        "joined": routing.joined,
        "candidates": routing.candidates,
        "attempt": routing.attempt,
        "waited_ms": routing.waited_ms,
        "idle_ms": routing.idle_ms,
        "required": required.collect::<Vec<_>>(),
        "agents": routing.agents.iter().map(|one| agent(one, naming)).collect::<Vec<_>>(),
        "others": others(&routing.others),
    })
}

fn agent(one: &RoutedAgent, naming: &Naming) -> Value {
    let skill = match one.standing {
        RoutedStanding::Skill(skill, level) => json!({ "skill": naming.skill(skill), "level": level }),
        _ => Value::Null,
    };
    json!({
        "agent": naming.agent(one.agent),
        "standing": standing(one.standing),
        "lacks": skill,
        "level": one.level,
        "proficiency": one.proficiency,
        "figure": one.figure,
    })
}

fn others(others: &RoutedOthers) -> Value {
    json!({
        "behind": others.behind,
        "offline": others.offline,
        "reserved": others.reserved,
        "on_call": others.on_call,
        "wrap_up": others.wrap_up,
        "paused": others.paused,
        "resting": others.resting,
        "kind": others.kind,
        "level": others.level,
        "skill": others.skill,
    })
}

const fn standing(standing: RoutedStanding) -> &'static str {
    match standing {
        RoutedStanding::Chosen => "chosen",
        RoutedStanding::Behind => "behind",
        RoutedStanding::Offline => "offline",
        RoutedStanding::Reserved => "reserved",
        RoutedStanding::OnCall => "on_call",
        RoutedStanding::WrapUp => "wrap_up",
        RoutedStanding::Paused => "paused",
        RoutedStanding::Resting => "resting",
        RoutedStanding::Kind => "kind",
        RoutedStanding::Level => "level",
        RoutedStanding::Skill(..) => "skill",
        RoutedStanding::Held => "held",
    }
}
