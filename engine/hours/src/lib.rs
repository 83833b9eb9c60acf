//! Opening hours: a week of open spans and a list of holidays in a time zone.
//!
//! It answers whether something is open at a moment, when it opens next, and where the periods of a calendar end.
//! It never reads a clock, the process's time zone or the system's files: the IANA time zones are compiled in.

mod parse;
mod period;
mod schedule;
mod zone;

pub use parse::ScheduleFault;
pub use period::Period;
pub use schedule::{Day, Holiday, Hours, Schedule, Span};
pub use zone::{Civil, Zone, moment, written};
