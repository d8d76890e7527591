//! Removing whole segments from the beginning of the log, and keeping what is still needed of them.
//!
//! What takes time is done beside the writer, by a [`Pruner`]: the keys of a sealed segment go to a stub, the records
//! that are still needed to a file of their own, both synced. The writer then only writes the new floor, which names
//! them, and removes the segment. What was prepared and never committed is removed at the next open.

use std::{io, path::PathBuf, sync::Arc};

use crate::{
    Facts, Journal, Position, ReadError,
    append::AppendError,
    floor::{Floor, Part, PartKind},
    gather::Gather,
    prune::{Pruner, Shed, Trim},
    remains::{self, Remains},
    watermark::Marked,
};

/// Why nothing was trimmed.
#[derive(Debug, thiserror::Error)]
pub enum TrimError {
    /// It is the segment that is being written, or not the oldest one, or changed since it was looked at.
    #[error("segment {0} is not the oldest one that is no longer written")]
    NotOldest(u64),
    /// Something in it is damaged and must be mended first.
    #[error("something is damaged or lacking at sequence {0}, and is mended before it may go")]
    Damaged(u64),
    /// It cannot be read.
    #[error("what is to be trimmed cannot be read")]
    Read(#[from] ReadError),
    /// What is kept of it cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes of a part that came from elsewhere are not whole.
    #[error("these bytes are no part of a journal")]
    NotAPart,
    /// There is no such part any more.
    #[error("there is no such part of the journal")]
    NoSuchPart,
    /// The log is poisoned, now or before.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Journal {
    /// Prepares trimming beside this writer.
    pub fn pruner(&self) -> Pruner {
        Pruner {
            disk: Arc::clone(&self.disk),
            directory: self.directory.clone(),
            options: self.options,
            reader: self.reader(),
        }
    }

    /// Removes the oldest segment, of which everything that is needed was prepared; returns what is gone.
    ///
    /// # Errors
    /// [`TrimError`]; a failure of the disk poisons the journal. Whatever fails, the next open finds either all of the
    /// segment or all that was to be kept of it.
    pub fn trim(&mut self, trim: Trim) -> Result<Position, TrimError> {
        self.check_poison()?;
        self.scribe.wait();
        let reader = self.reader();
        let (mut floor, here) = {
            let index = reader.index();
            let oldest = index.segments.keys().next() == Some(&trim.ordinal);
            let at = index
                .extents
                .partition_point(|extent| extent.segment <= trim.ordinal);
            let whole = index.extents[..at].iter().all(|extent| extent.chain.is_some());
            let last = at.checked_sub(1).map(|last| &index.extents[last]);
            let same = last.map_or(index.floor.sequence, |last| last.last) == trim.end.sequence
                && last.map_or(Some(index.floor.chain), |last| last.chain) == Some(trim.end.chain);
            (index.floor_now(), oldest && whole && same)
        };
        let written = self.tail.as_ref().is_none_or(|tail| tail.ordinal <= trim.ordinal);
        if !here || written {
            return Err(TrimError::NotOldest(trim.ordinal));
        }
        floor.position = trim.end;
        floor.segment = trim.ordinal + 1;
        floor.parts.extend(trim.parts);
        floor.parts.sort_by_key(|part| (part.first, part.kind));
        self.commit_floor(floor, |index| index.parked.extend(trim.parked))?;
        Ok(trim.end)
    }

    /// Puts the rest of a file of parked records in its place; returns what went.
    ///
    /// # Errors
    /// As [`Journal::trim`].
    pub fn shed(&mut self, shed: Shed) -> Result<Vec<u64>, TrimError> {
        self.check_poison()?;
        let mut floor = self.reader().index().floor_now();
        let at = floor.parts.iter().position(|part| *part == shed.instead_of);
        let at = at.ok_or(TrimError::NoSuchPart)?;
        floor.parts.splice(at..=at, shed.part);
        floor.parts.sort_by_key(|part| (part.first, part.kind));
        let gone = shed.instead_of;
        self.commit_floor(floor, |index| {
            index
                .parked
                .retain(|at, _| !(gone.first..=gone.last).contains(at));
            index.parked.extend(shed.parked);
        })?;
        Ok(shed.gone)
    }

    /// Forgets the keys of everything up to `up_to`, as far as whole stubs reach; returns up to where. Parked records
    /// keep theirs.
    ///
    /// # Errors
    /// As [`Journal::trim`].
    pub fn forget_keys(&mut self, up_to: u64) -> Result<u64, TrimError> {
        self.check_poison()?;
        let mut floor = self.reader().index().floor_now();
        let gone = |part: &Part| part.kind == PartKind::Stub && part.last <= up_to;
        let last = floor
            .parts
            .iter()
            .filter(|part| gone(part))
            .map(|part| part.last)
            .max();
        let Some(last) = last else { return Ok(0) };
        floor.parts.retain(|part| !gone(part));
        self.commit_floor(floor, |_| ())?;
        Ok(last)
    }

    /// Begins anew behind the other region's floor, with what that has left of what lies before: for a log that lacks
    /// it. Everything here goes; what was in it was set aside before. The parts were imported by [`Pruner::import`].
    ///
    /// # Errors
    /// As [`Journal::trim`].
    pub fn rebase(&mut self, position: Position, parts: Vec<Part>) -> Result<(), TrimError> {
        self.check_poison()?;
        self.scribe.wait();
        let known = self.reader().index().floor_now();
        let behind = self.tail.as_ref().map_or(known.segment, |tail| tail.ordinal + 1);
        let floor = Floor {
            revision: known.revision,
            position,
            segment: behind.max(known.segment).max(1),
            parts,
        };
        let remains = remains::read(&*self.disk, &self.directory, &floor, &mut |_| ());
        let Remains {
            parked,
            keys_lost,
            parked_lost,
        } = remains.map_err(|source| TrimError::Write {
            path: self.directory.clone(),
            source,
        })?;
        if !keys_lost.is_empty() || parked_lost > 0 {
            return Err(TrimError::NotAPart);
        }
        let committed = self.commit_floor(floor, |index| {
            index.end = position.sequence;
            index.parked = parked;
        });
        if matches!(committed, Err(TrimError::Write { .. })) {
            return committed;
        }
        (self.tail, self.collected, self.gather) = (None, None, Gather::default());
        self.end = position;
        committed?;
        let marked = Marked {
            sequence: position.sequence,
            chain: position.chain,
            segment: self.reader().index().floor_segment,
            ..Marked::default()
        };
        let settled = self
            .watermark
            .write(marked)
            .and_then(|()| self.watermark.settle());
        settled.map_err(|source| self.poisoned_by("write the watermark", source))?;
        Ok(())
    }

    /// Shows every record of which something is left from before the floor, in order.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn remains(&self, mut each: impl FnMut(&Facts<'_>)) -> Result<(), TrimError> {
        let floor = self.reader().index().floor_now();
        let read = remains::read(&*self.disk, &self.directory, &floor, &mut each);
        let failed = |source| ReadError::Read {
            segment: 0,
            offset: 0,
            source,
        };
        read.map(drop).map_err(|error| failed(error).into())
    }

