//! Campaigns: what one is (`definition`), what is wrong with it (`check`), how it lives (`life`), what it will cost
//! (`estimate`), what its agents say and ask (`form`), and what becomes of a lead after each attempt (`outcome`).

mod check;
mod definition;
mod estimate;
mod form;
mod life;
mod outcome;

pub use check::{Fault, check};
pub use definition::{
    AbandonRules, CALLER_IDS_MAX, CallerIds, Definition, DetectionRules, LISTS_MAX, LeadOrder, ListShare, Method, Mix,
    Service,
};
pub use estimate::{Assumptions, Estimate, Rates, estimate};
pub use form::{Answer, Answers, FIELDS_MAX, FieldKind, FormField, Given, NUMBER_MAX, SCRIPT_MAX, Script, TEXT_MAX};
pub use life::{Actor, Denied, Life, Status, Step};
pub use outcome::{Again, LeadAction, Outcome, Recycle};
