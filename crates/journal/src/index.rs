//! What is known about where batches lie, derived from the segments, and reading through it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, RwLock, RwLockReadGuard},
};

use bytes::Bytes;

use crate::{
    Batch, DiskFile, Record,
    floor::{Floor, Part},
    frame::{self, BatchHeader},
    remains::Place,
};

/// A run of bytes in a segment that holds records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) generation: u64,
    pub(crate) segment: u64,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// `None`: damaged, some of its records may be lacking.
    pub(crate) chain: Option<u32>,
}

impl Extent {
    pub(crate) const fn of(header: &BatchHeader, segment: u64, offset: u64) -> Self {
        Self {
            first: header.first,
            last: header.last(),
            generation: header.generation,
            segment,
            offset,
            length: header.len() as u64,
            chain: Some(header.chain),
        }
    }
}

/// All extents in order, and the open segments.
#[derive(Default)]
pub(crate) struct Index {
    /// Everything up to here was trimmed.
    pub(crate) floor: Position,
    /// The last sequence number that was synced, readable or not.
    pub(crate) end: u64,
    pub(crate) extents: Vec<Extent>,
    pub(crate) segments: BTreeMap<u64, Arc<dyn DiskFile>>,
    /// Segments of which only the sidecar was read.
    pub(crate) unchecked: BTreeSet<u64>,
    /// The oldest segment that was not trimmed; 0: nothing ever was.
    pub(crate) floor_segment: u64,
    /// What is left of those that were.
    pub(crate) parts: Vec<Part>,
    /// Where records of theirs lie that are still needed.
    pub(crate) parked: BTreeMap<u64, Place>,
}

impl Index {
    /// As it would be written down; the revision is the writer's.
    pub(crate) fn floor_now(&self) -> Floor {
        Floor {
            revision: 0,
            position: self.floor,
            segment: self.floor_segment,
            parts: self.parts.clone(),
        }
    }

    /// Position in `extents` of the first extent that ends at or behind `sequence`.
    pub(crate) fn find(&self, sequence: u64) -> usize {
        self.extents.partition_point(|extent| extent.last < sequence)
    }

    /// Whether a record with that number was read or vouched for.
    pub(crate) fn holds_number(&self, sequence: u64) -> bool {
        let found = self.extents.get(self.find(sequence));
        found.is_some_and(|extent| extent.first <= sequence)
    }
}

/// The end of a batch: equal positions of two logs mean equal histories up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Last sequence number; 0: the log is empty.
    pub sequence: u64,
    /// Chain of the batch that ends there; 0: the log is empty.
    pub chain: u32,
    /// Generation of that batch; 0: the log is empty.
    pub generation: u64,
}

/// A run of sequence numbers written in one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The generation.
    pub generation: u64,
    /// Its first sequence number.
    pub first: u64,
}

impl Batch {
    /// Where a log ends whose last batch it is.
    pub const fn end(&self) -> Position {
        Position {
            sequence: self.last(),
            chain: self.chain(),
            generation: self.generation(),
        }
    }
}

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It was trimmed: everything up to `up_to` is no longer in the log.
    #[error("sequence {from} was trimmed; the log begins behind {up_to}")]
    Trimmed {
        /// What was asked for.
        from: u64,
        /// The last one that is gone.
        up_to: u64,
    },
    /// No batch begins at that sequence number.
    #[error("no batch begins at sequence {0}")]
    NotABoundary(u64),
    /// The batch is damaged and must come from the other region.
    #[error("the batch of sequence {0} is damaged")]
    Damaged(u64),
    /// The file cannot be read.
    #[error("cannot read segment {segment} at offset {offset}")]
    Read {
        /// Which segment.
        segment: u64,
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads what was appended, beside the writer and without waiting for its syncs. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(crate) index: Arc<RwLock<Index>>,
}

impl Reader {
    /// Reads what an index knows.
    pub(crate) fn over(index: Index) -> Self {
        Self {
            index: Arc::new(RwLock::new(index)),
        }
    }

    /// The end of the log.
    pub fn position(&self) -> Position {
        let index = self.index();
        index.extents.last().map_or(index.floor, position)
    }

    /// The end of the batch that holds `sequence`, or of the last one before it.
    pub fn position_at(&self, sequence: u64) -> Position {
        let index = self.index();
        let at = index.find(sequence);
        let extent = match index.extents.get(at) {
            Some(extent) if extent.first <= sequence => Some(extent),
            _ => at.checked_sub(1).and_then(|before| index.extents.get(before)),
        };
        extent.map_or(index.floor, position)
    }

    /// Everything up to here was trimmed: it is no longer in the log.
    pub fn floor(&self) -> Position {
        self.index().floor
    }

    /// Records whose segments were trimmed, and that can be read all the same.
    pub fn parked(&self) -> u64 {
        self.index().parked.len() as u64
    }

    /// Which records of a stretch are among those, in order.
    pub fn parked_in(&self, first: u64, last: u64) -> Vec<u64> {
        if first > last {
            return Vec::new();
        }
        let index = self.index();
        index
            .parked
            .range(first..=last)
            .map(|(sequence, _)| *sequence)
            .collect()
    }

    /// Whether a record is one of those.
    pub fn is_parked(&self, sequence: u64) -> bool {
        self.index().parked.contains_key(&sequence)
    }

    /// The floor, and the files that outlived the segments before it.
    pub fn base(&self) -> (Position, Vec<Part>) {
        let index = self.index();
        (index.floor, index.parts.clone())
    }

    /// Files that outlived their segments, in order.
    pub fn parts(&self) -> Vec<Part> {
        self.index().parts.clone()
    }

