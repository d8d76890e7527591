//! One call with several messages, and what its answer means for each of them.

use std::time::Instant;

use api::gateway::lanes::AttemptOutcome;
use journal::Record;
use lanes::{Ended, Outcome};

use super::attempt::{self, Command, Tried};
use crate::{
    erp::{CallError, Delivered, Delivery, Erp},
    gateway::{Gateway, Term, now},
};

/// Bodies in one call, together; one that is larger goes alone.
const BYTES_MAX: usize = 2 << 20;

/// How a call ended.
pub struct Called {
    /// For each of its messages.
    pub tried: Vec<Tried>,
    /// What it tells of how busy the ERP is.
    pub ended: Ended,
}

impl Called {
    /// It ended without an answer.
    pub fn broken(call: &[u64]) -> Self {
        Self {
            tried: call.iter().map(|sequence| Tried::broken(*sequence)).collect(),
            ended: Ended::Unanswered,
        }
    }
}

/// Makes one call with these messages.
///
/// Only messages of the first one's kind are sent, as many as fit; the others get their turn in another call.
pub async fn run(gateway: &Gateway, term: &Term, erp: &Erp, lane: usize, call: &[u64]) -> Called {
    let mut tried = Vec::with_capacity(call.len());
    let mut records = Vec::with_capacity(call.len());
    for sequence in call {
        match attempt::record(gateway, *sequence).await {
            Ok(record) => records.push(record),
            Err(none) => tried.push(none),
        }
    }
    let integration = &gateway.integrations[lane];
    let mut sent: Vec<(&Record, Command<'_>)> = Vec::with_capacity(records.len());
    let mut bytes = 0;
    for record in &records {
        match attempt::command(integration, record) {
            Ok(command) => {
                let kind = sent.first().map(|(_, (kind, _))| kind.as_str());
                let fits = sent.is_empty() || bytes + record.entry.body.len() <= BYTES_MAX;
                if fits && kind.is_none_or(|kind| kind == command.0) {
                    bytes += record.entry.body.len();
                    sent.push((record, command));
                } else {
                    tried.push(Tried::unread(record.sequence, Outcome::Unsent));
                }
            }
            Err(why) => tried.push(attempt::unsendable(record, why, now())),
        }
    }
    if sent.is_empty() {
        let ended = Ended::Answered;
        return Called { tried, ended };
    }
    let deliveries: Vec<Delivery<'_>> = sent
        .iter()
        .map(|(record, command)| attempt::delivery(term, record, command))
        .collect();
    let (at, began) = (now(), Instant::now());
    let answers = answers(erp, &deliveries).await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answered: Vec<Tried> = sent
        .iter()
        .zip(answers)
        .map(|((record, _), answer)| attempt::tried(term, record, answer, (at, took_ms)))
        .collect();
    let ended = ended(&answered);
    tried.extend(answered);
    Called { tried, ended }
}

/// One for each, in their order.
async fn answers(erp: &Erp, deliveries: &[Delivery<'_>]) -> Vec<Result<Delivered, CallError>> {
    if let [only] = deliveries {
        return vec![erp.deliver(only).await];
    }
    match erp.deliver_together(deliveries).await {
        Ok(answers) => answers,
        // Whatever is said of the call as a whole is said of no message.
        Err(error) => {
            let why = match error {
                CallError::Refused(why) => format!("the call was refused as a whole: {why}"),
                CallError::Unknown(why) => why,
            };
            deliveries
                .iter()
                .map(|_| Err(CallError::Unknown(why.clone())))
                .collect()
        }
    }
}

/// Only work that was done tells how long work takes.
fn ended(answered: &[Tried]) -> Ended {
    let all = |wanted: AttemptOutcome| {
        answered
            .iter()
            .all(|one| one.note.as_ref().is_some_and(|note| note.outcome == wanted))
    };
    if all(AttemptOutcome::Applied) {
        Ended::Worked
    } else if all(AttemptOutcome::Unknown) {
        Ended::Unanswered
    } else {
        Ended::Answered
    }
}
