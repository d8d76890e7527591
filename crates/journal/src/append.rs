//! Appending: own entries, and exact copies of another region's batches.

use std::io;

use crate::{
    Batch, Entry, Journal,
    frame::{self, BATCH_LEN, MARK_LEN},
    index::Extent,
    journal::Tail,
    segment::{HEADER_LEN, MakeError},
    sidecar::Collector,
    watermark::Marked,
};

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A write or sync failed, now or before; nothing is appended until the journal was opened anew.
    #[error("the journal is poisoned: {reason}")]
    Poisoned {
        /// What failed.
        reason: String,
    },
    /// There is no room for a new segment: nothing was written that needs one, and asking again later may help.
    #[error("there is no room for a new segment")]
    NoSegment {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A batch that cannot fit in a segment, or an entry whose stream or id is too long.
    #[error("{bytes} bytes do not fit in a segment, which takes {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What fits.
        bytes_max: usize,
    },
    /// There is nothing to append.
    #[error("an empty batch cannot be appended")]
    Empty,
    /// The batch was written in an older generation than the end of this log.
    #[error("generation {generation} is older than {known}, in which this log ends")]
    Stale {
        /// The batch's.
        generation: u64,
        /// Of the end of this log.
        known: u64,
    },
    /// The batch does not continue this log: something lies between, or the histories differ.
    #[error("a batch from sequence {first} on does not continue this log, which ends at {last}")]
    Diverged {
        /// First sequence number of the batch.
        first: u64,
        /// Last one here.
        last: u64,
    },
}

impl Journal {
    /// Bytes that a batch may have at most.
    pub const fn batch_bytes_max(&self) -> usize {
        (self.options.segment_bytes - HEADER_LEN) as usize - MARK_LEN
    }

