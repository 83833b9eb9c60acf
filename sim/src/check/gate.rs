//! What waits for the journal: the first response above 100 and each 2xx of an INVITE that made a call for `written`,
//! answers of the API for `synced` (DESIGN section 6).

use std::collections::{BTreeMap, BTreeSet};

use clock::RequestId;
use journal_core::{CallEvent, Durability, Entry, Owner};
use sip::{Message, Method, Source};

use super::Bench;
use super::glance::Glance;
use crate::node::NODE_ADDR;
use crate::watch::Seen;

/// How far entries have come.
#[derive(Debug, Default)]
pub(crate) struct GateJudge {
    /// Calls by Call-ID whose entry is not written yet: owner and number.
    pending: BTreeMap<Owner, BTreeMap<u64, String>>,
    safe: BTreeSet<String>,
    /// Call-IDs of the node's own INVITEs: what it answers in these made no call.
    own: BTreeSet<String>,
    synced: BTreeMap<Owner, u64>,
    last: BTreeMap<Owner, u64>,
    /// What an answer waits for: the owner's last entry when it was made.
    promised: BTreeMap<RequestId, (Owner, u64)>,
}

impl GateJudge {
    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Journaled { owner, number, entry } => {
                let before = self.last.insert(*owner, *number).unwrap_or(0);
                if *number != before + 1 {
                    bench.broken("entries are numbered without a gap", format!("{owner:?}: {number} after {before}"));
                }
                if let Entry::Call(step) = entry
                    && let CallEvent::LegStarted { sip_call_id, .. } = &step.event
                {
                    self.pending.entry(*owner).or_default().insert(*number, sip_call_id.clone());
                }
            }
            Seen::Progress { owner, durability, number } => self.progress(*owner, *durability, *number),
            Seen::AcdSaid { effect: acd::Effect::Reply { request, .. } } => self.promise(*request, Owner::Acd),
            Seen::Promised { owner, request } => self.promise(*request, *owner),
            Seen::Refused { request } => drop(self.promised.remove(request)),
            Seen::Answered { request } => self.answered(*request, bench),
            Seen::Sent { from, bytes, .. } if *from == NODE_ADDR => self.sent(bytes, bench),
            Seen::Crashed => {
                let safe = core::mem::take(&mut self.safe);
                *self = Self { safe, ..Self::default() };
            }
            _ => {}
        }
    }

    fn promise(&mut self, request: RequestId, owner: Owner) {
        let number = self.last.get(&owner).copied().unwrap_or(0);
        self.promised.insert(request, (owner, number));
    }

    fn answered(&mut self, request: RequestId, bench: &mut Bench) {
        let Some((owner, number)) = self.promised.remove(&request) else { return };
        let synced = self.synced.get(&owner).copied().unwrap_or(0);
        if synced < number {
            let what = format!("{request:?} waits for entry {number} of {owner:?}, synced are {synced}");
            bench.broken("an answer waits for the sync", what);
        }
    }

    fn progress(&mut self, owner: Owner, durability: Durability, number: u64) {
        if let Some(pending) = self.pending.get_mut(&owner) {
            let later = pending.split_off(&(number + 1));
            self.safe.extend(core::mem::replace(pending, later).into_values());
        }
        if durability == Durability::Synced {
            self.synced.insert(owner, number);
        }
    }

    /// A response above 100 and below 300 to an INVITE says that there is a call: it must be written.
    fn sent(&mut self, bytes: &bytes::Bytes, bench: &mut Bench) {
        if bytes.starts_with(b"INVITE ")
            && let Some(invite) = Glance::at(bytes).filter(|invite| !invite.in_dialog)
        {
            self.own.insert(invite.call_id.to_owned());
        }
        let promises = bytes.starts_with(b"SIP/2.0 18") || bytes.starts_with(b"SIP/2.0 2");
        if !promises {
            return;
        }
        let Ok(message) = Message::parse(bytes.clone(), Source::Datagram) else { return };
        if !matches!(message.cseq(), Ok((_, Method::Invite))) {
            return;
        }
        let sip_call_id = message.call_id().unwrap_or_default();
        if !self.safe.contains(sip_call_id) && !self.own.contains(sip_call_id) {
            let what = format!("{} for {sip_call_id} left before its call was written", message.status());
            bench.broken("a response waits for the write", what);
        }
    }
}
