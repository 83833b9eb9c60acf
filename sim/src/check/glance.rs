//! What a message is at a glance: enough to follow dialogs from outside without the parser under test.

/// A message as its first line, Call-ID and CSeq say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glance<'a> {
    /// Method of a request; of a response that of the request it answers.
    pub(crate) method: &'a str,
    /// Status; none for a request.
    pub(crate) status: Option<u16>,
    pub(crate) call_id: &'a str,
    /// To has a tag: the dialog exists.
    pub(crate) in_dialog: bool,
}

impl<'a> Glance<'a> {
    /// Reads what honest peers and the node send; `None` for anything else.
    pub(crate) fn at(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = core::str::from_utf8(bytes.get(..end)?).ok()?;
        let (mut call_id, mut cseq, mut to) = (None, None, None);
        let mut lines = head.split("\r\n");
        let first = lines.next()?;
        for line in lines {
            let Some((name, value)) = line.split_once(": ") else { continue };
            match name {
                "Call-ID" => call_id = Some(value),
                "CSeq" => cseq = value.split_once(' ').map(|(_, method)| method),
                "To" => to = Some(value),
                _ => {}
            }
        }
        let status = first.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let method = if status.is_some() { cseq? } else { first.split(' ').next()? };
        Some(Self { method, status, call_id: call_id?, in_dialog: to?.contains(";tag=") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses() {
        let invite = b"INVITE sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\nv=0";
        let glance = Glance { method: "INVITE", status: None, call_id: "x", in_dialog: false };
        assert_eq!(Glance::at(invite), Some(glance));
        let ringing = b"SIP/2.0 180 Ringing\r\nTo: <sip:a@b>;tag=1\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";
        assert_eq!(Glance::at(ringing), Some(Glance { status: Some(180), in_dialog: true, ..glance }));
        assert_eq!(Glance::at(b"junk"), None);
    }
}
