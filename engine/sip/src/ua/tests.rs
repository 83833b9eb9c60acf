//! Whole conversations between two cores over a network that loses, doubles and reorders by seed.

mod basic;
mod rig;
