use super::*;

fn cause(who: Who, sip: Option<u16>, code: &str) -> Cause {
    Cause { who, q850: None, sip, code: code.to_owned() }
}

#[test]
fn live_rows() {
    use CallStatus as S;
    use Outcome as O;
    use WorkStatus as W;
    let rows = [
        (Direction::OutboundDial, Stage::Queued, S::Queued, O::Initiated, W::Assigning),
        (Direction::OutboundDial, Stage::Ringing, S::Ringing, O::Initiated, W::Assigning),
        (Direction::OutboundAuto, Stage::Ringing, S::Ringing, O::Initiated, W::Assigning),
        (Direction::Inbound, Stage::Queued, S::Queued, O::InProgress, W::Waiting),
        (Direction::Inbound, Stage::Ringing, S::Ringing, O::InProgress, W::Assigning),
        (Direction::Inbound, Stage::Answered, S::Answered, O::InProgress, W::Assigned),
        (Direction::OutboundDial, Stage::Answered, S::Answered, O::InProgress, W::Assigned),
        (Direction::Inbound, Stage::Transferring, S::Answered, O::InProgress, W::Transferring),
    ];
    for (direction, stage, status, outcome, work) in rows {
        assert_eq!(live(direction, stage), Verdict { status, outcome, work }, "{direction:?} {stage:?}");
    }
}

#[test]
fn ended_rows() {
    use CallStatus as S;
    use Outcome as O;
    let none = Reached::default();
    let talked = Reached { conversation: true, ..none };
    let voicemail = Reached { voicemail: true, ..none };
    let normal = |who| cause(who, None, code::NORMAL);
    let q850 = |who, q850, code: &str| Cause { q850: Some(q850), ..cause(who, None, code) };
    let rows = [
        (talked, normal(Who::Caller), S::Completed, O::Successful),
        (talked, normal(Who::Agent), S::Completed, O::Successful),
        (talked, normal(Who::System), S::Completed, O::Successful),
        (talked, q850(Who::System, 31, code::CALL_MAX), S::Completed, O::Successful),
        (voicemail, normal(Who::Caller), S::Completed, O::Voicemail),
        (voicemail, q850(Who::System, 41, code::NODE_RESTART), S::Completed, O::Voicemail),
        (none, cause(Who::Caller, Some(487), code::CANCELED), S::Canceled, O::NoAnswer),
        (none, normal(Who::Caller), S::Canceled, O::NoAnswer),
        (none, normal(Who::System), S::Canceled, O::NoAnswer),
        (none, cause(Who::System, Some(480), code::WAIT_OVER), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::Callee, Some(486), code::BUSY), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::Callee, Some(600), code::BUSY), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::Callee, Some(480), code::UNREACHABLE), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::System, Some(408), code::NO_ANSWER), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::Agent, None, code::RONA), S::NoAnswer, O::NoAnswer),
        (none, cause(Who::System, Some(404), code::UNKNOWN_NUMBER), S::Failed, O::Error),
        (none, cause(Who::Callee, Some(503), "upstream"), S::Failed, O::Error),
        (none, cause(Who::Callee, Some(603), "rejected"), S::Failed, O::Error),
        (none, q850(Who::Caller, 102, "rtp_timeout"), S::Failed, O::Error),
        (talked, q850(Who::Callee, 102, "rtp_timeout"), S::Failed, O::Error),
        (talked, cause(Who::System, None, "media_timeout"), S::Failed, O::Error),
        (talked, q850(Who::System, 41, code::NODE_RESTART), S::Failed, O::Error),
        (none, cause(Who::System, Some(503), code::NODE_RESTART), S::Failed, O::Error),
    ];
    for (reached, cause, status, outcome) in rows {
        let got = concluded(reached, &cause);
        assert_eq!((got.status, got.outcome), (status, outcome), "{reached:?} {cause:?}");
        let work = if status == S::Failed { WorkStatus::Failed } else { WorkStatus::Ended };
        assert_eq!(got.work, work);
    }
}

#[test]
fn only_customers_who_called_a_number_of_ours_are_lost() {
    let unknown = cause(Who::System, Some(404), code::UNKNOWN_NUMBER);
    let canceled = cause(Who::Caller, Some(487), code::CANCELED);
    assert!(is_lost(CallStatus::Canceled, Direction::Inbound, false, Some(&canceled)));
    assert!(is_lost(CallStatus::NoAnswer, Direction::Inbound, false, None));
    assert!(!is_lost(CallStatus::Failed, Direction::Inbound, false, Some(&unknown)));
    assert!(!is_lost(CallStatus::Canceled, Direction::Inbound, true, Some(&canceled)));
    assert!(!is_lost(CallStatus::Canceled, Direction::OutboundDial, false, Some(&canceled)));
    assert!(!is_lost(CallStatus::Completed, Direction::Inbound, false, None));
    assert!(!is_lost(CallStatus::Ringing, Direction::Inbound, false, None));
}
