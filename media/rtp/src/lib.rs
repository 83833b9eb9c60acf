//! RTP for one audio stream: packets, reports, G.711, digits, the jitter
//! buffer, mixing, tones and WAV, and which source address to believe.
//!
//! It never opens a socket or a file, reads a clock or starts a thread: bytes
//! and instants come in, bytes and facts go out. The media threads drive it.

pub mod address_learning;
pub mod dtmf;
pub mod g711;
pub mod goertzel;
pub mod jitter;
pub mod mix;
pub mod packet;
pub mod rtcp;
pub mod stats;
pub mod tone;
pub mod wav;

/// Samples a second of every stream that is decoded here (RFC 3551 4.5.14, G.711).
pub const SAMPLE_RATE_HZ: u32 = 8_000;
/// Milliseconds of one frame: the packet time we send and the media tick.
pub const FRAME_MS: u32 = 20;
/// Samples in one frame of 20 ms at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// One decoded frame of 20 ms at 8 kHz, mono.
pub type Frame = [i16; FRAME_SAMPLES];
