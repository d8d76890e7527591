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
    /// The damage reaches into a segment that is gone: this log must be cut off before it and copied anew.
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

/// Segment and offset.
type Place = (u64, u64);

/// A stretch of one segment between what is intact, and what belongs there.
struct Stretch<'a> {
    segment: u64,
    from: u64,
    to: u64,
    /// Whether something intact lies right behind it; otherwise zeros may be left over.
    bounded: bool,
    batches: &'a [Batch],
}

impl Stretch<'_> {
    /// How many marks fill it up together with its batches, if they fit.
    ///
    /// Several batches of one write have one mark before the first of them: there need not be room for another.
    fn marks(&self) -> Option<u64> {
        let bytes: u64 = self.batches.iter().map(|batch| batch.bytes().len() as u64).sum();
        let spare = self.to.checked_sub(self.from)?.checked_sub(bytes)?;
        let mark = MARK_LEN as u64;
        if self.bounded {
            spare.is_multiple_of(mark).then_some(spare / mark)
        } else {
            Some((spare / mark).min(1))
        }
    }

    /// What is to be written there, and where the batches lie then.
    fn bytes(&self, extents: &mut Vec<Extent>) -> Option<Vec<u8>> {
        let marks = usize::try_from(self.marks()?).ok()?;
        let head = self.batches.first()?;
        // How many batches one write held there is unknown, and does not matter: a mark says only what lies before it.
        let mut bytes = frame::encode_mark(head.first() - 1, head.header.previous).repeat(marks);
        for batch in self.batches {
            extents.push(Extent::of(
                &batch.header,
                self.segment,
                self.from + bytes.len() as u64,
            ));
            bytes.extend_from_slice(batch.bytes());
        }
        bytes.resize(usize::try_from(self.to - self.from).ok()?, 0);
        Some(bytes)
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
    /// Writes exact copies of the batches of one gap ([`Reader::gaps`]) where they were, in as many segments as it
    /// reaches over; durable upon return.
    ///
    /// The damaged bytes were copied to `quarantine/` when the log was opened. A crash on the way leaves the damage, or
    /// what is left of it in later segments.
    ///
    /// # Errors
    /// [`RepairError`].
    pub fn repair(&mut self, batches: &[Batch]) -> Result<(), RepairError> {
        self.check_poison()?;
        let (Some(head), Some(tail)) = (batches.first(), batches.last()) else {
            return Err(RepairError::Empty);
        };
        let (first, last) = (head.first(), tail.last());
        let (mut writes, mut extents) = (Vec::new(), Vec::with_capacity(batches.len()));
        for stretch in self.stretches(batches, first, last)? {
            let bytes = stretch.bytes(&mut extents);
            let bytes = bytes.ok_or(RepairError::NotInPlace { first })?;
            writes.push((stretch, bytes));
        }
        // The block in which the log ends may be in memory as it was.
        self.gather = Gather::default();
        for (stretch, bytes) in writes {
            self.overwrite(&stretch, &bytes)?;
        }
        self.index_mut(|index| {
            index
                .extents
                .retain(|extent| extent.last < first || extent.first > last);
            let at = index.find(first);
            index.extents.splice(at..at, extents);
        });
        if last == self.end.sequence {
            // A mark had vouched for its number and chain, and knew no generation.
            self.end = tail.end();
        }
        Ok(())
    }

    /// Durable upon return.
    fn overwrite(&mut self, stretch: &Stretch<'_>, bytes: &[u8]) -> Result<(), RepairError> {
        let first = stretch.batches.first().map_or(0, Batch::first);
        let file = self.own(stretch.segment)?;
        let file = file.ok_or(RepairError::NotInPlace { first })?;
        // Marks may come to lie elsewhere than the sidecar has them.
        self.scribe.wait();
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.ordinal == stretch.segment)
        {
            self.collected = None;
        }
        let removed = sidecar::remove(&*self.disk, &self.directory, stretch.segment);
        removed.map_err(|source| self.poisoned_by("remove a sidecar", source))?;
        let write = || {
            if stretch.from == HEADER_LEN && segment::first_of(&*file, stretch.segment).is_none() {
                segment::write_header(&*file, stretch.segment, first)?;
            }
            file.write_at(bytes, stretch.from)?;
            file.sync_data()
        };
        write().map_err(|source: io::Error| self.poisoned_by("repair a batch", source))?;
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

    /// Where the batches were, if they connect what is intact on both sides: the header of each segment says with which
    /// one it begins.
    fn stretches<'a>(
        &self,
        mut batches: &'a [Batch],
        first: u64,
        last: u64,
    ) -> Result<Vec<Stretch<'a>>, RepairError> {
        let ((mut segment, mut from), behind) = self.edges(batches, first, last)?;
        let reader = self.reader();
        let index = reader.index();
        let not_in_place = RepairError::NotInPlace { first };
        let mut stretches = Vec::new();
        while segment < behind.0 {
            let Some(next) = index.segments.get(&(segment + 1)) else {
                return Err(not_in_place);
            };
            let to = self.options.segment_bytes;
            let here = match segment::first_of(&**next, segment + 1) {
                Some(begins) => batches.partition_point(|batch| batch.first() < begins),
                // Its header is damaged too.
                None => split_by_room(
                    batches,
                    to.saturating_sub(from),
                    (segment + 1 == behind.0).then_some(behind.1),
                ),
            };
            let (now, later) = batches.split_at(here);
            stretches.push(Stretch {
                segment,
                from,
                to,
                bounded: false,
                batches: now,
            });
            (segment, from, batches) = (segment + 1, HEADER_LEN, later);
        }
        stretches.push(Stretch {
            segment,
            from,
            to: behind.1,
            bounded: true,
            batches,
        });
        stretches.retain(|stretch| !stretch.batches.is_empty());
        Ok(stretches)
    }

    /// Where what is intact ends before the batches, and where it begins again behind them: segment and offset of both.
    fn edges(&self, batches: &[Batch], first: u64, last: u64) -> Result<(Place, Place), RepairError> {
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
        let from = match (before, index.segments.keys().next()) {
            (Some(extent), _) => (extent.segment, extent.offset + extent.length),
            (None, Some(oldest)) => (*oldest, HEADER_LEN),
            (None, None) => return Err(RepairError::NotInPlace { first }),
        };
        match index.extents.iter().find(|extent| extent.first > last) {
            Some(extent) if extent.first == last + 1 && previous(&index, extent)? == Some(chain) => {
                Ok((from, (extent.segment, extent.offset)))
            }
            None if (self.end.sequence, self.end.chain) == (last, chain) => {
                let tail = self.tail.as_ref().ok_or(RepairError::NotInPlace { first })?;
                Ok((from, (tail.ordinal, tail.offset)))
            }
            Some(_) | None => Err(disconnected),
        }
    }
}

/// How many batches, from the first on, lay in a segment with that much room, when nothing says with which one the next
/// segment began: as many as fit, and so many that the others fill the next one up to where it is intact, if that is
/// known.
fn split_by_room(batches: &[Batch], room: u64, intact_from: Option<u64>) -> usize {
    let used = batches.iter().scan(0, |used, batch| {
        *used += batch.bytes().len() as u64;
        Some(*used)
    });
    let fitting = used.take_while(|used| *used <= room).count();
    let fills = |here: &usize| {
        let rest = Stretch {
            segment: 0,
            from: HEADER_LEN,
            to: intact_from?,
            bounded: true,
            batches: &batches[*here..],
        };
        rest.marks()
    };
    (0..=fitting)
        .rev()
        .find(|here| fills(here).is_some())
        .unwrap_or(fitting)
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
