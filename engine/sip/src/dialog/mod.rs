//! Dialogs (RFC 3261 12): what both sides remember between requests.

use crate::{Fault, Message, Name, NameAddr, SyntaxError, Text, Uri};

/// One dialog, as one side sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: Text,
    /// Our address, with our tag: From of our requests.
    pub local: NameAddr,
    /// The peer's address, with its tag (an RFC 2543 peer may have none).
    pub remote: NameAddr,
    /// CSeq of our last request.
    pub local_cseq: u32,
    /// Highest CSeq of the peer's requests, once there was one.
    pub remote_cseq: Option<u32>,
    /// Where the peer wants requests sent to: Request-URI of ours.
    pub target: Uri,
    /// Route set, first hop first.
    pub routes: Vec<NameAddr>,
}

/// How a request of ours inside a dialog is addressed (RFC 3261 12.2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressing {
    /// Request-URI.
    pub request_uri: Uri,
    /// Route headers, in order.
    pub routes: Vec<NameAddr>,
    /// The URI that decides where the request is sent.
    pub next_hop: Uri,
}

impl Dialog {
    /// The dialog that our response to `invite` makes (RFC 3261 12.1.1). Without a Contact, which RFC 2543
    /// allowed, the peer's From URI stands in.
    pub fn of_server(invite: &Message, local_tag: &str) -> Result<Self, Fault> {
        let remote = invite.from()?.detach();
        let local = with_tag(&invite.to()?, local_tag)?;
        let (cseq, _) = invite.cseq()?;
        Ok(Self {
            call_id: invite.call_id()?.into(),
            target: contact_uri(invite).unwrap_or_else(|| remote.uri.clone()),
            local,
            remote,
            local_cseq: 0,
            remote_cseq: Some(cseq),
            routes: invite.record_routes()?.iter().map(NameAddr::detach).collect(),
        })
    }

    /// The dialog that `response` to our `invite` makes: the route set is Record-Route in reverse
    /// (RFC 3261 12.1.2).
    pub fn of_client(invite: &Message, response: &Message) -> Result<Self, Fault> {
        let (cseq, _) = invite.cseq()?;
        let target = match contact_uri(response) {
            Some(uri) => uri,
            None => invite.request_uri()?.detach(),
        };
        Ok(Self {
            call_id: invite.call_id()?.into(),
            local: invite.from()?.detach(),
            remote: response.to()?.detach(),
            local_cseq: cseq,
            remote_cseq: None,
            target,
            routes: response.record_routes()?.iter().rev().map(NameAddr::detach).collect(),
        })
    }

    /// True when a request with these tags is inside this dialog (RFC 3261 12.2.2). `from` and `to` are the
    /// request's.
    #[must_use]
    pub fn is_of(&self, call_id: &str, from_tag: Option<&str>, to_tag: Option<&str>) -> bool {
        self.call_id == *call_id && self.remote.tag() == from_tag && self.local.tag() == to_tag
    }

    /// Takes the CSeq of a request of the peer; false when it is lower than one before: 500 (RFC 3261 12.2.2).
    pub fn accept_cseq(&mut self, cseq: u32) -> bool {
        if self.remote_cseq.is_some_and(|highest| cseq < highest) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }

    /// The CSeq for our next request.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.local_cseq
    }

    /// Takes the Contact of a target refresh (re-INVITE, its 2xx; RFC 3261 12.2).
    pub fn refresh_target(&mut self, message: &Message) {
        if let Some(uri) = contact_uri(message) {
            self.target = uri;
        }
    }

    /// Request-URI and Route of our next request. A first hop without `lr` is a strict router: it becomes
    /// the Request-URI, and the target the last Route (RFC 3261 12.2.1.1).
    #[must_use]
    pub fn addressing(&self) -> Addressing {
        match self.routes.split_first() {
            None => Addressing { request_uri: self.target.clone(), routes: Vec::new(), next_hop: self.target.clone() },
            Some((first, _)) if first.uri.has_param("lr") => Addressing {
                request_uri: self.target.clone(),
                routes: self.routes.clone(),
                next_hop: first.uri.clone(),
            },
            Some((first, others)) => {
                let target = NameAddr::new(None, &self.target).ok();
                Addressing {
                    request_uri: first.uri.without_headers(),
                    routes: others.iter().cloned().chain(target).collect(),
                    next_hop: first.uri.clone(),
                }
            }
        }
    }
}

fn contact_uri(message: &Message) -> Option<Uri> {
    let contacts = message.contacts().ok()?;
    let uri = &contacts.first()?.uri;
    uri.is_sip().then(|| uri.detach())
}

fn with_tag(address: &NameAddr, tag: &str) -> Result<NameAddr, Fault> {
    let fault = |error: SyntaxError| Fault::Header { name: Name::To, error };
    match address.tag() {
        Some(_) => Ok(address.detach()),
        None => address.with_param("tag", Some(tag)).map_err(fault),
    }
}

#[cfg(test)]
mod tests;
