//! What agents of a campaign say and ask: a script with the lead's data filled in, and a form whose answers are kept
//! with the attempt.

use std::collections::{BTreeMap, BTreeSet};

use hours::Zone;
use serde::{Deserialize, Serialize};

use super::check::Fault;

/// Script and form of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// What the agent says: `{name}` stands for what is known of the lead by that word.
    pub text: Option<String>,
    /// What he asks.
    pub form: Vec<FormField>,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    /// Its name among the answers: a small letter, then at most 39 small letters, digits and underscores.
    pub name: String,
    /// What people read.
    pub label: String,
    /// A disposition that counts as success needs its answer.
    pub is_required: bool,
    /// What answers it.
    pub kind: FieldKind,
}

/// What answers a question.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// Text of at most so many characters, 1 to [`TEXT_MAX`].
    Text {
        /// Characters.
        chars_max: u32,
    },
    /// A number within these bounds, within ±[`NUMBER_MAX`].
    Number {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// One of these.
    Choice(Vec<String>),
    /// A date, `2026-11-23`.
    Date,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Text, a choice or a date.
    Text(String),
    /// A number, in millionths.
    Number(i64),
}

/// Answers by the names of their fields.
pub type Answers = BTreeMap<String, Answer>;

/// An answer as somebody gives it; none takes the former one back.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Text, a choice or a date.
    Text(String),
    /// A number.
    Number(f64),
    /// No answer.
    Nothing,
}

impl Script {
    /// The text with the lead's data in it. What nobody knows is left out.
    #[must_use]
    pub fn filled(&self, known: impl Fn(&str) -> Option<String>) -> Option<String> {
        let text = self.text.as_deref()?;
        let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}').filter(|(word, _)| is_word(word)) {
                Some((word, after)) => {
                    filled.extend(known(word.trim()));
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |is_right: bool, at: String, code, expected: &str| {
            if !is_right {
                faults.push(Fault { at, code, expected: expected.to_owned() });
            }
        };
        let chars = self.text.as_ref().map_or(1, |text| text.chars().count());
        fault((1..=SCRIPT_MAX).contains(&chars), "/script".to_owned(), "out_of_range", "1 to 8000 characters");
        fault(self.form.len() <= FIELDS_MAX, "/form".to_owned(), "out_of_range", "at most 40 fields");
        let mut names = BTreeSet::new();
        for (at, field) in self.form.iter().enumerate() {
            let at = format!("/form/{at}");
            fault(is_name(&field.name), format!("{at}/name"), "invalid", "a small letter, then letters, digits, _");
            fault(names.insert(&field.name), format!("{at}/name"), "taken", "a name of its own");
            let is_label = (1..=LABEL_MAX).contains(&field.label.chars().count());
            fault(is_label, format!("{at}/label"), "out_of_range", "1 to 200 characters");
            match &field.kind {
                FieldKind::Text { chars_max } => {
                    let is_right = (1..=TEXT_MAX).contains(chars_max);
                    fault(is_right, format!("{at}/max_length"), "out_of_range", "1 to 2000 characters");
                }
                FieldKind::Number { least, most } => {
                    let bounds = -NUMBER_MAX..=NUMBER_MAX;
                    let is_right = bounds.contains(least) && bounds.contains(most) && least <= most;
                    fault(is_right, format!("{at}/maximum"), "out_of_range", "a minimum up to a maximum, within ±1e9");
                }
                FieldKind::Choice(choices) => {
                    let is_choice = |choice: &String| (1..=CHOICE_MAX).contains(&choice.chars().count());
                    let is_right = (1..=CHOICES_MAX).contains(&choices.len()) && choices.iter().all(is_choice);
                    fault(is_right, format!("{at}/choices"), "out_of_range", "1 to 50 choices of 1 to 100 characters");
                }
                FieldKind::Date => {}
            }
        }
        faults
    }

    /// The answers with those that are given now, or everything that is wrong with these. With `is_final` the required
    /// ones must be there.
    ///
    /// # Errors
    /// One fault for each field.
    pub fn answered(&self, former: &Answers, given: &[(String, Given)], is_final: bool) -> Result<Answers, Vec<Fault>> {
        let (mut answers, mut faults) = (former.clone(), Vec::new());
        for (name, given) in given {
            let field = self.form.iter().find(|field| field.name == *name);
            match field.map(|field| field.kind.take(given)) {
                None => faults.push(fault(name, "unknown", "a field of the campaign's form")),
                Some(Err(expected)) => faults.push(fault(name, "invalid", &expected)),
                Some(Ok(None)) => drop(answers.remove(name)),
                Some(Ok(Some(answer))) => drop(answers.insert(name.clone(), answer)),
            }
        }
        let missing = |field: &&FormField| is_final && field.is_required && !answers.contains_key(&field.name);
        let missing = self.form.iter().filter(missing).map(|field| fault(&field.name, "required", "an answer"));
        faults.extend(missing.collect::<Vec<_>>());
        if faults.is_empty() { Ok(answers) } else { Err(faults) }
    }
}

