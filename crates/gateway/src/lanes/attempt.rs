//! One try to deliver one message, and what its answer means.

use std::{borrow::Cow, time::Duration};

use api::gateway::{
    MessageState,
    lanes::{Attempt, AttemptOutcome, DeadCause},
};
use journal::Record;
use lanes::Outcome;
use serde_json::value::RawValue;
use types::Timestamp;

use crate::{
    erp::{CallError, Delivered, Delivery},
    gateway::{Gateway, Integration, Term},
    ingest, lock, scrub,
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
}

impl Tried {
    /// It ended without an answer.
    pub fn broken(sequence: u64) -> Self {
        let outcome = Outcome::Failed("the delivery broke off".to_owned());
        Self::unread(sequence, outcome)
    }

    /// It was not sent.
    pub fn unread(sequence: u64, outcome: Outcome) -> Self {
        Self {
            sequence,
            message_id: None,
            outcome,
            state: None,
            cause: DeadCause::GaveUp,
            note: None,
            fenced: false,
        }
    }
}

/// A kind and a payload for the inbox.
pub type Command<'a> = (String, Cow<'a, RawValue>);

/// The message, or what it means that there is none to send.
pub async fn record(gateway: &Gateway, sequence: u64) -> Result<Record, Tried> {
    match gateway.reader.read_one(sequence) {
        Ok(Some(record)) => Ok(record),
        // Cut off meanwhile: the leader that we follow now has it.
        Ok(None) => Err(Tried::unread(sequence, Outcome::Done)),
        Err(error) => {
            scrub::met(gateway, &error).await;
            let lost = lock(&gateway.ledger).state(sequence).is_none();
            // What is lost here comes back from the other region, and into the lane again.
            let failed = || Outcome::Failed(error.to_string());
            Err(Tried::unread(
                sequence,
                if lost { Outcome::Done } else { failed() },
            ))
        }
    }
}

/// What the ERP is to do about a message.
pub fn command<'a>(integration: &Integration, record: &'a Record) -> Result<Command<'a>, CallError> {
    let settings = &integration.settings;
    if journal::is_erased(&record.entry.body) {
        // The ERP has lost it, and nobody has it any more.
        return Err(CallError::Refused("its body was erased".to_owned()));
    }
    if let Some(site) = &integration.site {
        let command = site.command(&record.entry.body).map_err(CallError::Refused)?;
        return Ok((command.0, Cow::Owned(command.1)));
    }
    if settings.edi.is_some() || settings.outbound.is_some() {
        let order = crate::edi::Order::read(&record.entry.body).map_err(CallError::Refused)?;
        return Ok((order.0, Cow::Borrowed(order.1)));
    }
    // Older versions took more in than the ERP can read.
    let payload: &RawValue = ingest::check_json(&record.entry.body)
        .and_then(|()| serde_json::from_slice(&record.entry.body))
        .map_err(|error| CallError::Refused(format!("the body is not JSON: {error}")))?;
    Ok((settings.kind.clone(), Cow::Borrowed(payload)))
}

/// A message as the ERP is told.
pub fn delivery<'a>(term: &'a Term, record: &'a Record, (kind, payload): &'a Command<'a>) -> Delivery<'a> {
    Delivery {
        source: &record.entry.stream,
        message_id: &record.entry.id,
        body_hash: hex::encode(record.entry.body_hash),
        kind,
        payload,
        place: record.sequence,
        generation: term.generation.get(),
        incarnation: &term.incarnation,
    }
}

/// What an answer to a message means; with when it was sent and how long it took.
pub fn tried(
    term: &Term,
    record: &Record,
    answer: Result<Delivered, CallError>,
    (at, took_ms): (Timestamp, u64),
) -> Tried {
    let early = term.began.elapsed() < REFUSALS_COUNT_AFTER;
    told(record, read(answer, early), (at, took_ms))
}

/// What it means that there is nothing that the ERP could be asked for: it will be the same later.
pub fn unsendable(record: &Record, why: CallError, at: Timestamp) -> Tried {
    told(record, read(Err(why), false), (at, 0))
}

fn told(record: &Record, read: Read, (at, took_ms): (Timestamp, u64)) -> Tried {
    let (outcome, said) = read.said;
    Tried {
        sequence: record.sequence,
        message_id: Some(record.entry.id.clone()),
        outcome: read.outcome,
        state: read.state,
        cause: read.cause,
        note: Some(Attempt {
            at,
            took_ms,
            outcome,
            said,
        }),
        fenced: outcome == AttemptOutcome::Fenced,
    }
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

    #[test]
    fn what_the_erp_is_never_asked_is_refused_at_once() {
        let record = Record {
            sequence: 7,
            generation: 1,
            entry: journal::Entry {
                kind: 1,
                stream: "acme-edi".to_owned(),
                id: "PO-1".to_owned(),
                time: 0,
                key: journal::key_hash("acme-edi", "PO-1"),
                body_hash: journal::body_hash(b"{"),
                body: "{".into(),
            },
        };
        let why = CallError::Refused("the body is not JSON".to_owned());
        let tried = unsendable(&record, why, Timestamp::from_micros(5));
        assert_eq!(tried.outcome, Outcome::Refused("the body is not JSON".to_owned()));
        assert_eq!((tried.sequence, tried.state), (7, Some(MessageState::Rejected)));
    }
}
