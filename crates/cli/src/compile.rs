//! From an estate file to what Azure and Kubernetes read: the steps that `plan`, `render`, `diff` and `policy` share.

use std::path::Path;

use estate::Estate;
use plan::{Report, cloud};
use types::FileTree;

use crate::{
    commands::check::{Source, summary},
    failure::Failure,
    talk::Talk,
};

/// An estate and its plan.
pub struct Planned {
    pub estate: Estate,
    pub blueprint: cloud::Blueprint,
    pub report: Report,
}

/// Reads and checks an estate file; diagnostics are shown. `None` when the answer is no.
pub fn read(file: &Path, talk: &Talk) -> Result<Option<Estate>, Failure> {
    let source = Source::load(file)?;
    match source.check() {
        Ok(checked) => {
            if !checked.warnings.is_empty() && !talk.is_quiet() {
                anstream::eprint!("{}", source.show(&checked.warnings));
            }
            Ok(Some(checked.estate))
        }
        Err(found) => {
            anstream::eprint!("{}", source.show(&found));
            talk.say(summary(&source.name, &found));
            Ok(None)
        }
    }
}

/// Reads, checks and plans. `None` when the answer is no.
pub fn plan(file: &Path, talk: &Talk) -> Result<Option<Planned>, Failure> {
    let Some(estate) = read(file, talk)? else {
        return Ok(None);
    };
    let (blueprint, report) = match cloud::plan(&estate) {
        Ok(planned) => planned,
        Err(refusals) => {
            for refusal in &refusals {
                talk.error(&Failure::no(refusal.code(), refusal.to_string()).hint(refusal.hint()));
            }
            talk.say(format_args!("{}: no plan can be made", file.display()));
            return Ok(None);
        }
    };
    // The second opinion knows nothing of how the plan was made. What it finds is a mistake of ours, not of the estate.
    let findings = cloud::audit(&blueprint);
    if findings.is_empty() {
        return Ok(Some(Planned {
            estate,
            blueprint,
            report,
        }));
    }
    let mut failure = Failure::machine("PL0019", "the plan contradicts itself, so nothing is made of it")
        .hint("this is a mistake in Plimsoll: report it with the estate file");
    failure.causes = findings.iter().map(ToString::to_string).collect();
    Err(failure)
}

/// Renders a plan.
pub fn render(blueprint: &cloud::Blueprint) -> Result<FileTree, Failure> {
    render::cloud(blueprint).map_err(|error| {
        Failure::machine("PL0020", "the plan cannot be rendered")
            .because(&error)
            .hint("this is a mistake in Plimsoll: report it with the estate file")
    })
}
