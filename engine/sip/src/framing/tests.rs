use super::*;

const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n\
To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n";

fn message(content_length: &str, body: &str) -> String {
    format!("{OPTIONS}{content_length}\r\n\r\n{body}")
}

/// Pushes `stream` in pieces of `size` bytes and names what comes out.
fn frames(stream: &[u8], size: usize) -> (Vec<String>, Option<FramingError>) {
    let mut framer = StreamFramer::new();
    let mut names = Vec::new();
    for piece in stream.chunks(size) {
        if let Err(error) = framer.push(piece) {
            return (names, Some(error));
        }
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => names.push(String::from_utf8_lossy(message.body()).into_owned()),
                Ok(Some(Frame::Refused(error))) => names.push(format!("refused: {}", error.fault)),
                Ok(Some(Frame::Ping)) => names.push("ping".into()),
                Ok(None) => break,
                Err(error) => return (names, Some(error)),
            }
        }
    }
    (names, None)
}

#[test]
fn split_and_glued_messages_and_pings_come_out_whole() {
    let stream = [
        "\r\n\r\n".to_owned(),
        message("Content-Length: 5", "one\r\n"),
        message("l:\r\n 0", ""),
        "\r\n".to_owned(),
        message("CONTENT-LENGTH : 003", "two"),
        "\r\n\r\n\r\n\r\n".to_owned(),
        message("Bad line\r\nl: 4", "\r\n\r\n"),
        message("l: 1", "z"),
    ]
    .concat();
    let expected = [
        "ping",
        "one\r\n",
        "",
        "two",
        "ping",
        "ping",
        "refused: line 7: expected name and colon, got \"Bad line\"",
        "z",
    ];
    for size in [1, 2, 3, 7, 64, 10_000] {
        let (names, error) = frames(stream.as_bytes(), size);
        assert_eq!(names, expected, "pieces of {size}");
        assert!(error.is_none());
    }
}

#[test]
fn a_stream_without_clear_ends_is_broken_and_may_be_answered() {
    for bad in ["X: 1", "l: -1", "l: 1\r\nl: 1", "l: 99999", "l: x", "l: 4294967297", "l: 1\nl: 2", "l:"] {
        let (names, error) = frames(message(bad, "").as_bytes(), 50);
        let error = error.unwrap_or_else(|| panic!("{bad}"));
        let hint = error.parse_error().and_then(ParseError::answerable).unwrap_or_else(|| panic!("{bad}"));
        assert!(names.is_empty() && matches!(hint.status, 400 | 513), "{bad}");
    }
}

#[test]
fn memory_is_bounded() {
    let (_, error) = frames(&vec![b'x'; 100_000], 1_000);
    assert!(matches!(error, Some(FramingError::HeadTooLong)));
    let mut framer = StreamFramer::new();
    assert!(matches!(framer.push(&vec![0; MAX_BUFFERED_BYTES + 1]), Err(FramingError::Overflow)));
    assert!(matches!(framer.push(b"x"), Err(FramingError::Broken)));
    assert!(matches!(framer.next_frame(), Err(FramingError::Broken)));
    assert_eq!(framer.waiting_bytes(), 0);
}
