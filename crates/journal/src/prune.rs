//! Preparing what is to be trimmed, beside the writer: reading the oldest segment, and writing down what is left of it.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;

use crate::{
    Batch, Disk, Options, Position, ReadError, Reader,
    floor::{Part, PartKind},
    remains::{self, Place},
    sidecar::{Collector, Sidecar},
    trim::TrimError,
};

/// A segment that is no longer written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub ordinal: u64,
    /// First sequence number in it.
    pub first: u64,
    /// Last sequence number in it.
    pub last: u64,
}

/// A file of parked records, and where each lies in it.
type Parked = (Part, Vec<(u64, Place)>);

/// What is left of one segment, on disk already.
pub struct Trim {
    pub(crate) ordinal: u64,
    pub(crate) end: Position,
    pub(crate) parts: Vec<Part>,
    pub(crate) parked: Vec<(u64, Place)>,
}

/// What replaces a file of parked records, on disk already.
pub struct Shed {
    pub(crate) instead_of: Part,
    pub(crate) gone: Vec<u64>,
    pub(crate) part: Option<Part>,
    pub(crate) parked: Vec<(u64, Place)>,
}

/// Prepares what the writer commits; reads beside it. Cheap to clone.
#[derive(Clone)]
pub struct Pruner {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    pub(crate) reader: Reader,
}

impl Pruner {
    /// Segments that are no longer written and hold records, oldest first.
    pub fn sealed(&self) -> Vec<Sealed> {
        let index = self.reader.index();
        let open = index.segments.last_key_value().map_or(0, |(ordinal, _)| *ordinal);
        let mut sealed: Vec<Sealed> = Vec::new();
        for extent in index.extents.iter().filter(|extent| extent.segment < open) {
            match sealed.last_mut().filter(|one| one.ordinal == extent.segment) {
                Some(one) => one.last = extent.last,
                None => sealed.push(Sealed {
                    ordinal: extent.segment,
                    first: extent.first,
                    last: extent.last,
                }),
            }
        }
        sealed
    }

    /// Writes down what is left of the oldest segment: its keys, and the records that are to be kept.
    ///
    /// # Errors
    /// [`TrimError`]; nothing has changed then.
    pub fn prepare(&self, ordinal: u64, keep: impl Fn(u64) -> bool) -> Result<Trim, TrimError> {
        let (extents, file, floor) = {
            let index = self.reader.index();
            let mut segments = index.segments.keys();
            let oldest = segments.next() == Some(&ordinal) && segments.next().is_some();
            let file = index.segments.get(&ordinal).filter(|_| oldest);
            let file = file.ok_or(TrimError::NotOldest(ordinal))?;
            let inside = index.extents.partition_point(|extent| extent.segment <= ordinal);
            (index.extents[..inside].to_vec(), Arc::clone(file), index.floor)
        };
        let mut end = floor;
        for extent in &extents {
            let chain = extent.chain.filter(|_| extent.first == end.sequence + 1);
            end = Position {
                sequence: extent.last,
                chain: chain.ok_or(TrimError::Damaged(end.sequence + 1))?,
                generation: extent.generation,
            };
        }
        let mut trim = Trim {
            ordinal,
            end,
            parts: Vec::new(),
            parked: Vec::new(),
        };
        let (Some(first), Some(last)) = (extents.first(), extents.last()) else {
            return Ok(trim);
        };
        let sidecar = Sidecar::read(&*self.disk, &self.directory, ordinal, &*file)
            .filter(|sidecar| sidecar.extents == extents)
            .map(Sidecar::into_bytes);
        let stub = match sidecar {
            Some(bytes) => bytes,
            None => self.collect(ordinal, first.first, last.last)?,
        };
        trim.parts.push(self.write(
            PartKind::Stub,
            first.first,
            last.last,
            last.last + 1 - first.first,
            &stub,
        )?);
        let mut kept = Vec::new();
        for extent in &extents {
            if (extent.first..=extent.last).any(&keep) {
                let batches = self.reader.batches(extent.first, 0)?;
                let records = batches
                    .iter()
                    .flat_map(Batch::records)
                    .filter(|view| keep(view.sequence));
                kept.extend(records.map(|view| Batch::of_one(&view.to_record())));
            }
        }
        if let Some((part, places)) = self.park(&kept)? {
            trim.parts.push(part);
            trim.parked = places;
        }
        Ok(trim)
    }

    /// Writes a file of parked records anew without those that are no longer needed. `None`: all of them are.
    ///
    /// # Errors
    /// [`TrimError`]; nothing has changed then.
    pub fn prepare_shed(&self, part: &Part, keep: impl Fn(u64) -> bool) -> Result<Option<Shed>, TrimError> {
        let places: Vec<(u64, Place)> = {
            let index = self.reader.index();
            let inside = index.parked.range(part.first..=part.last);
            inside
                .map(|(sequence, place)| (*sequence, place.clone()))
                .collect()
        };
        if places.len() as u64 != part.records {
            return Err(TrimError::Damaged(part.first));
        }
        let mut kept = Vec::new();
        for (sequence, place) in places.iter().filter(|(sequence, _)| keep(*sequence)) {
            kept.push(Batch::of_one(&place.record(*sequence)?));
        }
        if kept.len() == places.len() {
            return Ok(None);
        }
        let (written, parked) = self.park(&kept)?.unzip();
        let gone = places.iter().map(|(sequence, _)| *sequence);
        Ok(Some(Shed {
            instead_of: *part,
            gone: gone.filter(|sequence| !keep(*sequence)).collect(),
            part: written,
            parked: parked.unwrap_or_default(),
        }))
    }