    /// Whether a batch with that end and chain is in this log, or the floor is there; of a log that was never trimmed the
    /// beginning is in all others.
    pub fn holds(&self, end: Position) -> bool {
        let index = self.index();
        let found = index.extents.get(index.find(end.sequence));
        (end.sequence, end.chain) == (index.floor.sequence, index.floor.chain)
            || found.is_some_and(|extent| extent.last == end.sequence && extent.chain == Some(end.chain))
    }

    /// Up to `count` ends of batches, spread evenly over the batches that end behind `after` and at or before `until`,
    /// the first and the last of them included. For finding where two logs part.
    pub fn probes(&self, after: u64, until: u64, count: usize) -> Vec<Position> {
        let index = self.index();
        let range = index.find(after + 1)..index.find(until + 1);
        let extents = &index.extents[range];
        let steps = count.min(extents.len());
        (1..=steps)
            .map(|step| position(&extents[step * extents.len() / steps - 1]))
            .collect()
    }

    /// Up to here every record is readable: damage and gaps begin behind it.
    pub fn sound_up_to(&self) -> u64 {
        let index = self.index();
        let floor = index.floor.sequence;
        let sound = index.extents.iter().scan(floor, |last, extent| {
            let continues = extent.first == *last + 1 && extent.chain.is_some();
            *last = extent.last;
            continues.then_some(extent.last)
        });
        sound.last().unwrap_or(floor)
    }

    /// Up to here every record was read since the log was opened, and is readable.
    pub fn checked_up_to(&self) -> u64 {
        let sound = self.sound_up_to();
        let index = self.index();
        let unchecked = index.unchecked.first().map(|ordinal| {
            let at = index.extents.partition_point(|extent| extent.segment < *ordinal);
            let first = index.extents.get(at).map_or(index.end + 1, |extent| extent.first);
            first.saturating_sub(1)
        });
        unchecked.map_or(sound, |checked| sound.min(checked))
    }

    /// Which generations wrote what.
    pub fn epochs(&self) -> Vec<Epoch> {
        let mut epochs: Vec<Epoch> = Vec::new();
        for extent in &self.index().extents {
            if epochs
                .last()
                .is_none_or(|epoch| epoch.generation != extent.generation)
            {
                epochs.push(Epoch {
                    generation: extent.generation,
                    first: extent.first,
                });
            }
        }
        epochs
    }

    /// Up to `limit` records from `from` on; those that are damaged, or were trimmed, are left out.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        let parked: Vec<(u64, Place)> = {
            let index = self.index();
            let wanted = index.parked.range(from..).take(limit);
            wanted
                .map(|(sequence, place)| (*sequence, place.clone()))
                .collect()
        };
        for (sequence, place) in parked {
            match place.record(sequence) {
                Ok(record) => records.push(record),
                Err(ReadError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut at = self.index().find(from);
        while records.len() < limit {
            let Some((extent, file)) = self.extent(at) else {
                break;
            };
            let bytes = load(&*file, &extent)?;
            let wanted = frame::records_in(&bytes).filter(|view| view.sequence >= from);
            records.extend(
                wanted
                    .take(limit - records.len())
                    .map(frame::RecordView::to_record),
            );
            at += 1;
        }
        Ok(records)
    }

    /// The exact bytes of whole batches, the first of which begins at `from`: at least one batch if there is one, more
    /// as long as they fit in `bytes_max`.
    ///
    /// # Errors
    /// When `from` was trimmed or is not where a batch begins, the batch is damaged, or a segment cannot be read.
    pub fn batches(&self, from: u64, bytes_max: usize) -> Result<Vec<Batch>, ReadError> {
        self.check_not_trimmed(from)?;
        let (mut batches, mut total) = (Vec::new(), 0);
        let mut at = self.index().find(from);
        while let Some((extent, file)) = self.extent(at) {
            if batches.is_empty() && extent.first != from {
                return Err(ReadError::NotABoundary(from));
            }
            total += extent.length as usize;
            if !batches.is_empty() && total > bytes_max {
                break;
            }
            match Batch::parse_all(Bytes::from(load(&*file, &extent)?)) {
                Ok(read) => batches.extend(read),
                Err(_) if batches.is_empty() => return Err(ReadError::Damaged(from)),
                Err(_) => break,
            }
            at += 1;
        }
        Ok(batches)
    }

    /// A record that was parked.
    pub(crate) fn read_parked(&self, sequence: u64) -> Option<Result<Record, ReadError>> {
        let place = self.index().parked.get(&sequence).cloned()?;
        Some(place.record(sequence))
    }

    pub(crate) fn check_not_trimmed(&self, from: u64) -> Result<(), ReadError> {
        let up_to = self.floor().sequence;
        // Numbers begin at 1: 0 asks for the beginning, whatever it is.
        if from > 0 && from <= up_to {
            return Err(ReadError::Trimmed { from, up_to });
        }
        Ok(())
    }

    pub(crate) fn extent(&self, at: usize) -> Option<(Extent, Arc<dyn DiskFile>)> {
        let index = self.index();
        let extent = *index.extents.get(at)?;
        let file = Arc::clone(index.segments.get(&extent.segment)?);
        Some((extent, file))
    }

    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        // A panic elsewhere cannot leave the index half changed: every change is one push or one truncate.
        self.index
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn position(extent: &Extent) -> Position {
    Position {
        sequence: extent.last,
        chain: extent.chain.unwrap_or(0),
        generation: extent.generation,
    }
}

pub(crate) fn load(file: &dyn DiskFile, extent: &Extent) -> Result<Vec<u8>, ReadError> {
    let mut bytes = vec![0; extent.length as usize];
    file.read_at(&mut bytes, extent.offset)
        .map_err(|source| ReadError::Read {
            segment: extent.segment,
            offset: extent.offset,
            source,
        })?;
    Ok(bytes)
}
