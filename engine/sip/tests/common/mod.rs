//! What the message layer does with a message, in one word.

use bytes::Bytes;
use sip::{Message, Method, Source};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on to the transaction layer.
    Accepted,
    /// It is a request and answered with this status.
    Refused(u16),
    /// It is dropped without an answer.
    Dropped,
}

/// Reads and validates `data` as the shell does.
pub(crate) fn outcome(data: &[u8], source: Source) -> Outcome {
    let message = match Message::parse(Bytes::copy_from_slice(data), source) {
        Ok(message) => message,
        Err(error) => return error.answerable().map_or(Outcome::Dropped, |hint| Outcome::Refused(hint.status)),
    };
    let verdict = if message.is_request() { message.validate_request() } else { message.validate_response() };
    match verdict {
        Ok(()) => Outcome::Accepted,
        Err(fault) if message.is_request() && message.method() != Some(&Method::Ack) => {
            Outcome::Refused(fault.status().0)
        }
        Err(_) => Outcome::Dropped,
    }
}

/// The rows of a comma separated table with quoted fields; the heading is left out.
pub(crate) fn rows(table: &str) -> Vec<Vec<String>> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(fields).collect()
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("never empty").push(c),
        }
    }
    fields
}
