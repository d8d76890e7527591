//! The task of a lane: asks its desk what to do, does it, and writes down what came of it.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use api::gateway::{
    MessageState,
    lanes::{DeadCause, DeadLetter},
};
use journal::key_hash;
use lanes::{Outcome, Step, Verdict, Waiting};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::sleep_until,
};

use super::{
    attempt::Tried,
    desk::Desk,
    intake,
    together::{self, Called},
};
use crate::{
    erp::Erp,
    gateway::{Gateway, Term, now},
    lock, reconcile, shown,
};

/// A call that is made.
struct Call {
    /// The first of them names it.
    messages: Vec<u64>,
    began: Instant,
}

/// Delivers until the term ends. Cancelled, it drops what is under way: whoever leads next delivers it again.
pub async fn run(gateway: &Arc<Gateway>, term: &Arc<Term>, erp: &Erp, desk: &Arc<Desk>) {
    let news = Arc::clone(&lock(&gateway.ledger).lanes[desk.lane].news);
    let mut attempts = attempts_before(gateway, desk.lane);
    let mut under_way: JoinSet<Called> = JoinSet::new();
    let mut which: HashMap<Id, Call> = HashMap::new();
    loop {
        if term.fenced.load(Ordering::SeqCst) {
            // Only a new word of the controller, which begins a new term, helps.
            return;
        }
        while intake::fill(gateway, desk, &mut attempts) {
            tokio::task::yield_now().await;
        }
        match desk.next() {
            Step::Call(messages) => {
                let (gateway, term, erp, lane) =
                    (Arc::clone(gateway), Arc::clone(term), erp.clone(), desk.lane);
                let call = messages.clone();
                let task =
                    under_way.spawn(async move { together::run(&gateway, &term, &erp, lane, &call).await });
                let began = Instant::now();
                which.insert(task.id(), Call { messages, began });
            }
            Step::Wait { why, until } => {
                let until = until.map(|moment| desk.at(moment).into());
                tokio::select! {
                    Some(done) = under_way.join_next_with_id(), if !under_way.is_empty() => {
                        if let Some((call, called)) = ended(done, &mut which) {
                            finish(gateway, term, desk, &call, called);
                        }
                    }
                    () = sleep_until(until.unwrap_or_else(tokio::time::Instant::now)), if until.is_some() => {}
                    () = news.notified(), if why != Waiting::Person => {}
                    () = desk.wake.notified() => {}
                }
            }
        }
    }
}

/// A call that panicked is one whose outcome is unknown.
fn ended(done: Result<(Id, Called), JoinError>, which: &mut HashMap<Id, Call>) -> Option<(Call, Called)> {
    match done {
        Ok((id, called)) => Some((which.remove(&id)?, called)),
        Err(error) => {
            let call = which.remove(&error.id())?;
            tracing::error!(messages = ?call.messages, %error, "a delivery did not end as it should");
            let called = Called::broken(&call.messages);
            Some((call, called))
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

fn finish(gateway: &Gateway, term: &Term, desk: &Desk, call: &Call, called: Called) {
    let Called { tried, ended } = called;
    let mut by_sequence: HashMap<u64, Tried> = HashMap::with_capacity(tried.len());
    let mut endings = Vec::with_capacity(tried.len());
    for one in tried {
        count(gateway, desk.lane, &one);
        if one.fenced {
            fenced(term, trouble(&one.outcome));
        }
        endings.push((one.sequence, one.outcome.clone()));
        by_sequence.insert(one.sequence, one);
    }
    let Some(first) = call.messages.first() else {
        return;
    };
    let verdicts = desk.finish(*first, endings, ended, call.began.elapsed());
    let mut detail = None;
    for (sequence, verdict) in verdicts {
        let Some(tried) = by_sequence.get(&sequence) else {
            continue;
        };
        // A dead letter stops nobody, so it is no reason why delivery does not go on.
        if matches!(verdict, Verdict::Again { .. }) {
            detail = trouble(&tried.outcome).map(ToOwned::to_owned).or(detail);
        }
        remember(gateway, desk.lane, tried, verdict);
    }
    lock(&gateway.ledger).lanes[desk.lane].detail = detail;
}

/// For people and for metrics.
fn count(gateway: &Gateway, lane: usize, tried: &Tried) {
    let meters = &gateway.integrations[lane].meters;
    match &tried.outcome {
        Outcome::Done => meters.applied.inc(),
        Outcome::Refused(_) | Outcome::TooEarly(_) => meters.refused.inc(),
        Outcome::Failed(_) => meters.failed.inc(),
        Outcome::Unsent => 0,
    };
    if let Some(note) = tried.note.clone() {
        lock(&gateway.history).add(tried.sequence, note);
    }
}

const fn trouble(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Done | Outcome::Unsent => None,
        Outcome::Refused(why) | Outcome::TooEarly(why) | Outcome::Failed(why) => Some(why.as_str()),
    }
}

fn fenced(term: &Term, why: Option<&str>) {
    if !term.fenced.swap(true, Ordering::SeqCst) {
        tracing::warn!(?why, "the ERP refuses this generation: deliveries rest");
    }
    for desk in &term.desks {
        desk.wake.notify_one();
    }
}

/// Writes down what became of a message.
fn remember(gateway: &Gateway, lane: usize, tried: &Tried, verdict: Verdict) {
    let settings = &gateway.integrations[lane].settings;
    let (name, payloads) = (&settings.name, &settings.payloads);
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
                why = shown::words(payloads, &why),
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
