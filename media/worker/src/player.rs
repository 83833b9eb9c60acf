//! One player: prompts, music and tones, one after the other, a frame each tick.

use clock::CallId;
use media_graph::PlayerId;
use rtp_core::{FRAME_SAMPLES, Frame};

use crate::library::Clip;

/// A player.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) id: PlayerId,
    pub(crate) call: CallId,
    /// What it plays, in order; `None` while a file is being read.
    parts: Vec<Option<Clip>>,
    looped: bool,
    part: usize,
    at: u64,
    /// Someone heard it once.
    pub(crate) connected: bool,
    /// The frame of the last tick.
    pub(crate) frame: Frame,
}

impl Player {
    /// A player of so many parts, none of them there yet.
    pub(crate) fn new(id: PlayerId, call: CallId, parts: usize, looped: bool) -> Self {
        let frame = [0; FRAME_SAMPLES];
        Self { id, call, parts: vec![None; parts], looped, part: 0, at: 0, connected: false, frame }
    }

    /// A part is there.
    pub(crate) fn set_part(&mut self, part: usize, clip: Clip) {
        if let Some(place) = self.parts.get_mut(part) {
            *place = Some(clip);
        }
    }

    /// True when it can play: someone listens or did, and all parts are there.
    pub(crate) fn is_ready(&self) -> bool {
        self.connected && self.parts.iter().all(Option::is_some)
    }

    /// Makes the next frame; false when there was nothing left to play.
    pub(crate) fn advance(&mut self) -> bool {
        let mut filled = 0;
        // A loop of empty parts would never fill a frame: two rounds over the parts are enough for any other.
        let mut tries = 2 * self.parts.len() + FRAME_SAMPLES;
        while filled < FRAME_SAMPLES && tries > 0 {
            tries -= 1;
            let Some(Some(clip)) = self.parts.get(self.part) else {
                if !self.looped || self.parts.is_empty() {
                    break;
                }
                (self.part, self.at) = (0, 0);
                continue;
            };
            let len = clip.fill(self.at, &mut self.frame[filled..]);
            filled += len;
            self.at += len as u64;
            if clip.len().is_some_and(|total| self.at >= total) {
                (self.part, self.at) = (self.part + 1, 0);
            }
        }
        self.frame[filled..].fill(0);
        filled > 0
    }

    /// True when nothing is left to play.
    pub(crate) fn is_at_end(&self) -> bool {
        !self.looped && self.part >= self.parts.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn player(parts: &[&[i16]], looped: bool) -> Player {
        let mut player = Player::new(PlayerId(1), CallId(1), parts.len(), looped);
        player.connected = true;
        for (at, part) in parts.iter().enumerate() {
            assert!(!player.is_ready());
            player.set_part(at, Clip::Samples(Arc::from(*part)));
        }
        assert!(player.is_ready());
        player
    }

    #[test]
    fn parts_follow_each_other_without_a_gap_and_the_rest_is_silence() {
        let mut player = player(&[&[1; 100], &[2; 100]], false);
        assert!(player.advance());
        assert!(!player.is_at_end());
        assert_eq!((player.frame[99], player.frame[100]), (1, 2));
        assert!(player.advance());
        assert!(player.is_at_end());
        assert_eq!((player.frame[39], player.frame[40]), (2, 0));
        assert!(!player.advance());
    }

    #[test]
    fn a_loop_goes_on_to_the_sample() {
        let mut player = player(&[&[1, 2, 3], &[4]], true);
        for frame in 0..10 {
            assert!(player.advance());
            let wanted = (0..160).map(|n| ((frame * 160 + n) % 4 + 1) as i16);
            assert!(player.frame.iter().copied().eq(wanted));
        }
        assert!(!player.is_at_end());
    }

    #[test]
    fn a_loop_of_nothing_ends_the_tick() {
        let mut empty = player(&[&[]], true);
        assert!(!empty.advance());
    }
}
