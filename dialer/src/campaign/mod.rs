//! Campaigns: what one is (`definition`), what is wrong with it (`check`), how it lives (`life`), what its agents say
//! and ask (`form`), and what becomes of a lead after each attempt (`outcome`).

mod check;
mod definition;
mod form;
mod life;
mod outcome;

pub use check::{Fault, check};
pub use definition::{
    AGENTS_MAX, AbandonRules, CALLER_IDS_MAX, CallerIds, Definition, DetectionRules, LISTS_MAX, LeadOrder, ListShare,
    Method, Mix, Service,
};
pub use form::{Answer, Answers, FIELDS_MAX, FieldKind, FormField, Given, NUMBER_MAX, SCRIPT_MAX, Script, TEXT_MAX};
pub use life::{Actor, Denied, Estimated, Life, Status, Step};
pub use outcome::{Again, LeadAction, Outcome, Recycle};
