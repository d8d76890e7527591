//! `plimsoll gateway journal verify`

use journal::{Flaw, Survey};
use serde_json::{Value, json};

use super::{Verify, survey};
use crate::{
    args::Output,
    failure::{Exit, Failure},
};

pub fn run(request: &Verify) -> Result<Exit, Failure> {
    // A record whose frame is right may still hold a body that is not the one its hash was made of. One that was erased
    // does, and is meant to.
    let mut wrong_bodies = Vec::new();
    let found = survey(&request.directory, |record| {
        if !journal::is_erased(record.body) && journal::body_hash(record.body) != record.body_hash {
            wrong_bodies.push(record.sequence);
        }
    })?;
    let sound = found.is_sound() && wrong_bodies.is_empty();
    match request.output {
        Output::Json => anstream::println!("{:#}", as_json(&found, &wrong_bodies, sound)),
        Output::Text => tell(&found, &wrong_bodies),
    }
    if sound {
        return Ok(Exit::Done);
    }
    Err(Failure::no(
        "PL0623",
        format!("the journal in {} is damaged", request.directory.display()),
    )
    .hint("keep the directory as it is; a gateway that follows takes what is damaged from the other region"))
}

fn as_json(found: &Survey, wrong_bodies: &[u64], sound: bool) -> Value {
    json!({
        "sound": sound,
        "segments": found.segments.len(),
        "records": found.records,
        "lastSequence": found.end.sequence,
        "watermark": found.watermark,
        "damage": found.flaws.iter().map(flaw).collect::<Vec<_>>(),
        "missing": found.missing.iter().map(|range| json!([range.start(), range.end()])).collect::<Vec<_>>(),
        "wrongBodies": wrong_bodies,
        "trimmedUpTo": found.floor.sequence,
        "parked": found.parked,
        "parkedLost": found.parked_lost,
        "keysLost": found.keys_lost.iter().map(|range| json!([range.start(), range.end()])).collect::<Vec<_>>(),
        "tornTail": found.torn.as_ref().map(flaw),
        "cutUnderWay": found.cut_under_way,
    })
}

fn flaw(flaw: &Flaw) -> Value {
    json!({ "segment": flaw.segment, "offset": flaw.offset, "bytes": flaw.bytes })
}

fn tell(found: &Survey, wrong_bodies: &[u64]) {
    for Flaw {
        segment,
        offset,
        bytes,
    } in &found.flaws
    {
        anstream::println!("damaged: segment {segment}, offset {offset}, {bytes} bytes");
    }
    for range in &found.missing {
        anstream::println!("cannot be read: sequence {} to {}", range.start(), range.end());
    }
    for range in &found.keys_lost {
        anstream::println!(
            "keys cannot be read: sequence {} to {}",
            range.start(),
            range.end()
        );
    }
    if found.parked_lost > 0 {
        anstream::println!("parked records that cannot be read: {}", found.parked_lost);
    }
    for sequence in wrong_bodies {
        anstream::println!("another payload than was accepted: sequence {sequence}");
    }
    if let Some(Flaw {
        segment,
        offset,
        bytes,
    }) = &found.torn
    {
        anstream::println!(
            "never acknowledged, cut off at the next start: segment {segment}, offset {offset}, {bytes} bytes"
        );
    }
    if found.cut_under_way {
        anstream::println!("a suffix was being cut off; the next start finishes that");
    }
    anstream::println!(
        "{} records in {} segments, up to sequence {}",
        found.records,
        found.segments.len(),
        found.end.sequence
    );
}
