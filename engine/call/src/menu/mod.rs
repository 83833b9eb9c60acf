//! Menus before a queue, as data: the walk of one caller through them, and what is wrong with them.
//!
//! Pure functions of the plan, the keys and the time. A call shard runs them, and so does `trunkline menu try`.

mod check;
mod steer;
mod walk;

pub use check::{MenuFault, faults};
pub use steer::{Passed, Steered, steer, steer_number};
pub use walk::{Heard, Missed, Next, Turn, Walk};

#[cfg(test)]
mod tests;
