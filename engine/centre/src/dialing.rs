//! What the dialer's notes are in the journal, and what the journal tells it after a restart.

use std::collections::BTreeMap;

use clock::{CampaignId, WallTime};
use dialer::campaign::{Actor, Answer, Life, Outcome, Status};
use dialer::contract::{EndClass, Ending, Heard};
use dialer::hopper::{Booked, DISPOSED_WITHIN, NumberTries, Tries};
use dialer::runner::{
    AnswersNote, Attempt, CampaignNote, DisposedNote, Hour, JudgedNote, LeadNote, Ledger, Note, Restored, Said, Shown,
    Talked, Times, Written,
};
use journal_core::{
    AnswerEntry, AttemptEntry, AttemptTimes, CampaignEntry, CampaignEvent, CampaignHour, CampaignLeadEntry,
    CampaignStep, DialOccasion, Dialing, Disposition, Entry, FormAnswers, LeadBooked, LeadNumberTries, LeadTries,
    Shared, TalkedEntry,
};

/// The entry of a note.
pub(crate) fn entry(note: Note, at: WallTime) -> Entry {
    let step = |campaign, event, at| Entry::CampaignStep(Box::new(CampaignStep { campaign, event, at }));
    match note {
        Note::Campaign(note) => Entry::Campaign(Shared::from(campaign_entry(*note))),
        Note::Attempt(attempt, tries, numbers) => {
            Entry::Attempt(Shared::from(attempt_entry(*attempt, &tries, numbers)))
        }
        Note::Lead(note) => Entry::CampaignLead(Box::new(lead_entry(*note))),
        Note::Judged(note) => {
            let JudgedNote { campaign, lead, queue, attempt, agent, verdict } = *note;
            call::decision(verdict, DialOccasion::Campaign { campaign, queue, lead, attempt, agent })
        }
        Note::Alert { campaign, alert, is_on } => {
            let (kind, remedy) = (alert.kind.word().to_owned(), alert.kind.remedy().to_owned());
            step(campaign, CampaignEvent::Alert { kind, about: alert.about, says: alert.says, remedy, is_on }, at)
        }
        Note::Worked { campaign, agent, since, until } => step(campaign, CampaignEvent::Worked { agent, since }, until),
        Note::Answers(note) => {
            let AnswersNote { campaign, attempt, call, agent, answers, by, at } = *note;
            let answers = answers.into_iter().map(|(name, answer)| (name, answer_entry(answer))).collect();
            Entry::FormAnswers(Box::new(FormAnswers { campaign, attempt, call, agent, answers, by, at }))
        }
        Note::Disposed(DisposedNote { campaign, call, agent, lead, code, at }) => {
            step(campaign, CampaignEvent::Disposed { call, agent, lead, code }, at)
        }
        Note::Progress(progress) => {
            let event = CampaignEvent::Progress { total: hour_entry(progress.total), in_flight: progress.in_flight };
            step(progress.campaign, event, progress.at)
        }
    }
}

/// The entry that an agent sees a lead, or nothing more.
pub(crate) fn shown(campaign: CampaignId, agent: clock::AgentId, shown: Option<Shown>, at: WallTime) -> Entry {
    let (lead, number, until) =
        shown.map_or((None, String::new(), None), |shown| (Some(shown.lead), shown.number, shown.until));
    let event = CampaignEvent::Shown { agent, lead, number, until };
    Entry::CampaignStep(Box::new(CampaignStep { campaign, event, at }))
}

/// The campaigns from before a restart. `read` makes of a text what it means; one that it cannot read is left out.
#[must_use]
pub fn restored(dialing: &Dialing, read: impl Fn(&str) -> Option<Written>) -> Vec<Restored> {
    let restore = |entry: &CampaignEntry| {
        let written = read(&entry.definition)?;
        let id = entry.campaign;
        let hours = dialing.hours(id).map(|(hour, counts)| (hour, hour_of(counts)));
        let ledger = Some(Ledger::of(hours, hour_of(dialing.total(id))));
        let open = dialing.open(id).map(|attempt| (attempt_of(attempt), tries_of(&attempt.tries), attempt.numbers));
        let (life, resets, open) = (life_of(entry), entry.resets.clone(), open.collect());
        let talked = dialing.talked(id).map(|(call, talked)| (call, talked_of(talked))).collect();
        let said = dialing.said(id).map(said_of).collect();
        Some(Restored { campaign: id, written, life, resets, ledger, open, talked, said })
    };
    dialing.campaigns().filter_map(restore).collect()
}

