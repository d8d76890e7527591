//! From the ledger's queue to a desk: as many as it can use, each with the key that orders it.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

use journal::Record;
use lanes::{Class, Key};

use super::desk::Desk;
use crate::{gateway::Gateway, lock};

/// Messages in hand that could be delivered; what else waits is a number in the ledger.
const IN_HAND_MAX: usize = 512;
/// Messages read from the journal at once, for their keys.
const READ_MAX: usize = 64;

/// Fills the desk from the ledger's queue. Says whether there may be more that it has room for.
pub fn fill(gateway: &Gateway, desk: &Desk, attempts: &mut HashMap<u64, u32>) -> bool {
    if let Some(more) = desk.fill_scans(gateway, attempts) {
        return more;
    }
    let ordering = gateway.integrations[desk.lane].settings.lane.ordering.as_deref();
    let room = IN_HAND_MAX.saturating_sub(desk.deliverable());
    // What is delivered again is taken whole where order counts: a live one must not come before it.
    let (again_max, room) = if ordering.is_some() {
        (READ_MAX, room.min(READ_MAX))
    } else {
        (room, room)
    };
    let (again, live) = lock(&gateway.ledger).lanes[desk.lane].take(again_max, room, ordering.is_some());
    let more = !again.is_empty() || (!live.is_empty() && live.len() == room);
    for (class, sequences) in [(Class::Replay, again), (Class::Live, live)] {
        let keys = keys(gateway, ordering, &sequences);
        for (sequence, key) in sequences.into_iter().zip(keys) {
            desk.add(sequence, key, class, attempts.remove(&sequence).unwrap_or(0));
        }
    }
    more
}

/// What orders each of these messages. One that cannot be read has a line of its own, and its delivery says why.
fn keys(gateway: &Gateway, ordering: Option<&str>, sequences: &[u64]) -> Vec<Key> {
    let key = |sequence: &u64| {
        let Some(pointer) = ordering else {
            return *sequence;
        };
        let read = gateway.reader.read(*sequence, 1).ok();
        let record = read.and_then(|records| records.into_iter().find(|one| one.sequence == *sequence));
        record
            .and_then(|record| key_of(&record, pointer))
            .unwrap_or(*sequence)
    };
    sequences.iter().map(key).collect()
}

/// Two values with the same hash share a line, which costs time and nothing else.
fn key_of(record: &Record, pointer: &str) -> Option<Key> {
    let body: serde_json::Value = serde_json::from_slice(&record.entry.body).ok()?;
    let value = body.pointer(pointer).filter(|value| !value.is_null())?;
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    // Lines of single messages have small numbers.
    Some(hasher.finish() | 1 << 63)
}
