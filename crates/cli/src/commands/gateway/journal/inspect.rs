//! `plimsoll gateway journal inspect`

use std::collections::BTreeMap;

use journal::{Part, PartKind, Survey};
use serde_json::{Value, json};

use super::{Inspect, Payload, record_as_json, survey};
use crate::{
    args::Output,
    commands::table::table,
    failure::{Exit, Failure},
};

/// Records by integration and generation.
type Counts = BTreeMap<(String, u64), u64>;

pub fn run(request: &Inspect) -> Result<Exit, Failure> {
    let payload = if request.payload {
        Payload::Base64
    } else {
        Payload::Hash
    };
    let (mut counts, mut wanted) = (Counts::new(), None);
    let found = survey(&request.directory, |record| {
        *counts
            .entry((record.stream.to_owned(), record.generation))
            .or_default() += 1;
        if Some(record.sequence) == request.sequence {
            wanted = Some(record_as_json(record, payload));
        }
    })?;
    if let Some(sequence) = request.sequence {
        let record = wanted.ok_or_else(|| no_record(&found, sequence))?;
        anstream::println!("{record:#}");
        return Ok(Exit::Done);
    }
    match request.output {
        Output::Json => anstream::println!("{:#}", as_json(&found, &counts)),
        Output::Text => tell(&found, &counts),
    }
    Ok(Exit::Done)
}

fn no_record(found: &Survey, sequence: u64) -> Failure {
    let why = if sequence <= found.floor.sequence {
        "it was trimmed"
    } else if found.missing.iter().any(|range| range.contains(&sequence)) {
        "it is damaged here"
    } else {
        "it was never stored here"
    };
    Failure::no(
        "PL0624",
        format!("no record with sequence {sequence} can be read: {why}"),
    )
    .hint(format!("the log ends at sequence {}", found.end.sequence))
}

fn as_json(found: &Survey, counts: &Counts) -> Value {
    let segments = found.segments.iter().map(
        |one| json!({ "ordinal": one.ordinal, "bytes": one.bytes, "first": one.first, "last": one.last }),
    );
    let epochs = found.epochs.iter();
    let counts = counts.iter().map(|((integration, generation), records)| {
        json!({ "integration": integration, "generation": generation, "records": records })
    });
    json!({
        "segments": segments.collect::<Vec<_>>(),
        "generations": epochs.map(|one| json!({ "generation": one.generation, "first": one.first })).collect::<Vec<_>>(),
        "counts": counts.collect::<Vec<_>>(),
        "lastSequence": found.end.sequence,
        "watermark": found.watermark,
        "trimmedUpTo": found.floor.sequence,
        "trimmedChain": found.floor.chain,
        "parked": found.parked,
        "leftOver": found.parts.iter().map(part).collect::<Vec<_>>(),
        "sound": found.is_sound(),
    })
}

fn part(part: &Part) -> Value {
    json!({
        "kind": kind(part), "first": part.first, "last": part.last, "records": part.records, "bytes": part.bytes,
    })
}

const fn kind(part: &Part) -> &'static str {
    match part.kind {
        PartKind::Stub => "keys",
        PartKind::Parked => "parked",
    }
}

fn tell_floor(found: &Survey) {
    let floor = found.floor.sequence;
    if floor == 0 {
        anstream::println!("nothing was trimmed");
        return;
    }
    let mut rows = table(["left of what was trimmed", "first", "last", "records", "bytes"]);
    for one in &found.parts {
        let numbers = [one.first, one.last, one.records, one.bytes].map(|number| number.to_string());
        let mut row = vec![kind(one).to_owned()];
        row.extend(numbers);
        rows.add_row(row);
    }
    anstream::println!("{rows}");
    anstream::println!(
        "everything up to sequence {floor} was trimmed, but for {} records that are parked",
        found.parked
    );
}

fn tell(found: &Survey, counts: &Counts) {
    let mut rows = table(["segment", "bytes", "first", "last"]);
    for one in &found.segments {
        rows.add_row([one.ordinal, one.bytes, one.first, one.last].map(|number| number.to_string()));
    }
    anstream::println!("{rows}");
    let mut rows = table(["integration", "generation", "records"]);
    for ((integration, generation), records) in counts {
        rows.add_row([integration.clone(), generation.to_string(), records.to_string()]);
    }
    anstream::println!("{rows}");
    tell_floor(found);
    anstream::println!(
        "the log ends at sequence {}; the watermark vouches for {}",
        found.end.sequence,
        found.watermark
    );
    if !found.is_sound() {
        anstream::println!("parts of it are damaged: `plimsoll gateway journal verify` lists them");
    }
}