/// What was tried with a lead, as the journal and the database keep it.
#[must_use]
pub fn tries_of(tries: &LeadTries) -> Tries {
    let counts = |counts: &[(String, u8)]| {
        counts.iter().filter_map(|(word, times)| Some((Outcome::of_word(word)?, *times))).collect()
    };
    let last =
        |last: &Option<(String, WallTime)>| last.as_ref().and_then(|(word, at)| Some((Outcome::of_word(word)?, *at)));
    let number = |known: &LeadNumberTries| NumberTries {
        number: known.number.clone(),
        ended: counts(&known.ended),
        last: last(&known.last),
    };
    Tries {
        total: tries.total,
        counted: tries.counted,
        recent: tries.recent.clone(),
        by_outcome: counts(&tries.by_outcome),
        last: last(&tries.last),
        number: tries.number,
        by_number: tries.by_number.iter().map(number).collect(),
    }
}

/// What an agent said came of a call, as the campaigns hear it.
pub(crate) fn said(given: acd::Disposed) -> Said {
    let acd::Disposed { agent, call, code, callback, .. } = given;
    let callback = callback.and_then(|wanted| Some((wanted.due_at?, wanted.agent)));
    Said { call, agent, code, callback }
}

fn said_of(given: &Disposition) -> Said {
    let callback = given.callback.as_ref().and_then(|wanted| Some((wanted.due_at?, wanted.agent)));
    Said { call: given.call, agent: given.agent, code: given.code.clone(), callback }
}

fn talked_of(entry: &TalkedEntry) -> Talked {
    let TalkedEntry { attempt, lead, list, agent, at, is_disposed, .. } = *entry;
    let answers = entry.answers.iter().map(|(name, answer)| (name.clone(), answer_of(answer))).collect();
    let until = (!is_disposed).then(|| at + DISPOSED_WITHIN);
    Talked { attempt, lead, list, number: entry.number.clone(), agent, until, answers }
}

fn answer_entry(answer: Answer) -> AnswerEntry {
    match answer {
        Answer::Text(text) => AnswerEntry::Text(text),
        Answer::Number(millionths) => AnswerEntry::Number(millionths),
    }
}

fn answer_of(entry: &AnswerEntry) -> Answer {
    match entry {
        AnswerEntry::Text(text) => Answer::Text(text.clone()),
        AnswerEntry::Number(millionths) => Answer::Number(*millionths),
    }
}

fn tries_entry(tries: &Tries) -> LeadTries {
    let counts = |counts: &BTreeMap<Outcome, u8>| {
        counts.iter().map(|(outcome, times)| (outcome.word().to_owned(), *times)).collect()
    };
    let last = |last: Option<(Outcome, WallTime)>| last.map(|(outcome, at)| (outcome.word().to_owned(), at));
    let number = |known: &NumberTries| LeadNumberTries {
        number: known.number.clone(),
        ended: counts(&known.ended),
        last: last(known.last),
    };
    LeadTries {
        total: tries.total,
        counted: tries.counted,
        recent: tries.recent.clone(),
        by_outcome: counts(&tries.by_outcome),
        last: last(tries.last),
        number: tries.number,
        by_number: tries.by_number.iter().map(number).collect(),
    }
}

fn campaign_entry(note: CampaignNote) -> CampaignEntry {
    let CampaignNote { campaign, written, life, resets, at } = note;
    let said = |said: Option<(Actor, WallTime)>| said.map(|(who, at)| (who.0, at));
    CampaignEntry {
        campaign,
        name: written.definition.name.clone(),
        method: written.definition.method.word().to_owned(),
        definition: written.text.to_string(),
        status: life.status.word().to_owned(),
        edited_by: life.edited_by.map(|who| who.0),
        submitted: said(life.submitted),
        approved: said(life.approved),
        reason: life.reason,
        started_at: life.started_at,
        ended_at: life.ended_at,
        resets,
        at,
        ended_by: life.ended_by.map(|who| who.0),
        estimate: life.estimate.map(|says| says.to_string()),
        archived: said(life.archived),
    }
}

