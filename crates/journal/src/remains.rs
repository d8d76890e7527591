//! Reading what outlived the segments that were trimmed: stubs, and records that were parked.

use std::{
    collections::BTreeMap,
    io,
    ops::{Range, RangeInclusive},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    Batch, Disk, DiskFile, Facts, Held, ReadError, Record,
    floor::{Floor, Part, PartKind},
    frame,
    sidecar::Sidecar,
};

/// Where a parked record lies: in which file, and its frame in it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Place {
    /// The record, if it is still what was written.
    pub(crate) fn record(&self, sequence: u64) -> Result<Record, ReadError> {
        let mut bytes = vec![0; usize::try_from(self.length).unwrap_or(usize::MAX)];
        let read = self.file.read_at(&mut bytes, self.offset);
        read.map_err(|source| ReadError::Read {
            segment: 0,
            offset: self.offset,
            source,
        })?;
        let record = frame::decode_batch(&bytes)
            .and_then(|_| frame::records_in(&bytes[frame::BATCH_LEN..]).next())
            .filter(|view| view.sequence == sequence);
        record
            .map(frame::RecordView::to_record)
            .ok_or(ReadError::Damaged(sequence))
    }
}

/// What was read of the parts of a floor.
#[derive(Default)]
pub(crate) struct Remains {
    /// Records that can be read, by sequence number.
    pub(crate) parked: BTreeMap<u64, Place>,
    /// Stretches whose keys are gone: what comes again of them is taken for new.
    pub(crate) keys_lost: Vec<RangeInclusive<u64>>,
    /// Parked records that are gone, and cannot be named.
    pub(crate) parked_lost: u64,
}

/// Reads the parts, and shows every record of which anything is known, in order.
pub(crate) fn read(
    disk: &dyn Disk,
    directory: &Path,
    floor: &Floor,
    each: &mut impl FnMut(&Facts<'_>),
) -> io::Result<Remains> {
    let mut remains = Remains::default();
    // Without their bodies.
    let mut parked: BTreeMap<u64, Record> = BTreeMap::new();
    for part in floor.parts.iter().filter(|part| part.kind == PartKind::Parked) {
        let before = remains.parked.len() as u64;
        read_parked(disk, directory, part, &mut remains.parked, |mut record| {
            record.entry.body = Bytes::new();
            parked.insert(record.sequence, record);
        })?;
        remains.parked_lost += (before + part.records).saturating_sub(remains.parked.len() as u64);
    }
    let mut next = 0;
    for part in floor.parts.iter().filter(|part| part.kind == PartKind::Stub) {
        let Some(stub) = part.read(disk, directory)?.and_then(Sidecar::decode_stub) else {
            remains.keys_lost.push(part.first..=part.last);
            continue;
        };
        for facts in stub.facts() {
            // Parked records may be all that is left of what lies before.
            show_parked(&parked, next..facts.sequence, each);
            let held = if parked.contains_key(&facts.sequence) {
                Held::Parked
            } else {
                Held::Nowhere
            };
            each(&Facts { held, ..facts });
            next = facts.sequence + 1;
        }
    }
    show_parked(&parked, next..u64::MAX, each);
    Ok(remains)
}

fn show_parked(parked: &BTreeMap<u64, Record>, range: Range<u64>, each: &mut impl FnMut(&Facts<'_>)) {
    if range.is_empty() {
        return;
    }
    for record in parked.range(range).map(|(_, record)| record) {
        let facts = record.entry.facts(record.sequence, record.generation);
        each(&Facts {
            held: Held::Parked,
            ..facts
        });
    }
}

/// Finds the records of one file, also when a part of it rotted.
fn read_parked(
    disk: &dyn Disk,
    directory: &Path,
    part: &Part,
    places: &mut BTreeMap<u64, Place>,
    mut each: impl FnMut(Record),
) -> io::Result<()> {
    let file = match disk.open(&part.path(directory)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX)];
    file.read_at(&mut bytes, 0)?;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= frame::ALIGN) {
        let Some(header) = frame::decode_batch(rest) else {
            at += frame::ALIGN;
            continue;
        };
        for view in frame::records_in(&rest[frame::BATCH_LEN..header.len()]) {
            let place = Place {
                file: Arc::clone(&file),
                offset: at as u64,
                length: header.len() as u64,
            };
            places.insert(view.sequence, place);
            each(view.to_record());
        }
        at += header.len();
    }
    Ok(())
}

/// What a file of parked records holds, if it is nothing else.
pub(crate) fn parked_in(bytes: &Bytes) -> Option<Vec<(u64, u64, u64)>> {
    let batches = Batch::parse_all(bytes.clone()).ok()?;
    let mut offset = 0;
    let mut found = Vec::with_capacity(batches.len());
    for batch in &batches {
        let length = batch.bytes().len() as u64;
        (batch.first() == batch.last()).then_some(())?;
        found.push((batch.first(), offset, length));
        offset += length;
    }
    found.is_sorted_by(|one, two| one.0 < two.0).then_some(found)
}
