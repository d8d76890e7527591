//! Making the body of one record unreadable, while everything that was proven of the log stays provable.
//!
//! Personal data must be erased when the law says so, and a log that nobody may change must keep its numbers, hashes and
//! chain. Both hold, because what the chain and all checksums cover is the crc32c of each record, and a crc is no secret:
//! for whatever replaces a body there are four bytes that make the crc of its record what it was. So the body becomes a
//! mark, zeros and those four bytes; its SHA-256 stays in the header, for whoever has the document and must prove that it
//! was this one. Nothing else of the log changes, so batches, chain, sidecar, copies and comparisons neither know nor
//! care.
//!
//! A record that was parked is overwritten where it is parked, in the same way: what is noted of the file that it lies in
//! is a crc32c too, which the same four bytes leave as it was.
//!
//! A power cut in the middle leaves a record that is damaged, which the other region's copy mends. So copies are erased
//! one after the other, never at the same time: that is up to the caller.

use std::{io, path::Path};

use crate::{
    Disk, DiskFile, ReadError, Reader,
    frame::{self, BATCH_LEN},
    index::{Extent, load},
    segment,
};

/// What an erased body begins with; no document does.
const MARK: &[u8] = b"\0erased\0";
/// The mark and four bytes for the crc: a body must have room for both.
const LEAST: usize = MARK.len() + 4;
/// The block in which the log ends is written again with the next append, from memory.
const BLOCK: u64 = 4096;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// Its body is gone.
    Now,
    /// It was gone before.
    Before,
    /// It was trimmed and not parked: there is no body any more.
    Trimmed,
}

