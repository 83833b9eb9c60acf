//! The formats that we speak.

use std::fmt;

use crate::Media;

/// An audio codec of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.711 u-law, static payload type 0.
    Pcmu,
}

/// A codec under the payload type that stands for it in one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// What it carries.
    pub codec: Codec,
}

impl Codec {
    /// The codecs in the order in which we offer them unless told otherwise.
    pub const ALL: [Self; 2] = [Self::Pcma, Self::Pcmu];

    /// Encoding name (RFC 3551 6).
    #[must_use]
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// Payload type without an rtpmap (RFC 3551 table 4).
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// This codec under its static payload type.
    #[must_use]
    pub const fn format(self) -> AudioFormat {
        AudioFormat { payload_type: self.static_payload_type(), codec: self }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encoding())
    }
}

/// What one m= line lists that we can speak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formats {
    /// Codecs in the line's order, each once.
    pub(crate) audio: Vec<AudioFormat>,
    /// Payload type of telephone-event at 8000 Hz.
    pub(crate) telephone_event: Option<u8>,
}

impl Formats {
    pub(crate) fn of(media: &Media) -> Self {
        let mut formats = Self::default();
        for payload_type in media.formats.iter().filter_map(|f| f.parse::<u8>().ok()).filter(|pt| *pt < 128) {
            match format_of(media, payload_type) {
                Some(Known::Audio(codec)) if !formats.audio.iter().any(|f| f.codec == codec) => {
                    formats.audio.push(AudioFormat { payload_type, codec });
                }
                Some(Known::TelephoneEvent) => formats.telephone_event = formats.telephone_event.or(Some(payload_type)),
                _ => {}
            }
        }
        formats
    }
}

enum Known {
    Audio(Codec),
    TelephoneEvent,
}

/// An rtpmap decides; without one the static assignment does (RFC 3551 6).
fn format_of(media: &Media, payload_type: u8) -> Option<Known> {
    let by_number = Codec::ALL.into_iter().find(|c| c.static_payload_type() == payload_type);
    let stated = media.attributes.iter().any(|a| {
        a.name == "rtpmap" && a.value.as_deref().and_then(|v| v.split(' ').next()?.parse().ok()) == Some(payload_type)
    });
    if !stated {
        return by_number.map(Known::Audio);
    }
    let map = media.rtpmap(payload_type)?;
    if map.clock_rate_hz != 8_000 || map.parameters.is_some_and(|p| p.trim() != "1") {
        return None;
    }
    if map.encoding.eq_ignore_ascii_case(TELEPHONE_EVENT) {
        return Some(Known::TelephoneEvent);
    }
    Codec::ALL.into_iter().find(|c| map.encoding.eq_ignore_ascii_case(c.encoding())).map(Known::Audio)
}

/// Encoding name of keys (RFC 4733 7.1.1).
pub(crate) const TELEPHONE_EVENT: &str = "telephone-event";
