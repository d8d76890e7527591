//! The leader's side: keeps the other region's copy up to date, and says when it cannot.
//!
//! Several requests are under way at a time ([`super::flight`]), each with what follows the one before; the receiver
//! brings them into order. When one of them fails, all are given up, and the peer is asked where it stands: what it has
//! by then is not sent again, and what it gets twice it knows.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use api::client::Error;
use journal::Batch;

use super::{
    flight::Flights,
    standing,
    wire::{Speaker, Synced},
};
use crate::{
    gateway::{Gateway, Peer, Term},
    link::Link,
    lock,
    marks::Marks,
    scrub,
};

/// Without messages the peer is asked this often whether it is still there.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// Pause after a failure while acknowledgements wait.
const PAUSE_WAITING: Duration = Duration::from_millis(20);
/// Pause after a failure while they don't.
const PAUSE_GONE: Duration = Duration::from_millis(200);
/// How long a request may take while no acknowledgement waits for it.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Marks are shipped this often.
const MARKS_EVERY: Duration = Duration::from_millis(200);

/// Keeps the copy up to date until the term ends.
pub async fn run(gateway: Arc<Gateway>, term: Arc<Term>) {
    let Some(peer) = &gateway.peer else { return };
    let sender = Sender {
        speaker: Speaker::of(&gateway, &term),
        gateway: &gateway,
        peer,
    };
    tokio::join!(sender.send_batches(), sender.send_marks());
}

/// Acknowledgements no longer wait for the other region.
pub fn degrade(gateway: &Gateway, why: &str) {
    standing::gone(&mut lock(&gateway.ledger), why);
}

pub(super) struct Sender<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) peer: &'a Peer,
    pub(super) speaker: Speaker,
}

/// What went wrong with one request.
pub enum Failure {
    /// The peer knows a newer generation; this gateway has stopped leading.
    Overtaken,
    /// Anything else: where the peer stands must be asked again.
    Again(String),
}

