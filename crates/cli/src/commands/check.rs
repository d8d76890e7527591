//! `plimsoll check FILE`

use std::path::Path;

use estate::{Checked, Color, Diagnostic, Severity};

use crate::{
    args::Output,
    failure::{Exit, Failure},
    talk::Talk,
};

pub fn run(file: &Path, output: Output, talk: &Talk) -> Result<Exit, Failure> {
    let source = Source::load(file)?;
    let (checked, found) = match source.check() {
        Ok(Checked { estate, warnings }) => (Some(estate), warnings),
        Err(found) => (None, found),
    };
    match output {
        Output::Json => anstream::println!("{}", serde_json::to_string_pretty(&found).unwrap_or_default()),
        Output::Text if found.is_empty() => {}
        Output::Text => anstream::eprint!("{}", source.show(&found)),
    }
    match checked {
        Some(estate) => {
            talk.say(format_args!("{}: estate `{}` is fine", source.name, estate.name));
            Ok(Exit::Done)
        }
        None => {
            talk.say(summary(&source.name, &found));
            Ok(Exit::No)
        }
    }
}

/// An estate file in memory.
pub struct Source {
    /// As the person wrote it.
    pub name: String,
    text: String,
}

impl Source {
    /// Reads the file.
    pub fn load(file: &Path) -> Result<Self, Failure> {
        let name = file.display().to_string();
        let refuse =
            |why: String| Failure::machine("PL0007", format!("cannot read the estate file {name}: {why}"));
        let size = std::fs::metadata(file)
            .map_err(|error| refuse(error.to_string()))?
            .len();
        // The reader refuses it too; this keeps a wrong argument from filling the memory first.
        if size > estate::SOURCE_BYTES_MAX as u64 {
            return Err(refuse(format!(
                "it has {size} bytes, and at most {} are read",
                estate::SOURCE_BYTES_MAX
            )));
        }
        let bytes = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8 text".to_owned()))?;
        Ok(Self { name, text })
    }

    /// Checks it.
    pub fn check(&self) -> Result<Checked, Vec<Diagnostic>> {
        estate::read(&self.name, &self.text)
    }

    /// Diagnostics for people.
    pub fn show(&self, found: &[Diagnostic]) -> String {
        // anstream strips the colours again where nobody can see them.
        estate::render_diagnostics(&self.name, &self.text, found, Color::Always)
    }
}

/// "3 errors and 1 warning in FILE; nothing was started"
pub fn summary(name: &str, found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.severity == Severity::Error).count();
    let counted = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match found.len() - errors {
        0 => format!("{} in {name}; nothing was started", counted(errors, "error")),
        warnings => {
            format!(
                "{} and {} in {name}; nothing was started",
                counted(errors, "error"),
                counted(warnings, "warning")
            )
        }
    }
}