impl FieldKind {
    /// The stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Number { .. } => "number",
            Self::Choice(_) => "choice",
            Self::Date => "date",
        }
    }

    /// The answer, or what was expected; none: no answer.
    fn take(&self, given: &Given) -> Result<Option<Answer>, String> {
        match (self, given) {
            (_, Given::Nothing) => Ok(None),
            (Self::Text { .. } | Self::Choice(_) | Self::Date, Given::Text(text)) if text.trim().is_empty() => Ok(None),
            (Self::Text { chars_max }, Given::Text(text)) => {
                let is_right = text.chars().count() <= *chars_max as usize && !text.chars().any(is_control);
                text_if(is_right, text, || format!("at most {chars_max} characters, none of them control characters"))
            }
            (Self::Choice(choices), Given::Text(text)) => {
                text_if(choices.contains(text), text, || format!("one of: {}", choices.join(", ")))
            }
            (Self::Date, Given::Text(text)) => {
                let is_date = text.len() == 10 && Zone::utc().local(&format!("{text}T00:00")).is_some();
                text_if(is_date, text, || "a date, 2026-11-23".to_owned())
            }
            (Self::Number { least, most }, Given::Number(number)) if (*least..=*most).contains(number) => {
                Ok(Some(Answer::Number((number * MILLION).round() as i64)))
            }
            (Self::Number { least, most }, _) => Err(format!("a number, {least} to {most}")),
            _ => Err("text".to_owned()),
        }
    }
}

impl Answer {
    /// A number as it was given; none: it is text.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(millionths) => Some(*millionths as f64 / MILLION),
            Self::Text(_) => None,
        }
    }
}

fn text_if(is_right: bool, text: &str, expected: impl Fn() -> String) -> Result<Option<Answer>, String> {
    if is_right { Ok(Some(Answer::Text(text.to_owned()))) } else { Err(expected()) }
}

fn fault(name: &str, code: &'static str, expected: &str) -> Fault {
    Fault { at: format!("/answers/{name}"), code, expected: expected.to_owned() }
}

fn is_name(name: &str) -> bool {
    let is_first = name.starts_with(|c: char| c.is_ascii_lowercase());
    is_first && name.len() <= NAME_MAX && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.len() <= WORD_MAX && !word.contains(['{', '\n'])
}

/// Line ends and tabs are text.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Characters of a script: what is read in some minutes.
pub const SCRIPT_MAX: usize = 8_000;
/// Questions of a form: more nobody answers on the phone.
pub const FIELDS_MAX: usize = 40;
/// Characters of a text that answers.
pub const TEXT_MAX: u32 = 2_000;
/// Numbers that answer are smaller, either way: millionths of them fit.
pub const NUMBER_MAX: f64 = 1e9;
/// Choices of a question: a list that is seen at once.
const CHOICES_MAX: usize = 50;
/// Characters of a choice.
const CHOICE_MAX: usize = 100;
/// Characters of a label.
const LABEL_MAX: usize = 200;
/// Bytes of a name.
const NAME_MAX: usize = 40;
/// Bytes between braces: the name of a column.
const WORD_MAX: usize = 100;
const MILLION: f64 = 1e6;

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        let field = |name: &str, is_required, kind| FormField {
            name: name.to_owned(),
            label: name.to_uppercase(),
            is_required,
            kind,
        };
        let form = vec![
            field("why", false, FieldKind::Text { chars_max: 10 }),
            field("age", true, FieldKind::Number { least: 18.0, most: 120.0 }),
            field("plan", true, FieldKind::Choice(vec!["Gold".to_owned(), "Silver".to_owned()])),
            field("from", false, FieldKind::Date),
        ];
        Script { text: Some("Hello {name}, {odd {town} {".to_owned()), form }
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let known = |word: &str| (word == "name").then(|| "Ann".to_owned());
        assert_eq!(script().filled(known).as_deref(), Some("Hello Ann, {odd  {"));
        assert_eq!(Script::default().filled(known), None);
    }

    #[test]
    fn answers_are_checked_and_added_to() {
        let script = script();
        let text = |name: &str, text: &str| (name.to_owned(), Given::Text(text.to_owned()));
        let age = |age| ("age".to_owned(), Given::Number(age));
        let first = script.answered(&Answers::new(), &[text("why", "cheaper"), age(40.5)], false).unwrap();
        assert_eq!(first["age"].number(), Some(40.5));
        let missing = script.answered(&first, &[], true).unwrap_err();
        assert_eq!(missing.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(), ["/answers/plan"]);
        let whole = [text("plan", "Gold"), text("from", "2026-02-28"), ("why".to_owned(), Given::Nothing)];
        let whole = script.answered(&first, &whole, true).unwrap();
        assert_eq!(whole.keys().map(String::as_str).collect::<Vec<_>>(), ["age", "from", "plan"]);
        let wrong = [
            text("why", "far too long a text"),
            age(17.0),
            text("plan", "Bronze"),
            text("from", "2026-02-30"),
            text("else", "x"),
            text("age", "forty"),
            ("plan".to_owned(), Given::Number(1.0)),
        ];
        for wrong in wrong {
            assert!(script.answered(&first, std::slice::from_ref(&wrong), false).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_form_is_bounded() {
        assert_eq!(script().faults(), []);
        let mut wrong = script();
        wrong.text = Some(String::new());
        wrong.form[0].name = "Why".to_owned();
        wrong.form[1].kind = FieldKind::Number { least: 2.0, most: 1.0 };
        wrong.form[2].kind = FieldKind::Choice(Vec::new());
        wrong.form[3].name = "age".to_owned();
        wrong.form[3].kind = FieldKind::Text { chars_max: 0 };
        let at: Vec<String> = wrong.faults().into_iter().map(|fault| fault.at).collect();
        let expected =
            ["/script", "/form/0/name", "/form/1/maximum", "/form/2/choices", "/form/3/name", "/form/3/max_length"];
        assert_eq!(at, expected);
    }
}
