//! Making and sending messages: what every request and response of ours has in common.

use core::fmt::Write;
use core::net::{IpAddr, SocketAddr};

use super::{Body, Headers, Output, Peer, Sent, SessionId, Transport, Ua};
use crate::{
    Host, HostPort, MAGIC_COOKIE, Message, Method, Name, RequestBuilder, ResponseBuilder, Uri, dialog::Dialog, header,
    transaction::TxId,
};

impl Ua {
    // What is random.

    pub(crate) fn new_tag(&mut self) -> String {
        format!("{:016x}", self.rng.next_u64())
    }

    pub(crate) fn new_branch(&mut self) -> String {
        format!("{MAGIC_COOKIE}{:016x}{:08x}", self.rng.next_u64(), self.rng.next_u32())
    }

    pub(crate) fn new_call_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64())
    }

    // Requests.

    /// Our Contact, where the peer sends its requests to.
    pub(crate) fn contact(&self, user: Option<&str>, peer: Peer) -> String {
        let host_port = HostPort::from(self.config.addresses.told_to(&peer));
        let uri = match Uri::sip(user, &host_port) {
            Ok(uri) => uri.to_string(),
            Err(_) => format!("sip:{host_port}"),
        };
        match peer.transport {
            Transport::Udp => format!("<{uri}>"),
            Transport::Tcp => format!("<{uri};transport=tcp>"),
        }
    }

    /// A request with Via (a new branch) and Max-Forwards.
    pub(crate) fn first_request(&mut self, method: &Method, uri: &Uri, peer: Peer) -> RequestBuilder {
        let branch = self.new_branch();
        let via = self.via(peer, &branch);
        RequestBuilder::new(method, uri).header(Name::Via, via).header(Name::MaxForwards, MAX_FORWARDS)
    }

    pub(crate) fn via(&self, peer: Peer, branch: &str) -> String {
        let (sent_by, transport) = (HostPort::from(self.config.addresses.told_to(&peer)), peer.transport);
        format!("SIP/2.0/{} {sent_by};rport;branch={branch}", wire_name(transport).as_str())
    }

    /// A request inside a dialog, up to Route (RFC 3261 12.2.1.1).
    pub(crate) fn request_inside(&mut self, method: &Method, dialog: &Dialog, cseq: u32, peer: Peer) -> RequestBuilder {
        let addressing = dialog.addressing();
        let mut builder = self.first_request(method, &addressing.request_uri, peer);
        for route in &addressing.routes {
            builder = builder.header(Name::Route, route);
        }
        builder
            .header(Name::From, &dialog.local)
            .header(Name::To, &dialog.remote)
            .header(Name::CallId, &dialog.call_id)
            .header(Name::CSeq, format_args!("{cseq} {method}"))
    }

    /// A CANCEL for `request`, or the ACK of a final response to it that is no 2xx: same hop, same branch. `to` is
    /// the message whose To it has (RFC 3261 9.1, 17.1.1.3).
    pub(crate) fn hop_request(&self, method: &Method, request: &Message, to: &Message) -> Option<RequestBuilder> {
        let uri = request.request_uri().ok()?;
        let via = request.top_via().ok()?;
        let (cseq, _) = request.cseq().ok()?;
        Some(
            RequestBuilder::new(method, &uri)
                .header(Name::Via, via)
                .header(Name::MaxForwards, MAX_FORWARDS)
                .copy(request, Name::Route)
                .copy(request, Name::From)
                .copy(to, Name::To)
                .copy(request, Name::CallId)
                .header(Name::CSeq, format_args!("{cseq} {method}")),
        )
    }

    /// Adds what an INVITE says about us; `session` is whose, unless it makes one. Reliable provisional
    /// responses are understood either way, but only `reliable` asks for them.
    pub(crate) fn describe(
        &self,
        builder: RequestBuilder,
        session: Option<SessionId>,
        reliable: bool,
    ) -> RequestBuilder {
        let supported = if reliable { SUPPORTED } else { crate::session::TIMER };
        let builder = builder.header(Name::Allow, self.allow()).header(Name::Supported, supported);
        let lifetime = self.lifetime_headers(session);
        let builder = lifetime.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        builder.header(Name::Accept, ACCEPT)
    }

    /// Adds User-Agent, the owner's headers and the body.
    pub(crate) fn finish_request(&self, builder: RequestBuilder, headers: &Headers, body: Option<&Body>) -> Message {
        let mut builder = builder.header(Name::UserAgent, &self.config.user_agent);
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        match body {
            Some(body) => builder.body(body.content_type, body.bytes.clone()).build(),
            None => builder.build(),
        }
    }

    /// Makes a request for `peer`; one too large for UDP goes over TCP unless the transport is prescribed
    /// (RFC 3261 18.1.1).
    pub(crate) fn sized(
        &mut self,
        peer: Peer,
        transport_fixed: bool,
        make: impl Fn(&mut Self, Peer) -> Message,
    ) -> (Message, Peer) {
        let request = make(self, peer);
        let fits = peer.transport == Transport::Tcp || transport_fixed || request.bytes().len() <= MAX_UDP_BYTES;
        if fits {
            return (request, peer);
        }
        let peer = Peer { transport: Transport::Tcp, flow: None, ..peer };
        (make(self, peer), peer)
    }

    // Responses.

    /// A response with what all of ours have: no To tag yet.
    pub(crate) fn response_builder(&self, request: &Message, source: Peer, status: u16) -> ResponseBuilder {
        ResponseBuilder::reply_to(request, status, reason_phrase(status))
            .source(source.addr)
            .header(Name::Server, &self.config.user_agent)
    }

    /// A response to an INVITE, with all that makes or refreshes a dialog (RFC 3261 12.1.1, 13.3.1).
    pub(crate) fn dialog_response(
        &self,
        tx: TxId,
        status: u16,
        contact_user: Option<&str>,
        body: Option<&Body>,
        headers: &Headers,
    ) -> Option<Message> {
        let server = self.transactions.peek_server(tx)?;
        let mut builder = self.response_builder(&server.request, server.source, status).to_tag(&server.to_tag);
        if status < 300 {
            builder = builder
                .record_routes()
                .header(Name::Contact, self.contact(contact_user, server.source))
                .header(Name::Allow, self.allow())
                .header(Name::Supported, SUPPORTED);
        }
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        Some(match body {
            Some(body) => builder.body(body.content_type, body.bytes.clone()).build(),
            None => builder.build(),
        })
    }

    /// Refuses a request without remembering it: its retransmission gets the same answer, To tag included
    /// (RFC 3261 8.2.7). Never an ACK.
    pub(crate) fn respond_stateless(&mut self, source: Peer, request: &Message, status: u16, headers: &[(Name, &str)]) {
        if request.method() == Some(&Method::Ack) {
            return;
        }
        let (peer, response) = stateless_response(source, request, status, &self.config.user_agent, headers);
        let bytes = response.bytes().clone();
        self.output(Output::Transmit { peer, bytes, sent: Sent::Response { status } });
    }

    // The wire.

    pub(crate) fn transmit_request(&mut self, peer: Peer, request: &Message, session: Option<SessionId>) {
        let bytes = request.bytes().clone();
        self.output(Output::Transmit { peer, bytes, sent: Sent::Request { session } });
    }

    pub(crate) fn transmit_again(
        &mut self,
        peer: Peer,
        message: &Message,
        session: Option<SessionId>,
        status: Option<u16>,
    ) {
        let bytes = message.bytes().clone();
        self.output(Output::Transmit { peer, bytes, sent: Sent::Retransmission { session, status } });
    }

    /// Methods that we serve.
    pub(crate) fn allow(&self) -> &'static str {
        ALLOW
    }
}

