//! Sidecars: what a start needs to know of a sealed segment, so that it need not read the segment.
//!
//! A sidecar is derived and is never trusted beyond its own checksums and the marks of its segment: length, ordinal,
//! and the header of the last batch, whose chain covers everything before it. It is written without a sync, because
//! losing or tearing it costs one reading of its segment. Whoever changes bytes of a segment in place removes its
//! sidecar first ([`remove`]).
//!
//! ```text
//! sidecar  │ header 96 │ batch 40 │ batch … │ stream │ stream … │ record 44 │ record … │
//! ```
//!
//! | frame | fields (offset: meaning) |
//! | --- | --- |
//! | header | 0 `PLIMFAC1`, 8 crc32c of the header, 12 version, 16 ordinal, 24 length of the segment, 32 first sequence, 40 number of records, 48 chain before the first batch, 52 number of batches, 56 number of streams, 60 bytes of streams, 64 length of everything behind the header, 72 crc32c of that, 76 zeros |
//! | batch | 0 generation, 8 offset, 16 length, 24 number of records, 28 chain, 32 zeros |
//! | stream | 0 length (u16), 2 name |
//! | record | 0 time (µs), 8 key hash, 24 first half of the body's hash, 40 number of its stream, 42 kind, 43 zero |

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    Disk, DiskFile, Facts, Held, RecordView,
    frame::{self, BatchHeader},
    index::Extent,
    segment,
};

const MAGIC: [u8; 8] = *b"PLIMFAC1";
const HEADER_LEN: usize = 96;
const BATCH_LEN: usize = 40;
const RECORD_LEN: usize = 44;

fn path(directory: &Path, ordinal: u64) -> PathBuf {
    directory.join(format!("facts-{ordinal:012}"))
}

/// The ordinal of the segment that a sidecar belongs to, if the name is one of a sidecar.
pub(crate) fn ordinal_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("facts-")?.parse().ok()
}

/// Removes the sidecar of a segment whose bytes are about to change, durably.
pub(crate) fn remove(disk: &dyn Disk, directory: &Path, ordinal: u64) -> io::Result<()> {
    let path = path(directory, ordinal);
    if disk.list(directory)?.contains(&path) {
        disk.remove(&path)?;
        disk.sync_directory(directory)?;
    }
    Ok(())
}

/// Collects what the sidecar of a segment will say, batch by batch.
#[derive(Default)]
pub(crate) struct Collector {
    first: u64,
    count: u64,
    previous: u32,
    batches: Vec<u8>,
    streams: HashMap<String, u16>,
    names: Vec<u8>,
    records: Vec<u8>,
    /// Something could not be said: there will be no sidecar.
    failed: bool,
}

impl Collector {
    /// Adds the next batch of the segment; its bytes are known to be intact.
    pub(crate) fn add(&mut self, header: &BatchHeader, offset: u64, bytes: &[u8]) {
        if self.count == 0 {
            (self.first, self.previous) = (header.first, header.previous);
        }
        self.failed |= header.first != self.first + self.count;
        self.count += u64::from(header.count);
        for number in [header.generation, offset, header.len() as u64] {
            self.batches.extend_from_slice(&number.to_le_bytes());
        }
        for number in [header.count, header.chain, 0, 0] {
            self.batches.extend_from_slice(&number.to_le_bytes());
        }
        let mut count = 0;
        for view in frame::intact_records(&bytes[frame::BATCH_LEN..]) {
            self.record(&view);
            count += 1;
        }
        self.failed |= count != header.count;
    }

    fn record(&mut self, view: &RecordView<'_>) {
        let Some(stream) = self.stream(view.stream) else {
            self.failed = true;
            return;
        };
        self.records.extend_from_slice(&view.time.to_le_bytes());
        self.records.extend_from_slice(&view.key);
        self.records.extend_from_slice(&view.facts().body);
        self.records.extend_from_slice(&stream.to_le_bytes());
        self.records.extend_from_slice(&[view.kind, 0]);
    }

