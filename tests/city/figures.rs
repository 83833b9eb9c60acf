//! The city's figures: the agents' time by three books, and the first words in the recordings of real phones.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::audio::pieces_in;
use crate::books::Books;
use crate::city::City;
use crate::fate::Party;
use crate::ledger::Spent;
use crate::phones::extension;
use crate::support::unique;

/// A span of time that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    from: (Instant, String),
}

/// The same span by the carrier's book and by REST.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    from: String,
    to: String,
    /// By what the carrier heard.
    pub(crate) own: Spent,
    /// By `GET /v1/agents/{extension}/stats`.
    pub(crate) rest: Spent,
}

impl Window {
    /// It begins now.
    pub(crate) fn open(city: &City) -> Self {
        Self { from: moment(city) }
    }

    /// It ends now.
    pub(crate) fn close(self, city: &City) -> Closed {
        let ((begin, from), (end, to)) = (self.from, moment(city));
        let own = city.ledger.spent(city.agents, begin, end);
        let mut rest = Spent::default();
        for agent in 0..city.agents {
            let path = format!("/v1/agents/{}/stats?from={from}&to={to}", extension(agent));
            let stats = city.http().get(&path).json();
            let seconds = |key: &str| stats[key].as_f64().expect("a duration") / 1e3;
            rest.talk_s += seconds("talk_ms");
            rest.wrap_s += seconds("wrap_up_ms");
            rest.all_s += ["talk_ms", "wrap_up_ms", "available_ms", "reserved_ms"].map(seconds).iter().sum::<f64>();
        }
        Closed { from, to, own, rest }
    }
}

impl Closed {
    /// Prints the agents' time.
    pub(crate) fn print(&self) {
        for (who, spent) in [("carrier", &self.own), ("REST", &self.rest)] {
            let occupancy = spent.occupancy() * 100.0;
            println!("{who:<9} occupancy {occupancy:.2} %: talk {:.0} s, wrap-up {:.0} s", spent.talk_s, spent.wrap_s);
        }
    }

    /// The three books tell the same.
    pub(crate) fn assert_agree(&self, city: &City, books: &Books) {
        let points = (self.own.occupancy() - self.rest.occupancy()).abs() * 100.0;
        assert!(points <= BOOKS_POINTS, "carrier and REST are {points:.2} points apart");
        let recounted = self.recounted_talk_s(books);
        println!("records   talk {recounted:.0} s");
        let off = (recounted - self.rest.talk_s).abs() / self.rest.talk_s;
        assert!(off <= BOOKS_SHARE, "{recounted:.0} s of talk in the attempts, {:.0} s by REST", self.rest.talk_s);
        let shown = city.http().get(&format!("/v1/campaigns/{}", city.campaign)).json();
        let abandoned = shown["total"]["abandoned"].as_u64().expect("a count");
        let own = city.ledger.count(|line| line.answered_at.is_some() && line.agent.is_none() && line.is_person());
        let other = books.attempts.iter().filter(|attempt| attempt["outcome"] == "hung_up").count() as u64;
        // A machine that is taken for a person counts as one, and a person who hangs up at once does not.
        assert!(abandoned + other + MISTAKEN_MAX >= own, "{abandoned} abandoned by REST, {own} by the carrier");
    }

    /// Talk within the window, from the attempts.
    fn recounted_talk_s(&self, books: &Books) -> f64 {
        let at = |value: &Value| value.as_str().map(seconds_of);
        let (from, to) = (seconds_of(&self.from), seconds_of(&self.to));
        let talk = |attempt: &Value| {
            let (begin, end) = (at(&attempt["connected_at"])?, at(&attempt["ended_at"])?);
            Some((end.min(to) - begin.max(from)).max(0.0))
        };
        books.attempts.iter().filter_map(talk).sum()
    }
}

