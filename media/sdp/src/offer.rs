//! Making an offer (RFC 3264 5 and 8).

use std::net::IpAddr;

use crate::codec::{Formats, TELEPHONE_EVENT};
use crate::{Attribute, AudioFormat, Codec, Direction, Media, Origin, Session};

/// What we bring to an offer or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Our media address.
    pub address: IpAddr,
    /// Our RTP port; RTCP is on the one above.
    pub port: u16,
    /// Codecs that we take, best first.
    pub codecs: Vec<Codec>,
    /// Whether we take keys as events (RFC 4733).
    pub telephone_event: bool,
    /// What we want; an answer may have less.
    pub direction: Direction,
    /// Session id of the o= line, the same for the life of the dialog.
    pub session_id: u64,
    /// Version of the o= line; see [`versioned`].
    pub version: u64,
}

impl Local {
    /// All codecs and keys, both ways, version 1.
    #[must_use]
    pub fn new(address: IpAddr, port: u16, session_id: u64) -> Self {
        Self {
            address,
            port,
            codecs: Codec::ALL.to_vec(),
            telephone_event: true,
            direction: Direction::SendRecv,
            session_id,
            version: 1,
        }
    }
}

/// Makes an offer. In a dialog that has had one, `previous` is the last
/// description that we sent in it: its other m= lines keep their places,
/// disabled (RFC 3264 8), and payload types keep their meaning (8.3.2).
#[must_use]
pub fn offer(local: &Local, previous: Option<&Session>) -> Session {
    let before = previous.and_then(|p| p.media.iter().find(|m| is_audio(m)));
    let known = before.map(Formats::of).unwrap_or_default();
    let number = |codec: Codec| known.audio.iter().find(|f| f.codec == codec).copied().unwrap_or(codec.format());
    let formats = Formats {
        audio: local.codecs.iter().map(|codec| number(*codec)).collect(),
        telephone_event: local.telephone_event.then(|| known.telephone_event.unwrap_or(TELEPHONE_EVENT_TYPE)),
    };
    let audio = audio_line(local, &formats, local.direction);
    let mut session = describe(local);
    session.media = match previous {
        None => vec![audio],
        Some(previous) => {
            let at = previous.media.iter().position(is_audio);
            let mut lines: Vec<Media> = previous.media.iter().map(disabled).collect();
            match at.and_then(|at| lines.get_mut(at)) {
                Some(place) => *place = audio,
                None => lines.push(audio),
            }
            lines
        }
    };
    session
}

/// `new` with the version that it needs after `last`, which we sent before:
/// the same if nothing else changed, else one more (RFC 3264 8).
#[must_use]
pub fn versioned(mut new: Session, last: &Session) -> Session {
    new.origin.version.clone_from(&last.origin.version);
    if new != *last {
        let next = last.origin.version.parse::<u64>().unwrap_or(0).wrapping_add(1);
        new.origin.version = next.to_string();
    }
    new
}

/// A description without m= lines.
pub(crate) fn describe(local: &Local) -> Session {
    Session {
        origin: Origin {
            username: "-".to_owned(),
            session_id: local.session_id.to_string(),
            version: local.version.to_string(),
            address: local.address.into(),
        },
        name: "-".to_owned(),
        connection: Some(local.address.into()),
        bandwidth: Vec::new(),
        times: vec!["0 0".to_owned()],
        attributes: Vec::new(),
        media: Vec::new(),
    }
}

/// Our audio line with these formats.
pub(crate) fn audio_line(local: &Local, formats: &Formats, direction: Direction) -> Media {
    let mut numbers: Vec<String> = formats.audio.iter().map(|f| f.payload_type.to_string()).collect();
    let rtpmap = |AudioFormat { payload_type, codec }: &AudioFormat| {
        Attribute::new("rtpmap", format!("{payload_type} {codec}/8000"))
    };
    let mut attributes: Vec<Attribute> = formats.audio.iter().map(rtpmap).collect();
    if let Some(number) = formats.telephone_event {
        numbers.push(number.to_string());
        attributes.push(Attribute::new("rtpmap", format!("{number} {TELEPHONE_EVENT}/8000")));
        attributes.push(Attribute::new("fmtp", format!("{number} 0-15")));
    }
    attributes.push(Attribute::new("ptime", PTIME_MS.to_string()));
    attributes.push(Attribute::flag(direction.as_str()));
    Media {
        kind: "audio".to_owned(),
        port: local.port,
        port_count: None,
        protocol: "RTP/AVP".to_owned(),
        formats: numbers,
        connection: None,
        bandwidth: Vec::new(),
        attributes,
    }
}

/// A line as it stands when rejected or disabled: port 0, its formats kept
/// because the grammar wants some (RFC 3264 6, 8.2).
pub(crate) fn disabled(media: &Media) -> Media {
    Media {
        kind: media.kind.clone(),
        port: 0,
        port_count: None,
        protocol: media.protocol.clone(),
        formats: media.formats.clone(),
        connection: None,
        bandwidth: Vec::new(),
        attributes: Vec::new(),
    }
}

/// Whether one of our own lines is the audio line in use.
fn is_audio(media: &Media) -> bool {
    media.kind == "audio" && media.port != 0
}

/// The payload type that nearly everybody uses for keys.
const TELEPHONE_EVENT_TYPE: u8 = 101;
/// The packet time that we send and would like to get.
const PTIME_MS: u32 = 20;
