//! How a medium rots under a log that is at rest.

use plimsoll_journal::Reader;

use super::{chance::Chance, disk::LyingDisk, life::trace};

/// A page of a medium.
const PAGE: usize = 512;

/// Spoils one bit, one page, or the end of one segment with the beginning of the next. Says whether there was anything.
pub fn rot(disk: &LyingDisk, chance: &mut Chance) -> bool {
    let segments = disk.named("seg-");
    let at = chance.below(segments.len() as u64) as usize;
    let Some(path) = segments.get(at) else {
        return false;
    };
    let kind = chance.below(8);
    trace(|| format!("rot of kind {kind} in {}", path.display()));
    match (kind, segments.get(at + 1)) {
        (0, Some(next)) => {
            let (before, behind) = (chance.below(4) as usize + 1, chance.below(4) as usize + 1);
            disk.damage(path, |bytes| {
                let from = bytes.len().saturating_sub(before * PAGE);
                bytes[from..].fill(0);
            });
            disk.damage(next, |bytes| {
                let to = bytes.len().min(behind * PAGE);
                // With or without its header.
                let from = if behind % 2 == 0 { 64.min(to) } else { 0 };
                bytes[from..to].fill(0);
            });
        }
        (1, _) => disk.damage(path, |bytes| {
            let from = chance.below(bytes.len() as u64) as usize / PAGE * PAGE;
            let to = (from + PAGE).min(bytes.len());
            bytes[from..to].fill(0);
        }),
        _ => disk.damage(path, |bytes| {
            let at = chance.below(bytes.len() as u64) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }),
    }
    true
}

/// Whether every batch can be read, also of segments that nobody has read since the start.
pub fn is_whole(reader: &Reader) -> bool {
    let end = reader.position().sequence;
    let mut next = reader.floor().sequence + 1;
    while next <= end {
        match reader.batches(next, usize::MAX) {
            Ok(batches) if !batches.is_empty() => next = batches[batches.len() - 1].last() + 1,
            Ok(_) | Err(_) => return false,
        }
    }
    reader.gaps().is_empty()
}
