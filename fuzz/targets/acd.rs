//! See `trunkline_fuzz::distributor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::distributor::check(data));
