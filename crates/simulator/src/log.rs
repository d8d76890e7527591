//! The journal of a gateway where it is the product's own (`journal`) over a disk in memory, instead of a set of numbers.
//!
//! Who copies what is decided as the gateway does it: a follower whose log is no beginning of the leader's finds out where
//! they part, sets aside what the leader lacks, offers it until the leader has it, and only then cuts it off. While the
//! leader's own log is damaged nothing is cut, and it takes what it lacks from its follower.

use std::{path::Path, sync::Arc};

use journal::{AppendError, Batch, Entry, Journal, Options, Preparation, Reader, body_hash, key_hash};
use types::Generation;

use crate::{ledger::MESSAGES_MAX, medium::Medium, message::Set, random::Random};

/// Small, so that a few messages fill several.
const OPTIONS: Options = Options {
    segment_bytes: 8_192,
    preparation: Preparation::OnDemand,
};
/// Bytes copied at once.
const COPY_BYTES_MAX: usize = 4_096;

/// Why a message was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStored {
    /// There is no room: later, perhaps.
    Full,
    /// The log must be opened anew.
    Poisoned,
}

/// One region's journal.
pub(crate) struct Log {
    pub medium: Medium,
    /// `None`: the process is down, or could not open it.
    journal: Option<Journal>,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Messages that the leader lacks, as far as it is known to.
    pub offered: Set,
    /// The log must be opened anew.
    pub poisoned: bool,
}

// === impl Log ===

impl Log {
    pub fn new() -> Self {
        Self {
            medium: Medium::new(),
            journal: None,
        }
    }

    /// Opens it, and tells which messages it holds; `None`: it cannot be opened.
    pub fn open(&mut self) -> Option<Set> {
        self.journal = None;
        let disk = Arc::new(self.medium.clone());
        let opened = Journal::open(disk, Path::new("/journal"), OPTIONS, |_| {});
        let (journal, _) = opened.ok()?;
        self.journal = Some(journal);
        self.scrub();
        Some(self.holds())
    }

    /// Segments of which opening has read only what is beside them are read as well, as the gateway does in quiet moments.
    fn scrub(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        for ordinal in journal.reader().unchecked() {
            let mut from = Some(1);
            while let Some(next) = from {
                let Ok((damaged, more)) = journal.reader().check_segment(ordinal, next, 1_000) else {
                    return;
                };
                for first in damaged {
                    let _ = journal.condemn(first);
                }
                from = more;
            }
        }
    }

    /// The process ends; what it wrote is in the page cache.
    pub fn close(&mut self) {
        self.journal = None;
    }

    /// The machine ends: what was not synced may be gone.
    pub fn cut_power(&mut self, random: &mut Random) {
        self.journal = None;
        self.medium.cut_power(random);
    }

    /// What can be read.
    pub fn holds(&self) -> Set {
        let read = self.reader().map(|reader| reader.read(1, usize::MAX));
        let records = read.and_then(Result::ok).unwrap_or_default();
        records.iter().fold(0, |set, record| set | bit(record.entry.time))
    }

    fn reader(&self) -> Option<Reader> {
        self.journal.as_ref().map(Journal::reader)
    }

    /// Where it ends.
    pub fn end(&self) -> u64 {
        self.journal.as_ref().map_or(0, |journal| journal.position().sequence)
    }

    /// Whether both hold the same, byte for byte.
    pub fn equals(&self, other: &Self) -> bool {
        match (&self.journal, &other.journal) {
            (Some(here), Some(there)) => {
                here.position() == there.position() && here.reader().gaps().is_empty()
            }
            _ => false,
        }
    }

    /// Stores messages, each on its own: synced upon return.
    pub fn store(&mut self, numbers: impl Iterator<Item = u8>, generation: Generation) -> Result<(), NotStored> {
        let journal = self.journal.as_mut().ok_or(NotStored::Poisoned)?;
        for number in numbers {
            match journal.append(&[entry(number)], generation.get()) {
                Ok(_) => {}
                Err(AppendError::Poisoned { .. }) => return Err(NotStored::Poisoned),
                Err(_) => return Err(NotStored::Full),
            }
        }
        Ok(())
    }

