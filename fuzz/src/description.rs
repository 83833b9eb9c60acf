//! Session descriptions: printed and read again they are the same; an answer fits its offer and can be applied.

use sdp::{Local, Session, answer, apply_answer, offer};

/// Reads `data` as a description, as an offer to us, and as an answer to ours.
pub fn check(data: &[u8]) {
    let Ok(session) = Session::parse(data) else { return };
    let printed = session.to_string();
    // What is no UTF-8 grows when it is kept; the whole may then be too long to be read once more.
    if printed.len() <= sdp::MAX_LEN {
        let again = Session::parse(printed.as_bytes()).expect("a printed description is one");
        assert_eq!(session, again);
    }
    let local = Local::new([127, 0, 0, 1].into(), 20_000, 1);
    if let Ok((ours, _)) = answer(&session, &local, None) {
        assert_eq!(ours.media.len(), session.media.len(), "an answer has a line for each of the offer (RFC 3264 6)");
        let read = Session::parse(ours.to_string().as_bytes()).expect("our answer is a description");
        assert_eq!(read, ours);
    }
    let ours = offer(&local, None);
    let _ = apply_answer(&ours, &session);
    let next = offer(&local, Some(&ours));
    assert_eq!(Session::parse(next.to_string().as_bytes()).as_ref(), Ok(&next));
}
