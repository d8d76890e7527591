//! Trimming in the life of one journal: what is gone, what was parked, and of what not even the key is known.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_journal::{Journal, PartKind, TrimError};

use super::{
    chance::Chance,
    life::{Verdict, trace},
};

/// What is left of the beginning of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    floor: u64,
    parked: BTreeSet<u64>,
    forgotten: BTreeSet<u64>,
}

/// The same, while an answer may be lacking.
#[derive(Clone, Debug, Default)]
pub struct Trimmed {
    now: Left,
    /// What was begun without an answer.
    maybe: Option<Left>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    Trimmed,
    Shed,
    Forgot,
    Nothing,
    Failed,
}

impl Trimmed {
    /// Whether a message that comes again is known.
    pub fn is_known(&self, sequence: u64) -> bool {
        !self.now.forgotten.contains(&sequence)
    }

    /// Whether the message itself can be read.
    pub fn is_readable(&self, sequence: u64) -> bool {
        sequence > self.now.floor || self.now.parked.contains(&sequence)
    }

    pub fn floor(&self) -> u64 {
        self.now.floor
    }

    /// Trims the oldest segment, drops parked records, or forgets keys.
    pub fn step(&mut self, journal: &mut Journal, chance: &mut Chance) -> Verdict<Did> {
        let mut next = self.now.clone();
        let (did, done) = match chance.below(4) {
            0 => {
                let parts = journal.reader().parts();
                let parked: Vec<_> = parts
                    .into_iter()
                    .filter(|part| part.kind == PartKind::Parked)
                    .collect();
                let Some(part) = parked.get(chance.below(parked.len() as u64) as usize) else {
                    return Ok(Did::Nothing);
                };
                let dropped = chance.below(3);
                let keep = |sequence: u64| sequence % 3 != dropped;
                let shed = match journal.pruner().prepare_shed(part, keep) {
                    Ok(Some(shed)) => shed,
                    Ok(None) => return Ok(Did::Nothing),
                    Err(error) => return failed_beside(&error),
                };
                let gone = |at: &u64| (part.first..=part.last).contains(at) && !keep(*at);
                next.parked.retain(|at| !gone(at));
                (Did::Shed, journal.shed(shed).map(drop))
            }
            1 => {
                let up_to = chance.below(next.floor + 1);
                let stubs = journal.reader().parts();
                let stubs = stubs
                    .iter()
                    .filter(|part| part.kind == PartKind::Stub && part.last <= up_to);
                let gone: BTreeSet<u64> = stubs.flat_map(|part| part.first..=part.last).collect();
                if gone.is_empty() {
                    return Ok(Did::Nothing);
                }
                next.forgotten.extend(gone);
                (Did::Forgot, journal.forget_keys(up_to).map(drop))
            }
            _ => {
                let Some(oldest) = journal.pruner().sealed().first().copied() else {
                    return Ok(Did::Nothing);
                };
                let kept = chance.below(4);
                let keep = |sequence: u64| sequence % 4 == kept;
                let trim = match journal.pruner().prepare(oldest.ordinal, keep) {
                    Ok(trim) => trim,
                    Err(error) => return failed_beside(&error),
                };
                next.parked
                    .extend((oldest.first..=oldest.last).filter(|at| keep(*at)));
                next.floor = oldest.last;
                (Did::Trimmed, journal.trim(trim).map(drop))
            }
        };
        trace(|| format!("{did:?} {:?}: {next:?}", done.as_ref().err()));
        match done {
            Ok(()) => {
                self.now = next;
                Ok(did)
            }
            // Nothing was changed.
            Err(TrimError::Write { .. }) => Ok(Did::Nothing),
            Err(TrimError::Append(_)) => {
                self.maybe = Some(next);
                Ok(Did::Failed)
            }
            Err(other) => Err(format!("{did:?}: {other:?}")),
        }
    }

    /// After a start: all or nothing of what was begun.
    pub fn settle(&mut self, journal: &Journal, shown: &BTreeMap<u64, String>) -> Verdict {
        let reader = journal.reader();
        let floor = reader.floor().sequence;
        let found = Left {
            floor,
            parked: (1..=floor).filter(|at| reader.is_parked(*at)).collect(),
            forgotten: (1..=floor).filter(|at| !shown.contains_key(at)).collect(),
        };
        let choices = [Some(self.now.clone()), self.maybe.take()];
        // The key of a parked record is known by the record.
        let seen = |left: &Left| Left {
            forgotten: left.forgotten.difference(&left.parked).copied().collect(),
            ..left.clone()
        };
        let chosen = choices.iter().flatten().find(|left| seen(left) == found).cloned();
        self.now = chosen.ok_or_else(|| format!("left {found:?}, expected one of {choices:?}"))?;
        Ok(())
    }

    /// What is to be shown of a history.
    pub fn known(&self, history: BTreeMap<u64, String>) -> BTreeMap<u64, String> {
        let left = &self.now;
        let known = |at: &u64| !left.forgotten.contains(at) || left.parked.contains(at);
        history.into_iter().filter(|(at, _)| known(at)).collect()
    }

    /// What is to be read of it.
    pub fn readable(&self, history: &BTreeMap<u64, String>) -> BTreeMap<u64, String> {
        let readable = history.iter().filter(|(at, _)| self.is_readable(**at));
        readable.map(|(at, id)| (*at, id.clone())).collect()
    }
}

/// What is prepared beside the log fails without changing it.
fn failed_beside(error: &TrimError) -> Verdict<Did> {
    match error {
        TrimError::Write { .. } | TrimError::Damaged(_) | TrimError::NotOldest(_) => Ok(Did::Nothing),
        other => Err(format!("nothing could be prepared: {other:?}")),
    }
}