impl Sender<'_> {
    async fn send_batches(&self) {
        // Since when nothing succeeds.
        let mut failing: Option<Instant> = None;
        loop {
            let failure = match self.find_peer(failing).await {
                Ok(end) => {
                    failing = None;
                    self.keep_up(end).await
                }
                Err(failure) => failure,
            };
            let Failure::Again(why) = failure else { return };
            let since = *failing.get_or_insert_with(Instant::now);
            if since.elapsed() >= self.peer.degrade_after {
                degrade(self.gateway, &why);
            }
            tracing::debug!(why, "the other region's copy could not be brought up to date");
            let waits = lock(&self.gateway.ledger).acks.link.waits();
            tokio::time::sleep(if waits { PAUSE_WAITING } else { PAUSE_GONE }).await;
        }
    }

    /// Sends what follows the end of the peer's copy, which is a prefix of this log, until something goes wrong.
    async fn keep_up(&self, end: u64) -> Failure {
        let mut flights = Flights::from(end);
        loop {
            if let Err(failure) = self.step(&mut flights).await {
                return failure;
            }
        }
    }

    /// One request leaves or is answered, or there is something to send.
    async fn step<'s>(&'s self, flights: &mut Flights<'s>) -> Result<(), Failure> {
        let news = &self.gateway.shared.tail.news;
        let hurt = self.gateway.hurt.load(Ordering::SeqCst);
        if hurt && flights.is_empty() {
            self.gateway.hurt.store(false, Ordering::SeqCst);
            return self.mend(None).await;
        }
        let (has_room, wait) = (flights.has_room() && !hurt, flights.wait(Instant::now()));
        if has_room && wait.is_zero() {
            let batches = self.next(flights.sent()).await?;
            if !batches.is_empty() {
                self.leave(flights, &batches);
                return Ok(());
            }
            if flights.is_empty() {
                // Nothing to send, or a heartbeat is due.
                if tokio::time::timeout(HEARTBEAT, news.notified()).await.is_err() {
                    let batches = self.next(flights.sent()).await?;
                    self.leave(flights, &batches);
                }
                return Ok(());
            }
        }
        tokio::select! {
            synced = flights.land() => standing::synced(&self.gateway.shared, synced?),
            () = news.notified(), if has_room && wait.is_zero() => {}
            () = tokio::time::sleep(wait), if has_room && !wait.is_zero() => {}
        }
        Ok(())
    }

    /// Without batches it is a heartbeat.
    fn leave<'s>(&'s self, flights: &mut Flights<'s>, batches: &[Batch]) {
        let target = batches.last().map_or(flights.sent(), Batch::last);
        let bytes: Vec<_> = batches.iter().map(|batch| &batch.bytes()[..]).collect();
        let bytes = bytes.concat();
        let length = bytes.len();
        let answering = async move {
            let path = self.speaker.on("/peer/append");
            let answer = self.peer.client.post_bytes::<Synced>(&path, bytes);
            self.within(answer, None).await
        };
        flights.leave(target, length, Instant::now(), Box::pin(answering));
    }

    /// Asks where the peer's copy ends, and whether that is in this log.
    async fn find_peer(&self, failing: Option<Instant>) -> Result<u64, Failure> {
        // First: what the other region has may be needed here.
        self.mend(failing).await?;
        let path = self.speaker.on("/peer/position");
        let end = self
            .within(self.peer.client.get::<Synced>(&path), failing)
            .await?
            .end;
        if !self.gateway.reader.holds(end.into()) {
            // This gateway was started anew and had not synced what the peer had: the peer must look where they part.
            let _: () = self
                .within(
                    self.peer.client.post(&self.speaker.on("/peer/realign"), &()),
                    failing,
                )
                .await?;
            return Err(Failure::Again(
                "the peer's log ends with what this one lacks".to_owned(),
            ));
        }
        standing::found(&mut lock(&self.gateway.ledger), end.sequence);
        Ok(end.sequence)
    }

    async fn next(&self, end: u64) -> Result<Vec<Batch>, Failure> {
        match standing::next(&self.gateway.shared, &self.gateway.reader, end) {
            Ok(batches) => Ok(batches),
            Err(error) => {
                scrub::met(self.gateway, &error).await;
                Err(Failure::Again(error.to_string()))
            }
        }
    }

    /// Marks ride beside the batches: losing some costs nothing but a figure.
    async fn send_marks(&self) {
        let mut pending = Marks::all(&mut lock(&self.gateway.ledger));
        let mut in_sync = false;
        loop {
            tokio::time::sleep(MARKS_EVERY).await;
            {
                let mut ledger = lock(&self.gateway.ledger);
                let changed = ledger.take_changed();
                let was = std::mem::replace(&mut in_sync, ledger.acks.link == Link::InSync);
                // Behind a gap the peer may lack any of them.
                let more = if in_sync && !was {
                    Marks::all(&mut ledger)
                } else {
                    Marks::of(&ledger, changed)
                };
                pending.runs.extend(more.runs);
            }
            if !in_sync || pending.runs.is_empty() {
                if !in_sync {
                    pending.runs.clear();
                }
                continue;
            }
            let path = self.speaker.on("/peer/marks");
            if self.peer.client.post::<_, ()>(&path, &pending).await.is_ok() {
                pending.runs.clear();
            }
        }
    }

    /// Waits for an answer as long as acknowledgements may wait.
    pub(super) async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
        failing: Option<Instant>,
    ) -> Result<T, Failure> {
        let waits = lock(&self.gateway.ledger).acks.link.waits();
        let spent = failing.map_or(Duration::ZERO, |since| since.elapsed());
        let limit = if waits {
            self.peer.degrade_after.saturating_sub(spent).max(PAUSE_WAITING)
        } else {
            TIME_MAX
        };
        let began = Instant::now();
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => {
                if waits {
                    degrade(self.gateway, "the other region does not answer");
                }
                Err(Failure::Again(format!("no answer within {:?}", began.elapsed())))
            }
        }
    }

    fn failure(&self, error: &Error) -> Failure {
        if let Some(problem) = error.problem()
            && problem.is_stale()
            && let Some(generation) = problem.generation
        {
            self.gateway.overtaken(generation);
            return Failure::Overtaken;
        }
        Failure::Again(error.to_string())
    }
}
