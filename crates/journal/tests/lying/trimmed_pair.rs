//! Trimming in a pair of regions: each in its own time, of what both have; and a region that begins anew.

use plimsoll_journal::{Journal, ReadError, TrimError};

use super::{
    chance::Chance,
    fork::offer,
    life::{Verdict, trace},
};

/// Trims the oldest segment of a region, if all of it is up to `up_to`; some records are parked. Says whether it went.
pub fn trim(journal: &mut Journal, up_to: u64, chance: &mut Chance) -> Verdict<bool> {
    let oldest = journal.pruner().sealed().first().copied();
    let Some(oldest) = oldest.filter(|one| one.last <= up_to) else {
        return Ok(false);
    };
    let parked = chance.below(3);
    let trim = match journal.pruner().prepare(oldest.ordinal, |at| at % 3 == parked) {
        Ok(trim) => trim,
        Err(TrimError::Write { .. } | TrimError::Damaged(_) | TrimError::NotOldest(_)) => return Ok(false),
        Err(TrimError::Read(ReadError::Damaged(at))) => {
            // Its start saw the sidecar only.
            let _ = journal.condemn(at);
            return Ok(false);
        }
        Err(other) => return Err(format!("prepare: {other:?}")),
    };
    trace(|| format!("trim {oldest:?}"));
    match journal.trim(trim) {
        Ok(_) => Ok(true),
        Err(TrimError::Write { .. } | TrimError::Append(_)) => Ok(false),
        Err(other) => Err(format!("trim: {other:?}")),
    }
}

/// The follower's log does not reach the leader's: it is set aside and offered, and begins anew where that one does. Says
/// whether it did.
pub fn begin_anew(leader: &mut Journal, follower: &mut Journal, generation: u64) -> Verdict<bool> {
    let (reader, floor) = (follower.reader(), follower.reader().floor().sequence);
    if !leader.reader().gaps().is_empty() {
        return Ok(false);
    }
    if floor < follower.position().sequence && follower.set_aside_from(floor + 1).is_err() {
        return Ok(false);
    }
    if offer(&reader, leader, 1, generation)?.is_none() {
        return Ok(false);
    }
    let (base, parts) = leader.reader().base();
    for part in &parts {
        let bytes = leader.pruner().part(part);
        let bytes = bytes.map_err(|error| format!("a part cannot be read: {error:?}"))?;
        match follower.pruner().import(part, bytes) {
            Ok(()) => {}
            Err(TrimError::Write { .. }) => return Ok(false),
            Err(other) => return Err(format!("a part was not taken: {other:?}")),
        }
    }
    trace(|| format!("begin anew behind {base:?}"));
    match follower.rebase(base, parts) {
        Ok(()) => Ok(true),
        Err(TrimError::Write { .. } | TrimError::Append(_)) => Ok(false),
        Err(other) => Err(format!("rebase: {other:?}")),
    }
}
