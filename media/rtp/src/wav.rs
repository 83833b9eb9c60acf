//! WAV: prompts and music are read from it, recordings are written as it.
//!
//! Only what telephony plays: 8 kHz, mono or stereo, PCM of 16 bits or G.711.
//! Other files are refused with what they are, so that a person can convert them.

use thiserror::Error;

use crate::SAMPLE_RATE_HZ;
use crate::g711::Law;

/// Bytes of the header that [`header`] makes; samples follow at once.
pub const HEADER_LEN: usize = 44;
/// Where the header holds the length of all that follows the length itself.
pub const RIFF_SIZE_AT: usize = 4;
/// Where the header holds the length of the samples.
pub const DATA_SIZE_AT: usize = 40;
/// Most bytes of samples that a header can state.
pub const MAX_DATA_LEN: u32 = u32::MAX - 36;

/// A WAV file in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wav<'a> {
    /// How a sample is coded.
    pub coding: Coding,
    /// 1 or 2.
    pub channels: u16,
    /// The samples, channels interleaved; whole frames only.
    pub data: &'a [u8],
}

/// How a sample is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// 16 bits, little-endian.
    Pcm16,
    /// One byte of G.711.
    G711(Law),
}

/// Why bytes are no WAV file that we play.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WavError {
    /// It does not start with RIFF and WAVE.
    #[error("not a WAV file")]
    NotWav,
    /// The `fmt ` or the `data` chunk is missing, or cut short.
    #[error("WAV file without a complete {chunk:?} chunk")]
    Missing {
        /// Which chunk.
        chunk: &'static str,
    },
    /// Another sample rate.
    #[error("WAV file of {hz} Hz; convert it to 8000 Hz")]
    Rate {
        /// Samples a second.
        hz: u32,
    },
    /// Neither mono nor stereo.
    #[error("WAV file of {channels} channels; 1 or 2 are played")]
    Channels {
        /// Channels.
        channels: u16,
    },
    /// Another coding.
    #[error("WAV file of format {tag:#06x} with {bits} bits; 16-bit PCM, A-law and u-law are played")]
    Coding {
        /// The format tag.
        tag: u16,
        /// Bits a sample.
        bits: u16,
    },
}

impl<'a> Wav<'a> {
    /// Reads a file. A data chunk that claims more than there is, as a
    /// recording has that was cut off, is taken as far as it goes.
    ///
    /// # Errors
    /// [`WavError`] when the file is another format than we play.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WavError> {
        let (head, mut rest) = bytes.split_first_chunk::<12>().ok_or(WavError::NotWav)?;
        if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
            return Err(WavError::NotWav);
        }
        let mut format = None;
        while let Some((chunk, after)) = Chunk::split(rest) {
            match &chunk.id {
                b"fmt " => format = Some(read_format(chunk.body)?),
                b"data" => {
                    let (coding, channels) = format.ok_or(WavError::Missing { chunk: "fmt " })?;
                    let frame = coding.bytes() * usize::from(channels);
                    let whole = chunk.body.len() - chunk.body.len() % frame;
                    return Ok(Self { coding, channels, data: &chunk.body[..whole] });
                }
                _ => {}
            }
            rest = after;
        }
        Err(WavError::Missing { chunk: "data" })
    }

    /// Samples in each channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() / (self.coding.bytes() * usize::from(self.channels)).max(1)
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sample `index` of `channel`; `None` beyond the end.
    #[must_use]
    pub fn sample(&self, index: usize, channel: usize) -> Option<i16> {
        if channel >= usize::from(self.channels) {
            return None;
        }
        let at = index.checked_mul(usize::from(self.channels))?.checked_add(channel)?;
        match self.coding {
            Coding::Pcm16 => self.data.as_chunks::<2>().0.get(at).map(|b| i16::from_le_bytes(*b)),
            Coding::G711(law) => self.data.get(at).map(|code| law.decode(*code)),
        }
    }

    /// All samples, two channels averaged into one.
    pub fn mono(&self) -> impl Iterator<Item = i16> + 'a {
        let wav = *self;
        (0..wav.len()).map_while(move |index| {
            let first = wav.sample(index, 0)?;
            let second = wav.sample(index, 1).unwrap_or(first);
            Some(((i32::from(first) + i32::from(second)) / 2) as i16)
        })
    }
}

