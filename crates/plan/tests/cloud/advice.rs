//! Advice: whatever is answered, the file is read, planned and audited without a word.

use std::collections::BTreeMap;

use estate::Posture;

use crate::plan::{
    advice::{Answers, Kind, Recommendation, questions, recommend},
    cloud,
};

fn answers(given: &[(&str, &str)]) -> Answers {
    let given: BTreeMap<String, String> = given
        .iter()
        .map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned()))
        .collect();
    Answers::read(&given).unwrap()
}

/// Reads, plans and audits what is recommended; nothing may be found.
fn sound(given: &[(&str, &str)]) -> (Recommendation, estate::Estate) {
    let recommended = recommend(&answers(given));
    let text = &recommended.estate_yaml;
    let checked = estate::read("recommended", text).unwrap_or_else(|found| {
        let found = estate::render_diagnostics("recommended", text, &found, estate::Color::Never);
        panic!("{given:?}: {found}")
    });
    assert!(checked.warnings.is_empty(), "{given:?}: {:#?}", checked.warnings);
    let (blueprint, _) =
        cloud::plan(&checked.estate).unwrap_or_else(|problems| panic!("{given:?}: {problems:?}"));
    assert_eq!(cloud::audit(&blueprint), [], "{given:?}");
    assert!(recommended.monthly.is_some_and(|monthly| monthly > 0));
    (recommended, checked.estate)
}

#[test]
fn whoever_answers_nothing_gets_a_sound_estate() {
    let (recommended, estate) = sound(&[]);
    assert_eq!(estate.tenants.len(), 1);
    assert!(recommended.choices.iter().all(|choice| !choice.why.is_empty()));
}

#[test]
fn every_default_is_an_answer_and_every_choice_can_be_made() {
    for question in questions() {
        assert!(!question.text.is_empty() && !question.help.is_empty());
        sound(&[(question.id, question.default)]);
        if let Kind::Choice(all) = question.kind {
            assert!(
                all.iter().any(|(word, _)| *word == question.default),
                "{}",
                question.id
            );
            for (word, meaning) in all {
                assert!(!meaning.is_empty());
                sound(&[(question.id, word)]);
            }
        }
    }
}

/// Every combination of what decides most, with a few sizes.
#[test]
fn every_combination_of_promises_and_sharing_is_sound() {
    let mut shapes = 0;
    for downtime in ["seconds", "minutes", "hours", "day"] {
        for loss in ["nothing", "moments", "hours"] {
            for appetite in ["cautious", "balanced", "frugal"] {
                for (decider, apart, companies, users, orders, integrations) in [
                    ("controller", "none", "1", "5", "0", "0"),
                    ("one-person", "none", "55", "300", "20000", "7"),
                    ("two-people", "one", "3", "1500", "100000", "20"),
                    ("controller", "all", "4", "80", "3000", "3"),
                    ("one-person", "proven", "2", "600", "8000", "1"),
                ] {
                    check_shape(&[
                        ("downtime", downtime),
                        ("loss", loss),
                        ("appetite", appetite),
                        ("decider", decider),
                        ("apart", apart),
                        ("companies", companies),
                        ("users", users),
                        ("orders", orders),
                        ("integrations", integrations),
                    ]);
                    shapes += 1;
                }
            }
        }
    }
    assert_eq!(shapes, 180);
}

/// Without the alternatives, which take most of the time.
fn check_shape(given: &[(&str, &str)]) {
    let text = crate::plan::advice::estate_file(&answers(given));
    let checked = estate::read("recommended", &text).unwrap_or_else(|found| {
        let found = estate::render_diagnostics("recommended", &text, &found, estate::Color::Never);
        panic!("{given:?}: {found}")
    });
    assert!(checked.warnings.is_empty(), "{given:?}: {:#?}", checked.warnings);
    let (blueprint, _) =
        cloud::plan(&checked.estate).unwrap_or_else(|problems| panic!("{given:?}: {problems:?}"));
    assert_eq!(cloud::audit(&blueprint), [], "{given:?}");
}

#[test]
fn answers_decide_what_is_recommended() {
    let posture = |given: &[(&str, &str)]| {
        let (_, estate) = sound(given);
        estate.regions.get(1).map(|region| region.posture)
    };
    assert_eq!(posture(&[("downtime", "seconds")]), Some(Posture::Hot));
    assert_eq!(posture(&[("downtime", "minutes")]), Some(Posture::Warm));
    assert_eq!(
        posture(&[("downtime", "minutes"), ("appetite", "cautious")]),
        Some(Posture::Hot)
    );
    assert_eq!(
        posture(&[("downtime", "day"), ("loss", "hours"), ("appetite", "balanced")]),
        Some(Posture::Cold)
    );
    assert_eq!(
        posture(&[("downtime", "day"), ("loss", "hours"), ("appetite", "frugal")]),
        None
    );
    let tenancies = |given: &[(&str, &str)]| {
        let (_, estate) = sound(given);
        let mut all: Vec<_> = estate
            .stamps
            .values()
            .map(|stamp| stamp.tenancy.as_str())
            .collect();
        all.dedup();
        all
    };
    assert_eq!(tenancies(&[("companies", "3")]), ["shared"]);
    assert_eq!(
        tenancies(&[("companies", "3"), ("apart", "one")]),
        ["dedicated", "shared"]
    );
    assert_eq!(tenancies(&[("companies", "3"), ("apart", "all")]), ["hybrid"]);
}

#[test]
fn alternatives_have_costs_that_were_worked_out() {
    let (recommended, _) = sound(&[("companies", "4")]);
    let costs = |about: &str| -> Vec<(String, Option<u64>)> {
        let choice = recommended
            .choices
            .iter()
            .find(|choice| choice.about == about)
            .unwrap();
        let all = choice.alternatives.iter();
        all.map(|other| (other.what.clone(), other.cost_percent))
            .collect()
    };
    let standby = costs("standby");
    let of = |what: &str| {
        standby
            .iter()
            .find(|(name, _)| name.contains(what))
            .unwrap()
            .1
            .unwrap()
    };
    assert!(
        of("hot") >= 100 && of("cold") < 100 && of("no standby") <= of("cold"),
        "{standby:?}"
    );
    let tenancy = costs("tenancy");
    assert!(
        tenancy
            .iter()
            .all(|(_, percent)| percent.is_some_and(|percent| percent > 100)),
        "{tenancy:?}"
    );
}

#[test]
fn what_is_no_answer_is_refused_with_what_could_be_one() {
    let refused = |id: &str, answer: &str| {
        let given = BTreeMap::from([(id.to_owned(), answer.to_owned())]);
        let errors = Answers::read(&given).unwrap_err();
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    for (id, answer, expected) in [
        ("name", "No Name", "lowercase"),
        ("companies", "0", "a number from 1 to 500"),
        ("companies", "many", "a number from 1 to 500"),
        ("downtime", "never", "seconds, minutes, hours, day"),
        ("time-zone", "Mars/Olympus", "IANA"),
        ("organisation", "", "one line"),
        ("people", "Ines", "2 different people"),
        ("colour", "red", "no question"),
    ] {
        let text = refused(id, answer);
        assert!(text.contains(expected), "{id}: {text}");
    }
}
