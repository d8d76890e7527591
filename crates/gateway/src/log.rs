//! The journal's thread: takes everything that is queued, writes it as one batch, syncs once, tells the ledger.
//!
//! A thread and not a task, because it blocks in `fdatasync` most of its life.
//! It ends when every [`Log`] handle is gone; an error of the journal poisons the gateway.

mod copies;
#[cfg(test)]
mod flown;
mod gate;
mod retain;
mod tail;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use journal::{
    Batch, CondemnError, Condemned, DivergeError, Entry, Journal, Position, RepairError, SetAside,
};
use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::{Notify, oneshot};

use crate::{
    ledger::{Bells, KIND_CONFLICT, Ledger, Need, Reply, Unstored, Waiter},
    lock,
};

/// Messages in one batch at most; bounds the time until the first of them is acknowledged.
const BATCH_MESSAGES_MAX: usize = 4096;
/// Bytes in one batch at most, where a segment takes more.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Without anything to do for this long the watermark is made durable.
const QUIET: Duration = Duration::from_millis(50);

use copies::Arrival;
pub use copies::{Copied, CopyError};
use gate::Gate;
pub use retain::RebaseError;
use retain::Retain;
pub use tail::Tail;

/// A message to store.
pub struct Store {
    /// The message.
    pub entry: Entry,
    /// What the answer waits for.
    pub need: Need,
    /// The answer.
    pub reply: Reply,
}

enum Command {
    Store(Vec<Store>),
    Copy(Arrival),
    SetAside {
        first: u64,
        reply: oneshot::Sender<Result<SetAside, DivergeError>>,
    },
    Cut {
        aside: SetAside,
        generation: u64,
        reply: oneshot::Sender<Result<Position, CutError>>,
    },
    Repair {
        batches: Vec<Batch>,
        generation: u64,
        reply: oneshot::Sender<Result<(), MendError>>,
    },
    Condemn {
        sequence: u64,
        reply: oneshot::Sender<Result<Option<Condemned>, CondemnError>>,
    },
    Position {
        reply: oneshot::Sender<Position>,
    },
    Retain(Retain),
}

/// Why a suffix was not cut off.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// This gateway no longer follows in that generation: its log is what counts now.
    #[error("this gateway does not follow in that generation")]
    NotFollowing,
    /// The journal did not cut it off.
    #[error(transparent)]
    Diverge(#[from] DivergeError),
}

/// Why nothing was put in the place of what is damaged.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// This gateway no longer leads in that generation.
    #[error("this gateway does not lead in that generation")]
    NotLeading,
    /// The journal did not take it.
    #[error("what the other region gave does not repair the journal")]
    Repair(#[from] RepairError),
}

/// The journal's thread has ended.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the journal is closed")]
pub struct Closed;

/// What may be written at this moment; changed by the role, read by the thread before each write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Nothing.
    Nothing,
    /// Own messages, in this generation.
    Own(u64),
    /// Copies, in this generation.
    Copies(u64),
}

/// What the thread shares with the rest of the gateway.
pub struct Shared {
    /// Told about everything that is synced.
    pub ledger: Arc<Mutex<Ledger>>,
    /// Asked before each write.
    pub permit: Mutex<Permit>,
    /// Batches for the other region.
    pub tail: Tail,
    /// Figures for the status.
    pub figures: Mutex<Figures>,
    /// How long own batches took to become durable, seconds.
    pub sync: Histogram,
    /// Told when the journal is poisoned.
    pub poisoned: Notify,
}

/// Figures for the status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Bytes on disk.
    pub bytes: u64,
    /// Damaged frames found at the start.
    pub quarantined: u64,
    /// Segments that were trimmed since the start.
    pub trimmed_segments: u64,
    /// When the oldest message in the log was accepted, microseconds; `None`: there is none, or nobody looked yet.
    pub oldest: Option<i64>,
}

/// Speaks to the journal's thread.
#[derive(Clone)]
pub struct Log {
    commands: mpsc::Sender<Command>,
}

