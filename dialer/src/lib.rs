//! What must be true before the house dials by itself: the dial gate.
//!
//! Pure: it is told rules and facts and says allow or deny, with the rule that
//! decided and its evidence. It never dials, and knows neither SIP nor queues
//! nor the database.

pub mod gate;
