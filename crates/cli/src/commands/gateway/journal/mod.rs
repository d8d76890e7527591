//! `plimsoll gateway journal …`: a journal's directory, read and copied without the gateway and without changing it.

mod export;
mod inspect;
mod snapshot;
mod verify;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use journal::{OpenError, RealDisk, RecordView, Survey};
use serde_json::{Value, json};

use crate::{
    args::Output,
    failure::{Exit, Failure},
    talk::Talk,
};

#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Read every byte and list all damage; exit code 1 when there is any
    Verify(Verify),
    /// Show segments, generations and counts, or one record
    Inspect(Inspect),
    /// Write records as lines of JSON
    Export(Export),
    /// Copy the journal of a running gateway, and read the copy whole
    Snapshot(Snapshot),
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The journal's directory
    pub directory: PathBuf,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// The journal's directory
    pub directory: PathBuf,
    /// Show this record alone
    #[arg(long, value_name = "NUMBER")]
    pub sequence: Option<u64>,
    /// Show the record's payload too, which may hold personal data
    #[arg(long, requires = "sequence")]
    pub payload: bool,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The journal's directory
    pub directory: PathBuf,
    /// First sequence number
    #[arg(long, default_value_t = 1)]
    pub from: u64,
    /// Last sequence number [default: the last one]
    #[arg(long)]
    pub until: Option<u64>,
    /// What to write of the payloads
    #[arg(long, value_enum, default_value_t = Payload::Hash)]
    pub payload: Payload,
    /// Where to write; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Snapshot {
    /// The journal's directory; its gateway may run
    pub directory: PathBuf,
    /// Where to; on the same file system it takes almost no room
    #[arg(long, value_name = "DIRECTORY")]
    pub to: PathBuf,
    /// How to show it: for people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// What is shown of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Payload {
    /// Its SHA-256 and its length
    Hash,
    /// The same, and all of it in base64; it may hold personal data
    Base64,
}

/// Runs what was asked.
pub fn run(request: &Journal, talk: &Talk) -> Result<Exit, Failure> {
    match request {
        Journal::Verify(request) => verify::run(request),
        Journal::Inspect(request) => inspect::run(request),
        Journal::Export(request) => export::run(request, talk),
        Journal::Snapshot(request) => snapshot::run(request),
    }
}

/// Reads a whole directory.
fn survey(directory: &Path, each: impl FnMut(&RecordView<'_>)) -> Result<Survey, Failure> {
    journal::survey(&RealDisk, directory, each).map_err(|error| match &error {
        OpenError::InUse { .. } => Failure::machine("PL0620", error.to_string())
            .hint("stop that gateway first, or copy the directory and look at the copy"),
        OpenError::NotAJournal { .. } => Failure::machine("PL0621", error.to_string())
            .hint("give the directory that holds seg-000000000001.log and watermark"),
        OpenError::SegmentTooSmall { .. } | OpenError::Disk { .. } => {
            Failure::machine("PL0622", "the journal cannot be read")
                .because(&error)
                .hint("is the directory there, and may you read it? `plimsoll explain PL0622` says more")
        }
    })
}

/// A record as JSON; the payload's content only if it is wanted.
fn record_as_json(record: &RecordView<'_>, payload: Payload) -> Value {
    let mut shown = json!({
        "sequence": record.sequence,
        "generation": record.generation,
        "timeMicros": record.time,
        "kind": record.kind,
        "integration": record.stream,
        "id": record.id,
        "keyHash": hex::encode(record.key),
        "payloadSha256": hex::encode(record.body_hash),
        "payloadBytes": record.body.len(),
    });
    if payload == Payload::Base64 {
        use base64::Engine as _;
        shown["payload"] = base64::engine::general_purpose::STANDARD
            .encode(record.body)
            .into();
    }
    shown
}
