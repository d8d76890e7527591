//! Where two logs part, and what becomes of the part that the leader lacks, as the gateway does it.

use std::collections::BTreeSet;

use plimsoll_journal::{AppendError, Batch, ForkSearch, Journal, ReadError, Reader};

use super::life::Verdict;

/// Offers every readable message from `next` on; the leader stores those whose key it does not know. `None`: it could
/// not store all of them.
pub fn offer(reader: &Reader, leader: &mut Journal, mut next: u64, generation: u64) -> Verdict<Option<u64>> {
    let read = leader
        .reader()
        .read(1, usize::MAX)
        .map_err(|error| format!("read: {error:?}"))?;
    let mut known: BTreeSet<String> = read.into_iter().map(|record| record.entry.id).collect();
    leader
        .remains(|facts| {
            known.insert(facts.time.to_string());
        })
        .map_err(|error| format!("remains: {error:?}"))?;
    let mut offered = 0;
    loop {
        let batches = match reader.batches(next, 2000) {
            // What was parked may be in no other log.
            Err(ReadError::Trimmed { up_to, .. }) => {
                let records = reader
                    .read(next, usize::MAX)
                    .map_err(|error| format!("read: {error:?}"))?;
                let parked = records.iter().filter(|record| record.sequence <= up_to);
                match parked.map(Batch::of_one).collect::<Vec<_>>() {
                    parked if parked.is_empty() => {
                        next = up_to + 1;
                        continue;
                    }
                    parked => parked,
                }
            }
            Err(ReadError::Damaged(_) | ReadError::NotABoundary(_)) => {
                let records = reader.read(next, 3).map_err(|error| format!("read: {error:?}"))?;
                records.iter().map(Batch::of_one).collect()
            }
            batches => batches.map_err(|error| format!("read the suffix: {error:?}"))?,
        };
        let Some(last) = batches.last().map(Batch::last) else {
            return Ok(Some(offered));
        };
        next = last + 1;
        for record in batches.iter().flat_map(Batch::records) {
            if !known.insert(record.id.to_owned()) {
                continue;
            }
            offered += 1;
            match leader.append(&[record.to_record().entry], generation) {
                Ok(_) => {}
                Err(AppendError::Poisoned { .. } | AppendError::NoSegment { .. }) => return Ok(None),
                Err(other) => return Err(format!("the leader refused an offer: {other:?}")),
            }
        }
    }
}

/// The last sequence number up to which both hold the same, found as the gateway does. `None`: what the leader has
/// trimmed cannot be compared, and the follower does not reach its floor.
pub fn fork(follower: &Reader, leader: &Reader, end: u64) -> Option<u64> {
    let mut search = ForkSearch::new(follower.clone(), end);
    while let Some(probes) = search.asks() {
        let answer = leader.compare(probes);
        search.answered(&answer);
    }
    search.found().common
}
