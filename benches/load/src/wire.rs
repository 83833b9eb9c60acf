//! As much of SIP as a load generator needs: reading a head, writing a few fixed messages.
//!
//! It trusts what it reads: the generator talks to programs under test on loopback, and what it cannot read it counts.

use std::net::SocketAddr;

/// A message, cut into lines.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    start: &'a str,
    lines: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

impl<'a> Head<'a> {
    /// Cuts a datagram; `None` when it is no SIP message.
    pub(crate) fn parse(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?;
        let mut fields = Vec::with_capacity(LINES_USUAL);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            fields.push((name.trim_end(), value.trim_start()));
        }
        Some(Self { start, lines: fields, body })
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request, or the one that a response answers.
    pub(crate) fn method(&self) -> &'a str {
        if self.start.starts_with("SIP/2.0 ") {
            self.value("CSeq").and_then(|cseq| cseq.split(' ').nth(1)).unwrap_or_default()
        } else {
            self.start.split(' ').next().unwrap_or_default()
        }
    }

    /// The first value of a header.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// Every line of a header.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let compact = match name {
            "Via" => "v",
            "From" => "f",
            "To" => "t",
            "Call-ID" => "i",
            "Contact" => "m",
            _ => name,
        };
        let is_it = move |at: &str| at.eq_ignore_ascii_case(name) || at.eq_ignore_ascii_case(compact);
        self.lines.iter().filter(move |(at, _)| is_it(at)).map(|(_, value)| *value)
    }

    /// The URI of the Contact.
    pub(crate) fn contact(&self) -> Option<&'a str> {
        let value = self.value("Contact")?;
        Some(match value.split_once('<') {
            Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
            None => value.split(';').next().unwrap_or(value),
        })
    }

    /// The user part of a request's URI.
    pub(crate) fn called_user(&self) -> &'a str {
        let uri = self.start.split(' ').nth(1).unwrap_or_default();
        uri.trim_start_matches("sip:").split('@').next().unwrap_or_default()
    }

    /// The user part of the URI in From.
    pub(crate) fn calling_user(&self) -> &'a str {
        let from = self.value("From").unwrap_or_default();
        let uri = from.split_once("<sip:").map_or(from, |(_, uri)| uri);
        uri.split(['@', '>', ';']).next().unwrap_or_default()
    }

    /// The BYE with which the called side at `local`, whose tag is `tag`, ends the call of this INVITE.
    pub(crate) fn bye(&self, tag: &str, local: SocketAddr) -> String {
        let value = |name| self.value(name).unwrap_or_default();
        let (target, call_id) = (self.contact().unwrap_or_default(), value("Call-ID"));
        format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKbye{call_id};rport\r\nMax-Forwards: 70\r\n\
             From: {};tag={tag}\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: 1 BYE\r\n{NO_BODY}",
            value("To"),
            value("From"),
        )
    }

    /// Where the SDP in the body wants audio.
    pub(crate) fn media(&self) -> Option<SocketAddr> {
        media_in(self.body)
    }

    /// A response to this request; `tag` goes to To unless it has one, `tail` is what follows CSeq.
    pub(crate) fn response(&self, status: &str, tag: &str, tail: &str) -> String {
        let mut text = String::with_capacity(MESSAGE_BYTES_USUAL);
        text.push_str("SIP/2.0 ");
        text.push_str(status);
        text.push_str("\r\n");
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for value in self.values(name) {
                text.push_str(name);
                text.push_str(": ");
                text.push_str(value);
                if name == "To" && !tag.is_empty() && !value.contains(";tag=") {
                    text.push_str(";tag=");
                    text.push_str(tag);
                }
                text.push_str("\r\n");
            }
        }
        text.push_str(tail);
        text
    }
}

/// Where the SDP in `body` wants audio.
pub(crate) fn media_in(body: &str) -> Option<SocketAddr> {
    let line = |start: &str| body.lines().find_map(|line| line.strip_prefix(start));
    let address = line("c=IN IP4 ")?.trim().parse().ok()?;
    let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

/// A body of SDP for PCMU, PCMA and telephone-event at `media`.
pub(crate) fn sdp(media: SocketAddr) -> String {
    let (ip, port) = (media.ip(), media.port());
    format!(
        "v=0\r\no=bench 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    )
}

/// The end of a message that carries `body` and a Contact at `local`.
pub(crate) fn with_sdp(local: SocketAddr, body: &str) -> String {
    format!(
        "Contact: <sip:bench@{local}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The end of a message without a body.
pub(crate) const NO_BODY: &str = "Content-Length: 0\r\n\r\n";

/// Header lines of a message with one or two Vias.
const LINES_USUAL: usize = 16;
/// Our messages are shorter than this.
const MESSAGE_BYTES_USUAL: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_echoes_what_rfc_3261_8_2_6_asks_for() {
        let request = "INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nv: SIP/2.0/UDP g\r\n\
                       From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: x\r\nCSeq: 7 INVITE\r\n\
                       Contact: <sip:a@127.0.0.2:9;ob>\r\n\r\nv=0\r\nc=IN IP4 127.0.0.9\r\nm=audio 4000 RTP/AVP 0\r\n";
        let head = Head::parse(request.as_bytes()).expect("a message");
        assert_eq!((head.method(), head.status()), ("INVITE", None));
        assert_eq!(head.contact(), Some("sip:a@127.0.0.2:9;ob"));
        assert_eq!(head.calling_user(), "a");
        assert_eq!(head.media(), Some(SocketAddr::from(([127, 0, 0, 9], 4000))));
        let response = head.response("180 Ringing", "t", NO_BODY);
        assert_eq!(
            response,
            "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP g\r\n\
             From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=t\r\nCall-ID: x\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        let head = Head::parse(response.as_bytes()).expect("a message");
        assert_eq!((head.method(), head.status()), ("INVITE", Some(180)));
    }
}
