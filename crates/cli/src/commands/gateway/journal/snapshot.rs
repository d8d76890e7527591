//! `plimsoll gateway journal snapshot`

use journal::{Snapshot as Made, SnapshotError};
use serde_json::json;

use super::Snapshot;
use crate::{
    args::Output,
    failure::{Exit, Failure},
};

pub fn run(request: &Snapshot) -> Result<Exit, Failure> {
    let made = journal::snapshot(&request.directory, &request.to).map_err(|error| failure(&error))?;
    match request.output {
        Output::Json => anstream::println!("{:#}", as_json(&made)),
        Output::Text => anstream::println!(
            "{} records up to sequence {}, read whole; {} files are links, {} bytes were copied",
            made.records,
            made.end.sequence,
            made.linked,
            made.copied_bytes
        ),
    }
    Ok(Exit::Done)
}

fn failure(error: &SnapshotError) -> Failure {
    match error {
        SnapshotError::NotAJournal(_) => Failure::machine("PL0621", error.to_string())
            .hint("give the directory that holds seg-000000000001.log and watermark"),
        SnapshotError::NotEmpty(_) => {
            Failure::no("PL0772", error.to_string()).hint("give a directory that does not exist yet")
        }
        SnapshotError::NotWhole { .. } => Failure::no("PL0773", error.to_string())
            .hint("`plimsoll gateway journal verify` lists damage once the gateway is stopped"),
        SnapshotError::File { .. } | SnapshotError::Open(_) => {
            Failure::machine("PL0772", "the journal cannot be copied").because(error)
        }
    }
}

fn as_json(made: &Made) -> serde_json::Value {
    json!({
        "lastSequence": made.end.sequence,
        "trimmedUpTo": made.floor.sequence,
        "records": made.records,
        "linkedFiles": made.linked,
        "copiedBytes": made.copied_bytes,
    })
}
