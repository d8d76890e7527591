//! `plimsoll gateway map test`

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use ::mapping::{Given, Mapping};
use serde_json::{Value, json};
use similar::TextDiff;

use super::{Test, mappings, sample};
use crate::{
    args::Output,
    failure::{Exit, Failure},
    talk::Talk,
};

/// Ends the name of the file that says what a sample becomes.
const EXPECTED: &str = ".expected.json";

/// A sample, by the name of its file.
struct Tried {
    name: String,
    found: Found,
}

/// What was found about it.
enum Found {
    AsExpected,
    /// What was expected, and what it becomes.
    Differs(String, String),
    /// Nobody says what is expected; what it becomes.
    NothingExpected(String),
    /// Something is expected of a sample that is not there.
    NoSample,
}

pub fn run(request: &Test, talk: &Talk) -> Result<Exit, Failure> {
    let mappings = mappings(&request.mapping)?;
    let given = sample::given(&request.samples)?;
    let names = names(&request.samples).map_err(Failure::file("read", &request.samples))?;
    if names.is_empty() {
        let why = format!("{} has no samples", request.samples.display());
        return Err(Failure::no("PL0769", why)
            .hint("put interchanges of the partner there, and say `--write` to keep what they become"));
    }
    let mut tried = Vec::new();
    for name in names {
        let found = try_one(&request.samples, &name, &mappings, &given)?;
        tried.push(Tried { name, found });
    }
    if request.write {
        return write(&request.samples, &tried, talk);
    }
    match request.output {
        Output::Json => anstream::println!("{:#}", as_json(&tried)),
        Output::Text => tried.iter().for_each(tell),
    }
    let wrong = tried.iter().filter(|one| !one.is_right()).count();
    if wrong == 0 {
        return Ok(Exit::Done);
    }
    let why = format!(
        "{wrong} of {} samples do not become what is expected",
        tried.len()
    );
    Err(Failure::no("PL0769", why)
        .hint("correct the mapping, or say `--write` where the new result is right"))
}

/// Samples, and those that something is expected of, sorted.
fn names(directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == sample::GIVEN || name.starts_with('.') || !entry.path().is_file() {
            continue;
        }
        names.insert(name.strip_suffix(EXPECTED).map_or(name.clone(), str::to_owned));
    }
    Ok(names)
}

fn try_one(directory: &Path, name: &str, mappings: &[Mapping], given: &Given) -> Result<Found, Failure> {
    let path = directory.join(name);
    if !path.exists() {
        return Ok(Found::NoSample);
    }
    let becomes = lines(&sample::outcomes(&path, mappings, given)?);
    let said = expected(directory, name);
    if !said.exists() {
        return Ok(Found::NothingExpected(becomes));
    }
    let text = fs::read_to_string(&said).map_err(Failure::file("read", &said))?;
    // What was formatted by hand is compared by what it says; what is no JSON, as it is.
    let text = serde_json::from_str(&text).map_or(text, |value: Value| lines(&value));
    Ok(if text == becomes {
        Found::AsExpected
    } else {
        Found::Differs(text, becomes)
    })
}

fn expected(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}{EXPECTED}"))
}

fn lines(value: &Value) -> String {
    format!("{value:#}\n")
}

impl Tried {
    fn is_right(&self) -> bool {
        matches!(self.found, Found::AsExpected)
    }
}

fn tell(tried: &Tried) {
    let name = &tried.name;
    match &tried.found {
        Found::AsExpected => anstream::println!("{:<17} {name}", "as expected"),
        Found::Differs(expected, becomes) => {
            anstream::println!("{:<17} {name}", "differs");
            let diff = TextDiff::from_lines(expected, becomes);
            let shown = diff
                .unified_diff()
                .header(&format!("{name}{EXPECTED}"), "what it becomes")
                .to_string();
            anstream::print!("{shown}");
        }
        Found::NothingExpected(_) => anstream::println!("{:<17} {name}", "nothing expected"),
        Found::NoSample => anstream::println!("{:<17} {name}", "no sample"),
    }
}

fn as_json(tried: &[Tried]) -> Value {
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let one = |tried: &Tried| match &tried.found {
        Found::AsExpected => json!({ "sample": tried.name, "found": "as-expected" }),
        Found::Differs(expected, becomes) => json!({ "sample": tried.name, "found": "differs",
            "expected": parsed(expected), "becomes": parsed(becomes) }),
        Found::NothingExpected(becomes) => {
            json!({ "sample": tried.name, "found": "nothing-expected", "becomes": parsed(becomes) })
        }
        Found::NoSample => json!({ "sample": tried.name, "found": "no-sample" }),
    };
    tried.iter().map(one).collect()
}

/// Keeps what the samples become. What is expected of no sample stays: whoever removed the sample decides.
fn write(directory: &Path, tried: &[Tried], talk: &Talk) -> Result<Exit, Failure> {
    for one in tried {
        match &one.found {
            Found::Differs(_, becomes) | Found::NothingExpected(becomes) => {
                let path = expected(directory, &one.name);
                fs::write(&path, becomes).map_err(Failure::file("write", &path))?;
                talk.say(format_args!("wrote {}", path.display()));
            }
            Found::AsExpected | Found::NoSample => {}
        }
    }
    Ok(Exit::Done)
}
