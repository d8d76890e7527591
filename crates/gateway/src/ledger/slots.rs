//! What is kept of every message: 36 bytes, and about 9 more to find it by its key.
//!
//! Messages lie in chunks, so that a journal that grows moves nothing while the ledger is locked. Keys are kept once,
//! with the message; what finds them are many small tables of message numbers, of which one at a time grows, for the same
//! reason.

use std::hash::BuildHasher as _;

use api::gateway::MessageState;
use hashbrown::HashTable;
use journal::{BodyMark, Facts, KeyHash};

use super::hash::Seeded;

/// Messages of integrations that are no longer in the settings are kept, and belong to no lane.
pub(super) const NO_LANE: u16 = u16::MAX;

/// Messages in a chunk.
const CHUNK: usize = 1 << 16;
/// At ten million keys a table holds some 2 400 and grows in less than a millisecond.
const TABLES: usize = 1 << 12;

/// What is known of one sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) lane: u16,
    /// `None`: no record with this number is here (a damaged one, for instance).
    pub(super) state: Option<MessageState>,
}

const NOTHING: Slot = Slot {
    lane: NO_LANE,
    state: None,
};

#[derive(Default)]
struct Chunk {
    slots: Vec<Slot>,
    keys: Vec<KeyHash>,
    bodies: Vec<BodyMark>,
}

/// All messages, by sequence number and by key. It holds up to 2³² of them, more than fit in memory.
pub(super) struct Slots {
    chunks: Vec<Chunk>,
    /// Numbers of messages by their keys; conflicts are not among them.
    tables: Vec<HashTable<u32>>,
    hasher: Seeded,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            tables: (0..TABLES).map(|_| HashTable::new()).collect(),
            hasher: Seeded::default(),
        }
    }

    /// How many sequence numbers there are.
    pub(super) fn len(&self) -> u64 {
        let last = self.chunks.last().map_or(0, |chunk| chunk.slots.len());
        (self.chunks.len().saturating_sub(1) * CHUNK + last) as u64
    }

    pub(super) fn get(&self, sequence: u64) -> Option<Slot> {
        let (chunk, at) = place(sequence)?;
        self.chunks.get(chunk)?.slots.get(at).copied()
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Slot> {
        let (chunk, at) = place(sequence)?;
        self.chunks.get_mut(chunk)?.slots.get_mut(at)
    }

    /// Key and body of a message that is there.
    pub(super) fn content(&self, sequence: u64) -> Option<(KeyHash, BodyMark)> {
        let (chunk, at) = place(sequence)?;
        let chunk = self.chunks.get(chunk)?;
        Some((*chunk.keys.get(at)?, *chunk.bodies.get(at)?))
    }

    /// Puts a record in its place; it is not found by its key yet.
    pub(super) fn put(&mut self, record: &Facts<'_>, slot: Slot) {
        let Some((number, at)) = place(record.sequence) else {
            return;
        };
        while self.chunks.len() <= number {
            if let Some(before) = self.chunks.last_mut() {
                before.fill(CHUNK);
            }
            self.chunks.push(Chunk::with_room());
        }
        if let Some(chunk) = self.chunks.get_mut(number) {
            chunk.fill(at + 1);
            chunk.slots[at] = slot;
            chunk.keys[at] = record.key;
            chunk.bodies[at] = record.body;
        }
    }

    /// Makes a message be found by its key; `false`: another one is.
    pub(super) fn claim(&mut self, sequence: u64, key: &KeyHash) -> bool {
        let (Ok(number), false) = (u32::try_from(sequence), self.find(key).is_some()) else {
            return false;
        };
        let hash = self.hasher.hash_one(key);
        let (chunks, hasher) = (&self.chunks, self.hasher);
        let rehash = |number: &u32| key_at(chunks, *number).map_or(0, |key| hasher.hash_one(key));
        self.tables[table(hash)].insert_unique(hash, number, rehash);
        true
    }

    /// A message is no longer found by its key.
    pub(super) fn release(&mut self, sequence: u64) {
        let Some((key, _)) = self.content(sequence) else {
            return;
        };
        let hash = self.hasher.hash_one(key);
        let found = self.tables[table(hash)].find_entry(hash, |number| u64::from(*number) == sequence);
        if let Ok(entry) = found {
            entry.remove();
        }
    }

    /// The message with that key.
    pub(super) fn find(&self, key: &KeyHash) -> Option<u64> {
        let hash = self.hasher.hash_one(key);
        let found = self.tables[table(hash)].find(hash, |number| key_at(&self.chunks, *number) == Some(key));
        found.map(|number| u64::from(*number))
    }

    /// Forgets everything from `sequence` on.
    pub(super) fn truncate(&mut self, sequence: u64) {
        for number in sequence..=self.len() {
            self.release(number);
        }
        let left = usize::try_from(sequence.saturating_sub(1)).unwrap_or(usize::MAX);
        self.chunks.truncate(left.div_ceil(CHUNK));
        if let Some(last) = self.chunks.last_mut()
            && !left.is_multiple_of(CHUNK)
        {
            last.slots.truncate(left % CHUNK);
            last.keys.truncate(left % CHUNK);
            last.bodies.truncate(left % CHUNK);
        }
    }

    /// Everything from `first` on, in order.
    pub(super) fn from(&self, first: u64) -> impl Iterator<Item = (u64, Slot)> {
        let first = first.max(1);
        let (number, at) = place(first).unwrap_or((usize::MAX, 0));
        let chunks = self.chunks.get(number..).unwrap_or_default();
        let slots = chunks.iter().enumerate().flat_map(move |(nth, chunk)| {
            let skipped = if nth == 0 { at } else { 0 };
            chunk.slots.get(skipped..).unwrap_or_default()
        });
        (first..).zip(slots.copied())
    }
}