    fn stream(&mut self, name: &str) -> Option<u16> {
        if let Some(number) = self.streams.get(name) {
            return Some(*number);
        }
        let number = u16::try_from(self.streams.len()).ok()?;
        let length = u16::try_from(name.len()).ok()?;
        self.names.extend_from_slice(&length.to_le_bytes());
        self.names.extend_from_slice(name.as_bytes());
        self.streams.insert(name.to_owned(), number);
        Some(number)
    }

    /// The bytes of the sidecar; `None`: it would not be right, or there is nothing to say.
    pub(crate) fn encode(&self, ordinal: u64, segment_bytes: u64) -> Option<Vec<u8>> {
        if self.failed || self.count == 0 {
            return None;
        }
        let body = [&self.batches[..], &self.names, &self.records];
        let body_len = body.iter().map(|part| part.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(HEADER_LEN + body_len);
        bytes.resize(HEADER_LEN, 0);
        body.iter().for_each(|part| bytes.extend_from_slice(part));
        let body_crc = crc32c::crc32c(&bytes[HEADER_LEN..]);
        let head = &mut bytes[..HEADER_LEN];
        head[..8].copy_from_slice(&MAGIC);
        head[12] = frame::VERSION;
        let batches = u32::try_from(self.batches.len() / BATCH_LEN).ok()?;
        let (streams, names) = (self.streams.len() as u32, u32::try_from(self.names.len()).ok()?);
        for (at, number) in [
            (16, ordinal),
            (24, segment_bytes),
            (32, self.first),
            (40, self.count),
            (64, body_len as u64),
        ] {
            head[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        for (at, number) in [
            (48, self.previous),
            (52, batches),
            (56, streams),
            (60, names),
            (72, body_crc),
        ] {
            head[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        frame::seal(head);
        Some(bytes)
    }

    /// Writes the sidecar. Whoever is told that this failed goes on without: it is made at the next start.
    pub(crate) fn write(
        &self,
        disk: &dyn Disk,
        directory: &Path,
        ordinal: u64,
        segment_bytes: u64,
    ) -> io::Result<()> {
        let Some(bytes) = self.encode(ordinal, segment_bytes) else {
            return Ok(());
        };
        let beside = directory.join("facts.tmp");
        let written = disk
            .create(&beside)
            .and_then(|file| file.write_at(&bytes, 0))
            .and_then(|()| disk.rename(&beside, &path(directory, ordinal)));
        if written.is_err() {
            // Room is worth more to the log.
            let _ = disk.remove(&beside);
        }
        written
    }
}

/// A sidecar whose checksums are right.
pub(crate) struct Sidecar {
    bytes: Vec<u8>,
    segment_bytes: u64,
    /// Where its batches lie.
    pub(crate) extents: Vec<Extent>,
    /// Chain before its first batch.
    pub(crate) previous: u32,
    names: Vec<std::ops::Range<usize>>,
    records_at: usize,
}

impl Sidecar {
    /// Reads the sidecar of a segment; `None`: there is none that is whole and belongs to this segment.
    pub(crate) fn read(
        disk: &dyn Disk,
        directory: &Path,
        ordinal: u64,
        segment: &dyn DiskFile,
    ) -> Option<Self> {
        let file = disk.open(&path(directory, ordinal)).ok()?;
        let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
        file.read_at(&mut bytes, 0).ok()?;
        let sidecar = Self::decode(bytes, ordinal)?;
        sidecar.belongs_to(ordinal, segment).then_some(sidecar)
    }

    fn decode(bytes: Vec<u8>, ordinal: u64) -> Option<Self> {
        let sidecar = Self::decode_stub(bytes)?;
        (frame::u64_at(&sidecar.bytes, 16) == ordinal).then_some(sidecar)
    }

    /// The same of a segment that is gone, in whichever region it was.
    pub(crate) fn decode_stub(bytes: Vec<u8>) -> Option<Self> {
        let head = bytes.get(..HEADER_LEN)?;
        if head[..8] != MAGIC || head[12] != frame::VERSION {
            return None;
        }
        let ordinal = frame::u64_at(head, 16);
        frame::check(head, HEADER_LEN)?;
        let body = &bytes[HEADER_LEN..];
        if body.len() as u64 != frame::u64_at(head, 64) || crc32c::crc32c(body) != frame::u32_at(head, 72) {
            return None;
        }
        let (first, count) = (frame::u64_at(head, 32), frame::u64_at(head, 40));
        let (batches, names_len) = (frame::u32_at(head, 52) as usize, frame::u32_at(head, 60) as usize);
        let names_at = HEADER_LEN + batches * BATCH_LEN;
        let records_at = names_at + names_len;
        let records = bytes.len().checked_sub(records_at)?;
        let mut next = first;
        let mut extents = Vec::with_capacity(batches);
        for batch in bytes[HEADER_LEN..names_at].chunks_exact(BATCH_LEN) {
            let inside = u64::from(frame::u32_at(batch, 24));
            extents.push(Extent {
                first: next,
                last: (next + inside).checked_sub(1)?,
                generation: frame::u64_at(batch, 0),
                segment: ordinal,
                offset: frame::u64_at(batch, 8),
                length: frame::u64_at(batch, 16),
                chain: Some(frame::u32_at(batch, 28)),
            });
            next += inside;
        }
        if next != first + count || records as u64 != count.checked_mul(RECORD_LEN as u64)? {
            return None;
        }
        let names = names(&bytes, names_at, records_at)?;
        (names.len() == frame::u32_at(head, 56) as usize).then_some(())?;
        let (segment_bytes, previous) = (frame::u64_at(head, 24), frame::u32_at(head, 48));
        Some(Self {
            bytes,
            segment_bytes,
            extents,
            previous,
            names,
            records_at,
        })
    }

    /// All of it, as it is on disk.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether it was made of this segment: the chain in the last batch's header covers everything before it.
    fn belongs_to(&self, ordinal: u64, segment: &dyn DiskFile) -> bool {
        let Some(last) = self.extents.last() else {
            return false;
        };
        let mut head = [0; segment::HEADER_LEN as usize];
        let mut batch = [0; frame::BATCH_LEN];
        segment.length().is_ok_and(|length| length == self.segment_bytes)
            && segment.read_at(&mut head, 0).is_ok()
            && segment::is_header(&head, ordinal)
            && segment.read_at(&mut batch, last.offset).is_ok()
            && frame::decode_batch_header(&batch)
                .is_some_and(|header| Extent::of(&header, ordinal, last.offset) == *last)
    }

    /// Its records in order.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Facts<'_>> {
        let spans = self
            .extents
            .iter()
            .flat_map(|extent| (extent.first..=extent.last).map(|sequence| (sequence, extent.generation)));
        let records = self.bytes[self.records_at..].chunks_exact(RECORD_LEN);
        spans.zip(records).map(|((sequence, generation), record)| {
            let stream = usize::from(u16::from_le_bytes([record[40], record[41]]));
            let name = self.names.get(stream).map(|range| &self.bytes[range.clone()]);
            Facts {
                sequence,
                generation,
                time: frame::u64_at(record, 0).cast_signed(),
                kind: record[42],
                key: frame::array_at(record, 8),
                body: frame::array_at(record, 24),
                stream: name
                    .and_then(|name| std::str::from_utf8(name).ok())
                    .unwrap_or_default(),
                held: Held::Log,
            }
        })
    }
}

/// Where the names of the streams lie; `None`: they don't fill their place, or are no text.
fn names(bytes: &[u8], mut at: usize, end: usize) -> Option<Vec<std::ops::Range<usize>>> {
    let mut names = Vec::new();
    while at < end {
        let length = usize::from(u16::from_le_bytes(frame::array_at(bytes.get(at..at + 2)?, 0)));
        let range = at + 2..at + 2 + length;
        if range.end > end {
            return None;
        }
        std::str::from_utf8(&bytes[range.clone()]).ok()?;
        at = range.end;
        names.push(range);
    }
    Some(names)
}
