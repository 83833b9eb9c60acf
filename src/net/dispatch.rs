//! Hands each message to the owner it belongs to.

use std::sync::Arc;

use admin_api::Metrics;
use bytes::Bytes;
use clock::{FlowId, ShardId};
use sip::ua::{Peer, stateless_response};
use sip::{Message, Method, Name, ParseError, Source};

use super::admission::{Admission, Standing};
use super::directory::CallIdDirectory;
use super::flows::Flows;
use super::{Lane, peek};

/// What comes from the network for one owner.
#[derive(Debug)]
pub(crate) enum SipInput {
    /// A message.
    Received {
        /// Where it came from.
        peer: Peer,
        /// The message.
        message: Message,
    },
    /// Bytes that are no message but may be answered.
    Bad {
        /// Where they came from.
        peer: Peer,
        /// What is wrong.
        error: ParseError,
        /// How long they are.
        size_bytes: usize,
    },
    /// A connection is gone.
    FlowGone(FlowId),
    /// A message could not be sent to this peer.
    TransportFailed(Peer),
}

/// The lanes from the network into a shard (DESIGN section 4, Backpressure).
#[derive(Clone, Debug)]
pub(crate) struct ShardLanes {
    /// New INVITEs of trunks and phones: refused statelessly when full.
    pub(crate) new_calls: Lane,
    /// Everything of existing dialogs: the reader waits when full.
    pub(crate) dialogs: Lane,
    /// All that strangers send outside our dialogs: dropped when full, and taken when nothing else waits.
    pub(crate) strangers: Lane,
}

/// The lanes from the network into location. What does not fit is dropped and counted.
#[derive(Clone, Debug)]
pub(crate) struct LocationLanes {
    /// Of trunks and phones.
    pub(crate) known: Lane,
    /// Of strangers: taken when nothing else waits.
    pub(crate) strangers: Lane,
}

impl SipInput {
    /// What it takes of a lane's bytes; at least one, so that an empty one counts too.
    pub(super) fn size_bytes(&self) -> u32 {
        let size_bytes = match self {
            Self::Received { message, .. } => message.bytes().len(),
            Self::Bad { size_bytes, .. } => *size_bytes,
            Self::FlowGone(_) | Self::TransportFailed(_) => 0,
        };
        u32::try_from(size_bytes.clamp(1, MESSAGE_BYTES_MAX)).unwrap_or(1)
    }
}

/// Where readers put messages.
#[derive(Clone)]
pub(crate) struct Dispatch {
    /// Call-IDs of the shards.
    pub(crate) directory: Arc<CallIdDirectory>,
    /// Lanes by shard number.
    pub(crate) shards: Vec<ShardLanes>,
    /// The lanes of location.
    pub(crate) location: LocationLanes,
    /// Who may send how much.
    pub(crate) admission: Arc<Admission>,
    /// The lane of the trunk watcher.
    pub(crate) trunks: Lane,
    /// For stateless answers.
    pub(crate) flows: Arc<Flows>,
    /// Counters.
    pub(crate) metrics: Arc<Metrics>,
}

enum Owner {
    NewCall(ShardId),
    /// A CANCEL: behind its INVITE, as long as there is room.
    Cancel(ShardId),
    Dialog(ShardId),
    Location,
    Trunks,
}

impl Dispatch {
    /// Whether a datagram is read at all, and of what standing its sender is. What belongs to a call in progress
    /// always is; of the rest each source has a budget.
    pub(crate) fn admit(&self, peer: Peer, datagram: &[u8]) -> Option<Standing> {
        let address = peer.addr.ip();
        let standing = self.admission.standing(address);
        match self.admission.admit(address, standing) {
            Err(_) if peek::call_id(datagram).is_some_and(|call_id| self.directory.owns(call_id)) => Some(standing),
            Err(reason) => {
                self.metrics.dropped(reason);
                None
            }
            Ok(()) => Some(standing),
        }
    }

    /// Takes one datagram that was admitted.
    pub(crate) async fn datagram(&self, peer: Peer, standing: Standing, data: Bytes) {
        let size_bytes = data.len();
        match Message::parse(data, Source::Datagram) {
            Ok(message) => self.message(peer, standing, message).await,
            Err(error) => self.bad(peer, standing, error, size_bytes),
        }
    }

    /// Takes one parsed message.
    pub(crate) async fn message(&self, peer: Peer, standing: Standing, message: Message) {
        if message.is_request() {
            self.metrics.sip_requests.inc();
        }
        let owner = self.owner(&message);
        if standing == Standing::Stranger && !message.call_id().is_ok_and(|call_id| self.directory.owns(call_id)) {
            return self.of_a_stranger(owner, SipInput::Received { peer, message });
        }
        match owner {
            Owner::NewCall(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                if let Err(refused) = lanes.new_calls.try_send(SipInput::Received { peer, message }) {
                    self.metrics.dropped("new_calls_full");
                    if let SipInput::Received { message, .. } = refused {
                        self.refuse_statelessly(peer, &message);
                    }
                }
            }
            Owner::Cancel(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                if let Err(refused) = lanes.new_calls.try_send(SipInput::Received { peer, message }) {
                    lanes.dialogs.send(refused).await;
                }
            }
            Owner::Dialog(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                // Waiting here stops the reader; retransmission heals what the kernel drops meanwhile.
                lanes.dialogs.send(SipInput::Received { peer, message }).await;
            }
            Owner::Trunks => {
                if self.trunks.try_send(SipInput::Received { peer, message }).is_err() {
                    self.metrics.dropped("trunks_full");
                }
            }
            Owner::Location => {
                if self.location.known.try_send(SipInput::Received { peer, message }).is_err() {
                    self.metrics.dropped("location_full");
                }
            }
        }
    }

