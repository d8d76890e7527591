//! Encoding and decoding of frames; the layout is in the crate's documentation. Pure.

use bytes::Bytes;

/// Version of the format.
pub(crate) const VERSION: u8 = 1;
/// Every frame begins at a multiple of this.
pub(crate) const ALIGN: usize = 8;
/// Length of a mark.
pub(crate) const MARK_LEN: usize = 32;
/// Length of a batch header.
pub(crate) const BATCH_LEN: usize = 64;
/// Length of a record header.
pub(crate) const RECORD_LEN: usize = 96;

const MARK_MAGIC: [u8; 4] = *b"PLJS";
const BATCH_MAGIC: [u8; 4] = *b"PLJB";
const RECORD_MAGIC: [u8; 4] = *b"PLJR";
/// Where the crc stands in every frame.
pub(crate) const CRC: std::ops::Range<usize> = 8..12;

/// First 16 bytes of a SHA-256 over stream and id.
pub type KeyHash = [u8; 16];

/// The key hash of a message.
pub fn key_hash(stream: &str, id: &str) -> KeyHash {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    // The length in front keeps ("ab", "c") and ("a", "bc") apart.
    context.update(&(stream.len() as u64).to_le_bytes()[..2]);
    context.update(stream.as_bytes());
    context.update(id.as_bytes());
    let mut hash = KeyHash::default();
    hash.copy_from_slice(&context.finish().as_ref()[..16]);
    hash
}

/// SHA-256 of a body.
pub fn body_hash(body: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body).as_ref());
    hash
}

/// One message to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What kind of record this is; its meaning is the caller's.
    pub kind: u8,
    /// The stream it belongs to (an integration), up to 65535 bytes.
    pub stream: String,
    /// Its id in the stream, up to 65535 bytes.
    pub id: String,
    /// When it was accepted, microseconds since the epoch.
    pub time: i64,
    /// [`key_hash`] of stream and id, computed by the caller so that it happens on many threads.
    pub key: KeyHash,
    /// [`body_hash`] of the body, likewise.
    pub body_hash: [u8; 32],
    /// The message.
    pub body: Bytes,
}

impl Entry {
    /// Bytes it takes in a batch.
    pub fn encoded_len(&self) -> usize {
        (RECORD_LEN + self.stream.len() + self.id.len() + self.body.len()).next_multiple_of(ALIGN)
    }
}

/// A decoded record that borrows from the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Its place in the log.
    pub sequence: u64,
    /// Who wrote it.
    pub generation: u64,
    /// When it was accepted, microseconds since the epoch.
    pub time: i64,
    /// What kind of record it is.
    pub kind: u8,
    /// Hash of stream and id.
    pub key: KeyHash,
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
    /// Its stream.
    pub stream: &'a str,
    /// Its id in the stream.
    pub id: &'a str,
    /// The message.
    pub body: &'a [u8],
}

/// A decoded record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log.
    pub sequence: u64,
    /// Who wrote it.
    pub generation: u64,
    /// The message.
    pub entry: Entry,
}

impl RecordView<'_> {
    /// A copy that owns its bytes.
    pub fn to_record(self) -> Record {
        Record {
            sequence: self.sequence,
            generation: self.generation,
            entry: Entry {
                kind: self.kind,
                stream: self.stream.to_owned(),
                id: self.id.to_owned(),
                time: self.time,
                key: self.key,
                body_hash: self.body_hash,
                body: Bytes::copy_from_slice(self.body),
            },
        }
    }
}

/// What the header of a batch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(crate) records_len: u32,
    pub(crate) generation: u64,
    pub(crate) first: u64,
    pub(crate) count: u32,
    pub(crate) previous: u32,
    pub(crate) records_crc: u32,
    pub(crate) chain: u32,
}

impl BatchHeader {
    pub(crate) const fn len(&self) -> usize {
        BATCH_LEN + self.records_len as usize
    }

