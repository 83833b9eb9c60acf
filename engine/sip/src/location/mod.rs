//! The owner of registrations (DESIGN section 4).

mod contract;

pub use contract::{Binding, Contact, Effect, Input, PROBE_CALL_ID_PREFIX, User};
