use journal_core::{CallEntry, Entry, Names, decode};

use super::kind::StepKind;
use super::*;

fn naming() -> Naming {
    let mut names = Names::default();
    names.insert(journal_core::NameKind::Agent, 11, "demo", "1001");
    names.insert(journal_core::NameKind::Queue, 2, "demo", "support");
    Naming { names, home: "demo".to_owned() }
}

/// The golden entries of the journal: one of every event at least.
fn every_event() -> Vec<CallEntry> {
    let golden = include_str!("../../../engine/journal/tests/golden/call.v1.hex");
    let bytes = |hex: &str| -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    };
    let entry = |line: &str| match decode(&bytes(line.split(' ').nth(1).unwrap())) {
        Ok((_, Entry::Call(step))) => step,
        other => panic!("{other:?}"),
    };
    golden.lines().map(entry).collect()
}

#[test]
fn every_event_has_its_type_and_its_words() {
    let entries = every_event();
    let steps: Vec<_> = entries.iter().map(|entry| JourneyStep::of(entry, &naming())).collect();
    for (entry, (step, text)) in entries.iter().zip(steps.iter().zip(tell(&steps))) {
        assert_eq!(StepKind::of(&entry.event).word(), step.kind);
        assert!(text != step.kind && text.len() > 5, "{step:?}: {text}");
        assert!(!text.contains('_') && !text.contains("  ") && !text.ends_with(' '), "{text}");
    }
    for kind in StepKind::ALL {
        assert_eq!(StepKind::from_word(kind.word()), Some(*kind));
        // Of the two ends of a recording the journal's golden file has one.
        let is_seen = steps.iter().any(|step| step.kind == kind.word());
        assert!(is_seen || *kind == StepKind::RecordingFailed, "{kind:?}: add its event to the golden file");
    }
}

#[test]
fn a_journey_reads_as_what_happened() {
    let data = [
        ("call.started", None, json!({"direction": "inbound", "from": "+442071838750", "to": "+442071830001"})),
        ("leg.started", Some(1), json!({"kind": "caller"})),
        ("queue.entered", None, json!({"queue": "support"})),
        ("leg.started", Some(2), json!({"kind": "agent", "agent": "1001"})),
        ("offer.ringing", Some(2), json!({"agent": "1001"})),
        ("leg.device", Some(2), json!({"name": "Ann", "device": "desk phone"})),
        ("call.answered", Some(2), json!({"agent": "1001"})),
        ("call.held", Some(2), json!({})),
        ("leg.ended", Some(1), json!({"cause": {"who": "caller", "code": "normal"}})),
        ("call.ended", None, json!({"status": "completed", "cause": {"who": "caller", "code": "normal"}})),
        ("call.of_a_newer_program", None, json!({})),
    ];
    let step = |(number, (kind, leg, data)): (usize, (&str, Option<u64>, Value))| JourneyStep {
        seq: number as u32 + 1,
        at: WallTime::default(),
        kind: kind.to_owned(),
        leg: leg.map(LegId),
        data,
    };
    let steps: Vec<_> = data.into_iter().enumerate().map(step).collect();
    let expected = [
        "Call from +442071838750 to +442071830001",
        "Caller +442071838750 is on the line",
        "Routed to inbox support",
        "1001 – Ann is called",
        "Ringing 1001 – Ann",
        "The phone is 1001 – Ann – desk phone",
        "Answered by 1001 – Ann – desk phone",
        "1001 – Ann – desk phone put the call on hold",
        "Caller +442071838750 left: caller hung up",
        "Call ended: completed (caller hung up)",
        "call.of_a_newer_program",
    ];
    assert_eq!(tell(&steps), expected);
}
