//! A phone's registration: made with digest, refreshed in time, tried again when it fails.

use core::net::SocketAddr;
use core::time::Duration;

use clock::{AgentId, Rng};
use sip::ua::{ClientCredentials, ClientRequestId, RequestParams};
use sip::{Message, Method};

use super::PhoneAct;
use super::endpoint::Endpoint;
use crate::chance::between;
use crate::ctx::{Ctx, Event};
use crate::node::{self, DOMAIN};

/// One phone's registration.
#[derive(Debug)]
pub(crate) struct Registration {
    agent: AgentId,
    contact: String,
    expires: Duration,
    cseq: u32,
    under_way: Option<(ClientRequestId, bool)>,
    /// When the next refresh is planned.
    planned: Option<clock::Instant>,
}

impl Registration {
    pub(crate) fn new(agent: AgentId, addr: SocketAddr, expires: Duration) -> Self {
        let contact = format!("<sip:{}@{addr}>", node::extension(agent));
        Self { agent, contact, expires, cseq: 1, under_way: None, planned: None }
    }

    /// Whether this is the moment of the planned refresh: one asked for before it makes it void.
    pub(crate) fn is_due(&self, now: clock::Instant) -> bool {
        self.planned == Some(now)
    }

    /// Sends REGISTER: to be there, or to be gone.
    pub(crate) fn register(&mut self, ctx: &mut Ctx, endpoint: &mut Endpoint, phone: usize, present: bool) {
        self.planned = None;
        let extension = node::extension(self.agent);
        let aor = format!("<sip:{extension}@{DOMAIN}>");
        let expires = if present { self.expires.as_secs() } else { 0 };
        let params = RequestParams {
            method: Method::Register,
            peer: endpoint.node(),
            transport_fixed: true,
            request_uri: format!("sip:{DOMAIN}"),
            from: aor.clone(),
            to: aor,
            call_id: Some(format!("register-{phone}")),
            cseq: Some(self.cseq),
            body: None,
            headers: vec![("Contact", self.contact.clone()), ("Expires", expires.to_string())],
            auth: Some(ClientCredentials::new(extension, node::password(self.agent))),
        };
        // A challenge answered takes one number more.
        self.cseq += 2;
        self.under_way = Some((endpoint.ua.request(ctx.now, params), present));
    }

    /// The answer to the last REGISTER, or none.
    pub(crate) fn on_response(
        &mut self,
        ctx: &mut Ctx,
        rng: &mut Rng,
        phone: usize,
        id: ClientRequestId,
        response: Option<Message>,
    ) {
        let status = response.map_or(408, |response| response.status());
        let Some((_, present)) = self.under_way.filter(|(under_way, _)| *under_way == id && status >= 200) else {
            return;
        };
        self.under_way = None;
        if !present {
            return;
        }
        let after = if status == 200 {
            self.expires.mul_f64(0.4 + 0.4 * rng.unit())
        } else {
            between(rng, Duration::from_secs(2), Duration::from_secs(10))
        };
        self.planned = Some(ctx.now + after);
        ctx.events.at(ctx.now + after, Event::Phone(phone, PhoneAct::Refresh));
    }
}
