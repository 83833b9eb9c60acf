//! One call of a peer, step by step: the test decides when it says what.

use std::net::SocketAddr;
use std::time::Duration;

use super::endpoint::response;
use super::{Endpoint, Msg, PATIENCE, Rtp, unique};

/// A call, seen from the peer.
pub(crate) struct Call {
    /// Whose call it is.
    pub(crate) endpoint: Endpoint,
    /// Its Call-ID header.
    pub(crate) id: String,
    /// Its audio.
    pub(crate) rtp: Rtp,
    /// Where its audio goes, once the other side said so.
    pub(crate) remote_audio: Option<SocketAddr>,
    /// The INVITE that began it, where it came in.
    pub(crate) invite: Option<Msg>,
    /// The request URI of the INVITE.
    uri: String,
    local: String,
    remote: String,
    target: String,
    cseq: u32,
    /// CSeq and branch of the last INVITE we sent.
    sent: (u32, String),
}

impl Call {
    /// Sends an INVITE to a number or extension. Extra headers each end with a line break.
    pub(crate) fn begin(endpoint: &Endpoint, to: &str, headers: &[&str]) -> Self {
        let rtp = Rtp::bind(endpoint.addr().ip());
        let body = sdp(&rtp, "sendrecv");
        Self::begin_with(endpoint, to, rtp, headers, &body)
    }

    /// The same with a body of the test's own.
    pub(crate) fn begin_with(endpoint: &Endpoint, to: &str, rtp: Rtp, headers: &[&str], body: &str) -> Self {
        let mut call = Self::prepare(endpoint, to, rtp);
        call.invite_again(&headers.concat(), body);
        if endpoint.is_phone() {
            call.authenticate(&headers.concat(), body);
        }
        call
    }

    /// A call of which nothing has been sent yet.
    pub(crate) fn prepare(endpoint: &Endpoint, to: &str, rtp: Rtp) -> Self {
        let uri = format!("sip:{to}@demo.local");
        Self {
            endpoint: endpoint.clone(),
            id: unique(),
            rtp,
            remote_audio: None,
            invite: None,
            local: format!("<sip:{}@demo.local>;tag={}", endpoint.user, unique()),
            remote: format!("<{uri}>"),
            target: uri.clone(),
            uri,
            cseq: 0,
            sent: (0, String::new()),
        }
    }

    /// A call that came in.
    pub(crate) fn incoming(endpoint: &Endpoint, invite: Msg) -> Self {
        Self {
            endpoint: endpoint.clone(),
            id: invite.call_id().to_owned(),
            rtp: Rtp::bind(endpoint.addr().ip()),
            remote_audio: invite.audio(),
            local: format!("{};tag={}", invite.header("To"), unique()),
            remote: invite.header("From").to_owned(),
            target: invite.contact().to_owned(),
            uri: invite.uri().to_owned(),
            cseq: 0,
            sent: (0, String::new()),
            invite: Some(invite),
        }
    }

    /// The text of a request in this call with the next CSeq, or that of the INVITE for ACK and CANCEL.
    pub(crate) fn text(&mut self, method: &str, headers: &str, body: &str) -> String {
        let (uri, cseq, branch) = match method {
            "CANCEL" => (self.uri.clone(), self.sent.0, self.sent.1.clone()),
            "ACK" => (self.target.clone(), self.sent.0, unique()),
            _ => {
                self.cseq += 1;
                (self.target.clone(), self.cseq, unique())
            }
        };
        if method == "INVITE" {
            self.sent = (cseq, branch.clone());
        }
        self.request_text(method, &uri, cseq, &branch, headers, body)
    }

    /// Our tag.
    pub(crate) fn tag(&self) -> &str {
        self.local.rsplit_once("tag=").map_or("", |(_, tag)| tag)
    }

