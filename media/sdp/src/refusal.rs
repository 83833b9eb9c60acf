//! Why an offer or an answer cannot be used.

use thiserror::Error;

use crate::SdpError;

/// Why no audio was agreed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// It is no session description.
    #[error("malformed session description: {0}")]
    Malformed(#[from] SdpError),
    /// A medium that is wanted has no c= line, neither of its own nor the session's.
    #[error("the audio line has no c= line")]
    NoConnection,
    /// No audio line over RTP/AVP with a port.
    #[error("no audio over RTP/AVP is offered")]
    NoAudio,
    /// None of the codecs is ours.
    #[error("no common codec: wanted {wanted}, got {got}")]
    NoCommonCodec {
        /// What we speak.
        wanted: String,
        /// The formats of the audio line.
        got: String,
    },
    /// The address is a name or multicast, or of a family that we do not use on this leg.
    #[error("media address {address} cannot be used")]
    Address {
        /// The address as it came.
        address: String,
    },
    /// The answer has other m= lines than the offer (RFC 3264 6).
    #[error("the answer has {got} m= lines for {wanted} offered, or in another order")]
    Lines {
        /// m= lines of the offer.
        wanted: usize,
        /// m= lines of the answer.
        got: usize,
    },
    /// The answer rejects the audio line with port 0.
    #[error("the answer rejects audio")]
    Rejected,
}

impl Refusal {
    /// The SIP status that refuses an offer for this reason (RFC 3261 21.4.1, 21.4.26).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::NoConnection => 400,
            _ => 488,
        }
    }

    /// The warn-code that goes with a 488 (RFC 3261 20.43); 399 where none fits.
    #[must_use]
    pub fn warning(&self) -> u16 {
        match self {
            Self::NoAudio | Self::Rejected => 304,
            Self::NoCommonCodec { .. } => 305,
            Self::Address { .. } => 301,
            Self::Malformed(_) | Self::NoConnection | Self::Lines { .. } => 399,
        }
    }
}
