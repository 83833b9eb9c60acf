//! Streams: how the bytes are cut makes no difference, and what waits is bounded.

use sip::framing::{Frame, StreamFramer};

/// The first byte says how the rest is cut.
pub fn check(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else { return };
    let whole = frames(stream, READ_BYTES);
    let pieces = frames(stream, usize::from(*cut % 97) + 1);
    assert_eq!(whole, pieces, "the same in pieces");
}

/// What comes out of a stream that is read `size` bytes at a time.
fn frames(stream: &[u8], size: usize) -> Vec<String> {
    let mut framer = StreamFramer::new();
    let mut found = Vec::new();
    for piece in stream.chunks(size) {
        if let Err(error) = framer.push(piece) {
            found.push(error.to_string());
            return found;
        }
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => found.push(format!("{:?}", message.bytes())),
                Ok(Some(Frame::Refused(error))) => found.push(error.to_string()),
                Ok(Some(Frame::Ping)) => found.push("ping".to_owned()),
                Ok(None) => break,
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
        assert!(framer.waiting_bytes() <= sip::limits::MAX_MESSAGE_BYTES, "at most one message waits");
    }
    found
}

/// As the shell reads.
const READ_BYTES: usize = 4_096;
