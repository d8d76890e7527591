//! Segments that a start does not read: hurting their sidecars, and reading them afterwards.

use plimsoll_journal::{CondemnError, Journal};

use super::{
    chance::Chance,
    disk::LyingDisk,
    life::{Verdict, trace},
};

/// Reads what opening did not read, and takes note of what is damaged; returns how many batches are.
pub fn scrub(journal: &mut Journal) -> Verdict<u64> {
    let mut count = 0;
    for ordinal in journal.reader().unchecked() {
        let mut from = Some(1);
        while let Some(next) = from {
            let checked = journal.reader().check_segment(ordinal, next, 1000);
            let (damaged, more) = checked.map_err(|error| format!("check {ordinal}: {error:?}"))?;
            for first in damaged {
                match journal.condemn(first) {
                    Ok(noted) => count += u64::from(noted.is_some()),
                    // The disk failed, or the power went.
                    Err(CondemnError::Keep { .. } | CondemnError::Append(_)) => return Ok(count),
                    Err(error) => return Err(format!("condemn: {error:?}")),
                }
            }
            from = more;
        }
    }
    Ok(count)
}

/// Whatever happens to sidecars costs nothing but time. Says whether there was one.
pub fn hurt_sidecar(disk: &LyingDisk, chance: &mut Chance) -> bool {
    let sidecars = disk.named("facts-");
    let Some(path) = sidecars.get(chance.below(sidecars.len() as u64) as usize) else {
        return false;
    };
    let kind = chance.below(5);
    trace(|| format!("hurt {} in way {kind}", path.display()));
    let other = &sidecars[chance.below(sidecars.len() as u64) as usize];
    let others = disk.read(other).unwrap_or_default();
    match kind {
        0 => disk.lose(path),
        1 => disk.damage(path, |bytes| *bytes = others),
        kind => disk.damage(path, |bytes| {
            let at = chance.below(bytes.len() as u64 + 1) as usize;
            match (kind, bytes.get_mut(at)) {
                (2, _) => bytes.truncate(at),
                (3, _) => bytes[at..].fill(0),
                (_, Some(byte)) => *byte ^= 1 << chance.below(8),
                (_, None) => bytes.push(0),
            }
        }),
    }
    true
}

/// One of the two files that say what was trimmed is enough.
pub fn hurt_floor(disk: &LyingDisk, chance: &mut Chance) {
    let mut floors = disk.named("floor");
    floors.retain(|path| path.extension().is_none_or(|end| end != "tmp"));
    let Some(path) = floors.get(chance.below(floors.len() as u64) as usize) else {
        return;
    };
    // As long as both say the same: after a crash one may be a trim behind, or not there yet.
    if floors.len() == 2 && disk.read(&floors[0]) == disk.read(&floors[1]) {
        trace(|| format!("hurt {}", path.display()));
        disk.damage(path, |bytes| bytes[20] ^= 1);
    }
}
