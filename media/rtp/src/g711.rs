//! G.711 A-law and u-law, bit-exact with the ITU-T reference (G.191), by table.
//!
//! The encoders look only at the bits that matter: 12 of a sample for A-law,
//! 14 for u-law, so their tables are 4 and 16 KB and stay in the cache.

use std::fmt;

/// Which of the two companding laws of G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// A-law, RTP payload type 8 (RFC 3551 table 4: PCMA).
    A,
    /// u-law, RTP payload type 0 (PCMU).
    U,
}

impl Law {
    /// The law of a static RTP payload type: 0 is u-law, 8 is A-law.
    #[must_use]
    pub const fn from_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::U),
            8 => Some(Self::A),
            _ => None,
        }
    }

    /// The static RTP payload type of this law.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::U => 0,
            Self::A => 8,
        }
    }

    /// The code of a silent sample: 0xD5 in A-law, 0xFF in u-law.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::A => alaw_encode(0),
            Self::U => ulaw_encode(0),
        }
    }

    /// One sample as a code.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::A => alaw_encode(sample),
            Self::U => ulaw_encode(sample),
        }
    }

    /// One code as a sample.
    #[must_use]
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::A => alaw_decode(code),
            Self::U => ulaw_decode(code),
        }
    }

    /// Encodes as many samples as both slices hold; returns how many.
    pub fn encode_into(self, samples: &[i16], codes: &mut [u8]) -> usize {
        match self {
            Self::A => samples.iter().zip(codes.iter_mut()).for_each(|(s, c)| *c = alaw_encode(*s)),
            Self::U => samples.iter().zip(codes.iter_mut()).for_each(|(s, c)| *c = ulaw_encode(*s)),
        }
        samples.len().min(codes.len())
    }

    /// Decodes as many codes as both slices hold; returns how many.
    pub fn decode_into(self, codes: &[u8], samples: &mut [i16]) -> usize {
        let table = match self {
            Self::A => &ALAW_DECODE,
            Self::U => &ULAW_DECODE,
        };
        codes.iter().zip(samples.iter_mut()).for_each(|(c, s)| *s = table[*c as usize]);
        codes.len().min(samples.len())
    }

    /// Turns codes of this law into codes of `to`, in place.
    pub fn transcode(self, to: Self, codes: &mut [u8]) {
        let table = match (self, to) {
            (Self::A, Self::U) => &A_TO_U,
            (Self::U, Self::A) => &U_TO_A,
            _ => return,
        };
        codes.iter_mut().for_each(|c| *c = table[*c as usize]);
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "PCMA",
            Self::U => "PCMU",
        })
    }
}

/// One sample as an A-law code.
#[must_use]
pub const fn alaw_encode(sample: i16) -> u8 {
    ALAW_ENCODE[(sample as u16 >> 4) as usize]
}

/// One A-law code as a sample.
#[must_use]
pub const fn alaw_decode(code: u8) -> i16 {
    ALAW_DECODE[code as usize]
}

/// One sample as a u-law code.
#[must_use]
pub const fn ulaw_encode(sample: i16) -> u8 {
    ULAW_ENCODE[(sample as u16 >> 2) as usize]
}

/// One u-law code as a sample.
#[must_use]
pub const fn ulaw_decode(code: u8) -> i16 {
    ULAW_DECODE[code as usize]
}

/// One A-law code as the u-law code of the same sample.
#[must_use]
pub const fn a_to_u(code: u8) -> u8 {
    A_TO_U[code as usize]
}

/// One u-law code as the A-law code of the same sample.
#[must_use]
pub const fn u_to_a(code: u8) -> u8 {
    U_TO_A[code as usize]
}

/// A-law by its definition: eight chords, the lowest two of one step size
/// (G.711 table 1). Negative samples are taken as one's complement, as the
/// reference code does; every second bit is inverted at the end.
const fn alaw_compress(sample: i16) -> u8 {
    let magnitude = ((if sample < 0 { !sample } else { sample }) >> 4) as u16;
    let code = if magnitude < 32 {
        magnitude
    } else {
        let chord = 11 - magnitude.leading_zeros() as u16;
        ((chord + 1) << 4) | ((magnitude >> chord) & 0x0f)
    };
    let sign: u8 = if sample >= 0 { 0x80 } else { 0 };
    (code as u8 | sign) ^ 0x55
}

/// The middle of the interval that an A-law code stands for.
const fn alaw_expand(code: u8) -> i16 {
    let bits = code ^ 0x55;
    let chord = (bits >> 4) & 7;
    let mantissa = (bits & 0x0f) as i16;
    let magnitude = match chord {
        0 => (mantissa << 4) + 8,
        _ => (((mantissa + 16) << 4) + 8) << (chord - 1),
    };
    if bits & 0x80 != 0 { magnitude } else { -magnitude }
}

/// u-law by its definition: a bias of 33 makes the chords powers of two, the
/// code is inverted (G.711 table 2); clipped at 8158 of 14 bits.
const fn ulaw_compress(sample: i16) -> u8 {
    let magnitude = ((if sample < 0 { !sample } else { sample }) >> 2) as u16 + 33;
    let clipped = if magnitude > 0x1fff { 0x1fff } else { magnitude };
    let chord = 10 - clipped.leading_zeros() as u16;
    let code = (chord << 4) | ((clipped >> (chord + 1)) & 0x0f);
    let sign: u8 = if sample >= 0 { 0x80 } else { 0 };
    (!(code as u8) & 0x7f) | sign
}

/// The middle of the interval that a u-law code stands for.
const fn ulaw_expand(code: u8) -> i16 {
    let bits = !code;
    let chord = (bits >> 4) & 7;
    let mantissa = (bits & 0x0f) as i16;
    let magnitude = ((((mantissa << 1) + 33) << chord) - 33) << 2;
    if bits & 0x80 == 0 { magnitude } else { -magnitude }
}

const ALAW_INPUTS: usize = 1 << 12;
const ULAW_INPUTS: usize = 1 << 14;

static ALAW_ENCODE: [u8; ALAW_INPUTS] = {
    let mut table = [0; ALAW_INPUTS];
    let mut i = 0;
    while i < ALAW_INPUTS {
        table[i] = alaw_compress(((i as u16) << 4) as i16);
        i += 1;
    }
    table
};

static ULAW_ENCODE: [u8; ULAW_INPUTS] = {
    let mut table = [0; ULAW_INPUTS];
    let mut i = 0;
    while i < ULAW_INPUTS {
        table[i] = ulaw_compress(((i as u16) << 2) as i16);
        i += 1;
    }
    table
};

static ALAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = alaw_expand(i as u8);
        i += 1;
    }
    table
};

static ULAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = ulaw_expand(i as u8);
        i += 1;
    }
    table
};

static A_TO_U: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = ulaw_compress(alaw_expand(i as u8));
        i += 1;
    }
    table
};

static U_TO_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = alaw_compress(ulaw_expand(i as u8));
        i += 1;
    }
    table
};