    pub(crate) const fn last(&self) -> u64 {
        self.first + self.count as u64 - 1
    }
}

/// A batch whose bytes were checked completely.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) header: BatchHeader,
    pub(crate) bytes: Bytes,
}

/// Bytes that are not a row of intact batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes at offset {offset} are not an intact batch")]
pub struct Malformed {
    /// Where.
    pub offset: usize,
}

impl Batch {
    /// Encodes entries as the batch that follows `previous`.
    ///
    /// The caller has checked that the lengths fit their fields.
    pub(crate) fn encode(entries: &[Entry], generation: u64, first: u64, previous: u32) -> Self {
        let length = BATCH_LEN + entries.iter().map(Entry::encoded_len).sum::<usize>();
        let mut bytes = vec![0; BATCH_LEN];
        bytes.reserve_exact(length - BATCH_LEN);
        let mut records_crc = 0;
        for (sequence, entry) in (first..).zip(entries) {
            let crc = encode_record(&mut bytes, entry, generation, sequence);
            records_crc = crc32c::crc32c_append(records_crc, &crc.to_le_bytes());
        }
        let time = entries.first().map_or(0, |entry| entry.time);
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let records_len = u32::try_from(length - BATCH_LEN).unwrap_or(u32::MAX);
        let head = &mut bytes[..BATCH_LEN];
        head[..4].copy_from_slice(&BATCH_MAGIC);
        head[4] = VERSION;
        head[12..16].copy_from_slice(&records_len.to_le_bytes());
        head[16..24].copy_from_slice(&generation.to_le_bytes());
        head[24..32].copy_from_slice(&first.to_le_bytes());
        head[32..40].copy_from_slice(&time.to_le_bytes());
        head[40..44].copy_from_slice(&count.to_le_bytes());
        head[44..48].copy_from_slice(&previous.to_le_bytes());
        head[48..52].copy_from_slice(&records_crc.to_le_bytes());
        let chain = seal(head);
        let header = BatchHeader {
            records_len,
            generation,
            first,
            count,
            previous,
            records_crc,
            chain,
        };
        Self {
            header,
            bytes: bytes.into(),
        }
    }

    /// A batch of one record outside any log, for sending what is left of a damaged batch.
    pub fn of_one(record: &Record) -> Self {
        Self::encode(
            std::slice::from_ref(&record.entry),
            record.generation,
            record.sequence,
            0,
        )
    }

    /// Checks and splits bytes that hold whole batches one after the other.
    ///
    /// # Errors
    /// [`Malformed`] at the first byte that does not belong to an intact batch.
    pub fn parse_all(mut bytes: Bytes) -> Result<Vec<Self>, Malformed> {
        let (mut batches, mut offset) = (Vec::new(), 0);
        while !bytes.is_empty() {
            let header = decode_batch(&bytes).ok_or(Malformed { offset })?;
            offset += header.len();
            let bytes = bytes.split_to(header.len());
            batches.push(Self { header, bytes });
        }
        Ok(batches)
    }

    /// Sequence number of its first record.
    pub const fn first(&self) -> u64 {
        self.header.first
    }

    /// Sequence number of its last record.
    pub const fn last(&self) -> u64 {
        self.header.last()
    }

    /// Who wrote it.
    pub const fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Its chain, and of everything before it.
    pub const fn chain(&self) -> u32 {
        self.header.chain
    }

    /// The exact bytes, for the other region.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its records in order.
    pub fn records(&self) -> impl Iterator<Item = RecordView<'_>> {
        records_in(&self.bytes[BATCH_LEN..])
    }
}

/// Every record that decodes in bytes which may be damaged, in order.
pub(crate) fn records_in(mut bytes: &[u8]) -> impl Iterator<Item = RecordView<'_>> {
    std::iter::from_fn(move || {
        while bytes.len() >= RECORD_LEN {
            if let Some((view, length)) = decode_record(bytes) {
                bytes = &bytes[length..];
                return Some(view);
            }
            bytes = &bytes[ALIGN..];
        }
        None
    })
}