/// Why a body was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such record, or it is damaged.
    #[error("there is no readable record with sequence {0}")]
    Unknown(u64),
    /// It is shorter than what would replace it.
    #[error("the body of sequence {0} is too short to be erased")]
    TooShort(u64),
    /// It lies where the log is being written; once a page more was appended it can be erased.
    #[error("sequence {0} is among the newest: it can be erased when more was appended")]
    TooNew(u64),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be written; it may be damaged now.
    #[error("cannot overwrite sequence {sequence}")]
    Write {
        /// Which.
        sequence: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Whether a body is what is left of one that was erased.
pub fn is_erased(body: &[u8]) -> bool {
    let Some(end) = body.len().checked_sub(4) else {
        return false;
    };
    body.len() >= LEAST && body.starts_with(MARK) && body[MARK.len()..end].iter().all(|byte| *byte == 0)
}

impl Reader {
    /// Erases the body of a record of the log in `directory`; durable upon return. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`EraseError`].
    pub fn erase(&self, disk: &dyn Disk, directory: &Path, sequence: u64) -> Result<Erased, EraseError> {
        let Some((extent, end)) = self.place(sequence) else {
            return self.erase_parked(sequence);
        };
        let path = segment::path(directory, extent.segment);
        let writing = |source| EraseError::Write { sequence, source };
        let file = disk.open(&path).map_err(writing)?;
        let mut bytes = load(&*file, &extent)?;
        match place_in(&bytes, sequence) {
            Some(record) if extent.offset + record.end as u64 > end => Err(EraseError::TooNew(sequence)),
            _ => erase_in(&*file, &mut bytes, extent.offset, sequence),
        }
    }

    /// Where it is parked. A file of parked records that is written anew at the same moment may have it as it was: that
    /// is why erasures are gone through again.
    fn erase_parked(&self, sequence: u64) -> Result<Erased, EraseError> {
        let place = self.index().parked.get(&sequence).cloned();
        let Some(place) = place else {
            let trimmed = sequence > 0 && sequence <= self.floor().sequence;
            return if trimmed {
                Ok(Erased::Trimmed)
            } else {
                Err(EraseError::Unknown(sequence))
            };
        };
        let mut bytes = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
        place
            .file
            .read_at(&mut bytes, place.offset)
            .map_err(|source| ReadError::Read {
                segment: 0,
                offset: place.offset,
                source,
            })?;
        erase_in(&*place.file, &mut bytes, place.offset, sequence)
    }

    /// Where a record's batch lies, and up to where its segment is no longer written.
    fn place(&self, sequence: u64) -> Option<(Extent, u64)> {
        let index = self.index();
        let extent = *index.extents.get(index.find(sequence))?;
        let last = index.extents.last()?;
        let end = if last.segment == extent.segment {
            (last.offset + last.length) / BLOCK * BLOCK
        } else {
            u64::MAX
        };
        (extent.first <= sequence).then_some((extent, end))
    }
}

/// Erases a record of the batch that lies there in a file.
fn erase_in(file: &dyn DiskFile, bytes: &mut [u8], offset: u64, sequence: u64) -> Result<Erased, EraseError> {
    let unknown = EraseError::Unknown(sequence);
    let Some(record) = place_in(bytes, sequence) else {
        return Err(unknown);
    };
    let Some((view, _)) = frame::decode_record(&bytes[record.clone()]) else {
        return Err(unknown);
    };
    if is_erased(view.body) {
        return Ok(Erased::Before);
    }
    if view.body.len() < LEAST {
        return Err(EraseError::TooShort(sequence));
    }
    let body = frame::body_in(&view);
    overwrite(&mut bytes[record.clone()], body.clone());
    let from = record.start + body.start;
    let to = record.start + body.end;
    file.write_at(&bytes[from..to], offset + from as u64)
        .and_then(|()| file.sync_data())
        .map_err(|source| EraseError::Write { sequence, source })?;
    Ok(Erased::Now)
}

/// Where in the bytes of a batch a record lies.
fn place_in(bytes: &[u8], sequence: u64) -> Option<std::ops::Range<usize>> {
    let mut at = BATCH_LEN;
    while at < bytes.len() {
        let (view, length) = frame::decode_record(&bytes[at..])?;
        if view.sequence == sequence {
            return Some(at..at + length);
        }
        at += length;
    }
    None
}

/// Replaces the body of an intact record so that its crc stays right.
fn overwrite(record: &mut [u8], body: std::ops::Range<usize>) {
    let after = !crc_up_to(record, body.end);
    record[body.clone()].fill(0);
    record[body.start..body.start + MARK.len()].copy_from_slice(MARK);
    let last = body.end - 4;
    let before = !crc_up_to(record, last);
    let forged = before ^ unwind(after);
    record[last..body.end].copy_from_slice(&forged.to_le_bytes());
}

/// The crc of a record's first bytes, its crc field left out as in [`frame`].
fn crc_up_to(record: &[u8], end: usize) -> u32 {
    let crc = frame::CRC;
    crc32c::crc32c_append(crc32c::crc32c(&record[..crc.start]), &record[crc.end..end])
}

/// The state of a crc32c register before four zero bytes went through it.
fn unwind(mut state: u32) -> u32 {
    /// Castagnoli, bits reversed.
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    for _ in 0..32 {
        // The polynomial's highest bit is set: whether it was added shows in that bit.
        state = if state >> 31 == 1 {
            (state ^ POLYNOMIAL) << 1 | 1
        } else {
            state << 1
        };
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwinding_undoes_four_zero_bytes() {
        let mut state: u32 = 0xDEAD_BEEF;
        for _ in 0..1_000 {
            let wound = !crc32c::crc32c_append(!state, &[0; 4]);
            assert_eq!(unwind(wound), state);
            state = state.wrapping_mul(0x9E37_79B1).wrapping_add(1);
        }
    }

    #[test]
    fn only_what_was_erased_looks_like_it() {
        assert!(is_erased(b"\0erased\0\0\0\0\0\x01\x02\x03\x04"));
        for body in [
            &b""[..],
            b"{}",
            b"\0erased\0abc",
            b"\0erased\0\0x\0\0\0\0\0\0",
            b"{\"erased\": true, \"and\": \"more\"}",
        ] {
            assert!(!is_erased(body), "{body:?}");
        }
    }
}