    /// Encodes entries as the batch that follows the end of the log, without writing it, so that it can be sent to the
    /// other region while it is committed here.
    ///
    /// # Errors
    /// When it is empty, too large, or of an older generation than the end of the log.
    pub fn encode(&self, entries: &[Entry], generation: u64) -> Result<Batch, AppendError> {
        self.check_poison()?;
        let bytes = BATCH_LEN + entries.iter().map(Entry::encoded_len).sum::<usize>();
        let bytes_max = self.batch_bytes_max().min(u32::MAX as usize);
        let fields_max = usize::from(u16::MAX);
        let too_long = |entry: &Entry| entry.stream.len() > fields_max || entry.id.len() > fields_max;
        if bytes > bytes_max || entries.iter().any(too_long) {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        if entries.is_empty() {
            return Err(AppendError::Empty);
        }
        self.check_generation(generation)?;
        Ok(Batch::encode(
            entries,
            generation,
            self.end.sequence + 1,
            self.end.chain,
        ))
    }

    /// Makes room for a batch, so that committing it can fail only by poisoning the journal: to be called before the
    /// batch is shown to anybody, because its number would otherwise be given to another batch.
    ///
    /// # Errors
    /// [`AppendError::NoSegment`], [`AppendError::Poisoned`].
    pub fn reserve(&mut self, batch: &Batch) -> Result<(), AppendError> {
        self.check_poison()?;
        self.room_for(batch).map(|_| ())
    }

    /// Encodes and commits entries.
    ///
    /// # Errors
    /// See [`Journal::encode`] and [`Journal::commit`].
    pub fn append(&mut self, entries: &[Entry], generation: u64) -> Result<Batch, AppendError> {
        let batch = self.encode(entries, generation)?;
        self.commit(std::slice::from_ref(&batch))?;
        Ok(batch)
    }

    /// Writes batches that continue the log, own ones or exact copies: they are durable upon return. One write and one
    /// sync for each segment that they reach into.
    ///
    /// # Errors
    /// [`AppendError::Diverged`], [`AppendError::Stale`] or [`AppendError::TooLarge`] when they do not continue the log
    /// (nothing was written); [`AppendError::NoSegment`] and [`AppendError::Poisoned`], before which a first part of
    /// several batches may have been written and synced: what is durable ends at [`Journal::position`]. After poisoning
    /// it is unknown what else is on disk.
    pub fn commit(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        self.check_poison()?;
        self.check_continues(batches)?;
        let mut rest = batches;
        while let Some(batch) = rest.first() {
            let room = self.room_for(batch)?;
            let fitting = rest
                .iter()
                .scan(MARK_LEN as u64, |used, batch| {
                    *used += batch.bytes.len() as u64;
                    Some(*used)
                })
                .take_while(|used| *used <= room)
                .count();
            let (now, later) = rest.split_at(fitting);
            self.write(now)?;
            rest = later;
        }
        Ok(())
    }

    fn check_continues(&self, batches: &[Batch]) -> Result<(), AppendError> {
        let (mut last, mut chain) = (self.end.sequence, self.end.chain);
        let bytes_max = self.batch_bytes_max();
        for Batch { header, bytes } in batches {
            self.check_generation(header.generation)?;
            if header.first != last + 1 || header.previous != chain {
                return Err(AppendError::Diverged {
                    first: header.first,
                    last,
                });
            }
            if bytes.len() > bytes_max {
                return Err(AppendError::TooLarge {
                    bytes: bytes.len(),
                    bytes_max,
                });
            }
            (last, chain) = (header.last(), header.chain);
        }
        Ok(())
    }

    const fn check_generation(&self, generation: u64) -> Result<(), AppendError> {
        let known = self.end.generation;
        if generation < known {
            return Err(AppendError::Stale { generation, known });
        }
        Ok(())
    }

    /// Bytes left in the open segment, after changing to a new one if `batch` does not fit.
    fn room_for(&mut self, batch: &Batch) -> Result<u64, AppendError> {
        let needed = (MARK_LEN + batch.bytes.len()) as u64;
        if let Some(tail) = &self.tail {
            let room = self.options.segment_bytes - tail.offset;
            if needed <= room {
                return Ok(room);
            }
        }
        let first = self.reader().index().floor_segment.max(1);
        let ordinal = self.tail.as_ref().map_or(first, |tail| tail.ordinal + 1);
        let file = match self.maker.make(ordinal, batch.first()) {
            Ok(file) => file,
            Err(MakeError::NoRoom(source)) => return Err(AppendError::NoSegment { source }),
            Err(MakeError::Disk(source)) => return Err(self.poisoned_by("make a segment", source)),
        };
        self.index_mut(|index| index.segments.insert(ordinal, file.clone()));
        self.seal(ordinal - 1);
        self.collected = Some(Collector::default());
        self.tail = Some(Tail {
            ordinal,
            file,
            offset: HEADER_LEN,
        });
        Ok(self.options.segment_bytes - HEADER_LEN)
    }

    /// One write, one sync.
    fn write(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        let Some(tail) = &self.tail else { return Ok(()) };
        let (ordinal, start) = (tail.ordinal, tail.offset);
        let mut extents = Vec::with_capacity(batches.len());
        let synced = self.gather_and_sync(batches, &mut extents);
        let length = synced.map_err(|source| self.poisoned_by("write and sync a batch", source))?;

        let offset = start + length;
        if let Some(tail) = &mut self.tail {
            tail.offset = offset;
        }
        if let Some(batch) = batches.last() {
            self.end.sequence = batch.last();
            self.end.chain = batch.chain();
            self.end.generation = batch.generation();
        }
        if let Some(collected) = &mut self.collected {
            for (batch, extent) in batches.iter().zip(&extents) {
                collected.add(&batch.header, extent.offset, &batch.bytes);
            }
        }
        let end = self.end.sequence;
        self.index_mut(|index| {
            index.extents.extend(extents);
            index.end = end;
        });
        let marked = Marked {
            sequence: self.end.sequence,
            chain: self.end.chain,
            segment: ordinal,
            offset,
            cut_segment: 0,
            cut_offset: 0,
        };
        let marked = self.watermark.write(marked);
        marked.map_err(|source| self.poisoned_by("write the watermark", source))
    }

    /// Returns how far the log has grown, and adds where the batches lie to `extents`.
    fn gather_and_sync(&mut self, batches: &[Batch], extents: &mut Vec<Extent>) -> io::Result<u64> {
        let Some(Tail {
            ordinal,
            file,
            offset,
        }) = &self.tail
        else {
            return Ok(0);
        };
        let place = (*ordinal, *offset);
        let bytes_max = MARK_LEN + batches.iter().map(|batch| batch.bytes.len()).sum::<usize>();
        let gather = &mut self.gather;
        gather.begin(&**file, place, bytes_max, self.options.segment_bytes)?;
        gather.push(&frame::encode_mark(self.end.sequence, self.end.chain));
        for batch in batches {
            extents.push(Extent::of(&batch.header, *ordinal, offset + gather.pushed()));
            gather.push(&batch.bytes);
        }
        gather.write(&**file, place)?;
        file.sync_data()?;
        Ok(gather.pushed())
    }

    pub(crate) fn check_poison(&self) -> Result<(), AppendError> {
        match &self.poison {
            Some(reason) => Err(AppendError::Poisoned {
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn poisoned_by(&mut self, doing: &str, source: io::Error) -> AppendError {
        let reason = format!("cannot {doing}: {source}");
        self.poison = Some(reason.clone());
        AppendError::Poisoned { reason }
    }

    pub(crate) fn index_mut<T>(&self, change: impl FnOnce(&mut crate::index::Index) -> T) -> T {
        change(
            &mut self
                .index
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}