    /// Files that outlived their segments, in order.
    pub fn parts(&self) -> Vec<Part> {
        self.reader.parts()
    }

    /// The bytes of a part, for the other region.
    ///
    /// # Errors
    /// When there is no such part, or it is damaged.
    pub fn part(&self, part: &Part) -> Result<Vec<u8>, TrimError> {
        if !self.parts().contains(part) {
            return Err(TrimError::NoSuchPart);
        }
        let read = part.read(&*self.disk, &self.directory);
        let failed = |source| ReadError::Read {
            segment: 0,
            offset: 0,
            source,
        };
        read.map_err(failed)?.ok_or(TrimError::Damaged(part.first))
    }

    /// Checks the bytes of a part of the other region, and puts them on disk. It counts after [`Journal::rebase`].
    ///
    /// # Errors
    /// When they are not that part, or cannot be written.
    pub fn import(&self, part: &Part, bytes: Vec<u8>) -> Result<(), TrimError> {
        if bytes.len() as u64 != part.bytes || crc32c::crc32c(&bytes) != part.crc {
            return Err(TrimError::NotAPart);
        }
        let held = match part.kind {
            PartKind::Stub => Sidecar::decode_stub(bytes.clone()).and_then(|stub| {
                Some((
                    stub.extents.first()?.first,
                    stub.extents.last()?.last,
                    stub.facts().count(),
                ))
            }),
            PartKind::Parked => remains::parked_in(&Bytes::copy_from_slice(&bytes))
                .and_then(|found| Some((found.first()?.0, found.last()?.0, found.len()))),
        };
        if held
            != Some((
                part.first,
                part.last,
                usize::try_from(part.records).unwrap_or(usize::MAX),
            ))
        {
            return Err(TrimError::NotAPart);
        }
        self.write(part.kind, part.first, part.last, part.records, &bytes)
            .map(drop)
    }

    /// The keys of a segment whose sidecar is lacking.
    fn collect(&self, ordinal: u64, first: u64, last: u64) -> Result<Vec<u8>, TrimError> {
        let (mut collected, mut next) = (Collector::default(), first);
        while next <= last {
            let batches = self.reader.batches(next, 1 << 20)?;
            if batches.is_empty() {
                return Err(TrimError::Damaged(next));
            }
            for batch in batches.iter().take_while(|batch| batch.last() <= last) {
                // Where it lay no longer matters.
                collected.add(&batch.header, 0, batch.bytes());
                next = batch.last() + 1;
            }
        }
        collected
            .encode(ordinal, self.options.segment_bytes)
            .ok_or(TrimError::Damaged(first))
    }

    fn park(&self, kept: &[Batch]) -> Result<Option<Parked>, TrimError> {
        let (Some(first), Some(last)) = (kept.first(), kept.last()) else {
            return Ok(None);
        };
        let bytes: Vec<u8> = kept.iter().flat_map(|one| one.bytes().iter().copied()).collect();
        let part = self.write(
            PartKind::Parked,
            first.first(),
            last.last(),
            kept.len() as u64,
            &bytes,
        )?;
        let path = part.path(&self.directory);
        let file = self.disk.open(&path);
        let file = file.map_err(|source| TrimError::Write { path, source })?;
        let mut offset = 0;
        let places = kept.iter().map(|one| {
            let length = one.bytes().len() as u64;
            let place = Place {
                file: Arc::clone(&file),
                offset,
                length,
            };
            offset += length;
            (one.first(), place)
        });
        Ok(Some((part, places.collect())))
    }

    fn write(
        &self,
        kind: PartKind,
        first: u64,
        last: u64,
        records: u64,
        bytes: &[u8],
    ) -> Result<Part, TrimError> {
        let part = Part {
            kind,
            first,
            last,
            records,
            bytes: bytes.len() as u64,
            crc: crc32c::crc32c(bytes),
        };
        let (beside, path) = (self.directory.join("part.tmp"), part.path(&self.directory));
        let written = || {
            let file = self.disk.create(&beside)?;
            file.write_at(bytes, 0)?;
            file.sync_data()?;
            self.disk.rename(&beside, &path)?;
            self.disk.sync_directory(&self.directory)
        };
        match written() {
            Ok(()) => Ok(part),
            Err(source) => {
                // Room is worth more to the log.
                let _ = self.disk.remove(&beside);
                Err(TrimError::Write { path, source })
            }
        }
    }
}