    /// Takes what is no message.
    pub(crate) fn bad(&self, peer: Peer, standing: Standing, error: ParseError, size_bytes: usize) {
        self.metrics.dropped("malformed");
        let input = SipInput::Bad { peer, error, size_bytes };
        if standing == Standing::Stranger {
            self.of_a_stranger(Owner::Location, input);
        } else if self.location.known.try_send(input).is_err() {
            self.metrics.dropped("location_full");
        }
    }

    /// Outside our dialogs a stranger never makes others wait: he has lanes of his own, and what they do not take is
    /// dropped. His retransmission heals it.
    fn of_a_stranger(&self, owner: Owner, input: SipInput) {
        let lane = match owner {
            Owner::NewCall(shard) | Owner::Cancel(shard) | Owner::Dialog(shard) => {
                self.lanes(shard).map(|lanes| &lanes.strangers)
            }
            Owner::Location => Some(&self.location.strangers),
            Owner::Trunks => Some(&self.trunks),
        };
        if lane.is_some_and(|lane| lane.try_send(input).is_err()) {
            self.metrics.dropped("strangers_full");
        }
    }

    /// Tells every owner that a connection is gone.
    pub(crate) async fn flow_gone(&self, flow: FlowId) {
        for lanes in &self.shards {
            lanes.dialogs.send(SipInput::FlowGone(flow)).await;
        }
        self.location.known.send(SipInput::FlowGone(flow)).await;
        self.trunks.send(SipInput::FlowGone(flow)).await;
    }

    /// Tells every owner that this peer cannot be reached.
    pub(crate) async fn transport_failed(&self, peer: Peer) {
        for lanes in &self.shards {
            lanes.dialogs.send(SipInput::TransportFailed(peer)).await;
        }
        self.location.known.send(SipInput::TransportFailed(peer)).await;
        self.trunks.send(SipInput::TransportFailed(peer)).await;
    }

    fn lanes(&self, shard: ShardId) -> Option<&ShardLanes> {
        self.shards.get(usize::from(shard.0))
    }

    fn owner(&self, message: &Message) -> Owner {
        let call_id = message.call_id().unwrap_or_default();
        let shard = self.directory.shard(call_id);
        let in_dialog = message.to().is_ok_and(|to| to.tag().is_some());
        match message.method() {
            None => match message.cseq() {
                // Only the watcher registers.
                Ok((_, Method::Register)) => Owner::Trunks,
                Ok((_, Method::Options)) if call_id.starts_with(sip::trunk::TRUNK_CALL_ID_PREFIX) => Owner::Trunks,
                Ok((_, Method::Options)) if call_id.starts_with(sip::location::PROBE_CALL_ID_PREFIX) => Owner::Location,
                _ => Owner::Dialog(shard),
            },
            // A registrar has no dialogs, whatever To says (RFC 3261 10.2).
            Some(Method::Register) => Owner::Location,
            Some(Method::Invite) if !in_dialog => Owner::NewCall(shard),
            Some(Method::Cancel) if !in_dialog => Owner::Cancel(shard),
            Some(Method::Invite | Method::Ack | Method::Cancel | Method::Bye) => Owner::Dialog(shard),
            Some(_) if in_dialog => Owner::Dialog(shard),
            Some(_) => Owner::Location,
        }
    }

    /// The stateless answer to what could not be parsed, where it can be answered (400, 505).
    pub(super) fn refuse_malformed(&self, peer: Peer, error: &ParseError) {
        let Some(hint) = error.answerable() else { return };
        let (peer, response) = stateless_response(peer, &hint.request, hint.status, SERVER, &[]);
        let _ = self.flows.send(peer, response.bytes().clone());
    }

    /// 503 with Retry-After, without any state (DESIGN section 4).
    fn refuse_statelessly(&self, peer: Peer, request: &Message) {
        let (peer, response) = stateless_response(
            peer,
            request,
            503,
            SERVER,
            &[(Name::RetryAfter, RETRY_AFTER_S), (Name::Reason, OVERLOAD)],
        );
        let _ = self.flows.send(peer, response.bytes().clone());
    }
}

/// The largest message there is (`sip::limits`): a lane has room for many.
const MESSAGE_BYTES_MAX: usize = 65_535;
/// Value of Server.
const SERVER: &str = concat!("Trunkline/", env!("CARGO_PKG_VERSION"));
/// Q.850 cause 42, switching equipment congestion, as the table of causes has it.
const OVERLOAD: &str = "Q.850;cause=42;text=\"overload\"";
/// Long enough that a burst has passed, short enough that a carrier's next route is not forgotten.
const RETRY_AFTER_S: &str = "5";
