//! Reading what a start did not read, and taking note of damage that is found while the log is in use.

use std::{collections::BTreeSet, io, path::PathBuf};

use crate::{
    Damage, DiskFile, Journal, ReadError, Reader, Record,
    append::AppendError,
    found::kept_name,
    frame,
    index::{Extent, load},
    sidecar,
};

/// Damage that was found after the log had been opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condemned {
    /// Where, and where its bytes are kept.
    pub damage: Damage,
    /// Sequence numbers that can no longer be read.
    pub lost: Vec<u64>,
}

/// Why damage was not noted.
#[derive(Debug, thiserror::Error)]
pub enum CondemnError {
    /// The bytes cannot be read, so that nobody knows whether they are damaged.
    #[error("cannot read what may be damaged")]
    Read(#[from] ReadError),
    /// The damaged bytes cannot be copied aside.
    #[error("cannot copy damaged bytes to {}", path.display())]
    Keep {
        /// Where to.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log is poisoned, now or before.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Reader {
    /// Segments of which opening has read the sidecar only, in order.
    pub fn unchecked(&self) -> Vec<u64> {
        self.index().unchecked.iter().copied().collect()
    }

    /// Reads the batches of a segment that begin at or behind `from` and checks every byte of them, as many as fit in
    /// `bytes_max` and at least one. Returns the first sequence numbers of those that are damaged
    /// ([`Journal::condemn`]) and where to go on; behind the last batch it is `None`, and the segment counts as checked.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub fn check_segment(
        &self,
        ordinal: u64,
        from: u64,
        bytes_max: u64,
    ) -> Result<(Vec<u64>, Option<u64>), ReadError> {
        let mut damaged = Vec::new();
        let mut read = 0;
        let mut at = self.first_in(ordinal, from);
        while let Some((extent, file)) = self.extent(at).filter(|(extent, _)| extent.segment == ordinal) {
            if read > 0 && read + extent.length > bytes_max {
                return Ok((damaged, Some(extent.first)));
            }
            read += extent.length;
            if extent.chain.is_some() && !is_intact(&load(&*file, &extent)?, &extent) {
                damaged.push(extent.first);
            }
            at += 1;
        }
        self.index
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .unchecked
            .remove(&ordinal);
        Ok((damaged, None))
    }

    fn first_in(&self, ordinal: u64, from: u64) -> usize {
        let index = self.index();
        let first = index.extents.partition_point(|extent| extent.segment < ordinal);
        first.max(index.find(from))
    }

    /// One record; `None`: there is none with that number.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when it was there and its bytes are not what was written; when it was trimmed, or cannot be
    /// read.
    pub fn read_one(&self, sequence: u64) -> Result<Option<Record>, ReadError> {
        if let Some(parked) = self.read_parked(sequence) {
            return parked.map(Some);
        }
        self.check_not_trimmed(sequence)?;
        let found = self.read(sequence, 1)?;
        let found = found.into_iter().find(|record| record.sequence == sequence);
        if found.is_none() && self.index().holds_number(sequence) {
            return Err(ReadError::Damaged(sequence));
        }
        Ok(found)
    }
}

impl Reader {
    /// Reads the batches that hold these records, each once, and says which of the records lie in one that is damaged
    /// without anybody having noted it, or cannot be read ([`Journal::condemn`]). What was trimmed is none of them, as long
    /// as it need not be parked.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn damaged_among(&self, sequences: &BTreeSet<u64>) -> Result<Vec<u64>, ReadError> {
        let floor = self.floor().sequence;
        let mut damaged = Vec::new();
        let mut rest = sequences.iter().copied().peekable();
        while let Some(sequence) = rest.next() {
            if sequence <= floor {
                match self.read_parked(sequence) {
                    Some(Err(ReadError::Damaged(_))) => damaged.push(sequence),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(_)) | None => {}
                }
                continue;
            }
            let at = self.index().find(sequence);
            let found = self.extent(at).filter(|(extent, _)| extent.first <= sequence);
            let Some((extent, file)) = found else {
                damaged.push(sequence);
                continue;
            };
            let bytes = load(&*file, &extent)?;
            let unnoted = extent.chain.is_some() && !is_intact(&bytes, &extent);
            let left: BTreeSet<u64> = frame::records_in(&bytes).map(|view| view.sequence).collect();
            let same_batch = std::iter::from_fn(|| rest.next_if(|next| *next <= extent.last));
            let in_batch = std::iter::once(sequence).chain(same_batch);
            damaged.extend(in_batch.filter(|one| unnoted || !left.contains(one)));
        }
        Ok(damaged)
    }
}

fn is_intact(bytes: &[u8], extent: &Extent) -> bool {
    frame::decode_batch(bytes)
        .is_some_and(|header| Extent::of(&header, extent.segment, extent.offset) == *extent)
}

impl Journal {
    /// Takes note that the batch with `sequence` is damaged, if it is: its bytes are copied to `quarantine/`, it counts
    /// among [`Reader::gaps`] from now on, and the next start reads its segment whole. `None`: it is intact, there is no
    /// such batch, or this was noted before. What could not be noted makes its segment one that was not checked
    /// ([`Reader::unchecked`]), so that nobody takes this copy for a whole one.
    ///
    /// # Errors
    /// [`CondemnError`].
    pub fn condemn(&mut self, sequence: u64) -> Result<Option<Condemned>, CondemnError> {
        let reader = self.reader();
        let at = reader.index().find(sequence);
        let Some((extent, file)) = reader.extent(at) else {
            return Ok(None);
        };
        if extent.first > sequence || extent.chain.is_none() {
            return Ok(None);
        }
        let noted = self.note(at, &extent, &*file);
        if noted.is_err() {
            self.index_mut(|index| index.unchecked.insert(extent.segment));
        }
        noted
    }

    fn note(
        &mut self,
        at: usize,
        extent: &Extent,
        file: &dyn DiskFile,
    ) -> Result<Option<Condemned>, CondemnError> {
        self.check_poison()?;
        let bytes = load(file, extent)?;
        if is_intact(&bytes, extent) {
            return Ok(None);
        }
        let quarantine = self.directory.join("quarantine");
        let kept_at = quarantine.join(kept_name("damaged", extent.segment, extent.offset, &bytes));
        let keep = || {
            let file = self.disk.create(&kept_at)?;
            file.write_at(&bytes, 0)?;
            file.sync_data()?;
            self.disk.sync_directory(&quarantine)
        };
        keep().map_err(|source| CondemnError::Keep {
            path: kept_at.clone(),
            source,
        })?;
        self.scribe.wait();
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.ordinal == extent.segment)
        {
            self.collected = None;
        }
        let removed = sidecar::remove(&*self.disk, &self.directory, extent.segment);
        removed.map_err(|source| self.poisoned_by("remove a sidecar", source))?;
        self.index_mut(|index| {
            if let Some(extent) = index.extents.get_mut(at) {
                extent.chain = None;
            }
        });
        let left: Vec<u64> = frame::records_in(&bytes).map(|view| view.sequence).collect();
        let lost = (extent.first..=extent.last).filter(|sequence| !left.contains(sequence));
        Ok(Some(Condemned {
            lost: lost.collect(),
            damage: Damage {
                segment: extent.segment,
                offset: extent.offset,
                bytes: extent.length,
                kept_at,
            },
        }))
    }
}
