//! Putting the other region's exact bytes in the place of damaged ones, without cutting anything off.

use std::{io, ops::RangeInclusive, sync::Arc};

use crate::{
    Batch, DiskFile, Journal, ReadError, Reader,
    append::AppendError,
    frame::{self, MARK_LEN},
    gather::Gather,
    index::{Extent, Index},
    segment::{self, HEADER_LEN},
    sidecar,
};

/// Why nothing was repaired; nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is nothing to put back.
    #[error("no batches were given")]
    Empty,
    /// What was given does not connect what is intact before and behind it.
    #[error("the batches from sequence {first} to {last} do not connect what is intact here")]
    Disconnected {
        /// First sequence number.
        first: u64,
        /// Last one.
        last: u64,
    },
    /// The damage reaches over the end of a segment or into a segment that is gone: this log must be cut off before it
    /// and copied anew.
    #[error("the batches from sequence {first} on do not fit where they were")]
    NotInPlace {
        /// First sequence number.
        first: u64,
    },
    /// The batch behind the damage cannot be read.
    #[error("cannot read what follows the damage")]
    Read(#[from] ReadError),
    /// The log cannot be changed.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// A stretch between what is intact, in one segment.
#[derive(Clone, Copy)]
struct Place {
    segment: u64,
    from: u64,
    to: u64,
    /// Whether something intact lies right behind it; otherwise zeros may be left over.
    bounded: bool,
}

impl Place {
    /// How many marks fill it up together with so many bytes of batches, if they fit.
    fn marks(self, bytes: u64) -> Option<u64> {
        let spare = (self.to - self.from).checked_sub(bytes)?;
        let mark = MARK_LEN as u64;
        if self.bounded {
            spare.is_multiple_of(mark).then_some(spare / mark)
        } else {
            (spare >= mark).then_some(1)
        }
    }
}

impl Reader {
    /// Sequence numbers in damaged or lacking batches: whole batches of them mend this log, see [`Journal::repair`].
    pub fn gaps(&self) -> Vec<RangeInclusive<u64>> {
        let index = self.index();
        let (mut gaps, mut expected) = (Vec::new(), index.floor.sequence + 1);
        for extent in index.extents.iter().filter(|extent| extent.chain.is_some()) {
            if extent.first > expected {
                gaps.push(expected..=extent.first - 1);
            }
            expected = extent.last + 1;
        }
        if expected <= index.end {
            gaps.push(expected..=index.end);
        }
        gaps
    }
}

impl Journal {
    /// Writes exact copies of the batches of one gap ([`Reader::gaps`]) where they were; durable upon return.
    ///
    /// The damaged bytes were copied to `quarantine/` when the log was opened. A crash on the way leaves the damage.
    ///
    /// # Errors
    /// [`RepairError`].
    pub fn repair(&mut self, batches: &[Batch]) -> Result<(), RepairError> {
        self.check_poison()?;
        let (Some(head), Some(tail)) = (batches.first(), batches.last()) else {
            return Err(RepairError::Empty);
        };
        let (first, last) = (head.first(), tail.last());
        let places = self.places(batches, first, last)?;
        let bytes: u64 = batches.iter().map(|batch| batch.bytes().len() as u64).sum();
        let fitting = places
            .into_iter()
            .find_map(|place| Some((place, place.marks(bytes)?)));
        let (place, marks) = fitting.ok_or(RepairError::NotInPlace { first })?;

        // How many batches one write held there is unknown, and does not matter: a mark says only what lies before it.
        let mark = frame::encode_mark(first - 1, head.header.previous);
        let mut written = mark.repeat(usize::try_from(marks).unwrap_or(usize::MAX));
        let mut extents = Vec::with_capacity(batches.len());
        for batch in batches {
            let offset = place.from + written.len() as u64;
            extents.push(Extent::of(&batch.header, place.segment, offset));
            written.extend_from_slice(batch.bytes());
        }
        if !place.bounded {
            written.resize(usize::try_from(place.to - place.from).unwrap_or(usize::MAX), 0);
        }
        // The block in which the log ends may be in memory as it was.
        self.gather = Gather::default();
        let file = self.own(place.segment)?;
        let file = file.ok_or(RepairError::NotInPlace { first })?;
        // Marks may come to lie elsewhere than the sidecar has them.
        self.scribe.wait();
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.ordinal == place.segment)
        {
            self.collected = None;
        }
        let removed = sidecar::remove(&*self.disk, &self.directory, place.segment);
        removed.map_err(|source| self.poisoned_by("remove a sidecar", source))?;
        let done = file
            .write_at(&written, place.from)
            .and_then(|()| file.sync_data());
        done.map_err(|source: io::Error| self.poisoned_by("repair a batch", source))?;
        self.index_mut(|index| {
            index
                .extents
                .retain(|extent| extent.last < first || extent.first > last);
            let at = index.find(first);
            index.extents.splice(at..at, extents);
        });
        Ok(())
    }

    /// A segment that no copy of the journal shares.
    fn own(&mut self, ordinal: u64) -> Result<Option<Arc<dyn DiskFile>>, AppendError> {
        let path = segment::path(&self.directory, ordinal);
        let reopened = self.disk.detach(&path).and_then(|detached| {
            let open = || self.disk.open(&path).map(Some);
            if detached { open() } else { Ok(None) }
        });
        if let Some(file) = reopened.map_err(|source| self.poisoned_by("copy a segment", source))? {
            if let Some(tail) = self.tail.as_mut().filter(|tail| tail.ordinal == ordinal) {
                tail.file = Arc::clone(&file);
            }
            self.index_mut(|index| index.segments.insert(ordinal, file));
        }
        Ok(self.reader().index().segments.get(&ordinal).cloned())
    }

    /// Where the batches may have been, if they connect what is intact on both sides.
    fn places(&self, batches: &[Batch], first: u64, last: u64) -> Result<Vec<Place>, RepairError> {
        let disconnected = RepairError::Disconnected { first, last };
        let reader = self.reader();
        let index = reader.index();
        let before = index.extents[..index.find(first)].last();
        let chain = before.map_or(index.floor.chain, |extent| extent.chain.unwrap_or(0));
        let end = before.map_or(index.floor.sequence, |extent| extent.last);
        let connected = batches.iter().try_fold((end, chain), |(end, chain), batch| {
            let follows = batch.first() == end + 1 && batch.header.previous == chain;
            follows.then_some((batch.last(), batch.chain()))
        });
        let Some((_, chain)) = connected else {
            return Err(disconnected);
        };
        let behind = index.extents.iter().find(|extent| extent.first > last);
        let (segment, to) = match behind {
            Some(extent) if extent.first == last + 1 && previous(&index, extent)? == Some(chain) => {
                (extent.segment, extent.offset)
            }
            None if (self.end.sequence, self.end.chain) == (last, chain) => {
                let tail = self.tail.as_ref().ok_or(RepairError::NotInPlace { first })?;
                (tail.ordinal, tail.offset)
            }
            Some(_) | None => return Err(disconnected),
        };
        let from = |extent: &Extent| extent.offset + extent.length;
        let same = before.filter(|extent| extent.segment == segment);
        let mut places = vec![Place {
            segment,
            from: same.map_or(HEADER_LEN, from),
            to,
            bounded: true,
        }];
        // Or at the end of the segment before.
        let far = index
            .segments
            .range(..segment)
            .next_back()
            .filter(|_| same.is_none());
        if let Some((ordinal, _)) = far
            && before.is_none_or(|extent| extent.segment == *ordinal)
        {
            places.push(Place {
                segment: *ordinal,
                from: before.map_or(HEADER_LEN, from),
                to: self.options.segment_bytes,
                bounded: false,
            });
        }
        Ok(places)
    }
}

/// The chain that an intact batch continues.
fn previous(index: &Index, extent: &Extent) -> Result<Option<u32>, ReadError> {
    let Some(file) = index.segments.get(&extent.segment) else {
        return Ok(None);
    };
    let mut head = [0; frame::BATCH_LEN];
    file.read_at(&mut head, extent.offset)
        .map_err(|source| ReadError::Read {
            segment: extent.segment,
            offset: extent.offset,
            source,
        })?;
    Ok(frame::decode_batch_header(&head).map(|header| header.previous))
}
