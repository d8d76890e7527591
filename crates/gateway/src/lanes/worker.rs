//! One worker of a lane: takes a message, delivers it, repeats what has an unknown outcome.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use api::gateway::MessageState;
use journal::Record;
use rand::Rng as _;
use serde_json::value::RawValue;

use crate::{
    erp::{CallError, Delivered, Delivery, Erp},
    gateway::{Gateway, Term},
    lock, reconcile,
};

/// First pause after an unknown outcome.
const PAUSE_MIN: Duration = Duration::from_millis(25);
/// Longest pause: short on purpose, because after an outage it becomes part of the recovery time.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Right after a failover half-started processes may answer 422 for what is no business error.
const REFUSALS_COUNT_AFTER: Duration = Duration::from_secs(10);
/// After so many tries in a row a message goes behind the others, so that one which always fails blocks nobody.
const TRIES_IN_A_ROW: u32 = 5;
/// How many answers are kept for people; dead letters are rare, and the journal has the messages.
const ANSWERS_MAX: usize = 10_000;

/// Delivers until the term ends.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>, erp: Erp, lane: usize) {
    let news = Arc::clone(&lock(&gateway.ledger).lanes[lane].news);
    let mut failures = 0;
    loop {
        if term.fenced.load(Ordering::SeqCst) {
            // Only a new word of the controller, which begins a new term, helps.
            return;
        }
        let taken = lock(&gateway.ledger).lanes[lane].take();
        let Some(sequence) = taken else {
            news.notified().await;
            continue;
        };
        let worker = Worker {
            gateway: &gateway,
            term: &term,
            erp: &erp,
            lane,
        };
        for attempt in 1.. {
            let done = worker.attempt(sequence).await;
            failures = if done { 0 } else { failures + 1 };
            if done || term.fenced.load(Ordering::SeqCst) {
                break;
            }
            tokio::time::sleep(pause(failures)).await;
            if attempt == TRIES_IN_A_ROW {
                lock(&gateway.ledger).lanes[lane].put_back(sequence);
                break;
            }
        }
    }
}

/// Exponential with full jitter below the ceiling.
fn pause(failures: u32) -> Duration {
    let ceiling = PAUSE_MIN.saturating_mul(1 << failures.min(10)).min(PAUSE_MAX);
    rand::rng().random_range(PAUSE_MIN..=ceiling.max(PAUSE_MIN))
}

struct Worker<'a> {
    gateway: &'a Gateway,
    term: &'a Term,
    erp: &'a Erp,
    lane: usize,
}

impl Worker<'_> {
    /// Tries once; says whether the message is done with.
    async fn attempt(&self, sequence: u64) -> bool {
        let record = match self.gateway.reader.read(sequence, 1) {
            Ok(mut records) if records.first().is_some_and(|record| record.sequence == sequence) => {
                records.remove(0)
            }
            // Cut off meanwhile: the leader that we follow now has it.
            Ok(_) => return true,
            Err(error) => {
                self.trouble(&error.to_string());
                return false;
            }
        };
        match self.deliver(&record).await {
            Ok(Delivered::Applied { before }) => {
                tracing::debug!(sequence, id = record.entry.id, before, "applied");
                lock(&self.gateway.ledger).lanes[self.lane].detail = None;
                self.done(sequence, MessageState::Applied, None)
            }
            Ok(Delivered::Conflict) => {
                tracing::warn!(
                    sequence,
                    id = record.entry.id,
                    "the ERP has another body under this id"
                );
                let answer = "the ERP has another body under this id".to_owned();
                self.done(sequence, MessageState::Quarantined, Some(answer))
            }
            Ok(Delivered::Fenced { detail }) => {
                tracing::warn!(
                    sequence,
                    detail,
                    "the ERP refuses this generation: deliveries rest"
                );
                self.trouble(&format!("fenced: {detail}"));
                self.term.fenced.store(true, Ordering::SeqCst);
                false
            }
            Err(CallError::Refused(why)) if self.term.began.elapsed() >= REFUSALS_COUNT_AFTER => {
                tracing::warn!(sequence, id = record.entry.id, why, "rejected by the ERP");
                self.done(sequence, MessageState::Rejected, Some(why))
            }
            Err(CallError::Refused(why) | CallError::Unknown(why)) => {
                self.trouble(&why);
                false
            }
        }
    }

    async fn deliver(&self, record: &Record) -> Result<Delivered, CallError> {
        let payload: &RawValue = serde_json::from_slice(&record.entry.body)
            .map_err(|_| CallError::Refused("the body is not JSON".to_owned()))?;
        let settings = &self.gateway.integrations[self.lane].settings;
        let delivery = Delivery {
            source: &record.entry.stream,
            message_id: &record.entry.id,
            body_hash: hex::encode(record.entry.body_hash),
            kind: &settings.kind,
            payload,
            generation: self.term.generation.get(),
            incarnation: &self.term.incarnation,
        };
        self.erp.deliver(&delivery).await
    }

    fn done(&self, sequence: u64, state: MessageState, answer: Option<String>) -> bool {
        lock(&self.gateway.ledger).mark(sequence, state);
        let mut answers = lock(&self.gateway.answers);
        match answer {
            Some(answer) if answers.len() < ANSWERS_MAX => drop(answers.insert(sequence, answer)),
            Some(_) | None => drop(answers.remove(&sequence)),
        }
        drop(answers);
        reconcile::answered(self.gateway, sequence, state);
        true
    }

    fn trouble(&self, why: &str) {
        lock(&self.gateway.ledger).lanes[self.lane].detail = Some(why.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_the_ceiling() {
        for failures in 0..40 {
            let pause = pause(failures);
            assert!(pause >= PAUSE_MIN && pause <= PAUSE_MAX, "{failures}: {pause:?}");
        }
    }
}
