use clock::{CallId, LegId, QueueId, TrunkId};
use journal_core::{Direction, LegKind, RecordingState};

use super::*;

const CALL: CallId = CallId::from_bytes([7; 16]);
const PATH: &str = "voicemails/1970/01/01/call_07070707070707070707070707070707";

/// A caller at the box when the node died.
fn at_the_box() -> Replay {
    let mut replay = Replay::default();
    let leg = LegId(1);
    let started = CallEvent::Started {
        direction: Direction::Inbound,
        internal: false,
        from: "+447700900000".to_owned(),
        to: "+442071830004".to_owned(),
        parent: None,
        trunk: Some(TrunkId(1)),
        agent: None,
    };
    let leg_started = CallEvent::LegStarted { leg, kind: LegKind::Caller, agent: None, sip_call_id: "a".to_owned() };
    let box_started = CallEvent::VoicemailStarted { queue: QueueId(3) };
    let answered = CallEvent::Answered { leg, agent: None };
    for (event, seq) in [started, leg_started, box_started, answered].into_iter().zip(1..) {
        let at = WallTime::from_micros(i64::from(seq));
        replay.apply(&Entry::Call(CallEntry { call: CALL, seq, at, event })).unwrap();
    }
    replay
}

fn playable(duration_ms: u64) -> BTreeMap<String, RecoveredAs> {
    BTreeMap::from([(PATH.to_owned(), RecoveredAs::Playable { duration_ms, sha256: [1; 32] })])
}

#[test]
fn a_message_cut_by_the_crash_is_kept_if_it_is_long_enough() {
    let now = WallTime::from_micros(9_000_000);
    let folder = Path::new("no-such-folder");
    let mut replay = at_the_box();
    assert_eq!(kept_messages(&replay, &playable(1_999), folder, now), []);
    let torn = BTreeMap::from([(PATH.to_owned(), RecoveredAs::Quarantined { why: "torn".to_owned() })]);
    assert_eq!(kept_messages(&replay, &torn, folder, now), []);

    let kept = kept_messages(&replay, &playable(2_000), folder, now);
    let event = CallEvent::VoicemailLeft { queue: QueueId(3), path: PATH.to_owned(), duration_ms: 2_000 };
    assert_eq!(kept, [Entry::Call(CallEntry { call: CALL, seq: 5, at: now, event })]);
    replay.apply(&kept[0]).unwrap();
    assert_eq!(kept_messages(&replay, &playable(2_000), folder, now), [], "it is kept once");
    let [call] = centre::restore::calls(&replay).try_into().unwrap();
    assert!(call.reached.voicemail && !call.reached.conversation, "the call is complete: {call:?}");
}

#[test]
fn only_a_whole_recording_counts_as_finished() {
    let unfinished = CallEvent::RecordingEnded { state: RecordingState::Failed, duration_ms: 0, sha256: [0; 32] };
    assert_eq!(recording_end(PATH, None, Path::new("no-such-folder")), Some(unfinished));
    let left = RecoveredAs::Left { why: "disk full".to_owned() };
    assert_eq!(recording_end(PATH, Some(&left), Path::new("no-such-folder")), None);
}

#[test]
fn a_message_too_short_to_be_kept_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(PATH);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    for (length, left) in [(1_999, false), (2_000, true)] {
        for ending in ["wav", "json"] {
            std::fs::write(place.with_extension(ending), b"x").unwrap();
        }
        remove_scraps(&playable(length), folder.path()).unwrap();
        assert_eq!((place.with_extension("wav").exists(), place.with_extension("json").exists()), (left, left));
    }
}