impl Log {
    /// Starts the thread; the receiver fires when it has ended.
    pub fn start(journal: Journal, shared: Arc<Shared>) -> std::io::Result<(Self, oneshot::Receiver<()>)> {
        let (commands, queue) = mpsc::channel();
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                Writer::new(journal, shared).run(&queue);
                let _ = ended.send(());
            })?;
        Ok((Self { commands }, end))
    }

    /// Stores messages; the answers come to where each says. A closed journal answers them too.
    pub fn store(&self, stores: Vec<Store>) {
        // The replies in a command that nobody takes are dropped, and tell those who wait.
        let _ = self.commands.send(Command::Store(stores));
    }

    /// See [`Journal::set_aside_from`].
    pub async fn set_aside(&self, first: u64) -> Result<Result<SetAside, DivergeError>, Closed> {
        self.ask(|reply| Command::SetAside { first, reply }).await
    }

    /// See [`Journal::cut`].
    pub async fn cut(&self, aside: SetAside, generation: u64) -> Result<Result<Position, CutError>, Closed> {
        self.ask(|reply| Command::Cut {
            aside,
            generation,
            reply,
        })
        .await
    }

    /// See [`Journal::repair`].
    pub async fn repair(
        &self,
        batches: Vec<Batch>,
        generation: u64,
    ) -> Result<Result<(), MendError>, Closed> {
        self.ask(|reply| Command::Repair {
            batches,
            generation,
            reply,
        })
        .await
    }

    /// See [`Journal::condemn`].
    pub async fn condemn(&self, sequence: u64) -> Result<Result<Option<Condemned>, CondemnError>, Closed> {
        self.ask(|reply| Command::Condemn { sequence, reply }).await
    }

    /// The end of the log once everything queued before was written.
    pub async fn position(&self) -> Result<Position, Closed> {
        self.ask(|reply| Command::Position { reply }).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}

/// Somebody who waits, and for what.
type Waiting = (Waiter, Need);

struct Writer {
    journal: Journal,
    shared: Arc<Shared>,
    /// Taken from the queue, not written yet.
    waiting: VecDeque<Store>,
    /// Copies that came before what precedes them.
    gate: Gate<Arrival>,
}

impl Writer {
    const fn new(journal: Journal, shared: Arc<Shared>) -> Self {
        Self {
            journal,
            shared,
            waiting: VecDeque::new(),
            gate: Gate::new(),
        }
    }

