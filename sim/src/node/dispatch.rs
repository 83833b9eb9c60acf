//! Which owner a datagram belongs to: the same rules as the readers of production (DESIGN section 4, Placement).

use std::collections::BTreeMap;

use clock::FlowId;
use sip::location::PROBE_CALL_ID_PREFIX;
use sip::ua::Peer;
use sip::{Message, Method, Source};

use super::Input;
use crate::hash::TraceHash;
use crate::network::Datagram;

/// Call-IDs of the shards; a keyed hash places those never seen.
#[derive(Debug)]
pub(crate) struct Directory {
    shards: u16,
    key: u64,
    owned: BTreeMap<String, usize>,
}

impl Directory {
    pub(crate) fn new(shards: u16, key: u64) -> Self {
        Self { shards, key, owned: BTreeMap::new() }
    }

    /// The owner of a datagram, and what it is there.
    pub(crate) fn place(&self, datagram: Datagram) -> (usize, Input) {
        let peer = Peer { transport: datagram.transport, addr: datagram.from, flow: Some(FlowId(1)) };
        let location = usize::from(self.shards) + 1;
        match Message::parse(datagram.bytes, Source::Datagram) {
            Err(error) => (location, Input::Location(sip::location::Input::ReceivedBad { peer, error })),
            Ok(message) => match self.shard_of(&message) {
                Some(shard) => (shard, Input::Shard(call::Input::Received { peer, message })),
                None => (location, Input::Location(sip::location::Input::Received { peer, message })),
            },
        }
    }

    pub(crate) fn set(&mut self, shard: usize, sip_call_id: String, owned: bool) {
        if self.shards == 1 {
            return;
        }
        if owned {
            self.owned.insert(sip_call_id, shard);
        } else {
            self.owned.remove(&sip_call_id);
        }
    }

    /// The shard of a message; none for what is location's.
    fn shard_of(&self, message: &Message) -> Option<usize> {
        let call_id = message.call_id().unwrap_or_default();
        let in_dialog = message.to().is_ok_and(|to| to.tag().is_some());
        let is_locations = match message.method() {
            None => match message.cseq() {
                Ok((_, Method::Register)) => true,
                Ok((_, Method::Options)) => call_id.starts_with(PROBE_CALL_ID_PREFIX),
                _ => false,
            },
            Some(Method::Invite | Method::Ack | Method::Cancel | Method::Bye) => false,
            Some(_) => !in_dialog,
        };
        (!is_locations).then(|| self.owned.get(call_id).copied().unwrap_or_else(|| self.placed(call_id)))
    }

    fn placed(&self, call_id: &str) -> usize {
        if self.shards == 1 {
            return 0;
        }
        let mut hash = TraceHash::new();
        hash.word(self.key);
        hash.bytes(call_id.as_bytes());
        usize::try_from(hash.value() % u64::from(self.shards)).unwrap_or(0)
    }
}
