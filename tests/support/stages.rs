//! Calls in all stages at once, for tests that end the node under them.

use super::{Call, Endpoint, Node, SALES, SUPPORT, VOICEMAIL};

/// Calls, by what they were doing when the node died.
pub(crate) struct Stages {
    pub(crate) talking: Vec<(Call, Call)>,
    pub(crate) held: Vec<(Call, Call)>,
    /// In wrap-up: ended before.
    pub(crate) ended: Vec<Call>,
    pub(crate) ringing_agents: Vec<(Call, Call)>,
    pub(crate) queued: Vec<Call>,
    pub(crate) voicemail: Vec<Call>,
    /// From an agent to the trunk, where it rings.
    pub(crate) ringing_outside: Vec<(Call, Call)>,
}

/// How many calls of each kind; each conversation, call outside and ringing offer takes a phone of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) talking: usize,
    pub(crate) held: usize,
    pub(crate) ended: usize,
    pub(crate) outside: usize,
    pub(crate) ringing: usize,
    pub(crate) queued: usize,
    pub(crate) voicemail: usize,
}

impl Sizes {
    /// 50 calls.
    pub(crate) const FIFTY: Self =
        Self { talking: 6, held: 4, ended: 4, outside: 4, ringing: 2, queued: 24, voicemail: 6 };
    /// 200 calls.
    pub(crate) const TWO_HUNDRED: Self = Self { queued: 154, voicemail: 26, ..Self::FIFTY };
    /// 16 calls, for a quick round.
    pub(crate) const FEW: Self =
        Self { talking: 3, held: 2, ended: 1, outside: 2, ringing: 1, queued: 5, voicemail: 2 };

    /// Phones that it takes.
    pub(crate) fn phones(self) -> usize {
        self.talking + self.held + self.ended + self.outside + self.ringing
    }
}

impl Stages {
    /// Brings calls of `node` into all stages. `phones` are registered.
    pub(crate) fn reach(node: &Node, phones: &[Endpoint], sizes: Sizes) -> Self {
        let Sizes { talking, held, ended, outside: out, ringing: rings, queued, voicemail } = sizes;
        let (busy, free) = phones.split_at(talking + held + ended);
        let mut pairs: Vec<(Call, Call)> = busy.iter().map(|phone| conversation(node, phone)).collect();
        let mut over = Vec::new();
        for (mut caller, agent) in pairs.split_off(talking + held) {
            caller.bye();
            agent.expect_bye();
            node.http().record_of(&caller.id);
            over.push(caller);
        }
        let mut on_hold = pairs.split_off(talking);
        for (_, agent) in &mut on_hold {
            agent.reinvite("sendonly");
        }
        // The others are busy or wrap up.
        let ringing_outside = free.iter().take(out).map(|phone| outside(node, phone)).collect();
        let ringing_agents = free.iter().skip(out).take(rings).map(|phone| ringing(node, phone)).collect();
        let voicemail = (0..voicemail).map(|_| answered(node, VOICEMAIL, 700)).collect();
        let queued: Vec<Call> =
            (0..queued).map(|at| answered(node, if at % 2 == 0 { SUPPORT } else { SALES }, at)).collect();
        node.http().wait_waiting("support", (queued.len().div_ceil(2) + rings) as u64);
        node.http().wait_waiting("sales", (queued.len() / 2) as u64);
        // Recordings have something to play.
        for (caller, agent) in &pairs {
            caller.talk(1_000.0);
            agent.talk(440.0);
        }
        for (caller, _) in &pairs {
            caller.rtp.wait_packets(120);
        }
        Self { talking: pairs, held: on_hold, ended: over, ringing_agents, queued, voicemail, ringing_outside }
    }

    /// How many calls.
    pub(crate) fn count(&self) -> usize {
        let pairs = self.talking.len() + self.held.len() + self.ringing_agents.len() + self.ringing_outside.len();
        pairs + self.ended.len() + self.queued.len() + self.voicemail.len()
    }

    /// The Call-IDs with which calls came to the node, or left it.
    pub(crate) fn sip_call_ids(&self) -> Vec<String> {
        let pairs = self.talking.iter().chain(&self.held).chain(&self.ringing_agents).chain(&self.ringing_outside);
        let single = self.ended.iter().chain(&self.queued).chain(&self.voicemail);
        pairs.map(|(call, _)| call).chain(single).map(|call| call.id.clone()).collect()
    }
}

fn conversation(node: &Node, phone: &Endpoint) -> (Call, Call) {
    let (caller, agent) = ringing(node, phone);
    agent.answer();
    node.http().wait_agent(&phone.user, "on_call");
    (caller, agent)
}

/// A caller of `support`, and the phone that rings for him: who was idle longest is not ours to choose.
fn ringing(node: &Node, phone: &Endpoint) -> (Call, Call) {
    // Everyone else is out of the way until he rings.
    let caller = answered(node, SUPPORT, 500);
    let agent = phone.expect_call();
    agent.reply(180);
    (caller, agent)
}

pub(crate) fn answered(node: &Node, to: &str, number: usize) -> Call {
    let mut caller = node.carrier.named(&format!("+44770090{number:04}")).call(to);
    caller.expect_final(200);
    caller
}

fn outside(node: &Node, phone: &Endpoint) -> (Call, Call) {
    let call = phone.call("02079460123");
    let callee = node.carrier.expect_call();
    callee.reply(180);
    call.expect_provisional(180);
    (call, callee)
}
