//! The last batches in memory, for the other region.

use std::{collections::VecDeque, sync::Mutex};

use journal::Batch;
use tokio::sync::Notify;

use crate::lock;

/// Batches kept in memory for the other region; what it has missed of older ones is read from disk.
const TAIL_BYTES_MAX: usize = 32 << 20;

/// The last batches in memory, also those that are being synced at this moment.
#[derive(Default)]
pub struct Tail {
    held: Mutex<Held>,
    /// Told about new batches.
    pub news: Notify,
}

#[derive(Default)]
struct Held {
    batches: VecDeque<Batch>,
    bytes: usize,
}

impl Held {
    fn pop(&mut self) {
        self.bytes -= self.batches.pop_front().map_or(0, |batch| batch.bytes().len());
    }
}

impl Tail {
    pub(super) fn push(&self, batch: Batch) {
        let mut held = lock(&self.held);
        if held
            .batches
            .back()
            .is_some_and(|last| last.last() + 1 != batch.first())
        {
            // What lies between came from the other region, while that one led.
            *held = Held::default();
        }
        held.bytes += batch.bytes().len();
        held.batches.push_back(batch);
        while held.bytes > TAIL_BYTES_MAX && held.batches.len() > 1 {
            held.pop();
        }
        drop(held);
        self.news.notify_one();
    }

    /// Batches from `first` on, as many as fit; `None` when they are no longer, or not yet, in memory.
    pub fn from(&self, first: u64, bytes_max: usize) -> Option<Vec<Batch>> {
        let held = lock(&self.held);
        let at = held.batches.partition_point(|batch| batch.first() < first);
        held.batches.get(at).filter(|batch| batch.first() == first)?;
        let fitting = held.batches.iter().skip(at).scan(0, |bytes, batch| {
            let before = *bytes;
            *bytes += batch.bytes().len();
            (before == 0 || *bytes <= bytes_max).then(|| batch.clone())
        });
        Some(fitting.collect())
    }

    /// Forgets what the other region has.
    pub fn forget(&self, up_to: u64) {
        let mut held = lock(&self.held);
        while held.batches.front().is_some_and(|batch| batch.last() <= up_to) {
            held.pop();
        }
    }

    /// Forgets everything: what follows does not continue it.
    pub fn clear(&self) {
        *lock(&self.held) = Held::default();
    }
}

#[cfg(test)]
mod tests {
    use journal::{Entry, Record, body_hash, key_hash};

    use super::*;

    fn batch(sequence: u64) -> Batch {
        Batch::of_one(&Record {
            sequence,
            generation: 1,
            entry: Entry {
                kind: 1,
                stream: "acme".to_owned(),
                id: sequence.to_string(),
                time: 0,
                key: key_hash("acme", "1"),
                body_hash: body_hash(b"x"),
                body: b"x"[..].into(),
            },
        })
    }

    fn firsts(tail: &Tail, first: u64) -> Option<Vec<u64>> {
        Some(tail.from(first, 1 << 20)?.iter().map(Batch::first).collect())
    }

    #[test]
    fn what_was_written_by_another_leader_in_between_parts_it() {
        let tail = Tail::default();
        for sequence in [11, 12, 14, 15] {
            tail.push(batch(sequence));
        }
        assert_eq!((firsts(&tail, 11), firsts(&tail, 13)), (None, None));
        assert_eq!(firsts(&tail, 14), Some(vec![14, 15]));
        tail.forget(14);
        assert_eq!(firsts(&tail, 15), Some(vec![15]));
    }
}
