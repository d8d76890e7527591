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