impl Chunk {
    fn with_room() -> Self {
        Self {
            slots: Vec::with_capacity(CHUNK),
            keys: Vec::with_capacity(CHUNK),
            bodies: Vec::with_capacity(CHUNK),
        }
    }

    fn fill(&mut self, length: usize) {
        if self.slots.len() < length {
            self.slots.resize(length, NOTHING);
            self.keys.resize(length, KeyHash::default());
            self.bodies.resize(length, BodyMark::default());
        }
    }
}

/// Chunk and place in it; numbers begin at 1.
fn place(sequence: u64) -> Option<(usize, usize)> {
    let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
    Some((index / CHUNK, index % CHUNK))
}

fn key_at(chunks: &[Chunk], number: u32) -> Option<&KeyHash> {
    let (chunk, at) = place(u64::from(number))?;
    chunks.get(chunk)?.keys.get(at)
}

/// A table looks at the lowest and the highest bits of a hash; these lie between.
const fn table(hash: u64) -> usize {
    (hash >> 32) as usize % TABLES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn facts(sequence: u64, key: u8) -> Facts<'static> {
        Facts {
            sequence,
            generation: 1,
            time: 0,
            kind: 1,
            key: [key; 16],
            body: [sequence as u8; 16],
            stream: "s",
        }
    }

    #[test]
    fn chunks_are_filled_up_and_cut_where_they_end() {
        let mut slots = Slots::new();
        let slot = |lane| Slot {
            lane,
            state: Some(MessageState::Pending),
        };
        let last = CHUNK as u64 * 2 + 3;
        slots.put(&facts(last, 9), slot(4));
        assert!(slots.claim(last, &[9; 16]));
        assert_eq!(
            (slots.len(), slots.get(CHUNK as u64), slots.get(last)),
            (last, Some(NOTHING), Some(slot(4)))
        );
        assert_eq!(
            slots.from(last - 1).collect::<Vec<_>>(),
            [(last - 1, NOTHING), (last, slot(4))]
        );
        assert_eq!(slots.from(1).count() as u64, last);
        for end in [CHUNK as u64 * 2, CHUNK as u64, 5, 0] {
            slots.truncate(end + 1);
            assert_eq!((slots.len(), slots.from(1).count() as u64), (end, end));
            assert_eq!(slots.find(&[9; 16]), None);
        }
    }

    proptest! {
        #[test]
        fn keys_are_found_as_in_a_map(steps in prop::collection::vec((0_u8..4, 1_u64..40, 0_u8..12), 1..200)) {
            let (mut slots, mut model) = (Slots::new(), BTreeMap::<u8, u64>::new());
            let mut held = BTreeMap::<u64, u8>::new();
            for (what, sequence, key) in steps {
                match what {
                    0 | 1 if !held.contains_key(&sequence) => {
                        slots.put(&facts(sequence, key), NOTHING);
                        held.insert(sequence, key);
                        let free = !model.contains_key(&key);
                        prop_assert_eq!(slots.claim(sequence, &[key; 16]), free);
                        if free {
                            model.insert(key, sequence);
                        }
                    }
                    2 => {
                        slots.release(sequence);
                        model.retain(|_, at| *at != sequence);
                        held.remove(&sequence);
                    }
                    3 if sequence > 30 => {
                        slots.truncate(sequence);
                        model.retain(|_, at| *at < sequence);
                        held.retain(|at, _| *at < sequence);
                    }
                    _ => {}
                }
                for key in 0..12 {
                    prop_assert_eq!(slots.find(&[key; 16]), model.get(&key).copied());
                }
            }
        }
    }
}