/// The header at the start of `bytes`, whether or not the records behind it are intact.
pub(crate) fn decode_batch_header(bytes: &[u8]) -> Option<BatchHeader> {
    let head = bytes.get(..BATCH_LEN)?;
    if head[..4] != BATCH_MAGIC || head[4] != VERSION {
        return None;
    }
    let chain = check(head, BATCH_LEN)?;
    let header = BatchHeader {
        records_len: u32_at(head, 12),
        generation: u64_at(head, 16),
        first: u64_at(head, 24),
        count: u32_at(head, 40),
        previous: u32_at(head, 44),
        records_crc: u32_at(head, 48),
        chain,
    };
    let last = header.first.checked_add(u64::from(header.count));
    (header.count > 0 && header.first > 0 && last.is_some()).then_some(header)
}

/// The batch at the start of `bytes`, if it is intact from its first to its last byte.
pub(crate) fn decode_batch(bytes: &[u8]) -> Option<BatchHeader> {
    let header = decode_batch_header(bytes)?;
    let mut rest = bytes.get(BATCH_LEN..header.len())?;
    let (mut sequence, mut records_crc) = (header.first, 0);
    while !rest.is_empty() {
        let (view, length) = decode_record(rest)?;
        if view.sequence != sequence || view.generation != header.generation {
            return None;
        }
        records_crc = crc32c::crc32c_append(records_crc, &rest[CRC]);
        sequence += 1;
        rest = &rest[length..];
    }
    (sequence == header.last() + 1 && records_crc == header.records_crc).then_some(header)
}

/// The records of a batch that was checked a moment ago, in order.
pub(crate) fn intact_records(mut bytes: &[u8]) -> impl Iterator<Item = RecordView<'_>> {
    std::iter::from_fn(move || {
        let (view, length) = view_record(bytes)?;
        bytes = &bytes[length..];
        Some(view)
    })
}

/// The record at the start of `bytes` and the bytes it takes.
pub(crate) fn decode_record(bytes: &[u8]) -> Option<(RecordView<'_>, usize)> {
    let head = bytes.get(..RECORD_LEN)?;
    if head[..4] != RECORD_MAGIC || head[4] != VERSION {
        return None;
    }
    let end = RECORD_LEN.checked_add(u32_at(head, 12) as usize)?;
    let length = end.checked_next_multiple_of(ALIGN)?;
    check(bytes.get(..length)?, length)?;
    view_record(bytes)
}

/// Where in its record a body lies.
pub(crate) const fn body_in(view: &RecordView<'_>) -> std::ops::Range<usize> {
    let start = RECORD_LEN + view.stream.len() + view.id.len();
    start..start + view.body.len()
}

/// The same without looking at its checksum.
fn view_record(bytes: &[u8]) -> Option<(RecordView<'_>, usize)> {
    let head = bytes.get(..RECORD_LEN)?;
    let end = RECORD_LEN.checked_add(u32_at(head, 12) as usize)?;
    let length = end.checked_next_multiple_of(ALIGN)?;
    let bytes = bytes.get(..length)?;
    let id_at = RECORD_LEN + usize::from(u16_at(head, 88));
    let body_at = id_at + usize::from(u16_at(head, 90));
    let text = |range| std::str::from_utf8(bytes.get(range)?).ok();
    let view = RecordView {
        sequence: u64_at(head, 24),
        generation: u64_at(head, 16),
        time: i64::from_le_bytes(array_at(head, 32)),
        kind: head[5],
        key: array_at(head, 40),
        body_hash: array_at(head, 56),
        stream: text(RECORD_LEN..id_at)?,
        id: text(id_at..body_at)?,
        body: bytes.get(body_at..end)?,
    };
    Some((view, length))
}

