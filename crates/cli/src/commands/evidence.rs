//! `plimsoll evidence verify` and `trend`, and what drills use to sign.

mod sign;
mod trend;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use recovery::evidence::chain::{self, PublicKey, Verified, digest_of};
use serde_json::json;

pub use sign::sign;
pub use trend::{drills, trend};

use crate::{
    args::{EvidenceVerify, Output, Which},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// The chain in a directory of evidence.
const CHAIN: &str = "chain.jsonl";
/// The public key beside it.
const PUBLIC_KEY: &str = "evidence.pub";
/// Longer files are not evidence.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What became of a file that an entry vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum FileState {
    Same,
    Changed,
    Missing,
}

pub fn verify(
    request: &EvidenceVerify,
    open: impl Fn(&Which) -> Result<OpenEstate, Failure>,
    talk: &Talk,
) -> Result<Exit, Failure> {
    let directory = match &request.directory {
        Some(directory) => directory.clone(),
        None => open(&request.which)?.layout.evidence(),
    };
    let key = key(request.key.as_deref(), &directory)?;
    let text = read(&directory.join(CHAIN))?;
    let entries = chain::verify(&text, &key).map_err(|broken| {
        Failure::no("PL0023", format!("{}: {broken}", directory.join(CHAIN).display()))
            .hint("nothing from this line on is proven; compare with a copy kept elsewhere")
    })?;
    let mut bad = false;
    let mut shown = Vec::new();
    for entry in &entries {
        let files = files(&directory, entry)?;
        bad |= files.iter().any(|(_, state)| *state != FileState::Same);
        shown.push((entry, files));
    }
    let head_is_there = request
        .head
        .as_ref()
        .is_none_or(|head| entries.iter().any(|entry| entry.digest == *head));
    match request.output {
        Output::Json => {
            let entries: Vec<_> = shown
                .iter()
                .map(|(entry, files)| json!({ "entry": entry.entry, "digest": entry.digest, "files": files }))
                .collect();
            anstream::println!(
                "{:#}",
                json!({ "key": key.to_string(), "entries": entries, "headFound": head_is_there, "intact": !bad && head_is_there })
            );
        }
        Output::Text => tell(&shown),
    }
    for stray in strays(&directory, &entries)? {
        talk.say(format_args!(
            "warning: {stray} is not in the chain (a drill that was ended early leaves such)"
        ));
    }
    if !head_is_there {
        return Err(Failure::no(
            "PL0023",
            "the chain does not have the entry that was asked for by --head",
        )
        .hint("its end was cut off, or the digest is of another chain"));
    }
    if bad {
        talk.say("some files are not what was signed");
        return Ok(Exit::No);
    }
    let head = entries.last().map_or("none", |last| last.digest.as_str());
    talk.say(format_args!(
        "{} entries, each signed by {} and in its place; head {head}",
        entries.len(),
        key.id()
    ));
    if request.key.is_none() {
        talk.say(
            "the key lies beside the chain: this proves that nothing was changed, not who signed (use --key)",
        );
    }
    Ok(Exit::Done)
}

fn tell(shown: &[(&Verified, Vec<(String, FileState)>)]) {
    for (verified, files) in shown {
        let entry = &verified.entry;
        let count = |wanted: FileState| files.iter().filter(|(_, state)| *state == wanted).count();
        anstream::println!(
            "{:>4}  {}  {}  {} files the same",
            entry.sequence,
            entry.at,
            entry.what,
            count(FileState::Same)
        );
        for (name, state) in files {
            match state {
                FileState::Same => {}
                FileState::Changed => anstream::println!("      CHANGED  {name}"),
                FileState::Missing => anstream::println!("      MISSING  {name}"),
            }
        }
    }
}

fn key(given: Option<&str>, directory: &Path) -> Result<PublicKey, Failure> {
    let text = match given {
        Some(key) if key.starts_with("ed25519:") => key.to_owned(),
        Some(path) => read(Path::new(path))?,
        None => read(&directory.join(PUBLIC_KEY))?,
    };
    PublicKey::parse(&text).ok_or_else(|| {
        Failure::no("PL0023", "this is no public key of evidence").hint(
            "it is one line, `ed25519:` and 64 hexadecimal digits; evidence.pub beside the chain has it",
        )
    })
}

fn files(directory: &Path, entry: &Verified) -> Result<Vec<(String, FileState)>, Failure> {
    let state = |(name, wanted): (&String, &String)| {
        // A signed name could still be hostile if the key was stolen.
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let state = match inside
            .then(|| file_digest(&directory.join(name)))
            .transpose()?
            .flatten()
        {
            Some(found) if found == *wanted => FileState::Same,
            Some(_) => FileState::Changed,
            None => FileState::Missing,
        };
        Ok((name.clone(), state))
    };
    entry.files.iter().map(state).collect()
}

/// `None` when there is no such file.
fn file_digest(path: &Path) -> Result<Option<String>, Failure> {
    let mut content = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut content)) {
        Ok(_) => Ok(Some(digest_of(&content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Directories with a document that no entry vouches for.
fn strays(directory: &Path, entries: &[Verified]) -> Result<Vec<String>, Failure> {
    let known: BTreeSet<&String> = entries.iter().flat_map(|entry| entry.files.keys()).collect();
    let mut strays = Vec::new();
    for found in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let name = found
            .map_err(|error| unreadable(directory, &error))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        let document = format!("{name}/{}", super::drill::DOCUMENT);
        if directory.join(&document).is_file() && !known.contains(&document) {
            strays.push(name);
        }
    }
    strays.sort();
    Ok(strays)
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| unreadable(path, &error))?;
    Ok(text)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::machine("PL0024", format!("cannot read {}", path.display()))
        .because(error)
        .hint("name the directory that holds chain.jsonl; a drill that came to its end writes one")
}

/// Where the private key of an estate's evidence is.
fn private_key(estate: &OpenEstate) -> PathBuf {
    estate.layout.secret(types::host::secret::EVIDENCE_KEY)
}
