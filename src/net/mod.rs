//! Sockets: UDP and TCP listeners, connections, and the way of a message to its owner.
//!
//! It parses messages and moves them; it decides nothing but which owner a
//! message belongs to, by the Call-ID directory (DESIGN section 4).

mod bind;
mod dispatch;
mod directory;
mod flows;
mod tcp;
mod udp;

pub use bind::{BindError, Bound, bind};
pub use directory::CallIdDirectory;
pub use dispatch::{Dispatch, SipInput};
pub use flows::Flows;
pub use tcp::serve_tcp;
pub use udp::serve_udp;
