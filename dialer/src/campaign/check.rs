//! What is wrong with a campaign, all of it at once.

use core::time::Duration;

use super::definition::{AGENTS_MAX, CALLER_IDS_MAX, Definition, LISTS_MAX, Method, Mix, Service};
use super::outcome::{LeadAction, Recycle};
use crate::contract::{OnMachine, RING_MIN_S};
use crate::gate::{Clause, Demand, Voice, packed};

/// Something that is wrong with a campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where: the JSON pointer of the field in the API's campaign, without `#`.
    pub at: String,
    /// Stable word.
    pub code: &'static str,
    /// What was expected.
    pub expected: String,
}

/// All that is wrong; empty: it may be submitted.
#[must_use]
pub fn check(definition: &Definition) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    let is_name = (1..=NAME_CHARS_MAX).contains(&definition.name.trim().chars().count());
    faults.unless(is_name, "/name", "invalid", || format!("a name of 1 to {NAME_CHARS_MAX} characters"));
    faults.method(definition);
    faults.lists(definition);
    faults.calls(definition);
    faults.people(definition);
    faults.law(definition);
    faults.recycling(definition);
    faults.0.extend(definition.script.faults());
    faults.0
}

struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, is_right: bool, at: &str, code: &'static str, expected: impl FnOnce() -> String) {
        if !is_right {
            self.0.push(Fault { at: at.to_owned(), code, expected: expected() });
        }
    }

    fn method(&mut self, campaign: &Definition) {
        let is_bot = matches!(campaign.method, Method::Bot { .. });
        match campaign.method {
            Method::Ratio { lines } => {
                self.unless((1.0..=LINES_AN_AGENT_MAX).contains(&lines), "/lines_per_agent", "out_of_range", || {
                    format!("1 to {LINES_AN_AGENT_MAX} lines an idle agent")
                })
            }
            Method::Bot { concurrent } => {
                self.unless((1..=campaign.max_lines).contains(&concurrent), "/concurrent", "out_of_range", || {
                    format!("1 to {} calls at once, as many as there are lines", campaign.max_lines)
                })
            }
            Method::Preview { limit: Some(limit), .. } => {
                self.unless((PREVIEW_MIN..=PREVIEW_MAX).contains(&limit), "/preview_limit_s", "out_of_range", || {
                    format!("{} to {} s", PREVIEW_MIN.as_secs(), PREVIEW_MAX.as_secs())
                });
            }
            Method::Manual | Method::Preview { .. } | Method::Progressive | Method::Predictive => {}
        }
        let is_message = matches!(campaign.service, Service::Message(_));
        let agents = campaign.agents.as_ref().map_or(0, |agents| agents.len());
        self.unless(agents <= AGENTS_MAX, "/agents", "too_many", || format!("at most {AGENTS_MAX}"));
        self.unless(!is_message || campaign.agents.is_none(), "/agents", "contradiction", || {
            "none, as no queue serves it".to_owned()
        });
        self.unless(is_bot || !is_message, "/queue", "required", || {
            format!("a queue: agents serve the dial method {}", campaign.method.word())
        });
        self.unless(
            !(is_bot || is_message) || campaign.terms.voice != Voice::Person,
            "/voice",
            "contradiction",
            || "recorded or ai, as no person speaks".to_owned(),
        );
    }

    fn lists(&mut self, campaign: &Definition) {
        let lists = &campaign.lists;
        self.unless(!lists.is_empty() || campaign.method == Method::Manual, "/lists", "required", || {
            "one list or more".to_owned()
        });
        self.unless(lists.len() <= LISTS_MAX, "/lists", "too_many", || format!("at most {LISTS_MAX} lists"));
        for (at, share) in lists.iter().enumerate() {
            let is_first = lists.iter().take(at).all(|before| before.list != share.list);
            self.unless(is_first, &format!("/lists/{at}/list_id"), "duplicate", || "each list once".to_owned());
            let is_share = campaign.mix != Mix::Shares || (1..=100).contains(&share.share);
            self.unless(is_share, &format!("/lists/{at}/share"), "out_of_range", || "1 to 100 percent".to_owned());
        }
        let sum: u32 = lists.iter().map(|share| u32::from(share.share)).sum();
        let is_whole = campaign.mix != Mix::Shares || lists.is_empty() || sum == 100;
        self.unless(is_whole, "/lists", "contradiction", || format!("shares that make 100 percent, not {sum}"));
    }

    fn calls(&mut self, campaign: &Definition) {
        self.unless(campaign.ring_min_s >= RING_MIN_S, "/ring_min_s", "out_of_range", || {
            format!("at least {RING_MIN_S} s (16 CFR 310.4(b)(4)(ii), Ofcom)")
        });
        let rings = campaign.ring_min_s.max(RING_MIN_S)..=RING_S_MAX;
        self.unless(rings.contains(&campaign.ring_max_s), "/ring_max_s", "out_of_range", || {
            format!("{} to {} s", rings.start(), rings.end())
        });
        self.unless((1..=LINES_MAX).contains(&campaign.max_lines), "/max_lines", "out_of_range", || {
            format!("1 to {LINES_MAX}")
        });
        let pool = &campaign.caller_ids.pool;
        self.unless(pool.len() <= CALLER_IDS_MAX, "/caller_ids", "too_many", || format!("at most {CALLER_IDS_MAX}"));
        for (at, own) in pool.iter().enumerate().take(CALLER_IDS_MAX) {
            self.unless(packed(own).is_some(), &format!("/caller_ids/{at}"), "invalid", || {
                "E.164, e.g. +442071838750".to_owned()
            });
        }
        let detection = campaign.detection;
        self.unless(
            detection.enabled || detection.on_machine == OnMachine::HangUp,
            "/on_machine",
            "contradiction",
            || "hang_up, as nobody listens who answered".to_owned(),
        );
    }

    fn people(&mut self, campaign: &Definition) {
        let rules = campaign.abandon;
        self.unless((TARGET_MIN..=TARGET_MAX).contains(&rules.target), "/abandon_target", "out_of_range", || {
            format!("{TARGET_MIN} to {TARGET_MAX} of the people who answer")
        });
        self.unless(
            (500..=CONNECT_MS_MAX).contains(&rules.connect_limit_ms),
            "/connect_limit_ms",
            "out_of_range",
            || format!("500 to {CONNECT_MS_MAX} ms (47 CFR 64.1200(a)(7): 2 s)"),
        );
        let errors = 0.0..=rules.target.clamp(TARGET_MIN, TARGET_MAX);
        self.unless(errors.contains(&rules.people_called_machines), "/people_called_machines", "out_of_range", || {
            format!("0 to {}, as they count as abandoned", errors.end())
        });
        let mut caps = [
            ("lead", campaign.terms.caps.lead),
            ("number", campaign.terms.caps.number),
            ("lead_a_day", campaign.terms.caps.lead_a_day),
            ("number_a_day", campaign.terms.caps.number_a_day),
            ("lead_in_24_h", campaign.terms.caps.lead_in_24_h),
            ("number_in_24_h", campaign.terms.caps.number_in_24_h),
        ]
        .into_iter();
        let zero = caps.find(|(_, cap)| *cap == Some(0));
        self.unless(zero.is_none(), &format!("/caps/{}", zero.map_or("", |(name, _)| name)), "out_of_range", || {
            "1 or more attempts".to_owned()
        });
    }

    /// What the law demands of who dials more numbers than he has agents for.
    fn law(&mut self, campaign: &Definition) {
        if !matches!(campaign.method, Method::Ratio { .. } | Method::Predictive) {
            return;
        }
        let choice = campaign.terms.rule_set;
        let share = |clause: &'static Clause| match clause.demand {
            Demand::Abandoned { per_mille } => Some((per_mille, clause.id)),
            _ => None,
        };
        if let Some((per_mille, id)) = choice.demands().filter_map(share).min() {
            let most = f64::from(per_mille) / 1_000.0;
            self.unless(campaign.abandon.target <= most, "/abandon_target", "out_of_range", || {
                format!("at most {most} ({id})")
            });
        }
        let message = choice.demands().find(|clause| clause.demand == Demand::AbandonMessage);
        if let Some(clause) = message {
            self.unless(campaign.abandon.message.is_some(), "/abandon_message", "required", || {
                format!("a message for whom no agent takes ({})", clause.id)
            });
        }
    }

    fn recycling(&mut self, campaign: &Definition) {
        let Recycle { rules, attempts_max } = &campaign.recycle;
        self.unless((1..=Recycle::ATTEMPTS_MAX).contains(attempts_max), "/attempts_max", "out_of_range", || {
            format!("1 to {}", Recycle::ATTEMPTS_MAX)
        });
        for (outcome, again) in rules {
            let at = |field: &str| format!("/recycle/{}/{field}", outcome.word());
            self.unless(is_span(again.after), &at("after_s"), "out_of_range", span_expected);
            self.unless(again.times <= Recycle::TIMES_MAX, &at("times"), "out_of_range", || {
                format!("0 to {} times", Recycle::TIMES_MAX)
            });
        }
        for (code, action) in &campaign.dispositions {
            if let LeadAction::Again(after) = action {
                self.unless(is_span(*after), &format!("/dispositions/{code}/after_s"), "out_of_range", span_expected);
            }
        }
        self.unless(campaign.dispositions.len() <= DISPOSITIONS_MAX, "/dispositions", "too_many", || {
            format!("at most {DISPOSITIONS_MAX}")
        });
    }
}

