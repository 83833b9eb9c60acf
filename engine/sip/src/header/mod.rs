//! Header values with structure, one file each.

mod event;
mod media_type;
mod name_addr;
mod params;
mod rack;
mod reason;
mod replaces;
mod retry_after;
mod session_expires;
mod status_line;
mod via;

pub use event::{Event, SubscriptionState};
pub use media_type::MediaType;
pub use name_addr::{Contacts, NameAddr};
pub use params::Params;
pub use rack::RAck;
pub use reason::Reason;
pub use replaces::Replaces;
pub use retry_after::RetryAfter;
pub use session_expires::SessionExpires;
pub use status_line::StatusLine;
pub use via::{MAGIC_COOKIE, Transport, Via};
