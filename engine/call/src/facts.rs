//! All that is live, told every 5 s: the ACD compares it with its leases (DESIGN section 4).

use clock::LegId;

use crate::call::Flow;
use crate::contract::{AgentFact, Effect, WaitingFact};
use crate::shard::Shard;

impl Shard {
    pub(crate) fn tell_facts(&mut self) {
        let legs: Vec<LegId> = self.agent_legs.values().flatten().copied().collect();
        let legs: Vec<AgentFact> = legs.into_iter().filter_map(|leg| self.fact(leg)).collect();
        let waiting: Vec<WaitingFact> = self.calls.values().filter_map(|call| waiting(call)).collect();
        let offers = self.rings.values().filter_map(|ring| ring.lease());
        let offers = offers.map(|lease| (lease.offer, lease.generation)).collect();
        self.effects.push_back(Effect::Facts { legs, waiting, offers });
        let calls = self.calls.values().filter(|call| call.attempt.is_some()).map(|call| call.id).collect();
        self.effects.push_back(Effect::CallbackFacts { calls });
        let attempts = self.attempts.keys().copied().collect();
        self.effects.push_back(Effect::AttemptFacts { attempts });
        let (up, held, calling) = self.standing_facts();
        self.effects.push_back(Effect::StandingFacts { up, held, calling });
    }
}

fn waiting(call: &crate::call::Call) -> Option<WaitingFact> {
    let Flow::Waiting { queue, arrived, .. } = &call.flow else { return None };
    // Who is called back waits by his callback: `CallbackFacts` names him. Once his agent failed he waits as any caller.
    if call.attempt.as_ref().is_some_and(|attempt| !attempt.is_given_back) {
        return None;
    }
    let (queue, arrived) = (*queue, *arrived);
    let caller = call.from_is_number.then(|| call.from.clone());
    Some(WaitingFact { call: call.id, queue, caller, needs: call.needs.clone(), arrived })
}
