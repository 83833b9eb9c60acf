//! One leg's audio as SDP sees it: what was offered, answered and agreed.

use core::net::SocketAddr;

use bytes::Bytes;
use media_graph::{DtmfTypes, RemoteMedia};
use sdp::{Codec, Direction, Local, Negotiated, Refusal, Session};

/// The offer/answer state of one leg (RFC 3264).
#[derive(Debug, Default)]
pub(crate) struct Audio {
    /// Our RTP address, once the media worker opened it.
    pub(crate) local: Option<SocketAddr>,
    /// The peer's offer that we have not answered.
    offered: Option<Session>,
    /// The last description that we sent, as text: a tenth of what its parts take, and a call hardly asks for it again.
    sent: Option<Bytes>,
    /// `sent` is an offer that waits for its answer.
    awaits_answer: bool,
    /// What holds.
    agreed: Option<Negotiated>,
    /// The o= session id.
    id: u64,
}

impl Audio {
    pub(crate) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// What holds now.
    pub(crate) fn agreed(&self) -> Option<&Negotiated> {
        self.agreed.as_ref()
    }

    /// The peer's party holds the call: it wants no media from us.
    pub(crate) fn is_held(&self) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.held)
    }

    /// The codec that we send.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|agreed| agreed.send.codec)
    }

    /// The peer's offer waits for our answer.
    pub(crate) fn has_offer(&self) -> bool {
        self.offered.is_some()
    }

    /// Codecs that the peer can do, best first: what it offered or agreed to.
    pub(crate) fn wishes(&self) -> Vec<Codec> {
        if let Some(agreed) = &self.agreed {
            return agreed.receive.iter().map(|format| format.codec).collect();
        }
        let probe = self
            .offered
            .as_ref()
            .zip(self.local)
            .and_then(|(offer, local)| sdp::answer(offer, &self.described(local, &Codec::ALL), None).ok());
        probe.map(|(_, agreed)| agreed.receive.iter().map(|format| format.codec).collect()).unwrap_or_default()
    }

    /// Keeps the peer's offer until it is answered. `ours` stands for our
    /// address while no port is open, to refuse at once what can never be answered.
    pub(crate) fn take_offer(&mut self, body: &Bytes, ours: SocketAddr) -> Result<(), Refusal> {
        let offer = Session::parse(body)?;
        let local = self.local.unwrap_or(ours);
        sdp::answer(&offer, &self.described(local, &Codec::ALL), None)?;
        self.offered = Some(offer);
        Ok(())
    }

    /// The description for a response to the peer's INVITE: the answer to its
    /// offer, our own offer where it made none, or what was sent before.
    pub(crate) fn respond(&mut self, prefer: Option<Codec>) -> Result<Bytes, Refusal> {
        match self.offered.take() {
            Some(offer) => self.answer(&offer, prefer),
            None if self.agreed.is_some() && !self.awaits_answer => Ok(self.repeat()),
            None => Ok(self.offer(&codecs_from(prefer))),
        }
    }

    /// Our offer with these codecs.
    pub(crate) fn offer(&mut self, codecs: &[Codec]) -> Bytes {
        let Some(local) = self.local else { return Bytes::new() };
        let fresh = sdp::offer(&self.described(local, codecs), self.last_sent().as_ref());
        self.awaits_answer = true;
        self.send(fresh)
    }

    /// The description that answers a re-INVITE without an offer: what holds, as an offer (RFC 3264 8).
    pub(crate) fn reoffer(&mut self) -> Bytes {
        self.offer(&codecs_from(self.codec()))
    }

    /// What holds, offered once more with nothing changed: a session refresh (RFC 4028 7.4).
    pub(crate) fn refresh(&mut self) -> Bytes {
        self.awaits_answer = true;
        self.repeat()
    }

    /// Our offer to change what holds was refused: it holds on (RFC 3261 14.1).
    pub(crate) fn offer_refused(&mut self) {
        self.awaits_answer = false;
    }

    /// Whether an offer of ours waits for its answer.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.awaits_answer
    }

    /// Takes the peer's answer to our offer.
    pub(crate) fn take_answer(&mut self, body: &Bytes) -> Result<(), Refusal> {
        let answer = Session::parse(body)?;
        let sent = self.last_sent().ok_or(Refusal::NoAudio)?;
        self.agreed = Some(sdp::apply_answer(&sent, &answer)?);
        self.awaits_answer = false;
        Ok(())
    }

    /// What the media worker must know of the peer.
    pub(crate) fn remote(&self) -> Option<RemoteMedia> {
        let agreed = self.agreed.as_ref()?;
        let type_of =
            |codec| agreed.receive.iter().find(|format| format.codec == codec).map(|format| format.payload_type);
        Some(RemoteMedia {
            rtp: agreed.remote_rtp,
            rtcp: agreed.remote_rtcp,
            codec: media_codec(agreed.send.codec),
            send_type: agreed.send.payload_type,
            receive_pcma: type_of(Codec::Pcma),
            receive_pcmu: type_of(Codec::Pcmu),
            dtmf: DtmfTypes { receive: agreed.dtmf_receive, send: agreed.dtmf_send },
            may_send: agreed.local.sends() && !agreed.remote_rtp.ip().is_unspecified(),
            may_receive: agreed.local.receives(),
        })
    }

    fn answer(&mut self, offer: &Session, prefer: Option<Codec>) -> Result<Bytes, Refusal> {
        let local = self.local.ok_or(Refusal::NoAudio)?;
        let (answer, agreed) = sdp::answer(offer, &self.described(local, &Codec::ALL), prefer)?;
        self.agreed = Some(agreed);
        self.awaits_answer = false;
        Ok(self.send(answer))
    }

    fn repeat(&self) -> Bytes {
        self.sent.clone().unwrap_or_default()
    }

    fn send(&mut self, fresh: Session) -> Bytes {
        let session = match self.last_sent() {
            Some(last) => sdp::versioned(fresh, &last),
            None => fresh,
        };
        let text = Bytes::from(session.to_string().into_boxed_str().into_boxed_bytes());
        self.sent = Some(text.clone());
        text
    }

    fn last_sent(&self) -> Option<Session> {
        self.sent.as_ref().and_then(|text| Session::parse(text).ok())
    }

    fn described(&self, local: SocketAddr, codecs: &[Codec]) -> Local {
        Local {
            address: local.ip(),
            port: local.port(),
            codecs: codecs.to_vec(),
            telephone_event: true,
            direction: Direction::SendRecv,
            session_id: self.id,
            version: 1,
        }
    }
}

/// All codecs, this one first.
pub(crate) fn codecs_from(first: Option<Codec>) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = first.into_iter().collect();
    codecs.extend(Codec::ALL.into_iter().filter(|codec| Some(*codec) != first));
    codecs
}

fn media_codec(codec: Codec) -> media_graph::Codec {
    match codec {
        Codec::Pcma => media_graph::Codec::Pcma,
        Codec::Pcmu => media_graph::Codec::Pcmu,
    }
}
