//! Whole conversations between two cores over a network that loses, doubles and reorders by seed, and single
//! messages against one core.

mod auth;
mod basic;
mod cancel;
mod checks;
mod forks;
mod lifetime;
mod lost;
mod refer;
mod reinvite;
mod reliable;
mod restored;
mod rig;
mod solo;
mod storm;
mod update;