    /// Writes a floor down, tells the readers, and removes what it makes superfluous.
    fn commit_floor(
        &mut self,
        mut floor: Floor,
        change: impl FnOnce(&mut crate::index::Index),
    ) -> Result<(), TrimError> {
        // Also of a write that failed: which of the two is on disk is unknown then, and the next one counts.
        self.floor_revision += 1;
        floor.revision = self.floor_revision;
        let dropped: Vec<Part> = {
            let known = self.reader();
            let known = known.index();
            let dropped = known.parts.iter().filter(|part| !floor.parts.contains(part));
            dropped.copied().collect()
        };
        let disk = Arc::clone(&self.disk);
        let directory = self.directory.clone();
        let put = match floor.stage(&*disk, &directory) {
            Ok(staged) => staged.put(),
            Err(source) if source.kind() == io::ErrorKind::StorageFull => {
                let path = directory;
                return Err(TrimError::Write { path, source });
            }
            Err(source) => Err(source),
        };
        put.map_err(|source| self.poisoned_by("write down what is trimmed", source))?;
        // Readers first: they are told that it is trimmed, instead of finding no file.
        self.index_mut(|index| {
            index.floor = floor.position;
            index.extents.retain(|extent| extent.segment >= floor.segment);
            index.segments = index.segments.split_off(&floor.segment);
            index.unchecked = index.unchecked.split_off(&floor.segment);
            index.floor_segment = floor.segment;
            index.parts.clone_from(&floor.parts);
            change(index);
        });
        // Not every part that is not named: others may be prepared at this moment.
        let mut removed = dropped
            .iter()
            .try_for_each(|part| self.disk.remove(&part.path(&self.directory)));
        removed = removed.and_then(|()| floor.clean_up(&*self.disk, &self.directory, false));
        removed.map_err(|source| self.poisoned_by("remove what was trimmed", source).into())
    }
}
