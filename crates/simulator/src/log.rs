//! The journal of a simulated gateway: the product's own (`journal`) over a disk in memory.
//!
//! Beside it, as in the real gateway, what is known by key: opening shows every record, and each append adds to it.
//! A message's whole content follows from its number, so that every read can be checked.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use journal::{
    AppendError, Batch, Entry, Facts, Journal, Options, Position, Preparation, ReadError, Reader, SetAside,
    body_hash, key_hash,
};
use types::Generation;

use crate::{gateway::numbers, ledger::MESSAGES_MAX, medium::Medium, message::Set};

/// Where it lies on its disk.
pub(crate) const DIRECTORY: &str = "/journal";
/// Small, so that a few messages fill several.
const OPTIONS: Options = Options {
    segment_bytes: 8_192,
    preparation: Preparation::OnDemand,
};
/// Bytes read or sent at once.
const BYTES_MAX: usize = 1 << 20;

/// Why nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStored {
    /// There is no room: later, perhaps.
    Full,
    /// It does not continue this log.
    Diverged,
    /// Nothing is known of what the disk holds: the log must be opened anew.
    Poisoned,
}

/// One region's journal.
pub(crate) struct Log {
    pub medium: Medium,
    /// `None`: the process is down, or could not open it.
    journal: Option<Journal>,
    /// Known by key, and readable as far as anybody knows.
    pub stored: Set,
    /// Under which numbers, the last where there are several.
    places: [u64; MESSAGES_MAX as usize],
}

// === impl Log ===

impl Log {
    pub fn new(medium: Medium) -> Self {
        let mut log = Self {
            medium,
            journal: None,
            stored: 0,
            places: [0; MESSAGES_MAX as usize],
        };
        log.open();
        log
    }

    /// Opens it and reads all of it, as a gateway does in its first seconds; whether that can be done.
    pub fn open(&mut self) -> bool {
        self.journal = None;
        self.medium.starts();
        let (mut stored, mut places) = (0, [0; MESSAGES_MAX as usize]);
        let disk = Arc::new(self.medium.clone());
        let opened = Journal::open(disk, Path::new(DIRECTORY), OPTIONS, |facts| {
            know(&mut stored, &mut places, facts);
        });
        let Ok((journal, _)) = opened else { return false };
        (self.journal, self.stored, self.places) = (Some(journal), stored, places);
        self.scrub();
        true
    }

    /// What the medium holds is found out, whatever else is wrong with it; nobody has the log open after that.
    pub fn survey(&mut self) -> Set {
        let full = self.medium.is_well();
        self.open();
        self.medium.full(full);
        let readable = self.readable();
        self.journal = None;
        readable
    }

    /// What opening has taken from sidecars is read as well, and what is damaged and could not be noted.
    pub fn scrub(&mut self) {
        let Some(reader) = self.reader() else { return };
        for ordinal in reader.unchecked() {
            if let Ok((damaged, _)) = reader.check_segment(ordinal, 1, u64::MAX) {
                for first in damaged {
                    self.condemn(first);
                }
            }
        }
    }

    /// The process ends; what it wrote is in the page cache, of the last write perhaps a part.
    pub fn end(&mut self, writing: Option<Batch>) {
        if let (Some(journal), Some(batch)) = (&mut self.journal, writing) {
            self.medium.ends_soon();
            let _ = journal.commit(&[batch]);
        }
        self.journal = None;
    }

    pub const fn is_open(&self) -> bool {
        self.journal.is_some()
    }

    /// Why nothing can be stored any more.
    pub fn is_poisoned(&self) -> bool {
        self.journal
            .as_ref()
            .is_some_and(|journal| journal.poison().is_some())
    }

    pub fn reader(&self) -> Option<Reader> {
        self.journal.as_ref().map(Journal::reader)
    }

    /// Where it ends.
    pub fn position(&self) -> Position {
        self.journal.as_ref().map(Journal::position).unwrap_or_default()
    }

