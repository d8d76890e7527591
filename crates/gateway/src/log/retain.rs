//! What the journal's thread does for retention: it only commits what was prepared beside it.

use std::collections::BTreeSet;

use journal::{Part, Position, Shed, Trim, TrimError};
use tokio::sync::oneshot;

use super::{Closed, Command, Log, Permit, Writer};
use crate::lock;

/// Why the log did not begin anew.
#[derive(Debug, thiserror::Error)]
pub enum RebaseError {
    /// This gateway no longer follows in that generation.
    #[error("this gateway does not follow in that generation")]
    NotFollowing,
    /// The journal did not.
    #[error(transparent)]
    Trim(#[from] TrimError),
}

type Answer<T, E = TrimError> = oneshot::Sender<Result<T, E>>;

/// One of its works.
pub(super) enum Retain {
    Trim(Trim, BTreeSet<u64>, Answer<()>),
    Shed(Shed, Answer<u64>),
    Forget(u64, Answer<u64>),
    Rebase {
        position: Position,
        parts: Vec<Part>,
        generation: u64,
        reply: Answer<(), RebaseError>,
    },
}

impl Log {
    /// See [`journal::Journal::trim`]; `parked` are the messages that were copied out.
    pub async fn trim(&self, trim: Trim, parked: BTreeSet<u64>) -> Result<Result<(), TrimError>, Closed> {
        self.ask(|reply| Command::Retain(Retain::Trim(trim, parked, reply)))
            .await
    }

    /// See [`journal::Journal::shed`]; returns how many messages went.
    pub async fn shed(&self, shed: Shed) -> Result<Result<u64, TrimError>, Closed> {
        self.ask(|reply| Command::Retain(Retain::Shed(shed, reply))).await
    }

    /// See [`journal::Journal::forget_keys`].
    pub async fn forget_keys(&self, up_to: u64) -> Result<Result<u64, TrimError>, Closed> {
        self.ask(|reply| Command::Retain(Retain::Forget(up_to, reply)))
            .await
    }

    /// See [`journal::Journal::rebase`].
    pub async fn rebase(
        &self,
        position: Position,
        parts: Vec<Part>,
        generation: u64,
    ) -> Result<Result<(), RebaseError>, Closed> {
        self.ask(|reply| {
            Command::Retain(Retain::Rebase {
                position,
                parts,
                generation,
                reply,
            })
        })
        .await
    }
}

impl Writer {
    pub(super) fn retain(&mut self, what: Retain) {
        match what {
            Retain::Trim(trim, parked, reply) => {
                let trimmed = self.journal.trim(trim).map(|end| {
                    lock(&self.shared.ledger).trimmed(end.sequence, &parked);
                    lock(&self.shared.figures).trimmed_segments += 1;
                });
                self.check_poison();
                let _ = reply.send(trimmed);
            }
            Retain::Shed(shed, reply) => {
                let done = self.journal.shed(shed).map(|gone| {
                    let count = gone.len() as u64;
                    lock(&self.shared.ledger).shed(gone);
                    count
                });
                self.check_poison();
                let _ = reply.send(done);
            }
            Retain::Forget(up_to, reply) => {
                let forgotten = self.journal.forget_keys(up_to);
                self.check_poison();
                let _ = reply.send(forgotten);
            }
            Retain::Rebase {
                position,
                parts,
                generation,
                reply,
            } => {
                let _ = reply.send(self.rebase(position, parts, generation));
            }
        }
        self.update_figures();
    }

    fn rebase(&mut self, position: Position, parts: Vec<Part>, generation: u64) -> Result<(), RebaseError> {
        if *lock(&self.shared.permit) != Permit::Copies(generation) {
            return Err(RebaseError::NotFollowing);
        }
        let done = self.journal.rebase(position, parts);
        self.check_poison();
        done?;
        self.shared.tail.clear();
        let mut ledger = lock(&self.shared.ledger);
        ledger.begin_anew();
        let shown = self.journal.remains(|facts| ledger.stored(facts));
        ledger.begin_at(position.sequence);
        ledger.synced_here(position.sequence);
        drop(ledger);
        if let Err(error) = shown {
            tracing::error!(
                error = crate::start::chain(&error),
                "keys of trimmed messages are not known until the next start"
            );
        }
        Ok(())
    }
}