    /// Sends a request in the dialog and waits for its final response.
    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, headers: &str, body: &str) -> Msg {
        let text = self.text(method, headers, body);
        let cseq = self.cseq;
        self.endpoint.send(text);
        self.response(method, cseq, |status| status >= 200)
    }

    /// Further requests are inside the dialog that this provisional response made.
    pub(crate) fn in_early_dialog(&mut self, response: &Msg) {
        self.remote = response.header("To").to_owned();
        self.target = response.contact().to_owned();
    }

    /// Waits for a provisional response to the INVITE.
    #[track_caller]
    pub(crate) fn expect_provisional(&self, status: u16) -> Msg {
        self.response("INVITE", self.sent.0, |got| got == status)
    }

    /// Waits for the final response to the INVITE, of which nothing is acknowledged.
    #[track_caller]
    pub(crate) fn expect_final_unacknowledged(&mut self, status: u16) -> Msg {
        let msg = self.final_response();
        assert_eq!(msg.status(), status, "{}", msg.start);
        msg
    }

    /// Waits for whatever ends the INVITE; nothing is acknowledged.
    #[track_caller]
    pub(crate) fn final_response(&mut self) -> Msg {
        let msg = self.await_final();
        self.remote = msg.header("To").to_owned();
        self.remote_audio = msg.audio().or(self.remote_audio);
        if !msg.contact().is_empty() {
            self.target = msg.contact().to_owned();
        }
        msg
    }

    /// Waits for the final response to the INVITE and acknowledges it.
    #[track_caller]
    pub(crate) fn expect_final(&mut self, status: u16) -> Msg {
        let msg = self.expect_final_unacknowledged(status);
        self.acknowledge(&msg);
        msg
    }

    /// Waits for whatever ends the INVITE, and does nothing.
    #[track_caller]
    pub(crate) fn await_final(&self) -> Msg {
        self.response("INVITE", self.sent.0, |status| status >= 200)
    }

    /// What ends the INVITE, if it comes in time.
    pub(crate) fn final_within(&mut self, limit: Duration) -> Option<Msg> {
        let cseq = self.sent.0;
        let msg = self.endpoint.take(limit, |msg| self.is_answer(msg, "INVITE", cseq) && msg.status() >= 200)?;
        self.remote = msg.header("To").to_owned();
        Some(msg)
    }

    /// ACK for a final response to our INVITE.
    pub(crate) fn acknowledge(&mut self, response: &Msg) {
        let ack = if response.status() < 300 {
            self.text("ACK", "", "")
        } else {
            // RFC 3261 17.1.1.3: the same branch and URI, the To of the response.
            let (cseq, branch) = self.sent.clone();
            let uri = self.uri.clone();
            self.request_text("ACK", &uri, cseq, &branch, "", "")
        };
        self.endpoint.send(ack);
    }

    /// Calls off our INVITE: 200 to the CANCEL, 487 to the INVITE.
    #[track_caller]
    pub(crate) fn cancel(&mut self) {
        self.send_cancel();
        assert_eq!(self.response("CANCEL", self.sent.0, |status| status >= 200).status(), 200);
        self.expect_final(487);
    }

    /// Sends CANCEL and waits for nothing.
    pub(crate) fn send_cancel(&mut self) {
        let text = self.text("CANCEL", "", "");
        self.endpoint.send(text);
    }

    /// Hangs up.
    #[track_caller]
    pub(crate) fn bye(&mut self) {
        assert_eq!(self.request("BYE", "", "").status(), 200);
    }

    /// Waits until the other side hangs up, and agrees.
    #[track_caller]
    pub(crate) fn expect_bye(&self) -> Msg {
        let bye = self.expect_request("BYE");
        self.respond(&bye, 200, "", "");
        bye
    }

    /// The same where it takes longer by design.
    #[track_caller]
    pub(crate) fn expect_bye_within(&self, limit: Duration) -> Msg {
        let bye = self.endpoint.take(limit, |msg| msg.is_request("BYE") && msg.call_id() == self.id);
        let bye = bye.unwrap_or_else(|| panic!("no BYE within {limit:?}"));
        self.respond(&bye, 200, "", "");
        bye
    }

    /// Sends the tone of `hz` to the other side.
    #[track_caller]
    pub(crate) fn talk(&self, hz: f64) {
        self.rtp.talk(self.remote_audio.expect("the other side said where its audio is"), hz);
    }

    /// A request in this call.
    #[track_caller]
    pub(crate) fn expect_request(&self, method: &str) -> Msg {
        let what = format!("{method} in {}", self.id);
        self.endpoint.expect(&what, |msg| msg.is_request(method) && msg.call_id() == self.id)
    }

    /// Answers a request of this call.
    pub(crate) fn respond(&self, request: &Msg, status: u16, headers: &str, body: &str) {
        let tag = self.local.rsplit_once("tag=").map_or("", |(_, tag)| tag);
        self.endpoint.send(response(request, status, tag, headers, body));
    }

    /// Answers the INVITE that came in, without SDP.
    pub(crate) fn reply(&self, status: u16) {
        let invite = self.invite.clone().expect("an incoming call");
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.endpoint.user, self.endpoint.addr());
        self.respond(&invite, status, &contact, "");
    }

    /// Answers the INVITE that came in with SDP.
    pub(crate) fn reply_with_sdp(&self, status: u16) {
        self.reply_with_sdp_and(status, "");
    }

    /// The same with more headers, each with its line break.
    pub(crate) fn reply_with_sdp_and(&self, status: u16, headers: &str) {
        let invite = self.invite.clone().expect("an incoming call");
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.endpoint.user, self.endpoint.addr());
        self.respond(&invite, status, &(contact + headers + SDP), &sdp(&self.rtp, "sendrecv"));
    }

    /// Picks up: 200, and waits for the ACK.
    #[track_caller]
    pub(crate) fn answer(&self) {
        self.reply_with_sdp(200);
        self.expect_request("ACK");
    }

    /// Picks up with an SDP of the test's own.
    #[track_caller]
    pub(crate) fn answer_with(&self, body: &str) {
        let invite = self.invite.clone().expect("an incoming call");
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.endpoint.user, self.endpoint.addr());
        self.respond(&invite, 200, &(contact + SDP), body);
        self.expect_request("ACK");
    }

    /// Refuses the INVITE that came in, and waits for the ACK.
    #[track_caller]
    pub(crate) fn reject(&self, status: u16) {
        self.reply(status);
        self.expect_request("ACK");
    }

    /// Waits until the INVITE that came in is called off, and agrees.
    #[track_caller]
    pub(crate) fn expect_cancel(&self) -> Msg {
        let cancel = self.expect_request("CANCEL");
        self.respond(&cancel, 200, "", "");
        self.reject(487);
        cancel
    }

    /// Changes the direction of the audio by a re-INVITE; the 200.
    #[track_caller]
    pub(crate) fn reinvite(&mut self, direction: &str) -> Msg {
        let body = sdp(&self.rtp, direction);
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.endpoint.user, self.endpoint.addr());
        let ok = self.request("INVITE", &(contact + SDP), &body);
        assert_eq!(ok.status(), 200, "{}", ok.start);
        self.acknowledge(&ok);
        ok
    }

    /// Asks for a blind transfer; 202.
    #[track_caller]
    pub(crate) fn refer(&mut self, to: &str) {
        let local = self.local.clone();
        let headers = format!(
            "Refer-To: <{to}>\r\nReferred-By: {local}\r\nContact: <sip:{}@{}>\r\n",
            self.endpoint.user,
            self.endpoint.addr()
        );
        assert_eq!(self.request("REFER", &headers, "").status(), 202);
    }

    /// True when the next NOTIFY tells of this status and goes on.
    #[track_caller]
    pub(crate) fn notified_of(&self, status: &str) -> bool {
        let notify = self.expect_request("NOTIFY");
        self.respond(&notify, 200, "", "");
        notify.body.starts_with(&format!("SIP/2.0 {status}"))
            && notify.header("Subscription-State").starts_with("active")
    }

    /// The sipfrag of each NOTIFY up to the one that ends the subscription.
    #[track_caller]
    pub(crate) fn notified(&self) -> Vec<String> {
        let mut frags = Vec::new();
        loop {
            let notify = self.expect_request("NOTIFY");
            self.respond(&notify, 200, "", "");
            assert!(notify.header("Event").starts_with("refer"), "{notify:?}");
            frags.push(notify.body.trim().to_owned());
            if notify.header("Subscription-State").starts_with("terminated") {
                return frags;
            }
        }
    }

    /// The status that answered the request last sent with `method`, within the usual time.
    #[track_caller]
    pub(crate) fn response(&self, method: &str, cseq: u32, pleases: impl Fn(u16) -> bool) -> Msg {
        self.endpoint.expect(&format!("a response to {method} in {}", self.id), |msg| {
            msg.status() > 0 && self.is_answer(msg, method, cseq) && pleases(msg.status())
        })
    }

    /// Sends the INVITE with the next CSeq and this body.
    pub(crate) fn invite_again(&mut self, headers: &str, body: &str) {
        self.uri = self.target.clone();
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.endpoint.user, self.endpoint.addr());
        let kind = if body.is_empty() { "" } else { SDP };
        let text = self.text("INVITE", &(contact + kind + headers), body);
        self.endpoint.send(text);
    }

    fn authenticate(&mut self, headers: &str, body: &str) {
        let challenge = self.response("INVITE", self.sent.0, |status| status >= 200);
        assert_eq!(challenge.status(), 401, "{}", challenge.start);
        let bare = self.remote.clone();
        self.remote = challenge.header("To").to_owned();
        self.acknowledge(&challenge);
        self.remote = bare;
        let credentials = self.endpoint.credentials(&challenge, "INVITE", &self.uri);
        self.invite_again(&(headers.to_owned() + &credentials), body);
    }

    fn is_answer(&self, msg: &Msg, method: &str, cseq: u32) -> bool {
        msg.status() > 0 && msg.call_id() == self.id && msg.method() == method && msg.cseq() == cseq
    }

    fn request_text(&self, method: &str, uri: &str, cseq: u32, branch: &str, headers: &str, body: &str) -> String {
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: {local}\r\nTo: {remote}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}",
            addr = self.endpoint.addr(),
            local = self.local,
            remote = self.remote,
            id = self.id,
            length = body.len(),
        )
    }
}

/// An offer or answer of G.711 and telephone events on the socket of `rtp`.
pub(crate) fn sdp(rtp: &Rtp, direction: &str) -> String {
    let addr = rtp.addr();
    format!(
        "v=0\r\no=peer 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na={direction}\r\n",
        ip = addr.ip(),
        port = addr.port(),
    )
}

const SDP: &str = "Content-Type: application/sdp\r\n";
