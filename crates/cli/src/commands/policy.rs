//! `plimsoll policy check|test|list`: the gate.

mod packs;

use std::{fmt::Write as _, path::Path};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use plan::cloud::Blueprint;
use policy::{Color, Gate, Input, Pack, Report, Severity, Waiver};
use types::FileTree;

use crate::{
    args::{Output, PolicyCheck, ReportFormat},
    compile,
    failure::{Exit, Failure},
    rendered,
    talk::Talk,
};

/// The pack about where images come from, what signs and what scanned them.
const IMAGES: &str = "images";

/// What the gate said.
pub struct Verdict(Report);

impl Verdict {
    /// Whether it opens.
    pub fn passes(&self) -> bool {
        self.0.passes()
    }

    /// Whether a tree may be rendered. What is wrong with images is left to the gate before a deployment: the first image is
    /// built by a pipeline that is itself rendered, and a scan grows old between two renderings.
    pub fn lets_render(&self) -> bool {
        !self
            .0
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && !is_about_images(finding))
    }

    /// How many errors are left to the gate before a deployment.
    pub fn before_deployment(&self) -> usize {
        let errors = self
            .0
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        errors.filter(|finding| is_about_images(finding)).count()
    }

    /// All of it, for people.
    pub fn text(&self) -> String {
        self.0.to_text(Color::Always)
    }

    /// In one line.
    pub fn summary(&self) -> String {
        let mut line = format!("judged by {} policies", self.0.policies.len());
        let warnings = self.0.count(Severity::Warning);
        if warnings > 0 {
            let _ = write!(line, ", {warnings} warnings");
        }
        if !self.0.waived.is_empty() {
            let _ = write!(line, ", {} waived", self.0.waived.len());
        }
        line
    }
}

fn is_about_images(finding: &policy::Finding) -> bool {
    &*finding.pack == IMAGES
}

/// Judges an estate by the built-in policies.
pub fn gate(
    planned: &compile::Planned,
    tree: &FileTree,
    today: Option<Date>,
    packs: Option<&Path>,
) -> Result<Verdict, Failure> {
    let mut all = Pack::builtin();
    if let Some(directory) = packs {
        all.extend(packs::load(directory)?);
    }
    let gate = Gate::new(&all).map_err(|errors| refused(&errors))?;
    let blueprint = blueprint_json(&planned.blueprint)?;
    let input = Input {
        blueprint: Some(&blueprint),
        files: tree,
    };
    let waivers: Vec<Waiver> = planned.estate.waivers.iter().map(waiver).collect();
    gate.evaluate(input, &waivers, today.unwrap_or_else(today_in_utc))
        .map(Verdict)
        .map_err(|error| refused(&[error]))
}

pub fn check(request: &PolicyCheck, talk: &Talk) -> Result<Exit, Failure> {
    let Some(planned) = compile::plan(&request.file, talk)? else {
        return Ok(Exit::No);
    };
    let tree = match &request.rendered {
        Some(directory) => rendered::read(directory, &planned.estate.name)?,
        None => compile::render(&planned.blueprint)?,
    };
    let verdict = gate(&planned, &tree, request.today, request.packs.as_deref())?;
    match request.output {
        ReportFormat::Text => anstream::print!("{}", verdict.text()),
        ReportFormat::Json => anstream::println!("{:#}", verdict.0.to_json()),
        ReportFormat::Sarif => anstream::println!("{:#}", verdict.0.to_sarif()),
    }
    Ok(if verdict.passes() { Exit::Done } else { Exit::No })
}

pub fn test(directory: &Path, output: Output) -> Result<Exit, Failure> {
    let packs = packs::load(directory)?;
    let report = policy::run_tests(&packs).map_err(|errors| refused(&errors))?;
    match output {
        Output::Text => anstream::print!("{}", report.to_text(Color::Always)),
        Output::Json => anstream::println!("{:#}", serde_json::json!(report)),
    }
    Ok(if report.passes() { Exit::Done } else { Exit::No })
}

pub fn list(directory: Option<&Path>, output: Output) -> Result<Exit, Failure> {
    let mut packs = Pack::builtin();
    if let Some(directory) = directory {
        packs.extend(packs::load(directory)?);
    }
    let gate = Gate::new(&packs).map_err(|errors| refused(&errors))?;
    let policies: Vec<_> = gate.policies().collect();
    match output {
        Output::Json => anstream::println!("{:#}", serde_json::json!(policies)),
        Output::Text => {
            for policy in policies {
                anstream::println!("{:<8} {:<18} {}", policy.code, policy.pack, policy.title);
            }
        }
    }
    Ok(Exit::Done)
}

/// As JSON, which is what rules look at.
fn blueprint_json(blueprint: &Blueprint) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(blueprint)
        .map_err(|error| Failure::machine("PL0020", "the plan cannot be rendered").because(&error))
}

fn waiver(one: &estate::Waiver) -> Waiver {
    Waiver {
        policy: one.policy.clone(),
        at: one.at.clone(),
        person: one.person.clone(),
        reason: one.reason.clone(),
        expires: one.expires,
    }
}

fn today_in_utc() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// The packs are wrong: all that is wrong with them.
fn refused(errors: &[policy::Error]) -> Failure {
    let first = errors.first();
    let code = first.map_or("PL0801", |error| error.code);
    let message = first.map_or_else(|| "the policies cannot be used".to_owned(), ToString::to_string);
    let mut failure = Failure::no(code, message);
    failure.hint = first.and_then(|error| error.hint.clone());
    failure.causes = errors
        .iter()
        .skip(1)
        .map(|error| format!("also[{}]: {error}", error.code))
        .collect();
    failure
}
