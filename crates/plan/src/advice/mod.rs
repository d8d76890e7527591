//! From questions that an executive can answer to a recommended estate, with reasons and what else would cost.
//!
//! ```text
//!   questions() ──► people ──► Answers ──► recommend() ──► choices with reasons and alternatives
//!                                                     └──► text of an estate file, ready to be read
//! ```
//!
//! Costs of alternatives are not guessed: each is written as an estate, read, planned and estimated like the one that is
//! recommended, and what would be refused says so.

mod answers;
mod choose;
mod estate_file;
mod questions;

use serde::Serialize;

use crate::{cloud, cost};
pub use answers::{AnswerError, Answers, Apart, Appetite, Decider, Downtime, Fragility, Loss};
use choose::Shape;
pub use questions::{Kind, Question, questions};

/// What is recommended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// In the order in which they were made.
    pub choices: Vec<Choice>,
    /// Text of an estate file, with comments; `estate::read` reads it.
    pub estate_yaml: String,
    /// What it may cost a month, in whole euros, by assumed prices; `None` where it cannot be planned.
    pub monthly: Option<u64>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What it is about.
    pub about: &'static str,
    /// What is recommended.
    pub taken: String,
    /// Why, from the answers.
    pub why: Vec<String>,
    /// What else could be.
    pub alternatives: Vec<Alternative>,
}

/// What else could be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// What.
    pub what: String,
    /// Its cost in percent of what is recommended; `None` where the answers make it impossible.
    pub cost_percent: Option<u64>,
    /// Why it is not recommended.
    pub why_not: String,
}

/// Recommends tenancy, regions, promises and sizes.
pub fn recommend(answers: &Answers) -> Recommendation {
    let shape = Shape::recommended(answers);
    let estate_yaml = estate_file::write(answers, &shape);
    let monthly = monthly(&estate_yaml);
    let choices = choose::explain(answers, &shape)
        .into_iter()
        .map(|explained| Choice {
            about: explained.about,
            taken: explained.taken,
            why: explained.why,
            alternatives: explained
                .others
                .into_iter()
                .map(|other| Alternative {
                    what: other.what,
                    cost_percent: relative(monthly, &estate_file::write(answers, &other.shape)),
                    why_not: other.why_not,
                })
                .collect(),
        })
        .collect();
    Recommendation {
        choices,
        estate_yaml,
        monthly,
    }
}

/// Text of the recommended estate file alone, for whoever needs no reasons.
pub fn estate_file(answers: &Answers) -> String {
    estate_file::write(answers, &Shape::recommended(answers))
}

/// What an estate file may cost a month, in whole euros.
fn monthly(text: &str) -> Option<u64> {
    let estate = estate::read("recommended", text).ok()?.estate;
    let (blueprint, _) = cloud::plan(&estate).ok()?;
    Some(cost::cost(&blueprint).monthly_cents / 100)
}

fn relative(recommended: Option<u64>, other: &str) -> Option<u64> {
    Some(monthly(other)? * 100 / recommended.filter(|cost| *cost > 0)?)
}
