//! The task of a lane: asks its desk what to do, does it, and writes down what came of it.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use api::gateway::{
    MessageState,
    lanes::{DeadCause, DeadLetter},
};
use journal::key_hash;
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::sleep_until,
};

use super::{
    attempt::{self, Tried},
    desk::Desk,
    intake,
    scheduler::{Next, Outcome, Verdict, Waiting},
};
use crate::{
    erp::Erp,
    gateway::{Gateway, Term, now},
    lock, reconcile,
};

/// Delivers until the term ends. Cancelled, it drops what is under way: whoever leads next delivers it again.
pub async fn run(gateway: &Arc<Gateway>, term: &Arc<Term>, erp: &Erp, desk: &Arc<Desk>) {
    let news = Arc::clone(&lock(&gateway.ledger).lanes[desk.lane].news);
    let mut attempts = attempts_before(gateway, desk.lane);
    let mut under_way: JoinSet<Tried> = JoinSet::new();
    let mut which: HashMap<Id, u64> = HashMap::new();
    loop {
        if term.fenced.load(Ordering::SeqCst) {
            // Only a new word of the controller, which begins a new term, helps.
            return;
        }
        while intake::fill(gateway, desk, &mut attempts) {
            tokio::task::yield_now().await;
        }
        match desk.next() {
            Next::Deliver { sequence, .. } => {
                let (gateway, term, erp, lane) =
                    (Arc::clone(gateway), Arc::clone(term), erp.clone(), desk.lane);
                let task =
                    under_way.spawn(async move { attempt::run(&gateway, &term, &erp, lane, sequence).await });
                which.insert(task.id(), sequence);
            }
            Next::Wait { why, until } => {
                let until = until.map(|moment| desk.at(moment).into());
                tokio::select! {
                    Some(done) = under_way.join_next_with_id(), if !under_way.is_empty() => {
                        let tried = ended(done, &mut which);
                        finish(gateway, term, desk, tried);
                    }
                    () = sleep_until(until.unwrap_or_else(tokio::time::Instant::now)), if until.is_some() => {}
                    () = news.notified(), if why != Waiting::Person => {}
                    () = desk.wake.notified() => {}
                }
            }
        }
    }
}

/// A try that panicked is one whose outcome is unknown.
fn ended(done: Result<(Id, Tried), JoinError>, which: &mut HashMap<Id, u64>) -> Option<Tried> {
    match done {
        Ok((id, tried)) => {
            which.remove(&id);
            Some(tried)
        }
        Err(error) => {
            let sequence = which.remove(&error.id())?;
            tracing::error!(sequence, %error, "a delivery did not end as it should");
            Some(Tried::broken(sequence))
        }
    }
}

/// How often messages that still wait were tried before, by this gateway or another.
fn attempts_before(gateway: &Gateway, lane: usize) -> HashMap<u64, u32> {
    let name = &gateway.integrations[lane].settings.name;
    let (register, ledger) = (lock(&gateway.register), lock(&gateway.ledger));
    register
        .tries_of(name)
        .filter_map(|(id, attempts)| Some((ledger.find(&key_hash(name.as_str(), id))?, attempts)))
        .collect()
}

fn finish(gateway: &Gateway, term: &Term, desk: &Desk, tried: Option<Tried>) {
    let Some(tried) = tried else { return };
    let meters = &gateway.integrations[desk.lane].meters;
    let trouble = match &tried.outcome {
        Outcome::Done => {
            meters.applied.inc();
            None
        }
        Outcome::Refused(why) | Outcome::TooEarly(why) => {
            meters.refused.inc();
            Some(why.clone())
        }
        Outcome::Failed(why) => {
            meters.failed.inc();
            Some(why.clone())
        }
    };
    if let Some(note) = tried.note.clone() {
        lock(&gateway.history).add(tried.sequence, note);
    }
    if tried.fenced {
        tracing::warn!(why = ?trouble, "the ERP refuses this generation: deliveries rest");
        term.fenced.store(true, Ordering::SeqCst);
        for desk in &term.desks {
            desk.wake.notify_one();
        }
    }
    let verdict = desk.finish(tried.sequence, tried.outcome.clone(), tried.ended);
    // A dead letter stops nobody, so it is no reason why delivery does not go on.
    let detail = match &verdict {
        Verdict::Finished | Verdict::Dead { .. } => None,
        Verdict::Again { .. } => trouble,
    };
    lock(&gateway.ledger).lanes[desk.lane].detail = detail;
    remember(gateway, desk.lane, &tried, verdict);
}

/// Writes down what became of a message.
fn remember(gateway: &Gateway, lane: usize, tried: &Tried, verdict: Verdict) {
    let name = &gateway.integrations[lane].settings.name;
    let (sequence, Some(id)) = (tried.sequence, &tried.message_id) else {
        return;
    };
    match verdict {
        Verdict::Finished => {
            lock(&gateway.register).settle(name, id);
            tracing::debug!(sequence, id, "applied");
            mark(gateway, sequence, MessageState::Applied);
        }
        Verdict::Again { attempts, .. } => lock(&gateway.register).tried(name, id, attempts),
        Verdict::Dead {
            why,
            attempts,
            gave_up,
        } => {
            tracing::warn!(
                sequence,
                id,
                why,
                attempts,
                gave_up,
                "a message is not delivered any more"
            );
            lock(&gateway.register).bury(DeadLetter {
                integration: name.clone(),
                message_id: id.clone(),
                sequence,
                since: now(),
                cause: if gave_up { DeadCause::GaveUp } else { tried.cause },
                why,
                attempts,
            });
            mark(gateway, sequence, tried.state.unwrap_or(MessageState::Rejected));
        }
    }
}

fn mark(gateway: &Gateway, sequence: u64, state: MessageState) {
    lock(&gateway.ledger).mark(sequence, state);
    reconcile::answered(gateway, sequence, state);
}