fn encode_record(bytes: &mut Vec<u8>, entry: &Entry, generation: u64, sequence: u64) -> u32 {
    let start = bytes.len();
    let contents = entry.stream.len() + entry.id.len() + entry.body.len();
    bytes.extend_from_slice(&RECORD_MAGIC);
    bytes.extend_from_slice(&[VERSION, entry.kind, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&u32::try_from(contents).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&entry.time.to_le_bytes());
    bytes.extend_from_slice(&entry.key);
    bytes.extend_from_slice(&entry.body_hash);
    for text in [&entry.stream, &entry.id] {
        bytes.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(entry.stream.as_bytes());
    bytes.extend_from_slice(entry.id.as_bytes());
    bytes.extend_from_slice(&entry.body);
    bytes.resize(start + entry.encoded_len(), 0);
    seal(&mut bytes[start..])
}

/// A mark that says that everything up to `sequence` was synced before it was written.
pub(crate) fn encode_mark(sequence: u64, chain: u32) -> [u8; MARK_LEN] {
    let mut mark = [0; MARK_LEN];
    mark[..4].copy_from_slice(&MARK_MAGIC);
    mark[4] = VERSION;
    mark[16..24].copy_from_slice(&sequence.to_le_bytes());
    mark[24..28].copy_from_slice(&chain.to_le_bytes());
    // Not zero, so that the end of the data can be seen even right behind the first mark.
    mark[28..32].copy_from_slice(&MARK_MAGIC);
    seal(&mut mark);
    mark
}

/// The sequence number and the chain that the mark at the start of `bytes` vouches for.
pub(crate) fn decode_mark(bytes: &[u8]) -> Option<(u64, u32)> {
    let mark = bytes.get(..MARK_LEN)?;
    if mark[..4] != MARK_MAGIC || mark[4] != VERSION {
        return None;
    }
    check(mark, MARK_LEN)?;
    Some((u64_at(mark, 16), u32_at(mark, 24)))
}

/// Writes the crc over everything but the crc field itself, and returns it.
pub(crate) fn seal(frame: &mut [u8]) -> u32 {
    let crc = crc_of(frame);
    frame[CRC].copy_from_slice(&crc.to_le_bytes());
    crc
}

/// The crc of the frame in the first `length` bytes, if it is right.
pub(crate) fn check(frame: &[u8], length: usize) -> Option<u32> {
    let frame = frame.get(..length)?;
    let crc = crc_of(frame);
    (crc == u32_at(frame, CRC.start)).then_some(crc)
}

fn crc_of(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..CRC.start]), &frame[CRC.end..])
}

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, body: &'static [u8]) -> Entry {
        Entry {
            kind: 1,
            stream: "acme-edi".to_owned(),
            id: id.to_owned(),
            time: 17,
            key: key_hash("acme-edi", id),
            body_hash: body_hash(body),
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn a_batch_reads_as_it_was_written() {
        let entries = [entry("a", b"one"), entry("bb", b""), entry("ccc", b"three three")];
        let batch = Batch::encode(&entries, 3, 8, 77);
        let parsed = Batch::parse_all(batch.bytes().clone()).unwrap();
        assert_eq!(parsed.len(), 1);
        assert_eq!(parsed[0].header, batch.header);
        let read: Vec<_> = parsed[0].records().map(RecordView::to_record).collect();
        let expected: Vec<_> = (8..)
            .zip(entries)
            .map(|(sequence, entry)| Record {
                sequence,
                generation: 3,
                entry,
            })
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let batch = Batch::encode(&[entry("a", b"one"), entry("b", b"two")], 1, 1, 0);
        for bit in 0..batch.bytes().len() * 8 {
            let mut bytes = batch.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_batch(&bytes).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn zeros_are_nothing() {
        let zeros = [0; 4096];
        assert!(decode_batch_header(&zeros).is_none());
        assert!(decode_record(&zeros).is_none());
        assert!(decode_mark(&zeros).is_none());
    }

    #[test]
    fn stream_and_id_are_kept_apart_in_the_key() {
        assert_ne!(key_hash("ab", "c"), key_hash("a", "bc"));
    }
}
