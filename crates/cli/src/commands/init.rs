//! `plimsoll init`: asks what an executive can answer, recommends, and writes an estate file.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
};

use inquire::{InquireError, Select, Text};
use plan::advice::{self, AnswerError, Answers, Kind, Question, Recommendation};

use crate::{
    args::Init,
    failure::{Exit, Failure},
    talk::Talk,
};

pub fn run(request: &Init, talk: &Talk) -> Result<Exit, Failure> {
    if request.questions {
        anstream::print!("{}", listed(advice::questions()));
        return Ok(Exit::Done);
    }
    if request.file.exists() && !request.force {
        return Err(
            Failure::no("PL0026", format!("{} exists already", request.file.display()))
                .hint("name another file, or say `--force` to replace it"),
        );
    }
    let mut given = given(&request.answer)?;
    if !request.defaults {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::no("PL0027", "there is nobody to ask: this is no terminal")
                .hint("say `--defaults`, with `--answer QUESTION=ANSWER` for what differs; `--questions` lists them"));
        }
        ask(&mut given)?;
    }
    let answers = Answers::read(&given).map_err(|errors| refused(&errors))?;
    let recommendation = advice::recommend(&answers);
    write(request, &recommendation.estate_yaml)?;
    anstream::print!("{}", told(&recommendation));
    talk.say(format_args!("\n{} is written. What now?", request.file.display()));
    let file = request.file.display();
    talk.say(format_args!(
        "  plimsoll check {file}     after you have changed it"
    ));
    talk.say(format_args!(
        "  plimsoll plan {file}      what it becomes, why, and at what cost"
    ));
    talk.say(format_args!("  plimsoll render {file} --out rendered"));
    Ok(Exit::Done)
}

/// A new file, or nothing: what somebody else just wrote there is not replaced.
fn write(request: &Init, text: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    match request.force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    options
        .open(&request.file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(Failure::file("write", &request.file))
}

fn given(answers: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |answer: &String| {
        answer
            .split_once('=')
            .map(|(question, answer)| (question.trim().to_owned(), answer.trim().to_owned()))
            .ok_or_else(|| {
                Failure {
                    exit: Exit::Usage,
                    ..Failure::no("PL0027", format!("`{answer}` is no answer"))
                }
                .hint("write `--answer QUESTION=ANSWER`; `--questions` lists the questions")
            })
    };
    answers.iter().map(pair).collect()
}

fn ask(given: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let open: Vec<_> = advice::questions()
        .iter()
        .filter(|question| !given.contains_key(question.id))
        .collect();
    for question in open {
        loop {
            let answer = prompt(question).map_err(|error| stopped(&error))?;
            let alone = BTreeMap::from([(question.id.to_owned(), answer.clone())]);
            // One answer is checked at once; what answers have to do with each other, when all are there.
            match Answers::read(&alone) {
                Err(errors)
                    if errors.iter().any(|error| is_about(error, question)) && question.id != "people" =>
                {
                    anstream::eprintln!(
                        "  {}",
                        errors
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join("; ")
                    );
                }
                Ok(_) | Err(_) => {
                    given.insert(question.id.to_owned(), answer);
                    break;
                }
            }
        }
    }
    Ok(())
}

fn is_about(error: &AnswerError, question: &Question) -> bool {
    matches!(error, AnswerError::NotAnAnswer { id, .. } if *id == question.id)
}

fn prompt(question: &Question) -> Result<String, InquireError> {
    match question.kind {
        Kind::Choice(words) => {
            let shown: Vec<String> = words
                .iter()
                .map(|(word, about)| format!("{word}: {about}"))
                .collect();
            let start = words
                .iter()
                .position(|(word, _)| *word == question.default)
                .unwrap_or_default();
            let taken = Select::new(question.text, shown)
                .with_help_message(question.help)
                .with_starting_cursor(start)
                .raw_prompt()?;
            Ok(words
                .get(taken.index)
                .map_or(question.default, |(word, _)| word)
                .to_owned())
        }
        Kind::Text | Kind::OptionalText | Kind::Words | Kind::Number { .. } => Text::new(question.text)
            .with_help_message(question.help)
            .with_default(question.default)
            .prompt(),
    }
}

fn stopped(error: &InquireError) -> Failure {
    Failure::no(
        "PL0027",
        "the questions were not answered to the end; nothing was written",
    )
    .because(error)
}

fn refused(errors: &[AnswerError]) -> Failure {
    let mut failure = Failure::no("PL0027", "these answers make no estate")
        .hint("`plimsoll init --questions` lists the questions and what can be answered");
    failure.causes = errors.iter().map(ToString::to_string).collect();
    failure
}

fn listed(questions: &[Question]) -> String {
    let mut text = String::new();
    for question in questions {
        let _ = writeln!(
            text,
            "{}  (default: {})",
            question.id,
            or_nothing(question.default)
        );
        let _ = writeln!(text, "    {} {}", question.text, question.help);
        if let Kind::Choice(words) = question.kind {
            for (word, about) in words {
                let _ = writeln!(text, "      {word}: {about}");
            }
        }
    }
    text
}

const fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

fn told(recommendation: &Recommendation) -> String {
    let mut text = String::from("Recommended\n");
    for choice in &recommendation.choices {
        let _ = writeln!(text, "\n  {}: {}", choice.about, choice.taken);
        for why in &choice.why {
            let _ = writeln!(text, "    because {why}");
        }
        for other in &choice.alternatives {
            let cost = other.cost_percent.map_or_else(
                || "not possible with these answers".to_owned(),
                |percent| format!("{percent} % of the cost"),
            );
            let _ = writeln!(text, "    instead {} ({cost}): {}", other.what, other.why_not);
        }
    }
    if let Some(monthly) = recommendation.monthly {
        let _ = writeln!(
            text,
            "\n  about {monthly} EUR a month, by assumed prices (`plimsoll plan` shows them)"
        );
    }
    text
}
