//! The user agent core: transactions, dialogs and INVITE sessions of one owner.

mod contract;

pub use contract::{
    ClientRequestId, Event, Output, Peer, RequestToken, Sent, SessionEnd, SessionId, Transport,
};
