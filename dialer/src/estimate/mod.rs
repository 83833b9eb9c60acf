//! What a campaign will take, before it starts: its leads are counted (`count`), each is walked through the rules by which
//! it would come again (`walk`), and that is made calls, time and money (`cost`).

mod cost;
mod count;
mod walk;

pub use cost::{Asked, Estimate, Expected, Rates, estimate};
pub use count::{Class, Counted, Counter, Law};
pub use walk::{Shares, Walked, walk};
