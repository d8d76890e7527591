//! `plimsoll render FILE -o DIR`

use std::{io, path::Path, time::Instant};

use crate::{
    args::Render,
    compile,
    failure::{Exit, Failure},
    rendered::{self, Change, Update},
    talk::Talk,
};

use super::policy::gate;

/// More paths than this are counted instead of listed.
const LISTED_MAX: usize = 20;

pub fn run(request: &Render, talk: &Talk) -> Result<Exit, Failure> {
    let began = Instant::now();
    let Some(planned) = compile::plan(&request.file, talk)? else {
        return Ok(Exit::No);
    };
    let tree = compile::render(&planned.blueprint)?;
    talk.done(
        format_args!("{} files rendered", tree.iter().count()),
        began.elapsed(),
    );
    if !request.no_policy {
        let gated = Instant::now();
        let verdict = gate(&planned, &tree, request.today, None)?;
        if !verdict.lets_render() {
            anstream::eprint!("{}", verdict.text());
            talk.say("nothing was written: the policy gate refuses this estate");
            return Ok(Exit::No);
        }
        talk.done(verdict.summary(), gated.elapsed());
        if verdict.before_deployment() > 0 {
            talk.say(format_args!(
                "  not deployable yet: {} findings about images, which a build and a scan repair (`plimsoll policy check {}`)",
                verdict.before_deployment(),
                request.file.display()
            ));
        }
    }
    let update = rendered::compare(&request.output, &planned.estate.name, &tree)?;
    if request.check {
        return Ok(tell_drift(&request.output, &update, talk));
    }
    if !update.by_hand.is_empty() && !request.overwrite {
        let mut failure = Failure::no(
            "PL0018",
            format!(
                "files in {} were changed by hand and would be overwritten ({})",
                request.output.display(),
                update.by_hand.len()
            ),
        )
        .hint("move the changes into the estate file or into files of your own, or say `--overwrite`");
        failure.causes = update.by_hand.iter().take(LISTED_MAX).cloned().collect();
        return Err(failure);
    }
    let writing = Instant::now();
    rendered::apply(&request.output, &planned.estate.name, &tree, &update)?;
    talk.done(counts(&update), writing.elapsed());
    anstream::println!("{}", request.output.display());
    Ok(Exit::Done)
}

fn counts(update: &Update) -> String {
    let count = |wanted: Change| {
        update
            .changes
            .values()
            .filter(|change| **change == wanted)
            .count()
    };
    format!(
        "{} added, {} changed, {} removed, {} the same",
        count(Change::Add),
        count(Change::Replace),
        count(Change::Remove),
        update.same
    )
}

fn tell_drift(directory: &Path, update: &Update, talk: &Talk) -> Exit {
    if update.is_empty() {
        talk.say(format_args!("{} holds what the estate says", directory.display()));
        return Exit::Done;
    }
    for (path, change) in &update.changes {
        let sign = match change {
            Change::Add => "missing",
            Change::Replace => "differs",
            Change::Remove => "left over",
        };
        anstream::println!("{sign:<10} {path}");
    }
    talk.say(format_args!(
        "{} differs from the estate: {}",
        directory.display(),
        counts(update)
    ));
    Exit::No
}

impl From<rendered::Error> for Failure {
    fn from(error: rendered::Error) -> Self {
        use std::error::Error as _;
        let failure = match &error {
            rendered::Error::Foreign(_) => Self::no("PL0017", error.to_string())
                .hint("choose a directory that is empty or does not exist yet"),
            rendered::Error::Manifest { .. }
            | rendered::Error::OtherManifest { .. }
            | rendered::Error::Odd(_) => {
                Self::no("PL0017", error.to_string()).hint("choose another directory, or remove this one")
            }
            rendered::Error::File { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                Self::machine("PL0021", error.to_string()).hint("name a directory, not a file")
            }
            rendered::Error::File { .. } => Self::machine("PL0021", error.to_string())
                .hint("is the disk full, and may you write there? run it again: it goes on where it stopped"),
        };
        match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        }
    }
}