/// The header of a 16-bit PCM file at 8 kHz whose samples take `data_len`
/// bytes, cut at [`MAX_DATA_LEN`]. A file that grows starts with the header of
/// 0 bytes; [`patches`] brings it up to date.
#[must_use]
pub fn header(channels: u16, data_len: u32) -> [u8; HEADER_LEN] {
    let mut out = [0; HEADER_LEN];
    let frame = channels.saturating_mul(2);
    let rate = SAMPLE_RATE_HZ.saturating_mul(u32::from(frame));
    out[0..4].copy_from_slice(b"RIFF");
    out[8..16].copy_from_slice(b"WAVEfmt ");
    out[16..20].copy_from_slice(&16u32.to_le_bytes());
    out[20..22].copy_from_slice(&TAG_PCM.to_le_bytes());
    out[22..24].copy_from_slice(&channels.to_le_bytes());
    out[24..28].copy_from_slice(&SAMPLE_RATE_HZ.to_le_bytes());
    out[28..32].copy_from_slice(&rate.to_le_bytes());
    out[32..34].copy_from_slice(&frame.to_le_bytes());
    out[34..36].copy_from_slice(&16u16.to_le_bytes());
    out[36..40].copy_from_slice(b"data");
    for (at, bytes) in patches(data_len) {
        out[at..at + 4].copy_from_slice(&bytes);
    }
    out
}

/// What to write where when the samples take `data_len` bytes.
#[must_use]
pub fn patches(data_len: u32) -> [(usize, [u8; 4]); 2] {
    let data_len = data_len.min(MAX_DATA_LEN);
    [(RIFF_SIZE_AT, (data_len + 36).to_le_bytes()), (DATA_SIZE_AT, data_len.to_le_bytes())]
}

impl Coding {
    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Pcm16 => 2,
            Self::G711(_) => 1,
        }
    }
}

struct Chunk<'a> {
    id: [u8; 4],
    body: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// The first chunk and what follows it; chunks start at even places.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let ([i0, i1, i2, i3, l0, l1, l2, l3], rest) = bytes.split_first_chunk::<8>()?;
        let len = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        let body = rest.get(..len).unwrap_or(rest);
        let after = rest.get(len.saturating_add(len % 2)..).unwrap_or_default();
        Some((Self { id: [*i0, *i1, *i2, *i3], body }, after))
    }
}

fn read_format(body: &[u8]) -> Result<(Coding, u16), WavError> {
    let missing = WavError::Missing { chunk: "fmt " };
    let word = |at: usize| body.get(at..at + 2).and_then(|b| b.first_chunk()).map(|b| u16::from_le_bytes(*b));
    let (tag, channels, bits) = (word(0).ok_or(missing)?, word(2).ok_or(missing)?, word(14).ok_or(missing)?);
    let hz = u32::from(word(4).ok_or(missing)?) | (u32::from(word(6).ok_or(missing)?) << 16);
    // The extensible form keeps the tag in the first bytes of its sub-format.
    let tag = if tag == TAG_EXTENSIBLE { word(24).ok_or(missing)? } else { tag };
    let coding = match (tag, bits) {
        (TAG_PCM, 16) => Coding::Pcm16,
        (TAG_ALAW, 8) => Coding::G711(Law::A),
        (TAG_ULAW, 8) => Coding::G711(Law::U),
        _ => return Err(WavError::Coding { tag, bits }),
    };
    if hz != SAMPLE_RATE_HZ {
        return Err(WavError::Rate { hz });
    }
    if !(1..=2).contains(&channels) {
        return Err(WavError::Channels { channels });
    }
    Ok((coding, channels))
}

const TAG_PCM: u16 = 1;
const TAG_ALAW: u16 = 6;
const TAG_ULAW: u16 = 7;
const TAG_EXTENSIBLE: u16 = 0xfffe;

#[cfg(test)]
mod tests;
