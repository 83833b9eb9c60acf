//! Answering an offer, and reading an answer to ours (RFC 3264 6 and 7).

use std::net::{IpAddr, Ipv4Addr};

use crate::codec::Formats;
use crate::negotiated::{Remote, is_usable_audio};
use crate::offer::{audio_line, describe, disabled};
use crate::{AudioFormat, Codec, Local, Media, Negotiated, Refusal, Session};

/// Answers an offer: the first audio line that has a codec of ours is taken,
/// all others are rejected in place with port 0.
///
/// Codecs keep the order of the offer, save that `prefer`, if common, comes
/// first: so a relay need not transcode. Payload types are the offerer's.
///
/// # Errors
/// [`Refusal`], whose `status()` answers the INVITE.
pub fn answer(offer: &Session, local: &Local, prefer: Option<Codec>) -> Result<(Session, Negotiated), Refusal> {
    let (at, remote, formats) = choose(offer, local, prefer)?;
    let direction = local.direction.and(remote.direction.reversed());
    let mut session = describe(local);
    session.times.clone_from(&offer.times);
    if session.times.is_empty() {
        session.times.push("0 0".to_owned());
    }
    session.media = offer.media.iter().map(disabled).collect();
    if let Some(place) = session.media.get_mut(at) {
        *place = audio_line(local, &formats, direction);
    }
    let send = formats.audio.first().copied().ok_or(Refusal::NoAudio)?;
    let negotiated = Negotiated {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        rtcp_mux_seen: remote.media.has("rtcp-mux"),
        send,
        dtmf_send: formats.telephone_event,
        dtmf_receive: formats.telephone_event,
        receive: formats.audio,
        ptime_ms: remote.ptime_ms(),
        remote: remote.direction,
        local: direction,
        held: !remote.direction.receives(),
    };
    Ok((session, negotiated))
}

/// Reads the answer to our `offer`.
///
/// # Errors
/// [`Refusal`] when it rejects the audio or does not fit the offer. The call
/// is then ended or renegotiated: there is no response to an answer.
pub fn apply_answer(offer: &Session, answer: &Session) -> Result<Negotiated, Refusal> {
    let lines = || Refusal::Lines { wanted: offer.media.len(), got: answer.media.len() };
    if offer.media.len() != answer.media.len() {
        return Err(lines());
    }
    let at = offer.media.iter().position(is_usable_audio).ok_or(Refusal::NoAudio)?;
    let (ours, theirs) = offer.media.get(at).zip(answer.media.get(at)).ok_or_else(lines)?;
    if !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(lines());
    }
    if theirs.port == 0 {
        return Err(Refusal::Rejected);
    }
    if !is_usable_audio(theirs) {
        return Err(Refusal::NoAudio);
    }
    let our_ip = offer.connection_of(ours).and_then(|c| c.address.ip()).unwrap_or(UNSPECIFIED);
    let remote = Remote::read(answer, theirs, our_ip)?;
    let offered = Formats::of(ours);
    let number = |codec: Codec| offered.audio.iter().find(|f| f.codec == codec).copied();
    let (send, receive): (Vec<AudioFormat>, Vec<AudioFormat>) =
        remote.formats.audio.iter().filter_map(|f| Some((*f, number(f.codec)?))).unzip();
    let send = *send.first().ok_or_else(|| no_common(&offered, theirs))?;
    let dtmf = remote.formats.telephone_event.zip(offered.telephone_event);
    Ok(Negotiated {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        rtcp_mux_seen: theirs.has("rtcp-mux"),
        send,
        receive,
        dtmf_send: dtmf.map(|(theirs, _)| theirs),
        dtmf_receive: dtmf.map(|(_, ours)| ours),
        ptime_ms: remote.ptime_ms(),
        remote: remote.direction,
        local: offer.direction_of(ours).and(remote.direction.reversed()),
        held: !remote.direction.receives(),
    })
}

/// The line to take and the formats of its answer; else the refusal of the
/// first audio line, which is the one that the caller meant.
fn choose<'a>(
    offer: &'a Session,
    local: &Local,
    prefer: Option<Codec>,
) -> Result<(usize, Remote<'a>, Formats), Refusal> {
    let mut refusal = None;
    for (at, media) in offer.media.iter().enumerate().filter(|(_, media)| is_usable_audio(media)) {
        match common(offer, media, local, prefer) {
            Ok((remote, formats)) => return Ok((at, remote, formats)),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    Err(refusal.unwrap_or(Refusal::NoAudio))
}

fn common<'a>(
    offer: &'a Session,
    media: &'a Media,
    local: &Local,
    prefer: Option<Codec>,
) -> Result<(Remote<'a>, Formats), Refusal> {
    let remote = Remote::read(offer, media, local.address)?;
    let mut formats = remote.formats.clone();
    formats.audio.retain(|format| local.codecs.contains(&format.codec));
    // Stable: all but the preferred one keep the order of the offer.
    formats.audio.sort_by_key(|format| Some(format.codec) != prefer);
    if formats.audio.is_empty() {
        let ours = Formats { audio: local.codecs.iter().map(|c| c.format()).collect(), telephone_event: None };
        return Err(no_common(&ours, media));
    }
    formats.telephone_event = formats.telephone_event.filter(|_| local.telephone_event);
    Ok((remote, formats))
}

fn no_common(ours: &Formats, theirs: &Media) -> Refusal {
    let wanted: Vec<&str> = ours.audio.iter().map(|f| f.codec.encoding()).collect();
    Refusal::NoCommonCodec { wanted: wanted.join(" "), got: theirs.formats.join(" ") }
}

/// Stands for an address of our own offer that is a name, which we never write.
const UNSPECIFIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