    fn run(mut self, queue: &mpsc::Receiver<Command>) {
        let mut next = None;
        loop {
            self.give_up(Instant::now());
            let command = match next.take() {
                Some(command) => command,
                None => match queue.recv_timeout(QUIET) {
                    Ok(command) => command,
                    Err(RecvTimeoutError::Timeout) => {
                        self.settle();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                },
            };
            match command {
                Command::Store(first) => next = self.store(first, queue),
                Command::Copy(arrival) => self.arrive(arrival, Instant::now()),
                Command::SetAside { first, reply } => {
                    let _ = reply.send(self.journal.set_aside_from(first));
                }
                Command::Cut {
                    aside,
                    generation,
                    reply,
                } => {
                    let _ = reply.send(self.cut(&aside, generation));
                }
                Command::Repair {
                    batches,
                    generation,
                    reply,
                } => {
                    let _ = reply.send(self.repair(&batches, generation));
                }
                Command::Condemn { sequence, reply } => {
                    let _ = reply.send(self.condemn(sequence));
                }
                Command::Position { reply } => {
                    let _ = reply.send(self.journal.position());
                }
                Command::Retain(what) => self.retain(what),
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        if self.journal.poison().is_none() && self.journal.settle().is_err() {
            self.check_poison();
        }
    }

    /// Writes these and everything queued behind them, up to a command of another kind, which is returned.
    fn store(&mut self, first: Vec<Store>, queue: &mpsc::Receiver<Command>) -> Option<Command> {
        self.waiting.extend(first);
        let mut next = None;
        while !self.waiting.is_empty() {
            while next.is_none() && self.waiting.len() < BATCH_MESSAGES_MAX {
                match queue.try_recv() {
                    Ok(Command::Store(more)) => self.waiting.extend(more),
                    Ok(other) => next = Some(other),
                    Err(_) => break,
                }
            }
            let (entries, waiters) = self.take_batch();
            if let Err((waiters, why)) = self.append(&entries, waiters) {
                let mut bells = Bells::default();
                let mut ledger = lock(&self.shared.ledger);
                for (waiter, _) in waiters {
                    ledger.answer(waiter, Err(why.clone()), &mut bells);
                }
            }
        }
        next
    }

    /// As many as fit in one batch, at least one.
    fn take_batch(&mut self) -> (Vec<Entry>, Vec<Waiting>) {
        let bytes_max = self.journal.batch_bytes_max().min(BATCH_BYTES_MAX);
        // The header of the batch, rounded up.
        let mut bytes = 128;
        let fitting = self.waiting.iter().take(BATCH_MESSAGES_MAX).take_while(|store| {
            bytes += store.entry.encoded_len();
            bytes <= bytes_max
        });
        let count = fitting.count().clamp(1, self.waiting.len());
        let (mut entries, mut waiters) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for Store { entry, need, reply } in self.waiting.drain(..count) {
            let waiter = Waiter {
                sequence: 0,
                key: entry.key,
                conflict: entry.kind == KIND_CONFLICT,
                reply,
            };
            waiters.push((waiter, need));
            entries.push(entry);
        }
        (entries, waiters)
    }

    fn append(&mut self, entries: &[Entry], waiters: Vec<Waiting>) -> Result<(), (Vec<Waiting>, Unstored)> {
        match self.begin(entries) {
            Ok(batch) => self.finish(&batch, entries, waiters),
            Err(why) => Err((waiters, why)),
        }
    }

    /// Gives messages their numbers, and shows them to the other region, which syncs while this one does.
    fn begin(&mut self, entries: &[Entry]) -> Result<Batch, Unstored> {
        let Permit::Own(generation) = *lock(&self.shared.permit) else {
            return Err(Unstored::NotLeading);
        };
        let encoded = self.journal.encode(entries, generation);
        let reserved = encoded.and_then(|batch| self.journal.reserve(&batch).map(|()| batch));
        let batch = match reserved {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(error = %crate::start::chain(&error), "messages were not stored");
                self.check_poison();
                return Err(Unstored::Journal(error.to_string()));
            }
        };
        let peered = lock(&self.shared.ledger).acks.link != crate::link::Link::None;
        if peered {
            self.shared.tail.push(batch.clone());
        }
        Ok(batch)
    }

    /// Makes them durable here.
    fn finish(
        &mut self,
        batch: &Batch,
        entries: &[Entry],
        waiters: Vec<Waiting>,
    ) -> Result<(), (Vec<Waiting>, Unstored)> {
        let began = Instant::now();
        let committed = self.journal.commit(std::slice::from_ref(batch));
        self.shared.sync.observe(began.elapsed().as_secs_f64());
        if let Err(error) = committed {
            tracing::error!(error = %crate::start::chain(&error), "messages were not stored");
            self.shared.tail.clear();
            self.check_poison();
            return Err((waiters, Unstored::Journal(error.to_string())));
        }
        self.complete(batch, entries, waiters);
        // Whoever stopped leading in between has answered those who waited then; these are left.
        if *lock(&self.shared.permit) != Permit::Own(batch.generation()) {
            lock(&self.shared.ledger).fail_all(&Unstored::NotLeading);
        }
        self.update_figures();
        Ok(())
    }

    /// Tells the ledger what is on disk now, and then those whom that completes.
    fn complete(&self, batch: &Batch, entries: &[Entry], waiters: Vec<Waiting>) {
        let mut ledger = lock(&self.shared.ledger);
        for ((sequence, entry), (mut waiter, need)) in (batch.first()..).zip(entries).zip(waiters) {
            ledger.stored(&entry.facts(sequence, batch.generation()));
            waiter.sequence = sequence;
            ledger.acks.wait(waiter, need);
        }
        let bells = ledger.synced_here(batch.last());
        drop(ledger);
        drop(bells);
    }

    fn cut(&mut self, aside: &SetAside, generation: u64) -> Result<Position, CutError> {
        if *lock(&self.shared.permit) != Permit::Copies(generation) {
            return Err(CutError::NotFollowing);
        }
        let cut = self.journal.cut(aside);
        self.check_poison();
        cut?;
        self.shared.tail.clear();
        lock(&self.shared.ledger).cut(aside.first);
        Ok(self.journal.position())
    }

    fn repair(&mut self, batches: &[Batch], generation: u64) -> Result<(), MendError> {
        if *lock(&self.shared.permit) != Permit::Own(generation) {
            return Err(MendError::NotLeading);
        }
        let repaired = self.journal.repair(batches);
        self.check_poison();
        repaired?;
        let mut ledger = lock(&self.shared.ledger);
        for view in batches.iter().flat_map(Batch::records) {
            ledger.came_back(&view.facts());
        }
        Ok(())
    }

    fn condemn(&mut self, sequence: u64) -> Result<Option<Condemned>, CondemnError> {
        let noted = self.journal.condemn(sequence);
        self.check_poison();
        if let Ok(Some(found)) = &noted {
            lock(&self.shared.figures).quarantined += 1;
            lock(&self.shared.ledger).lose(&found.lost);
        }
        noted
    }

    fn update_figures(&self) {
        lock(&self.shared.figures).bytes = self.journal.bytes();
    }

    fn check_poison(&self) {
        if self.journal.poison().is_some() {
            self.poisoned();
        }
    }

    fn poisoned(&self) {
        *lock(&self.shared.permit) = Permit::Nothing;
        let reason = self.journal.poison().unwrap_or_default();
        lock(&self.shared.ledger).fail_all(&Unstored::Journal(reason.to_owned()));
        self.shared.poisoned.notify_one();
    }
}
