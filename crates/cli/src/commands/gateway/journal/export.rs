//! `plimsoll gateway journal export`

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use super::{Export, record_as_json, survey};
use crate::{
    failure::{Exit, Failure},
    talk::Talk,
};

pub fn run(request: &Export, talk: &Talk) -> Result<Exit, Failure> {
    let path = request
        .to
        .as_deref()
        .unwrap_or_else(|| Path::new("standard output"));
    let sink: Box<dyn Write> = match &request.to {
        Some(path) => Box::new(File::create_new(path).map_err(Failure::file("create", path))?),
        None => Box::new(io::stdout().lock()),
    };
    let mut sink = BufWriter::new(sink);
    let range = request.from..=request.until.unwrap_or(u64::MAX);
    let (mut records, mut failed) = (0_u64, None);
    let found = survey(&request.directory, |record| {
        if failed.is_some() || !range.contains(&record.sequence) {
            return;
        }
        match writeln!(sink, "{}", record_as_json(record, request.payload)) {
            Ok(()) => records += 1,
            Err(error) => failed = Some(error),
        }
    })?;
    let written = failed.map_or_else(|| sink.flush(), Err);
    written.map_err(Failure::file("write", path))?;
    talk.say(format_args!("{records} records"));
    let lacking = found
        .missing
        .iter()
        .filter(|missing| missing.start() <= range.end() && range.start() <= missing.end());
    let lacking: Vec<_> = lacking
        .map(|missing| format!("{}–{}", missing.start(), missing.end()))
        .collect();
    if lacking.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::no(
        "PL0625",
        format!(
            "the export is not complete: {} cannot be read",
            lacking.join(", ")
        ),
    )
    .hint("export these from the other region's journal"))
}