    /// Under which number a message is stored.
    pub fn place(&self, number: u8) -> u64 {
        self.places.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Whether something in it cannot be read.
    pub fn is_damaged(&self) -> bool {
        self.reader().is_some_and(|reader| !reader.gaps().is_empty())
    }

    /// As many messages as fit into one batch, as the batch that comes next, with room made for it; not written yet.
    pub fn encode(&mut self, messages: Set, generation: Generation) -> Result<(Batch, Set), NotStored> {
        let journal = self.journal.as_mut().ok_or(NotStored::Poisoned)?;
        // The header of the batch, rounded up.
        let mut bytes = 128;
        let fitting = numbers(messages).filter_map(|number| Some((number, entry(number)?)));
        let fitting = fitting.take_while(|(_, entry)| {
            bytes += entry.encoded_len();
            bytes <= journal.batch_bytes_max()
        });
        let (taken, entries): (Vec<u8>, Vec<Entry>) = fitting.unzip();
        let batch = journal.encode(&entries, generation.get());
        let batch = batch.map_err(|error| refused(&error))?;
        journal.reserve(&batch).map_err(|error| refused(&error))?;
        Ok((batch, taken.into_iter().fold(0, |set, number| set | 1 << number)))
    }

    /// Writes batches that continue the log: synced upon return.
    pub fn commit(&mut self, batches: &[Batch]) -> Result<(), NotStored> {
        let journal = self.journal.as_mut().ok_or(NotStored::Poisoned)?;
        let before = journal.position().sequence;
        let committed = journal.commit(batches);
        let after = journal.position().sequence;
        // Also when it failed: a first part may be durable.
        for batch in batches
            .iter()
            .filter(|batch| batch.first() > before && batch.last() <= after)
        {
            for view in batch.records() {
                know(&mut self.stored, &mut self.places, &view.facts());
            }
        }
        committed.map_err(|error| refused(&error))
    }

    /// The follower's side: takes what it lacks of the leader's batches.
    pub fn copy(&mut self, batches: &[Batch]) -> Result<(), NotStored> {
        let reader = self.reader().ok_or(NotStored::Poisoned)?;
        let held = batches
            .iter()
            .take_while(|batch| reader.holds(end_of(batch)))
            .count();
        match batches.get(held..) {
            Some(lacking) if !lacking.is_empty() => self.commit(lacking),
            _ => Ok(()),
        }
    }

    /// What comes behind a number; what is damaged is noted, and then there is nothing.
    pub fn batches(&mut self, after: u64) -> Vec<Batch> {
        let read = self.reader().map(|reader| reader.batches(after + 1, BYTES_MAX));
        match read {
            Some(Ok(batches)) => batches,
            Some(Err(ReadError::Damaged(at))) => {
                self.condemn(at);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// What can be read from a number on, for offering it.
    pub fn salvage(&self, next: u64) -> Vec<Batch> {
        let read = self.reader().map(|reader| reader.salvage(next, BYTES_MAX));
        read.and_then(Result::ok).unwrap_or_default()
    }

    /// Takes note that a batch cannot be read, so that it is asked of the other region.
    fn condemn(&mut self, sequence: u64) {
        let Some(journal) = &mut self.journal else { return };
        // Where it cannot be noted it is met again.
        let Ok(Some(found)) = journal.condemn(sequence) else {
            return;
        };
        for (number, place) in (0..).zip(&self.places) {
            if found.lost.contains(place) {
                self.stored &= !(1_u128 << number);
            }
        }
    }

    /// Reads one message to deliver it; `false`: it is damaged, which is noted.
    pub fn read(&mut self, number: u8) -> bool {
        let place = self.place(number);
        let read = self.reader().map(|reader| reader.read_one(place));
        match read {
            Some(Ok(Some(record))) => entry(number).is_some_and(|entry| record.entry == entry),
            Some(Err(ReadError::Damaged(at))) => {
                self.condemn(at);
                false
            }
            _ => false,
        }
    }

    /// Reads again what is known of these, and takes note of what is damaged; whether the rest can be read.
    pub fn verify(&mut self, messages: Set) -> bool {
        for first in [true, false] {
            let places = numbers(messages & self.stored).map(|number| self.place(number));
            let damaged = self
                .reader()
                .map(|reader| reader.damaged_among(&places.collect()));
            match damaged {
                Some(Ok(damaged)) if damaged.is_empty() => return true,
                Some(Ok(damaged)) if first => damaged.into_iter().for_each(|at| self.condemn(at)),
                _ => return false,
            }
        }
        false
    }

    /// Copies everything from a number on to a file of its own.
    pub fn set_aside(&mut self, first: u64) -> Option<SetAside> {
        self.journal.as_mut()?.set_aside_from(first).ok()
    }

    /// Cuts off what was set aside.
    pub fn cut(&mut self, aside: &SetAside) -> bool {
        let Some(journal) = &mut self.journal else {
            return false;
        };
        let cut = journal.cut(aside).is_ok();
        if cut {
            for (number, place) in (0..).zip(&mut self.places) {
                if *place >= aside.first {
                    *place = 0;
                    self.stored &= !(1_u128 << number);
                }
            }
        }
        cut
    }

    /// Puts back what was damaged between two numbers; whether that could be done.
    pub fn repair(&mut self, batches: &[Batch]) -> bool {
        let Some(journal) = &mut self.journal else {
            return false;
        };
        if journal.repair(batches).is_err() {
            return false;
        }
        for view in batches.iter().flat_map(Batch::records) {
            let facts = view.facts();
            if bit(&facts) & self.stored == 0 {
                know(&mut self.stored, &mut self.places, &facts);
            }
        }
        true
    }

    /// Every message that can be read, by its bytes.
    pub fn readable(&self) -> Set {
        let read = self.reader().map(|reader| reader.read(1, usize::MAX));
        let records = read.and_then(Result::ok).unwrap_or_default();
        let whole = records.iter().filter_map(|record| {
            let number = u8::try_from(record.entry.time).ok()?;
            (entry(number)? == record.entry).then_some(number)
        });
        whole.fold(0, |set, number| set | 1 << number)
    }
}

/// The end of a batch.
pub(crate) fn end_of(batch: &Batch) -> Position {
    Position {
        sequence: batch.last(),
        chain: batch.chain(),
        generation: batch.generation(),
    }
}

/// The messages in batches.
pub(crate) fn messages(batches: &[Batch]) -> Set {
    let records = batches.iter().flat_map(Batch::records);
    records.fold(0, |set, view| set | bit(&view.facts()))
}

fn refused(error: &AppendError) -> NotStored {
    match error {
        AppendError::Poisoned { .. } => NotStored::Poisoned,
        AppendError::Diverged { .. } | AppendError::Stale { .. } => NotStored::Diverged,
        AppendError::NoSegment { .. } | AppendError::TooLarge { .. } | AppendError::Empty => NotStored::Full,
    }
}

fn know(stored: &mut Set, places: &mut [u64; MESSAGES_MAX as usize], facts: &Facts<'_>) {
    let bit = bit(facts);
    if let Some(place) = places.get_mut(bit.trailing_zeros() as usize) {
        *stored |= bit;
        *place = facts.sequence;
    }
}

fn bit(facts: &Facts<'_>) -> Set {
    let number = u8::try_from(facts.time)
        .ok()
        .filter(|number| *number < MESSAGES_MAX);
    number.map_or(0, |number| 1 << number)
}

/// What a partner sends as its message of that number, which it bears as its time.
fn entry(number: u8) -> Option<Entry> {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| (0..MESSAGES_MAX).map(made).collect());
    ENTRIES.get(usize::from(number)).cloned()
}

fn made(number: u8) -> Entry {
    let id = number.to_string();
    let body = vec![number | 1; 40 + usize::from(number) * 3];
    Entry {
        kind: 1,
        stream: "partner".to_owned(),
        time: i64::from(number),
        key: key_hash("partner", &id),
        body_hash: body_hash(&body),
        body: body.into(),
        id,
    }
}
