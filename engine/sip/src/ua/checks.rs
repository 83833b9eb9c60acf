//! The checks of a request, in the order of DESIGN section 7.

use super::{Headers, Peer, Ua, send::ACCEPT};
use crate::{Fault, Message, Method, Name, Reason, Scheme, transaction::MergeKey};

/// How a request is to be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Status to answer with.
    pub status: u16,
    /// Headers that go with it.
    pub headers: Headers,
}

impl Refusal {
    fn of(status: u16) -> Self {
        Self { status, headers: Headers::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Ua {
    /// Whether we understand the body of an INVITE, and the caller that of our answer: 415, 406 (RFC 3261 8.2.3,
    /// 13.2.1). The last of the checks, after authentication and routing, so the owner calls it.
    pub fn check_body(request: &Message) -> Result<(), Refusal> {
        let bad = |fault: Fault| Refusal::of(fault.status().0);
        let is_encoded = request.header("Content-Encoding").any(|coding| !coding.eq_ignore_ascii_case("identity"));
        if is_encoded {
            return Err(Refusal::of(415).with("Accept-Encoding", "identity"));
        }
        if !request.body().is_empty() {
            let content_type = request.content_type().map_err(bad)?;
            if !content_type.is_some_and(|content_type| content_type.is("application", "sdp")) {
                return Err(Refusal::of(415).with("Accept", ACCEPT));
            }
        }
        let accept = request.accept().map_err(bad)?;
        if accept.is_some_and(|ranges| !ranges.iter().any(|range| range.covers("application", "sdp"))) {
            let warning = "399 trunkline \"application/sdp is all we answer with\"";
            return Err(Refusal::of(406).with("Warning", warning));
        }
        Ok(())
    }

    /// Syntax (400, 505 ...), URI scheme (416), method (501), Require (420). CANCEL and ACK may not be refused for
    /// an extension (RFC 3261 8.2.2.3).
    pub(crate) fn check_request(request: &Message) -> Result<(), Refusal> {
        let method = request.method().cloned().unwrap_or(Method::Invite);
        let is_unknown = matches!(method, Method::Extension(_));
        match request.validate_request() {
            Ok(()) => {}
            // The method comes first, whatever CSeq says of it (RFC 4475 3.1.2.18).
            Err(Fault::CseqMethod) if is_unknown => return Err(unknown_method()),
            Err(fault) => return Err(refuse_fault(&fault)),
        }
        if method == Method::Register && !request.to().is_ok_and(|to| to.uri.is_sip()) {
            let reason = Reason::sip(400, "To of a REGISTER must be a sip or sips URI");
            return Err(Refusal::of(400).with("Reason", reason.to_string()));
        }
        let scheme = request.request_uri().map(|uri| uri.scheme());
        if !matches!(scheme, Ok(Scheme::Sip | Scheme::Sips | Scheme::Tel)) {
            return Err(Refusal::of(416));
        }
        if is_unknown {
            return Err(unknown_method());
        }
        let mut required = request.require().unwrap_or_default();
        required.retain(|tag| !super::SUPPORTED.split(", ").any(|known| known.eq_ignore_ascii_case(tag)));
        if !required.is_empty() && !matches!(method, Method::Cancel | Method::Ack) {
            return Err(Refusal::of(420).with("Unsupported", required.join(", ")));
        }
        Ok(())
    }

    /// True when a request of ours came back to us (RFC 3261 16.3 item 4), or a request reached us over two paths
    /// (8.2.2.2): both 482.
    pub(crate) fn is_loop_or_merged(&self, request: &Message) -> bool {
        let vias = request.vias().unwrap_or_default();
        let is_loop = vias.iter().any(|via| via.branch().is_some_and(|branch| self.transactions.is_own_branch(branch)));
        is_loop || MergeKey::of(request).is_some_and(|merge| self.transactions.is_merged(&merge))
    }

    pub(crate) fn refuse(&mut self, source: Peer, request: &Message, refusal: &Refusal) {
        let mut builder_headers: Vec<(Name, &str)> = Vec::new();
        for (name, value) in &refusal.headers {
            if let Some(name) = Name::parse(name) {
                builder_headers.push((name, value));
            }
        }
        self.respond_stateless(source, request, refusal.status, &builder_headers);
    }
}

/// The refusal of a request with a syntax fault; the fault stands in Reason.
pub(crate) fn refuse_fault(fault: &Fault) -> Refusal {
    let (status, _) = fault.status();
    Refusal::of(status).with("Reason", Reason::sip(status, &fault.to_string()).to_string())
}

fn unknown_method() -> Refusal {
    Refusal::of(501).with("Allow", super::send::ALLOW)
}
