//! SIP (RFC 3261 and its companions), RFC by RFC: messages, digest
//! authentication, transactions, dialogs, INVITE sessions, registrar.
//!
//! It never opens a socket, reads a clock or makes a random number: bytes, time
//! and chance come as arguments, and what is to be sent leaves as values.

pub mod auth;
pub mod dialog;
pub mod digest;
pub mod framing;
pub mod header;
pub mod limits;
pub mod location;
pub mod message;
pub mod registrar;
pub mod text;
pub mod transaction;
pub mod trunk;
pub mod ua;
pub mod uri;

mod grammar;
mod session;

pub use header::{
    Contacts, Event, MAGIC_COOKIE, MediaType, NameAddr, Params, RAck, Reason, Replaces, RetryAfter, SessionExpires,
    StatusLine, SubscriptionState, Transport, Via,
};
pub use message::{
    Fault, HeaderKey, Message, Method, Name, ParseError, RejectHint, RequestBuilder, ResponseBuilder, Source,
    SyntaxError, Token,
};
pub use text::Text;
pub use uri::{Host, HostPort, Scheme, Uri};
