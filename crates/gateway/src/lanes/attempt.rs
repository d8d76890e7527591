//! One try to deliver one message, and what its answer means.

use std::time::{Duration, Instant};

use api::gateway::{
    MessageState,
    lanes::{Attempt, AttemptOutcome, DeadCause},
};
use journal::Record;
use serde_json::value::RawValue;

use super::{budget::Ended, scheduler::Outcome};
use crate::{
    erp::{CallError, Delivered, Delivery, Erp},
    gateway::{Gateway, Term, now},
    lock, scrub,
};

/// Right after a failover half-started processes may answer 422 for what is no business error.
const REFUSALS_COUNT_AFTER: Duration = Duration::from_secs(10);

/// How a try ended.
pub struct Tried {
    /// The message.
    pub sequence: u64,
    /// Its id; `None` where the journal does not have it any more.
    pub message_id: Option<String>,
    /// For the scheduler.
    pub outcome: Outcome,
    /// What the ledger is to remember.
    pub state: Option<MessageState>,
    /// Why it is dead, if it is.
    pub cause: DeadCause,
    /// For people.
    pub note: Option<Attempt>,
    /// The ERP belongs to somebody else.
    pub fenced: bool,
    /// What the try tells of how busy the ERP is.
    pub ended: Ended,
}

impl Tried {
    /// It ended without an answer.
    pub fn broken(sequence: u64) -> Self {
        let outcome = Outcome::Failed("the delivery broke off".to_owned());
        Self {
            ended: Ended::Unanswered,
            ..Self::unread(sequence, outcome)
        }
    }

    fn unread(sequence: u64, outcome: Outcome) -> Self {
        Self {
            sequence,
            message_id: None,
            outcome,
            state: None,
            cause: DeadCause::GaveUp,
            note: None,
            fenced: false,
            ended: Ended::Answered,
        }
    }
}

/// Tries once.
pub async fn run(gateway: &Gateway, term: &Term, erp: &Erp, lane: usize, sequence: u64) -> Tried {
    let record = match gateway.reader.read_one(sequence) {
        Ok(record) => record,
        Err(error) => {
            scrub::met(gateway, &error).await;
            let lost = lock(&gateway.ledger).state(sequence).is_none();
            // What is lost here comes back from the other region, and into the lane again.
            let failed = || Outcome::Failed(error.to_string());
            return Tried::unread(sequence, if lost { Outcome::Done } else { failed() });
        }
    };
    let Some(record) = record else {
        // Cut off meanwhile: the leader that we follow now has it.
        return Tried::unread(sequence, Outcome::Done);
    };
    let (at, began) = (now(), Instant::now());
    let answer = deliver(gateway, term, erp, lane, &record).await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let early = term.began.elapsed() < REFUSALS_COUNT_AFTER;
    let read = read(answer, early);
    let said = read.said.0;
    Tried {
        sequence,
        message_id: Some(record.entry.id),
        outcome: read.outcome,
        state: read.state,
        cause: read.cause,
        note: Some(Attempt {
            at,
            took_ms,
            outcome: said,
            said: read.said.1,
        }),
        fenced: said == AttemptOutcome::Fenced,
        ended: ended(said),
    }
}

/// Only work that was done tells how long work takes.
const fn ended(said: AttemptOutcome) -> Ended {
    match said {
        AttemptOutcome::Applied => Ended::Worked,
        AttemptOutcome::AppliedBefore
        | AttemptOutcome::Conflict
        | AttemptOutcome::Fenced
        | AttemptOutcome::Refused => Ended::Answered,
        AttemptOutcome::Unknown => Ended::Unanswered,
    }
}

async fn deliver(
    gateway: &Gateway,
    term: &Term,
    erp: &Erp,
    lane: usize,
    record: &Record,
) -> Result<Delivered, CallError> {
    if journal::is_erased(&record.entry.body) {
        // The ERP has lost it, and nobody has it any more.
        return Err(CallError::Refused("its body was erased".to_owned()));
    }
    let settings = &gateway.integrations[lane].settings;
    let (kind, payload) = if settings.edi.is_some() || settings.outbound.is_some() {
        crate::edi::Order::read(&record.entry.body).map_err(CallError::Refused)?
    } else {
        let payload: &RawValue = serde_json::from_slice(&record.entry.body)
            .map_err(|_| CallError::Refused("the body is not JSON".to_owned()))?;
        (settings.kind.clone(), payload)
    };
    let delivery = Delivery {
        source: &record.entry.stream,
        message_id: &record.entry.id,
        body_hash: hex::encode(record.entry.body_hash),
        kind: &kind,
        payload,
        place: record.sequence,
        generation: term.generation.get(),
        incarnation: &term.incarnation,
    };
    erp.deliver(&delivery).await
}

/// What an answer means.
struct Read {
    outcome: Outcome,
    state: Option<MessageState>,
    cause: DeadCause,
    said: (AttemptOutcome, String),
}

fn read(answer: Result<Delivered, CallError>, early: bool) -> Read {
    let (outcome, state, cause, said) = match answer {
        Ok(Delivered::Applied { before, effect }) => {
            let applied = if before {
                AttemptOutcome::AppliedBefore
            } else {
                AttemptOutcome::Applied
            };
            let state = Some(MessageState::Applied);
            (Outcome::Done, state, DeadCause::GaveUp, (applied, effect))
        }
        Ok(Delivered::Conflict) => {
            let why = "the ERP has another body under this id".to_owned();
            let state = Some(MessageState::Quarantined);
            let said = (AttemptOutcome::Conflict, why.clone());
            (Outcome::Refused(why), state, DeadCause::Conflict, said)
        }
        Ok(Delivered::Fenced { detail }) => {
            let why = format!("fenced: {detail}");
            let said = (AttemptOutcome::Fenced, why.clone());
            (Outcome::Failed(why), None, DeadCause::GaveUp, said)
        }
        Err(CallError::Refused(why)) if early => {
            let said = (AttemptOutcome::Refused, why.clone());
            (Outcome::TooEarly(why), None, DeadCause::Refused, said)
        }
        Err(CallError::Refused(why)) => {
            let said = (AttemptOutcome::Refused, why.clone());
            let state = Some(MessageState::Rejected);
            (Outcome::Refused(why), state, DeadCause::Refused, said)
        }
        Err(CallError::Unknown(why)) => {
            let said = (AttemptOutcome::Unknown, why.clone());
            (Outcome::Failed(why), None, DeadCause::GaveUp, said)
        }
    };
    Read {
        outcome,
        state,
        cause,
        said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_only_after_the_erp_has_come_up() {
        let refused = || Err(CallError::Refused("no such product".to_owned()));
        let (early, late) = (read(refused(), true), read(refused(), false));
        assert_eq!(early.outcome, Outcome::TooEarly("no such product".to_owned()));
        assert_eq!(early.state, None);
        assert_eq!(late.outcome, Outcome::Refused("no such product".to_owned()));
        assert_eq!(
            (late.state, late.cause),
            (Some(MessageState::Rejected), DeadCause::Refused)
        );
    }
}