fn life_of(entry: &CampaignEntry) -> Life {
    let said = |said: &Option<(String, WallTime)>| said.as_ref().map(|(who, at)| (Actor(who.clone()), *at));
    Life {
        status: Status::of_word(&entry.status).unwrap_or_default(),
        edited_by: entry.edited_by.clone().map(Actor),
        submitted: said(&entry.submitted),
        approved: said(&entry.approved),
        reason: entry.reason.clone(),
        started_at: entry.started_at,
        ended_at: entry.ended_at,
        ended_by: entry.ended_by.clone().map(Actor),
        estimate: entry.estimate.as_deref().map(Into::into),
        archived: said(&entry.archived),
    }
}

fn lead_entry(note: LeadNote) -> CampaignLeadEntry {
    let LeadNote { campaign, list, lead, booked, tries, disposition, at } = note;
    let booked = match booked {
        Booked::Retry(at) => LeadBooked::Retry(at),
        Booked::Callback(at, agent) => LeadBooked::Callback(at, agent),
        Booked::Done(why) => LeadBooked::Done(why.word().to_owned()),
    };
    CampaignLeadEntry { campaign, list, lead, booked, tries: tries_entry(&tries), disposition, at }
}

fn attempt_entry(attempt: Attempt, tries: &Tries, numbers: u8) -> AttemptEntry {
    let times = attempt.times;
    AttemptEntry {
        attempt: attempt.attempt,
        campaign: attempt.campaign,
        lead: attempt.lead,
        list: attempt.list,
        number: attempt.number,
        caller_id: attempt.caller_id,
        waits: attempt.waits,
        times: AttemptTimes {
            ordered_at: times.ordered_at,
            rang_at: times.rang_at,
            answered_at: times.answered_at,
            detected_at: times.detected_at,
            greeting_ended_at: times.greeting_ended_at,
            connected_at: times.connected_at,
            abandoned_at: times.abandoned_at,
            played_at: times.played_at,
            ended_at: times.ended_at,
        },
        call: attempt.call,
        early: attempt.early.map(|heard| heard.word().to_owned()),
        detected: attempt.detected.map(|(heard, confidence, reason)| (heard.word().to_owned(), confidence, reason)),
        agent: attempt.agent,
        waited_ms: attempt.waited_ms,
        ending: attempt.ending.map(|ending| (ending.class.word().to_owned(), ending.code, ending.q850, ending.sip)),
        outcome: attempt.outcome.map(|outcome| outcome.word().to_owned()),
        tries: tries_entry(tries),
        numbers,
    }
}

fn attempt_of(entry: &AttemptEntry) -> Attempt {
    let times = entry.times;
    let ending = |(class, code, q850, sip): &(String, String, u8, Option<u16>)| {
        Some(Ending { class: EndClass::of_word(class)?, code: code.clone(), q850: *q850, sip: *sip })
    };
    let detected =
        |(word, confidence, reason): &(String, u8, String)| Some((Heard::of_word(word)?, *confidence, reason.clone()));
    Attempt {
        attempt: entry.attempt,
        campaign: entry.campaign,
        lead: entry.lead,
        list: entry.list,
        number: entry.number.clone(),
        caller_id: entry.caller_id.clone(),
        waits: entry.waits,
        times: Times {
            ordered_at: times.ordered_at,
            rang_at: times.rang_at,
            answered_at: times.answered_at,
            detected_at: times.detected_at,
            greeting_ended_at: times.greeting_ended_at,
            connected_at: times.connected_at,
            abandoned_at: times.abandoned_at,
            played_at: times.played_at,
            ended_at: times.ended_at,
        },
        call: entry.call,
        early: entry.early.as_deref().and_then(Heard::of_word),
        detected: entry.detected.as_ref().and_then(detected),
        agent: entry.agent,
        waited_ms: entry.waited_ms,
        ending: entry.ending.as_ref().and_then(ending),
        outcome: entry.outcome.as_deref().and_then(Outcome::of_word),
    }
}

fn hour_entry(hour: Hour) -> CampaignHour {
    let Hour { attempts, answered, people, served, abandoned, machines, failed } = hour;
    CampaignHour { attempts, answered, people, served, abandoned, machines, failed }
}

fn hour_of(hour: CampaignHour) -> Hour {
    let CampaignHour { attempts, answered, people, served, abandoned, machines, failed } = hour;
    Hour { attempts, answered, people, served, abandoned, machines, failed }
}