/// The refusal of a request by someone who remembers nothing of it, and where it goes: its retransmission gets the
/// same answer, To tag included (RFC 3261 8.2.7). Not for an ACK, which is never answered.
#[must_use]
pub fn stateless_response(
    source: Peer,
    request: &Message,
    status: u16,
    server: &str,
    headers: &[(Name, &str)],
) -> (Peer, Message) {
    let builder = ResponseBuilder::reply_to(request, status, reason_phrase(status)).source(source.addr);
    let builder = builder.header(Name::Server, server).to_tag(&stateless_tag(request));
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
    (response_peer(request, source), builder.build())
}

/// Where the response to a request goes: over the same connection; without one to the port of sent-by; over UDP to
/// the port it came from when it asks for that (RFC 3581 4), else to that of sent-by too (RFC 3261 18.2.2).
pub(crate) fn response_peer(request: &Message, source: Peer) -> Peer {
    let is_connected = source.transport == Transport::Tcp && source.flow.is_some();
    let Ok(via) = request.top_via() else { return source };
    if is_connected || (source.transport == Transport::Udp && via.wants_rport()) {
        return source;
    }
    let port = via.sent_by().port.unwrap_or(DEFAULT_PORT);
    Peer { addr: SocketAddr::new(source.addr.ip(), port), ..source }
}

