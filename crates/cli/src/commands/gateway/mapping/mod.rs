//! `plimsoll gateway map …`: mapping files tried out on samples, without an estate.

mod sample;
mod show;
mod test;

use std::{
    fs,
    path::{Path, PathBuf},
};

use ::mapping::Mapping;
use clap::Subcommand;

use crate::{
    args::Output,
    failure::{Exit, Failure},
    talk::Talk,
};

#[derive(Debug, Subcommand)]
pub enum Map {
    /// Compare what samples become with what is expected of them; exit code 1 when it differs
    Test(Test),
    /// Show what one sample becomes
    Show(Show),
}

#[derive(Debug, clap::Args)]
pub struct Test {
    /// The mapping file
    pub mapping: PathBuf,
    /// Directory with samples; `ORDER.edi` is expected to become what `ORDER.edi.expected.json` says
    pub samples: PathBuf,
    /// Write what the samples become as what is expected; read the difference before you commit it
    #[arg(long)]
    pub write: bool,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Show {
    /// The mapping file
    pub mapping: PathBuf,
    /// An interchange, or a document in JSON
    pub sample: PathBuf,
}

/// Runs what was asked.
pub fn run(request: &Map, talk: &Talk) -> Result<Exit, Failure> {
    match request {
        Map::Test(request) => test::run(request, talk),
        Map::Show(request) => show::run(request),
    }
}

/// The mappings of a partner as its gateway tries them: its own first, then the built-in ones.
fn mappings(path: &Path) -> Result<Vec<Mapping>, Failure> {
    let unusable = |error: &::mapping::FileError| {
        Failure::no("PL0760", format!("{}: {}", path.display(), error.message()))
            .hint(::mapping::code::Code::File.hint())
    };
    let text = fs::read_to_string(path).map_err(Failure::file("read", path))?;
    let mut mappings = vec![Mapping::parse(&text).map_err(|error| unusable(&error))?];
    mappings.extend(::mapping::builtin().map_err(|error| unusable(&error))?);
    Ok(mappings)
}
