//! Hands each message to the owner it belongs to.

use std::sync::Arc;

use admin_api::Metrics;
use bytes::Bytes;
use clock::{FlowId, ShardId};
use sip::ua::{Peer, stateless_response};
use sip::{Message, Method, Name, ParseError, Source};
use tokio::sync::mpsc;

use super::directory::CallIdDirectory;
use super::flows::Flows;

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
    },
    /// A connection is gone.
    FlowGone(FlowId),
    /// A message could not be sent to this peer.
    TransportFailed(Peer),
}

/// The two lanes from the network into a shard (DESIGN section 4, Backpressure).
#[derive(Clone, Debug)]
pub(crate) struct ShardLanes {
    /// New INVITEs: refused statelessly when full.
    pub(crate) new_calls: mpsc::Sender<SipInput>,
    /// Everything of existing dialogs: the reader waits when full.
    pub(crate) dialogs: mpsc::Sender<SipInput>,
}

/// Where readers put messages.
#[derive(Clone)]
pub(crate) struct Dispatch {
    /// Call-IDs of the shards.
    pub(crate) directory: Arc<CallIdDirectory>,
    /// Lanes by shard number.
    pub(crate) shards: Vec<ShardLanes>,
    /// The lane of location.
    pub(crate) location: mpsc::Sender<SipInput>,
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
}

impl Dispatch {
    /// Takes one datagram.
    pub(crate) async fn datagram(&self, peer: Peer, data: Bytes) {
        match Message::parse(data, Source::Datagram) {
            Ok(message) => self.message(peer, message).await,
            Err(error) => self.bad(peer, error).await,
        }
    }

    /// Takes one parsed message.
    pub(crate) async fn message(&self, peer: Peer, message: Message) {
        if message.is_request() {
            self.metrics.sip_requests.inc();
        }
        match self.owner(&message) {
            Owner::NewCall(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                if let Err(refused) = lanes.new_calls.try_send(SipInput::Received { peer, message }) {
                    self.metrics.dropped("new_calls_full");
                    if let SipInput::Received { message, .. } = refused.into_inner() {
                        self.refuse_statelessly(peer, &message);
                    }
                }
            }
            Owner::Cancel(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                if let Err(refused) = lanes.new_calls.try_send(SipInput::Received { peer, message }) {
                    let _ = lanes.dialogs.send(refused.into_inner()).await;
                }
            }
            Owner::Dialog(shard) => {
                let Some(lanes) = self.lanes(shard) else { return };
                // Waiting here stops the reader; retransmission heals what the kernel drops meanwhile.
                let _ = lanes.dialogs.send(SipInput::Received { peer, message }).await;
            }
            Owner::Location => {
                if self.location.try_send(SipInput::Received { peer, message }).is_err() {
                    self.metrics.dropped("location_full");
                }
            }
        }
    }

    /// Takes what is no message.
    pub(crate) async fn bad(&self, peer: Peer, error: ParseError) {
        self.metrics.dropped("malformed");
        if self.location.try_send(SipInput::Bad { peer, error }).is_err() {
            self.metrics.dropped("location_full");
        }
    }

    /// Tells every owner that a connection is gone.
    pub(crate) async fn flow_gone(&self, flow: FlowId) {
        for lanes in &self.shards {
            let _ = lanes.dialogs.send(SipInput::FlowGone(flow)).await;
        }
        let _ = self.location.send(SipInput::FlowGone(flow)).await;
    }

    /// Tells every owner that this peer cannot be reached.
    pub(crate) async fn transport_failed(&self, peer: Peer) {
        for lanes in &self.shards {
            let _ = lanes.dialogs.send(SipInput::TransportFailed(peer)).await;
        }
        let _ = self.location.send(SipInput::TransportFailed(peer)).await;
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
                Ok((_, Method::Register)) => Owner::Location,
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

/// Value of Server.
const SERVER: &str = concat!("Trunkline/", env!("CARGO_PKG_VERSION"));
/// Q.850 cause 42, switching equipment congestion, as the table of causes has it.
const OVERLOAD: &str = "Q.850;cause=42;text=\"overload\"";
/// Long enough that a burst has passed, short enough that a carrier's next route is not forgotten.
const RETRY_AFTER_S: &str = "5";
