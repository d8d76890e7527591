//! How the other region's copy stands, as its answers tell: what goes out next, and what acknowledgements wait for.
//!
//! No network and no clock; the sender ([`super::send`]) has both, and `log::flown` is a model of them.

use journal::{Batch, ReadError, Reader};

use crate::{gateway::now, ledger::Ledger, link::Link, lock, log::Shared};

/// Bytes in one request at most; the receiver allows more.
const REQUEST_BYTES_MAX: usize = 4 << 20;

/// What the other region lacks behind `end`, the oldest first: from memory while it keeps up, otherwise from disk.
pub fn next(shared: &Shared, reader: &Reader, end: u64) -> Result<Vec<Batch>, ReadError> {
    match shared.tail.from(end + 1, REQUEST_BYTES_MAX) {
        Some(batches) => Ok(batches),
        None => reader.batches(end + 1, REQUEST_BYTES_MAX),
    }
}

/// Its copy ends at `end`, which is in this log.
pub fn found(ledger: &mut Ledger, end: u64) {
    if ledger.acks.link == Link::Gone {
        ledger.acks.link = Link::CatchingUp;
        tracing::info!(
            behind = ledger.acks.here.saturating_sub(end),
            "the other region is back"
        );
    }
    ledger.synced_there(end);
}

/// It has synced everything up to `sequence`.
pub fn synced(shared: &Shared, sequence: u64) {
    shared.tail.forget(sequence);
    let mut ledger = lock(&shared.ledger);
    ledger.synced_there(sequence);
    let close = sequence >= ledger.acks.here || shared.tail.from(sequence + 1, 1).is_some();
    match ledger.acks.link {
        // All that is left is in memory and goes out with the next request: from now on wait for it.
        Link::CatchingUp if close => ledger.acks.link = Link::Expected,
        _ => {}
    }
    if ledger.acks.link == Link::Expected && sequence >= ledger.acks.here {
        ledger.acks.link = Link::InSync;
        if ledger.acks.degraded_since.take().is_some() {
            tracing::info!(sequence, "the other region has everything again");
        }
        ledger.complete();
    }
}

/// It does not answer: acknowledgements no longer wait for it.
pub fn gone(ledger: &mut Ledger, why: &str) {
    if !ledger.acks.link.waits() {
        return;
    }
    ledger.acks.link = Link::Gone;
    ledger.acks.degraded_since.get_or_insert_with(now);
    ledger.complete();
    tracing::warn!(why, "degraded: messages are acknowledged on one copy");
}
