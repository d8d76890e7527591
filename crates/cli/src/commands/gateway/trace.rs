//! `plimsoll gateway trace MESSAGE`: the life of one message, in the order in which it happened.

use api::gateway::{
    MessageState,
    lanes::{Attempt, AttemptOutcome, MessageTrace, Reveal},
};

use super::{args::Trace, dead_letters::cause, find, leader, print_json, words};
use crate::{
    args::Output,
    failure::{Exit, Failure},
    open_estate::OpenEstate,
};

pub async fn run(estate: &OpenEstate, request: &Trace) -> Result<Exit, Failure> {
    let leader = leader::find(estate).await?;
    let reveal = if request.reveal {
        Reveal::Body
    } else {
        Reveal::Shape
    };
    let trace = find::message(&leader, &request.message, reveal).await?;
    match request.how.output {
        Output::Json => print_json(&trace),
        Output::Text => {
            for line in lines(&trace) {
                anstream::println!("{line}");
            }
        }
    }
    Ok(Exit::Done)
}

fn lines(trace: &MessageTrace) -> Vec<String> {
    let from = trace.partner.as_deref().unwrap_or("a partner without a name");
    let regions = match trace.copies {
        0 | 1 => "in this region only".to_owned(),
        copies => format!("in {copies} regions"),
    };
    let mut lines = vec![
        format!("{}/{}", trace.integration, trace.message_id),
        format!(
            "  {}  received from {from}: {} bytes, SHA-256 {}",
            trace.accepted, trace.body_bytes, trace.body_hash
        ),
        format!(
            "  {:<24}  in the journal as {}, generation {}, on disk {regions}",
            "", trace.sequence, trace.generation
        ),
    ];
    let earlier = trace.attempts_all as usize - trace.attempts.len().min(trace.attempts_all as usize);
    if earlier > 0 {
        lines.push(format!(
            "  {:<24}  tried {earlier} times before, of which only the number is known",
            ""
        ));
    }
    lines.extend(trace.attempts.iter().map(attempt));
    if let Some(dead) = &trace.dead {
        lines.push(format!(
            "  {}  not delivered any more ({}): {}",
            dead.since,
            cause(dead.cause),
            dead.why
        ));
    }
    lines.push(format!("  now: {}{}", words::state(trace.state), erp(trace)));
    let body = serde_json::to_string_pretty(&trace.body).unwrap_or_default();
    lines.extend(body.lines().map(|line| format!("    {line}")));
    lines
}

fn attempt(one: &Attempt) -> String {
    let outcome = match one.outcome {
        AttemptOutcome::Applied => "applied",
        AttemptOutcome::AppliedBefore => "applied before",
        AttemptOutcome::Refused => "refused",
        AttemptOutcome::Unknown => "outcome unknown",
        AttemptOutcome::Conflict => "other body under this id",
        AttemptOutcome::Fenced => "the ERP belongs to another generation",
    };
    format!(
        "  {}  delivered to the ERP, {} ms: {outcome}: {}",
        one.at, one.took_ms, one.said
    )
}

/// What the ERP itself said just now; worth a word where it contradicts what the gateway believes.
const fn erp(trace: &MessageTrace) -> &'static str {
    match (trace.in_erp, trace.state) {
        (Some(true), MessageState::Applied) => ", and the ERP confirms that it has it",
        (Some(false), MessageState::Applied) => ", BUT THE ERP DOES NOT HAVE IT",
        (Some(true), _) => ", but the ERP has it",
        (Some(false), _) => ", and the ERP does not have it",
        (None, _) => "; the ERP could not be asked",
    }
}
