//! Tones and WAV files, and how loud a frequency is in them.

use std::path::Path;

/// A WAV file of 16-bit PCM, read.
#[derive(Clone, Debug)]
pub(crate) struct Wav {
    pub(crate) rate: u32,
    /// One list of samples a channel.
    pub(crate) channels: Vec<Vec<i16>>,
}

impl Wav {
    /// Reads a canonical RIFF file; every length in it must be true.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]), "a WAV file");
        assert_eq!(le32(bytes, 4) as usize + 8, bytes.len(), "the RIFF length is true");
        let (mut at, mut format, mut data) = (12, None, None);
        while at + 8 <= bytes.len() {
            let size = le32(bytes, at + 4) as usize;
            let chunk = bytes.get(at + 8..at + 8 + size).expect("a chunk lies in the file");
            match &bytes[at..at + 4] {
                b"fmt " => format = Some(chunk),
                b"data" => data = Some(chunk),
                _ => {}
            }
            at += 8 + size + size % 2;
        }
        let (format, data) = (format.expect("a fmt chunk"), data.expect("a data chunk"));
        assert_eq!((le16(format, 0), le16(format, 14)), (1, 16), "16-bit PCM");
        let count = le16(format, 2) as usize;
        let samples: Vec<i16> = data.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let channel = |number| samples.iter().skip(number).step_by(count).copied().collect();
        Self { rate: le32(format, 4), channels: (0..count).map(channel).collect() }
    }

    /// Length, ms.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.channels[0].len() as u64 * 1_000 / u64::from(self.rate)
    }

    /// A tone at 8 kHz.
    pub(crate) fn tone(hz: f64, seconds: usize) -> Vec<i16> {
        let wave = |at: usize| (8_000.0 * (at as f64 * hz * std::f64::consts::TAU / 8_000.0).sin()) as i16;
        (0..seconds * 8_000).map(wave).collect()
    }

    /// Writes mono samples at 8 kHz.
    pub(crate) fn write(path: &Path, samples: &[i16]) {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + data.len() as u32).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(16_000_u32.to_le_bytes());
        bytes.extend(b"\x02\0\x10\0data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        std::fs::write(path, bytes).expect("the test's folder is writable");
    }
}

/// Level of a frequency in 8 kHz samples, dB relative to a full-scale sine (Goertzel).
pub(crate) fn level_db(samples: &[i16], hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hz / 8_000.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let now = f64::from(*sample) + coefficient * last - before;
        (before, last) = (last, now);
    }
    let power = last * last + before * before - coefficient * last * before;
    let amplitude = 2.0 * power.max(0.0).sqrt() / samples.len().max(1) as f64;
    20.0 * (amplitude / 32_768.0).max(1e-9).log10()
}

/// G.711 u-law, as RFC 3551 carries it.
pub(crate) fn ulaw_encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs().min(32_635) + 132) as u32;
    let exponent = (31 - magnitude.leading_zeros()).saturating_sub(7).min(7);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

/// G.711 A-law, as RFC 3551 carries it.
pub(crate) fn alaw_encode(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = u32::from((if sample >= 0 { sample } else { !sample }).unsigned_abs()) >> 4;
    let exponent = (32 - magnitude.leading_zeros()).saturating_sub(5);
    let mantissa = if exponent == 0 { magnitude } else { magnitude >> (exponent - 1) & 0x0f };
    (sign | (exponent << 4) as u8 | (mantissa & 0x0f) as u8) ^ 0x55
}

/// The sample of a u-law byte.
pub(crate) fn ulaw_decode(byte: u8) -> i16 {
    let byte = !byte;
    let (exponent, mantissa) = (u32::from(byte >> 4 & 7), i32::from(byte & 0x0f));
    let magnitude = ((mantissa << 3) + 132) << exponent;
    let value = (magnitude - 132) as i16;
    if byte & 0x80 == 0 { value } else { -value }
}

fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