    /// The follower's side: becomes a copy of the leader's log up to `until`, of which the leader said that it holds `all`.
    pub fn follow(&mut self, leader: &Self, until: u64, all: Set, hasty: bool) -> Copied {
        let (Some(mine), Some(theirs)) = (self.journal.as_mut(), leader.reader()) else {
            return Copied {
                poisoned: self.journal.is_none(),
                ..Copied::default()
            };
        };
        let done = align(mine, &theirs, all, hasty).and_then(|offered| match offered {
            0 => copy(mine, &theirs, until).map(|()| 0),
            offered => Ok(offered),
        });
        Copied {
            offered: done.unwrap_or(0),
            poisoned: mine.poison().is_some(),
        }
    }

    /// The leader's side: takes from its follower what its own medium has lost.
    pub fn mend(&mut self, follower: &Self) {
        let (Some(mine), Some(theirs)) = (self.journal.as_mut(), follower.reader()) else {
            return;
        };
        for gap in mine.reader().gaps() {
            let Ok(batches) = theirs.batches(*gap.start(), usize::MAX) else {
                continue;
            };
            let lacking = batches.into_iter().take_while(|batch| batch.last() <= *gap.end());
            let lacking: Vec<Batch> = lacking.collect();
            if !lacking.is_empty() {
                // Tried again with the next answer of the follower.
                let _ = mine.repair(&lacking);
            }
        }
    }

    /// Whether something in it cannot be read.
    pub fn is_damaged(&self) -> bool {
        self.reader().is_some_and(|reader| !reader.gaps().is_empty())
    }
}

/// Makes a log a beginning of the leader's. Tells what must be offered first; nothing is cut before the leader has it.
fn align(mine: &mut Journal, theirs: &Reader, all: Set, hasty: bool) -> Option<Set> {
    let (reader, end) = (mine.reader(), mine.position());
    if theirs.holds(end) && reader.gaps().is_empty() {
        return Some(0);
    }
    let common = fork(&reader, theirs, end.sequence);
    let sound = reader.sound_up_to();
    let keep = if sound < common && theirs.sound_up_to() >= common {
        sound
    } else {
        common
    };
    if keep >= end.sequence {
        return Some(0);
    }
    let suffix = reader.read(keep + 1, usize::MAX).ok()?;
    let lacking = suffix.iter().fold(0, |set, record| set | bit(record.entry.time)) & !all;
    if lacking != 0 && !hasty {
        return Some(lacking);
    }
    if !theirs.gaps().is_empty() {
        // What lies here may be the last good copy.
        return None;
    }
    let aside = mine.set_aside_from(keep + 1).ok()?;
    mine.cut(&aside).ok()?;
    Some(0)
}

fn copy(mine: &mut Journal, theirs: &Reader, until: u64) -> Option<()> {
    loop {
        let from = mine.position().sequence + 1;
        let batches = theirs.batches(from, COPY_BYTES_MAX).ok()?;
        let said = batches.into_iter().take_while(|batch| batch.last() <= until);
        let said: Vec<Batch> = said.collect();
        if said.is_empty() {
            return Some(());
        }
        mine.commit(&said).ok()?;
    }
}

/// The last sequence number up to which both hold the same.
fn fork(follower: &Reader, leader: &Reader, end: u64) -> u64 {
    let (mut same, mut differs) = (0, end + 1);
    loop {
        let probes = follower.probes(same, differs - 1, 4);
        let held = probes.iter().take_while(|probe| leader.holds(**probe)).count();
        if let Some(last) = held.checked_sub(1).and_then(|last| probes.get(last)) {
            same = last.sequence;
        }
        match probes.get(held) {
            Some(probe) if probe.sequence < differs => differs = probe.sequence,
            _ => return same,
        }
    }
}

/// A message whose whole content follows from its number, which it keeps as its time.
fn entry(number: u8) -> Entry {
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

fn bit(number: i64) -> Set {
    u8::try_from(number)
        .ok()
        .filter(|number| *number < MESSAGES_MAX)
        .map_or(0, |number| 1 << number)
}
