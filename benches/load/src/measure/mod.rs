//! What is measured, a file each.

pub(crate) mod attempts;
pub(crate) mod calls;
pub(crate) mod freed;
pub(crate) mod held;
pub(crate) mod lists;
pub(crate) mod owner;
pub(crate) mod packets;
pub(crate) mod queue;
pub(crate) mod recorded;
