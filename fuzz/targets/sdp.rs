//! See `trunkline_fuzz::description`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::description::check(data));