fn is_span(after: Duration) -> bool {
    (Recycle::AFTER_MIN..=Recycle::AFTER_MAX).contains(&after)
}

fn span_expected() -> String {
    format!("{} to {} s", Recycle::AFTER_MIN.as_secs(), Recycle::AFTER_MAX.as_secs())
}

/// Fits a line of a screen.
const NAME_CHARS_MAX: usize = 100;
/// Beyond it nearly everybody who answers is abandoned.
const LINES_AN_AGENT_MAX: f64 = 10.0;
/// The pacing is measured up to here.
const LINES_MAX: u32 = 5_000;
/// Nobody rings longer: voicemail takes over long before.
const RING_S_MAX: u16 = 120;
/// Two seconds by law; a stricter campaign may ask for less.
const CONNECT_MS_MAX: u32 = 2_000;
/// Less is progressive dialing ...
const TARGET_MIN: f64 = 0.001;
/// ... and more is allowed nowhere (CRTC: 5 %).
const TARGET_MAX: f64 = 0.05;
/// Long enough to read a name ...
const PREVIEW_MIN: Duration = Duration::from_secs(5);
/// ... and short enough that it is a limit.
const PREVIEW_MAX: Duration = Duration::from_secs(3_600);
/// As many as an agent's desk can show.
const DISPOSITIONS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use clock::{ListId, MessageId, QueueId};

    use super::super::definition::ListShare;
    use super::*;
    use crate::gate::Choice;

    #[test]
    fn a_plain_campaign_is_right() {
        let mut campaign = Definition::new("Autumn", Method::Predictive, Service::Queue(QueueId(1)));
        campaign.lists = vec![ListShare { list: ListId(1), share: 0 }];
        assert_eq!(check(&campaign), []);
    }

    /// The law asks for consent where no person speaks: whoever serves the queue.
    #[test]
    fn a_bot_is_no_person() {
        let mut campaign = Definition::new("Autumn", Method::Bot { concurrent: 5 }, Service::Queue(QueueId(1)));
        campaign.lists = vec![ListShare { list: ListId(1), share: 0 }];
        assert_eq!(check(&campaign).into_iter().map(|fault| fault.at).collect::<Vec<_>>(), ["/voice"]);
        campaign.terms.voice = Voice::Ai;
        assert_eq!(check(&campaign), []);
    }

    #[test]
    fn the_law_is_asked_of_who_dials_ahead_of_his_agents() {
        let mut campaign = Definition::new("Autumn", Method::Predictive, Service::Queue(QueueId(1)));
        campaign.lists = vec![ListShare { list: ListId(1), share: 0 }];
        campaign.abandon.target = 0.05;
        let at = |campaign: &Definition| check(campaign).into_iter().map(|fault| fault.at).collect::<Vec<_>>();
        for (rule_set, faults) in [
            (Choice::Neutral, vec![]),
            (Choice::Canada, vec!["/abandon_message"]),
            (Choice::Us, vec!["/abandon_target", "/abandon_message"]),
            (Choice::ByNumber, vec!["/abandon_target", "/abandon_message"]),
        ] {
            campaign.terms.rule_set = rule_set;
            assert_eq!(at(&campaign), faults, "{rule_set:?}");
        }
        campaign.method = Method::Progressive;
        assert_eq!(at(&campaign), [""; 0], "an agent waits for each answer");
        campaign.method = Method::Ratio { lines: 2.0 };
        (campaign.abandon.target, campaign.abandon.message) = (0.03, Some(MessageId(1)));
        assert_eq!(at(&campaign), [""; 0]);
    }

    #[test]
    fn all_faults_come_at_once() {
        let mut campaign = Definition::new("", Method::Ratio { lines: 11.0 }, Service::Message(MessageId(1)));
        campaign.lists = [(1, 50), (1, 60)].map(|(list, share)| ListShare { list: ListId(list), share }).into();
        campaign.mix = Mix::Shares;
        (campaign.ring_min_s, campaign.max_lines) = (4, 0);
        campaign.caller_ids.pool = vec!["020 7183".to_owned()];
        (campaign.abandon.target, campaign.abandon.connect_limit_ms) = (0.1, 5_000);
        campaign.recycle.attempts_max = 0;
        campaign.terms.caps.number_a_day = Some(0);
        let at: Vec<String> = check(&campaign).into_iter().map(|fault| fault.at).collect();
        let expected = [
            "/name",
            "/lines_per_agent",
            "/queue",
            "/voice",
            "/lists/1/list_id",
            "/lists",
            "/ring_min_s",
            "/max_lines",
            "/caller_ids/0",
            "/abandon_target",
            "/connect_limit_ms",
            "/caps/number_a_day",
            "/attempts_max",
        ];
        assert_eq!(at, expected);
    }
}
