//! `plimsoll check FILE`

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

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
            let warnings = match found.len() {
                0 => String::new(),
                n => format!(", with {}", counted(n, "warning")),
            };
            talk.say(format_args!(
                "{}: estate `{}` is fine{warnings}",
                source.name, estate.name
            ));
            Ok(Exit::Done)
        }
        None => {
            talk.say(summary(&source.name, &found));
            Ok(Exit::No)
        }
    }
}

/// Longer files are not read to their end.
const SOURCE_BYTES_MAX: u64 = estate::SOURCE_BYTES_MAX as u64;

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
        let failed = |error: io::Error| {
            let failure =
                Failure::machine("PL0007", format!("cannot read the estate file {name}")).because(&error);
            match unread_hint(error.kind()) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        };
        let mut bytes = Vec::new();
        // The reader refuses what is too large; this keeps a wrong argument, which may be a device without an end,
        // from filling the memory first.
        fs::File::open(file)
            .and_then(|opened| opened.take(SOURCE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(failed)?;
        if bytes.len() as u64 > SOURCE_BYTES_MAX {
            return Err(Failure::machine(
                "PL0007",
                format!("{name} is no estate file: it has more than {SOURCE_BYTES_MAX} bytes"),
            )
            .hint("an estate of ten thousand tenants stays below that; is it the right file?"));
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::machine(
                "PL0007",
                format!("{name} is no estate file: it is not UTF-8 text"),
            )
            .hint("is it the right file? estate files are YAML, saved as UTF-8")
        })?;
        Ok(Self { name, text })
    }

    /// Checks it.
    pub fn check(&self) -> Result<Checked, Vec<Diagnostic>> {
        estate::read(&self.name, &self.text)
    }

    /// Diagnostics for people.
    pub fn show(&self, found: &[Diagnostic]) -> String {
        // anstream strips the colours again where nobody can see them.
        // A blank line sets off what is said next.
        match estate::render_diagnostics(&self.name, &self.text, found, Color::Always) {
            shown if shown.is_empty() => shown,
            shown => shown + "\n",
        }
    }
}

/// What helps when a file cannot be read, where the reason tells.
const fn unread_hint(reason: io::ErrorKind) -> Option<&'static str> {
    match reason {
        io::ErrorKind::NotFound => Some("check the path; examples/estates has a file to begin with"),
        io::ErrorKind::IsADirectory => Some("name the file in it"),
        io::ErrorKind::PermissionDenied => Some("you may not read it: check its owner and mode"),
        _ => None,
    }
}

/// "1 warning", "2 warnings"
fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// "3 errors and 1 warning in FILE"
pub fn summary(name: &str, found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.severity == Severity::Error).count();
    match found.len() - errors {
        0 => format!("{} in {name}", counted(errors, "error")),
        warnings => {
            format!(
                "{} and {} in {name}",
                counted(errors, "error"),
                counted(warnings, "warning")
            )
        }
    }
}
