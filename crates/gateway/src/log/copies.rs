//! What the journal's thread does with the leader's batches: they are let in one after the other ([`super::gate`]), what
//! this log has already is passed over, and what does not continue it is refused.

use std::time::Instant;

use journal::{AppendError, Batch, Position};
use tokio::sync::oneshot;

use super::{Closed, Command, Log, Permit, Writer};
use crate::lock;

/// What became of batches that are on disk here now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The end of the last one.
    pub end: Position,
    /// Whether one of them continued the log: both are the same up to its end then.
    pub continued: bool,
}

/// Why batches of the leader were not taken.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// This gateway no longer follows in that generation.
    #[error("this gateway does not follow in that generation")]
    NotFollowing,
    /// What precedes them has not come.
    #[error("what precedes these batches has not come")]
    Early,
    /// The journal did not take them.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Batches on their way into the log.
pub(super) struct Arrival {
    pub batches: Vec<Batch>,
    pub generation: u64,
    pub reply: oneshot::Sender<Result<Copied, CopyError>>,
}

impl Log {
    /// Stores the leader's batches; synced upon return. Those that precede them may come a little later.
    pub async fn copy(
        &self,
        batches: Vec<Batch>,
        generation: u64,
    ) -> Result<Result<Copied, CopyError>, Closed> {
        self.ask(|reply| {
            Command::Copy(Arrival {
                batches,
                generation,
                reply,
            })
        })
        .await
    }
}

impl Writer {
    pub(super) fn arrive(&mut self, arrival: Arrival, now: Instant) {
        let batches = &arrival.batches;
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            let _ = arrival.reply.send(Err(AppendError::Empty.into()));
            return;
        };
        let span = first.first()..=last.last();
        let bytes = batches.iter().map(|batch| batch.bytes().len()).sum();
        let end = self.journal.position().sequence;
        if let Some(refused) = self.gate.come(&span, bytes, end, now, arrival) {
            let _ = refused.reply.send(Err(CopyError::Early));
        }
        while let Some(next) = self.gate.next(self.journal.position().sequence) {
            let copied = self.copy(&next.batches, next.generation);
            let _ = next.reply.send(copied);
        }
        self.give_up(now);
    }

    /// Answers those whose turn has not come for too long.
    pub(super) fn give_up(&mut self, now: Instant) {
        if self.gate.is_empty() {
            return;
        }
        for late in self.gate.given_up(now) {
            let _ = late.reply.send(Err(CopyError::Early));
        }
    }

    fn copy(&mut self, batches: &[Batch], generation: u64) -> Result<Copied, CopyError> {
        if *lock(&self.shared.permit) != Permit::Copies(generation) {
            return Err(CopyError::NotFollowing);
        }
        let before = self.journal.position();
        let fresh = self.not_here_yet(batches, before.sequence)?;
        let committed = if fresh.is_empty() {
            Ok(())
        } else {
            self.journal.commit(fresh)
        };
        let after = self.journal.position();
        // Also when it failed: on a full disk a first part is durable, and the leader does not send that again.
        let durable = fresh
            .iter()
            .filter(|batch| (before.sequence + 1..=after.sequence).contains(&batch.first()));
        let mut ledger = lock(&self.shared.ledger);
        for view in durable.flat_map(Batch::records) {
            ledger.stored(&view.facts());
        }
        ledger.synced_here(after.sequence);
        drop(ledger);
        self.update_figures();
        self.check_poison();
        committed?;
        Ok(Copied {
            end: batches.last().map_or(after, Batch::end),
            continued: !fresh.is_empty(),
        })
    }

    /// A request that comes again, or late, begins in what this log has. Equal numbers and checksums are an equal history.
    fn not_here_yet<'b>(&self, batches: &'b [Batch], end: u64) -> Result<&'b [Batch], CopyError> {
        let (here, fresh) = batches.split_at(batches.partition_point(|batch| batch.last() <= end));
        let reader = self.journal.reader();
        match here.last() {
            Some(known) if known.last() > reader.floor().sequence && !reader.holds(known.end()) => {
                Err(AppendError::Diverged {
                    first: known.first(),
                    last: end,
                }
                .into())
            }
            Some(_) | None => Ok(fresh),
        }
    }
}
