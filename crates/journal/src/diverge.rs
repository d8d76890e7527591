//! Cutting off a suffix that the leader does not have. Its bytes are set aside first, and stay there.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Disk, Journal, Position, ReadError,
    append::AppendError,
    frame,
    gather::Gather,
    index::Index,
    journal::Tail,
    segment::{self, HEADER_LEN},
    sidecar,
    watermark::{Marked, Watermark},
};

/// A suffix whose bytes were copied to a file of their own. The log still holds it until [`Journal::cut`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The file: whole batches, one after the other, as in the log.
    pub path: PathBuf,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
}

/// Why a suffix was not set aside or cut off.
#[derive(Debug, thiserror::Error)]
pub enum DivergeError {
    /// No batch begins there.
    #[error("no batch begins at sequence {0}")]
    NotABoundary(u64),
    /// The log has grown since the suffix was set aside: cutting would lose what came after.
    #[error("the log ends at {last}, the suffix that was set aside at {set_aside}")]
    Grown {
        /// End of the log.
        last: u64,
        /// End of the suffix.
        set_aside: u64,
    },
    /// The suffix cannot be read.
    #[error("cannot read the suffix")]
    Read(#[from] ReadError),
    /// The copy cannot be made.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log cannot be changed.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Journal {
    /// Copies everything from the batch or gap that begins at `first` on to a file in `set-aside/`, synced upon return.
    ///
    /// # Errors
    /// [`DivergeError`].
    pub fn set_aside_from(&mut self, first: u64) -> Result<SetAside, DivergeError> {
        self.check_poison()?;
        let reader = self.reader();
        let extents: Vec<_> = {
            let index = reader.index();
            let from = index.find(first);
            index.extents[from..].to_vec()
        };
        // A gap may lie in front of the first extent, and nothing at all behind it.
        if extents.first().is_some_and(|extent| extent.first < first) || first > self.end.sequence {
            return Err(DivergeError::NotABoundary(first));
        }
        let name = format!("{first:020}-{:08x}.batches", self.end.chain);
        let path = self.directory.join("set-aside").join(name);
        let failed = |source| DivergeError::Write {
            path: path.clone(),
            source,
        };
        let file = self.disk.create(&path).map_err(failed)?;
        let mut written = 0;
        for extent in &extents {
            // Damaged extents are copied as they are: a person may still read something out of them.
            let mut bytes = vec![0; extent.length as usize];
            let segment = reader.index().segments.get(&extent.segment).cloned();
            let segment = segment.ok_or(DivergeError::NotABoundary(extent.first))?;
            segment
                .read_at(&mut bytes, extent.offset)
                .map_err(|source| ReadError::Read {
                    segment: extent.segment,
                    offset: extent.offset,
                    source,
                })?;
            file.write_at(&bytes, written).map_err(failed)?;
            written += extent.length;
        }
        file.sync_data().map_err(failed)?;
        self.disk
            .sync_directory(&self.directory.join("set-aside"))
            .map_err(failed)?;
        let last = self.end.sequence;
        Ok(SetAside { path, first, last })
    }

    /// Cuts off what was set aside; the log then ends before it. A crash on the way is finished at the next open.
    ///
    /// # Errors
    /// [`DivergeError`].
    pub fn cut(&mut self, aside: &SetAside) -> Result<(), DivergeError> {
        self.check_poison()?;
        let last = self.end.sequence;
        if last != aside.last {
            return Err(DivergeError::Grown {
                last,
                set_aside: aside.last,
            });
        }
        let reader = self.reader();
        let (removed, before, floor) = {
            let index = reader.index();
            let at = index.find(aside.first);
            let removed = index.extents.get(at).copied();
            let before = at.checked_sub(1).map(|before| index.extents[before]);
            (removed, before, index.floor)
        };
        if removed.is_some_and(|extent| extent.first < aside.first) {
            return Err(DivergeError::NotABoundary(aside.first));
        }
        // From the end of what stays on, not from the first batch that goes: between them may lie marks of a part that
        // is lacking, and they would go on vouching for it.
        let oldest = reader
            .index()
            .segments
            .first_key_value()
            .map_or(0, |(ordinal, _)| *ordinal);
        let (cut_segment, cut_offset) = before.map_or((oldest, HEADER_LEN), |extent| {
            (extent.segment, extent.offset + extent.length)
        });
        // Where the batch before is damaged, the first removed one knows its chain, unless something lies between.
        let mut head = [0; frame::BATCH_LEN];
        let previous = removed
            .filter(|extent| extent.first == aside.first && aside.first > floor.sequence + 1)
            .and_then(|extent| {
                Some((
                    extent.offset,
                    reader.index().segments.get(&extent.segment)?.clone(),
                ))
            })
            .filter(|(offset, file)| file.read_at(&mut head, *offset).is_ok())
            .and_then(|_| frame::decode_batch_header(&head))
            .map_or(0, |header| header.previous);
        let end = Position {
            sequence: before.map_or(floor.sequence, |extent| extent.last),
            chain: before.map_or(floor.chain, |extent| extent.chain.unwrap_or(previous)),
            generation: before.map_or(floor.generation, |extent| extent.generation),
        };
        let marked = Marked {
            sequence: end.sequence,
            chain: end.chain,
            segment: before.map_or(oldest, |extent| extent.segment),
            offset: before.map_or(0, |extent| extent.offset + extent.length),
            cut_segment,
            cut_offset,
        };
        let done = self.cut_at(marked);
        done.map_err(|source| self.poisoned_by("cut off a suffix", source))?;
        self.end = end;
        self.index_mut(|index| index.end = end.sequence);
        Ok(())
    }

    fn cut_at(&mut self, marked: Marked) -> io::Result<()> {
        let disk = Arc::clone(&self.disk);
        self.scribe.wait();
        self.collected = None;
        self.watermark.write(marked)?;
        self.watermark.settle()?;
        let there = self.index_mut(|index| {
            forget_behind(index, marked.cut_segment, marked.cut_offset);
            index.segments.contains_key(&marked.cut_segment)
        });
        finish_cut(&*disk, &self.directory, &mut self.watermark, 0)?;
        // The block in which the log ended is in memory as it was.
        self.gather = Gather::default();
        self.tail = None;
        if !there {
            return Ok(());
        }
        // A copy of the journal may hold the file that it was.
        let file = disk.open(&segment::path(&self.directory, marked.cut_segment))?;
        self.index_mut(|index| index.segments.insert(marked.cut_segment, Arc::clone(&file)));
        self.tail = Some(Tail {
            ordinal: marked.cut_segment,
            file,
            offset: marked.cut_offset.max(HEADER_LEN),
        });
        Ok(())
    }
}

fn forget_behind(index: &mut Index, segment: u64, offset: u64) {
    index
        .extents
        .retain(|extent| (extent.segment, extent.offset) < (segment, offset));
    index.segments.retain(|ordinal, _| *ordinal <= segment);
    // What is left of the segment in which the cut lies may not have been read yet either.
    index.unchecked.retain(|ordinal| *ordinal <= segment);
}

/// Carries out the cut that the watermark announces, if it announces one.
///
/// What was cut from before `oldest` on went with its segment.
pub(crate) fn finish_cut(
    disk: &dyn Disk,
    directory: &Path,
    watermark: &mut Watermark,
    oldest: u64,
) -> io::Result<()> {
    let marked = watermark.marked();
    if marked.cut_segment == 0 || marked.cut_segment < oldest {
        return Ok(());
    }
    let mut later: Vec<_> = disk.list(directory)?;
    let stale =
        |path: &&PathBuf| sidecar::ordinal_of(path).is_some_and(|ordinal| ordinal >= marked.cut_segment);
    for path in later.iter().filter(stale) {
        disk.remove(path)?;
    }
    later.retain(|path| segment::ordinal_of(path).is_some_and(|ordinal| ordinal > marked.cut_segment));
    later.sort();
    // From the end, so that a crash on the way leaves no hole between segments.
    for path in later.iter().rev() {
        disk.remove(path)?;
    }
    disk.sync_directory(directory)?;
    let path = segment::path(directory, marked.cut_segment);
    disk.detach(&path)?;
    let file = disk.open(&path)?;
    if marked.cut_offset == HEADER_LEN {
        // It may be damaged, and nothing in this segment is kept that could prove what it said.
        segment::write_header(&*file, marked.cut_segment, marked.sequence + 1)?;
    }
    segment::erase(&*file, marked.cut_offset, file.length()?)?;
    // In both slots: otherwise a later write that is torn by a power cut would leave the old announcement as the newest
    // that can be read, and the cut would be carried out again on what was appended since.
    for _ in 0..2 {
        watermark.write(Marked {
            cut_segment: 0,
            cut_offset: 0,
            ..marked
        })?;
        watermark.settle()?;
    }
    Ok(())
}