/// Where the next request of a dialog goes. Its next hop, when that is an address; the peer itself behind address
/// translation, for a name, which the shell resolved before, and on a connection that stands.
pub(crate) fn next_peer(dialog: &Dialog, peer: Peer, translated: bool) -> Peer {
    if translated || (peer.transport == Transport::Tcp && peer.flow.is_some()) {
        return peer;
    }
    match uri_addr(&dialog.addressing().next_hop) {
        Some(addr) if addr != peer.addr => Peer { addr, ..peer },
        _ => peer,
    }
}

/// True when a URI names an address, and another one than messages go to. The port of a connection is the peer's
/// choice of the moment and says nothing.
pub(crate) fn names_other_address(uri: &Uri, peer: Peer) -> bool {
    uri_addr(uri).is_some_and(|named| match peer.transport {
        Transport::Udp => named != peer.addr,
        Transport::Tcp => named.ip() != peer.addr.ip(),
    })
}

/// True when the sender is not where its Via says, so there is address translation between us.
pub(crate) fn via_differs(request: &Message, addr: SocketAddr) -> bool {
    let Ok(via) = request.top_via() else { return false };
    let named: Option<IpAddr> = via.sent_by().host.address();
    named.is_some_and(|ip| ip != addr.ip())
}

fn uri_addr(uri: &Uri) -> Option<SocketAddr> {
    let host: Host = uri.host()?;
    Some(SocketAddr::new(host.address()?, uri.port().unwrap_or(DEFAULT_PORT)))
}

fn wire_name(transport: Transport) -> header::Transport {
    match transport {
        Transport::Udp => header::Transport::Udp,
        Transport::Tcp => header::Transport::Tcp,
    }
}

/// The same tag for the same request, so that its retransmission gets the same answer.
fn stateless_tag(request: &Message) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for name in [Name::Via, Name::From, Name::CallId, Name::CSeq] {
        for byte in request.header(name).take(1).flat_map(str::bytes) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    let mut tag = String::new();
    // Writing into a string cannot fail.
    let _ = write!(tag, "{hash:016x}");
    tag
}

/// The usual phrase of a status (RFC 3261 21 and later RFCs).
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    PHRASES.iter().find(|(known, _)| *known == status).map_or("Unspecified", |(_, phrase)| phrase)
}

const PHRASES: &[(u16, &str)] = &[
    (100, "Trying"),
    (180, "Ringing"),
    (181, "Call Is Being Forwarded"),
    (182, "Queued"),
    (183, "Session Progress"),
    (200, "OK"),
    (202, "Accepted"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Moved Temporarily"),
    (305, "Use Proxy"),
    (380, "Alternative Service"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Unsupported URI Scheme"),
    (420, "Bad Extension"),
    (421, "Extension Required"),
    (422, "Session Interval Too Small"),
    (423, "Interval Too Brief"),
    (480, "Temporarily Unavailable"),
    (481, "Call/Transaction Does Not Exist"),
    (482, "Loop Detected"),
    (483, "Too Many Hops"),
    (484, "Address Incomplete"),
    (485, "Ambiguous"),
    (486, "Busy Here"),
    (487, "Request Terminated"),
    (488, "Not Acceptable Here"),
    (489, "Bad Event"),
    (491, "Request Pending"),
    (493, "Undecipherable"),
    (500, "Server Internal Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Server Time-out"),
    (505, "Version Not Supported"),
    (513, "Message Too Large"),
    (600, "Busy Everywhere"),
    (603, "Decline"),
    (604, "Does Not Exist Anywhere"),
    (606, "Not Acceptable"),
    (607, "Unwanted"),
    (608, "Rejected"),
];

/// Methods that we serve. REGISTER is one of them, for the registrar beside us.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO, UPDATE, PRACK, REGISTER";
/// Option tags of the extensions that we know: session timers (RFC 4028), reliable provisional responses (RFC 3262).
pub(crate) const SUPPORTED: &str = "timer, 100rel";
/// Bodies that we understand.
pub(super) const ACCEPT: &str = "application/sdp";
/// RFC 3261 8.1.1.6.
const MAX_FORWARDS: u8 = 70;
/// RFC 3261 18.1.1: 1,300 bytes when the path's MTU is not known.
const MAX_UDP_BYTES: usize = 1_300;
/// RFC 3261 19.1.2.
const DEFAULT_PORT: u16 = 5060;