/// The first words of each person who talked with the agent of a real phone are in what that phone heard.
pub(crate) fn check_words(city: &mut City) {
    let (mut people, phones) = (0, city.baresips.len());
    for (agent, mut phone) in std::mem::take(&mut city.baresips) {
        let path = format!("/v1/agents/{}/disconnect", extension(agent));
        assert_eq!(city.http().post(&path, &unique(), &serde_json::json!({})).status, 200);
        phone.expect("CALL_CLOSED");
        let closed = Instant::now();
        let heard = phone.heard().channels.swap_remove(0);
        let (mut talks, mut missing) = (0, Vec::new());
        for line in &city.ledger.lines {
            let (Party::Person { voice, .. }, Some((who, at))) = (&line.fate.party, line.agent) else { continue };
            // A leg that was cut by a kill has a file of its own, and an end that nobody knows.
            let ago = (closed - at).as_secs_f64();
            let Some(from) = heard.len().checked_sub((ago * 8_000.0) as usize).filter(|_| who == agent) else {
                continue;
            };
            // Who hung up before his own words were over was not heard to their end.
            let talk = line.over_at.map_or(Duration::ZERO, |over| over.saturating_duration_since(at));
            if talk < voice.greeting + WORDS_LATE {
                continue;
            }
            talks += 1;
            let span = &heard[from.saturating_sub(BEFORE_SAMPLES)..heard.len().min(from + WORDS_SAMPLES)];
            let pieces = voice.pieces();
            let found = pieces_in(&pieces, span);
            if found * 2 < pieces.len() {
                missing.push(format!("{} {found} of {}", voice.file, pieces.len()));
            }
        }
        println!("agent {} at a baresip: first words of {} of {talks} people", extension(agent), talks - missing.len());
        assert!(missing.is_empty(), "first words that are not heard: {missing:?}");
        people += talks;
    }
    assert!(people > 0 || phones == 0, "nobody talked with the agent of a real phone");
}

/// Now, as the node's clock writes it too.
fn moment(city: &City) -> (Instant, String) {
    let shown = city.http().get(&format!("/v1/campaigns/{}", city.campaign)).json();
    (Instant::now(), shown["pace"]["at"].as_str().expect("it dials").to_owned())
}

/// Seconds since 1970 of a time in UTC as RFC 3339 writes it.
fn seconds_of(text: &str) -> f64 {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<f64>().ok()).expect(text);
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    // Days of the civil calendar, years beginning in March.
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let days = (year * 365.25).floor() - (year / 100.0).floor()
        + (year / 400.0).floor()
        + ((month * 153.0 + 2.0) / 5.0).floor()
        + day
        - 719_469.0;
    let rest = text[17..].trim_end_matches('Z').parse::<f64>().expect(text);
    days * 86_400.0 + part(11, 13) * 3_600.0 + part(14, 16) * 60.0 + rest
}

/// The carrier hears an agent some packets after the node has joined them, and 50 agents wrap up by their own clocks.
const BOOKS_POINTS: f64 = 1.0;
/// The phone's jitter buffer, and the end of a call that it tells late.
const BEFORE_SAMPLES: usize = 12_000;
/// From the first sound of the agent to the customer's words: a tone, and half a second of a busy machine.
const WORDS_LATE: Duration = Duration::from_millis(700);
/// The tone, and the longest greeting.
const WORDS_SAMPLES: usize = 64_000;
/// Of the talk: the same moments, seen by two owners.
const BOOKS_SHARE: f64 = 0.01;
/// People whom the detection may have called machines.
const MISTAKEN_MAX: u64 = 5;

#[test]
fn seconds_since_1970() {
    assert_eq!(seconds_of("1970-01-01T00:00:00Z"), 0.0);
    assert_eq!(seconds_of("2026-11-21T12:05:02.5Z"), 1_795_262_702.5);
    assert_eq!(seconds_of("2024-02-29T23:59:59Z"), 1_709_251_199.0);
}
