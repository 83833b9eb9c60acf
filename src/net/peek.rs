//! The Call-ID of a datagram, found without parsing the rest.

/// The value of the first Call-ID header, if there is one near the beginning and it is text.
pub(super) fn call_id(datagram: &[u8]) -> Option<&str> {
    let head = datagram.get(..LOOKED_AT_BYTES).unwrap_or(datagram);
    head.split(|byte| *byte == b'\n').skip(1).take_while(|line| !matches!(line, [] | [b'\r'])).find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?.trim_ascii());
        let is_meant = name.eq_ignore_ascii_case(b"Call-ID") || name.eq_ignore_ascii_case(b"i");
        is_meant.then(|| core::str::from_utf8(value).ok()).flatten()
    })
}

/// Of a request or response inside a call, the Via and Route headers in front of it included: a few proxies' worth.
const LOOKED_AT_BYTES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::call_id;

    #[test]
    fn in_all_its_spellings_and_not_where_it_is_not() {
        let found = |text: &'static str| call_id(text.as_bytes());
        assert_eq!(found("BYE sip:x SIP/2.0\r\nVia: y\r\nCall-ID: a@b\r\n\r\n"), Some("a@b"));
        assert_eq!(found("BYE sip:x SIP/2.0\r\ncall-id : a@b\r\n\r\n"), Some("a@b"));
        assert_eq!(found("BYE sip:x SIP/2.0\ni:a@b\n\n"), Some("a@b"));
        assert_eq!(found("BYE sip:x SIP/2.0\r\nVia: y\r\n\r\nCall-ID: body\r\n"), None);
        assert_eq!(found("Call-ID: first line\r\n\r\n"), None);
        assert_eq!(call_id(&[0xff; 9_000]), None);
    }
}
