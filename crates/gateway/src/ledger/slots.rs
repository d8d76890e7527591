//! What is kept of every message: 36 bytes, and about 9 more to find it by its key.
//!
//! Messages lie in chunks, so that a journal that grows moves nothing while the ledger is locked. Keys are kept once,
//! with the message; what finds them are many small tables of message numbers, of which one at a time grows, for the same
//! reason.

use std::{collections::VecDeque, hash::BuildHasher as _};

use api::gateway::MessageState;
use hashbrown::HashTable;
use journal::{BodyMark, Facts, Held, KeyHash};

use super::{hash::Seeded, parked::Parked};

/// Messages of integrations that are no longer in the settings are kept, and belong to no lane.
pub(super) const NO_LANE: u16 = u16::MAX;

/// Messages in a chunk.
const CHUNK: u64 = 1 << 16;
/// So many chunks have numbers whose low halves differ.
const CHUNKS_MAX: usize = 1 << 15;
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

struct Chunk {
    slots: Vec<Slot>,
    keys: Vec<KeyHash>,
    bodies: Vec<BodyMark>,
    /// What [`Slots::runs`] says of it; `None`: something changed since.
    runs: Option<Vec<(u64, u64, MessageState)>>,
}

/// All messages, by sequence number and by key. Those whose keys are still known span up to 2³² numbers, more than fit in
/// memory; they may begin anywhere.
pub(super) struct Slots {
    /// Chunks before the first of these are forgotten.
    before: u64,
    chunks: VecDeque<Chunk>,
    /// Numbers of messages by their keys, the low half of each; conflicts are not among them.
    tables: Vec<HashTable<u32>>,
    hasher: Seeded,
    parked: Parked,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            before: 0,
            chunks: VecDeque::new(),
            tables: (0..TABLES).map(|_| HashTable::new()).collect(),
            hasher: Seeded::default(),
            parked: Parked::default(),
        }
    }

    /// The highest sequence number.
    pub(super) fn len(&self) -> u64 {
        let last = self.chunks.back().map_or(0, |chunk| chunk.slots.len() as u64);
        let whole = self.before + (self.chunks.len() as u64).saturating_sub(1);
        (whole * CHUNK + last).max(self.parked.last())
    }

    pub(super) fn get(&self, sequence: u64) -> Option<Slot> {
        if let Some(parked) = self.parked.get(sequence) {
            return Some(parked);
        }
        let (chunk, at) = self.place(sequence)?;
        self.chunks.get(chunk)?.slots.get(at).copied()
    }

    /// Changes a state; `None`: there is no such number.
    pub(super) fn set(&mut self, sequence: u64, state: Option<MessageState>) -> Option<()> {
        if self.parked.set(sequence, state) {
            return Some(());
        }
        let (chunk, at) = self.place(sequence)?;
        let chunk = self.chunks.get_mut(chunk)?;
        let slot = chunk.slots.get_mut(at)?;
        if slot.state != state {
            slot.state = state;
            chunk.runs = None;
        }
        Some(())
    }

    /// Key and body of a message that is there.
    pub(super) fn content(&self, sequence: u64) -> Option<(KeyHash, BodyMark)> {
        if let Some(content) = self.parked.content(sequence) {
            return Some(content);
        }
        let (chunk, at) = self.place(sequence)?;
        let chunk = self.chunks.get(chunk)?;
        Some((*chunk.keys.get(at)?, *chunk.bodies.get(at)?))
    }

    /// Puts a record in its place; it is not found by its key yet.
    pub(super) fn put(&mut self, record: &Facts<'_>, slot: Slot) {
        let Some(index) = record.sequence.checked_sub(1) else {
            return;
        };
        let (number, at) = (index / CHUNK, (index % CHUNK) as usize);
        if record.held == Held::Parked {
            return self.parked.put(record, slot);
        }
        if self.chunks.is_empty() {
            // Nothing before it is known: the log may begin anywhere.
            self.before = number;
        }
        while number < self.before {
            // It could not be read at the start, and came back.
            let mut chunk = Chunk::with_room();
            chunk.fill(CHUNK as usize);
            self.chunks.push_front(chunk);
            self.before -= 1;
        }
        while self.before + self.chunks.len() as u64 <= number {
            if let Some(last) = self.chunks.back_mut() {
                last.fill(CHUNK as usize);
            }
            self.chunks.push_back(Chunk::with_room());
        }
        if let Some(chunk) = self.chunks.get_mut((number - self.before) as usize) {
            chunk.fill(at + 1);
            chunk.slots[at] = slot;
            chunk.keys[at] = record.key;
            chunk.bodies[at] = record.body;
            chunk.runs = None;
        }
    }

    /// Makes a message be found by its key; `false`: another one is.
    pub(super) fn claim(&mut self, sequence: u64, key: &KeyHash) -> bool {
        if self.find(key).is_some() || self.parked.claim(sequence, key) {
            return self.find(key) == Some(sequence);
        }
        if self.place(sequence).is_none_or(|(chunk, _)| chunk >= CHUNKS_MAX) {
            return false;
        }
        let hash = self.hasher.hash_one(key);
        let (of, hasher) = (Keys::of(self.before, &self.chunks), self.hasher);
        let rehash = |number: &u32| of.key(*number).map_or(0, |key| hasher.hash_one(key));
        self.tables[table(hash)].insert_unique(hash, sequence as u32, rehash);
        true
    }

    /// A message is no longer found by its key.
    pub(super) fn release(&mut self, sequence: u64) {
        self.parked.release(sequence);
        let Some((key, _)) = self.content(sequence) else {
            return;
        };
        let hash = self.hasher.hash_one(key);
        let found = self.tables[table(hash)].find_entry(hash, |number| *number == sequence as u32);
        if let Ok(entry) = found {
            entry.remove();
        }
    }

    /// The message with that key.
    pub(super) fn find(&self, key: &KeyHash) -> Option<u64> {
        let hash = self.hasher.hash_one(key);
        let of = Keys::of(self.before, &self.chunks);
        let found = self.tables[table(hash)].find(hash, |number| of.key(*number) == Some(key));
        found
            .map(|number| of.sequence(*number))
            .or_else(|| self.parked.find(key))
    }

    /// Forgets everything from `sequence` on.
    pub(super) fn truncate(&mut self, sequence: u64) {
        for number in sequence.max(self.before * CHUNK + 1)..=self.len() {
            self.release(number);
        }
        self.parked.truncate(sequence);
        let left = sequence.saturating_sub(1).saturating_sub(self.before * CHUNK);
        self.chunks.truncate(left.div_ceil(CHUNK) as usize);
        if let Some(last) = self.chunks.back_mut()
            && !left.is_multiple_of(CHUNK)
        {
            let left = (left % CHUNK) as usize;
            last.slots.truncate(left);
            last.keys.truncate(left);
            last.bodies.truncate(left);
            last.runs = None;
        }
    }

    /// Whether a message is parked.
    pub(super) fn is_parked(&self, sequence: u64) -> bool {
        self.parked.get(sequence).is_some()
    }

    /// A message that is still needed was copied out of the segment that goes.
    pub(super) fn park(&mut self, sequence: u64) {
        let (Some(slot), Some(content)) = (self.get(sequence), self.content(sequence)) else {
            return;
        };
        let found = self.find(&content.0) == Some(sequence);
        self.release(sequence);
        self.set(sequence, None);
        self.parked.add(sequence, slot, content, found);
    }

    /// It is no longer needed; as long as its key is, it is like any other that went.
    pub(super) fn unpark(&mut self, sequence: u64) {
        let Some((slot, (key, body), found)) = self.parked.remove(sequence) else {
            return;
        };
        let place = self.place(sequence);
        let chunk = place.and_then(|(number, at)| Some((self.chunks.get_mut(number)?, at)));
        let Some((chunk, at)) = chunk else { return };
        // If it was parked at the start already, its place is empty.
        chunk.fill(at + 1);
        (chunk.slots[at], chunk.keys[at], chunk.bodies[at]) = (slot, key, body);
        chunk.runs = None;
        if found {
            self.claim(sequence, &key);
        }
    }

    /// Forgets the keys of whole chunks up to a sequence number, at most one chunk; says whether there was one.
    pub(super) fn forget_chunk(&mut self, up_to: u64) -> bool {
        let first = self.before * CHUNK + 1;
        if self.chunks.len() < 2 || first + CHUNK - 1 > up_to {
            return false;
        }
        for sequence in first..first + CHUNK {
            if self.parked.get(sequence).is_none() {
                self.release(sequence);
            }
        }
        self.chunks.pop_front();
        self.before += 1;
        true
    }

    /// Everything from `first` on, in order: parked messages up to `floor`, and all behind it.
    pub(super) fn from(&self, first: u64, floor: u64) -> impl Iterator<Item = (u64, Slot)> {
        let live = first.max(floor + 1).max(self.before * CHUNK + 1);
        let (number, at) = self.place(live).unwrap_or((usize::MAX, 0));
        let chunks = self.chunks.iter().skip(number).enumerate();
        let slots = chunks.flat_map(move |(nth, chunk)| {
            let skipped = if nth == 0 { at } else { 0 };
            chunk.slots.get(skipped..).unwrap_or_default()
        });
        self.parked.from(first, floor).chain((live..).zip(slots.copied()))
    }

    /// Runs of messages in the same state that are no longer pending, trimmed ones included. What has not changed since
    /// the last call is not looked at again.
    pub(super) fn runs(&mut self) -> Vec<(u64, u64, MessageState)> {
        let mut runs = self.parked.runs();
        for (number, chunk) in (self.before..).zip(&mut self.chunks) {
            let slots = &chunk.slots;
            let of_chunk = chunk
                .runs
                .get_or_insert_with(|| runs_of(number * CHUNK + 1, slots));
            for run in of_chunk {
                match runs.last_mut() {
                    Some((first, count, state)) if *first + *count == run.0 && *state == run.2 => {
                        *count += run.1
                    }
                    _ => runs.push(*run),
                }
            }
        }
        runs
    }

    /// Chunk and place in it.
    fn place(&self, sequence: u64) -> Option<(usize, usize)> {
        let index = sequence.checked_sub(1)?;
        let chunk = (index / CHUNK).checked_sub(self.before)?;
        Some((usize::try_from(chunk).ok()?, (index % CHUNK) as usize))
    }
}

fn runs_of(first: u64, slots: &[Slot]) -> Vec<(u64, u64, MessageState)> {
    let mut runs: Vec<(u64, u64, MessageState)> = Vec::new();
    for (sequence, slot) in (first..).zip(slots) {
        let Some(state) = slot.state.filter(|state| *state != MessageState::Pending) else {
            continue;
        };
        match runs.last_mut() {
            Some((first, count, last)) if *first + *count == sequence && *last == state => *count += 1,
            _ => runs.push((sequence, 1, state)),
        }
    }
    runs
}

/// From the low half of a number to its key.
struct Keys<'a> {
    base: u64,
    chunks: &'a VecDeque<Chunk>,
}

impl<'a> Keys<'a> {
    fn of(before: u64, chunks: &'a VecDeque<Chunk>) -> Self {
        let base = before * CHUNK;
        Self { base, chunks }
    }

    fn sequence(&self, number: u32) -> u64 {
        self.base + u64::from(number.wrapping_sub(self.base as u32))
    }

    fn key(&self, number: u32) -> Option<&'a KeyHash> {
        let index = (self.sequence(number) - self.base).checked_sub(1)?;
        self.chunks
            .get((index / CHUNK) as usize)?
            .keys
            .get((index % CHUNK) as usize)
    }
}

impl Chunk {
    fn with_room() -> Self {
        Self {
            slots: Vec::with_capacity(CHUNK as usize),
            keys: Vec::with_capacity(CHUNK as usize),
            bodies: Vec::with_capacity(CHUNK as usize),
            runs: None,
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
            held: Held::Log,
        }
    }

    #[test]
    fn chunks_are_filled_up_and_cut_where_they_end() {
        let mut slots = Slots::new();
        let slot = |lane| Slot {
            lane,
            state: Some(MessageState::Pending),
        };
        let last = CHUNK * 2 + 3;
        slots.put(&facts(1, 8), NOTHING);
        slots.put(&facts(last, 9), slot(4));
        assert!(slots.claim(last, &[9; 16]));
        assert_eq!(
            (slots.len(), slots.get(CHUNK), slots.get(last)),
            (last, Some(NOTHING), Some(slot(4)))
        );
        assert_eq!(
            slots.from(last - 1, 0).collect::<Vec<_>>(),
            [(last - 1, NOTHING), (last, slot(4))]
        );
        assert_eq!(slots.from(1, 0).count() as u64, last);
        for end in [CHUNK * 2, CHUNK, 5, 0] {
            slots.truncate(end + 1);
            assert_eq!((slots.len(), slots.from(1, 0).count() as u64), (end, end));
            assert_eq!(slots.find(&[9; 16]), None);
        }
    }

    #[test]
    fn a_log_may_begin_anywhere_and_what_was_parked_is_found() {
        let mut slots = Slots::new();
        let slot = |state| Slot {
            lane: 0,
            state: Some(state),
        };
        // Beyond what 32 bits count.
        let base = (1 << 33) + 7;
        for key in 0..4 {
            let sequence = base + u64::from(key) * CHUNK;
            slots.put(&facts(sequence, key), slot(MessageState::Applied));
            assert!(slots.claim(sequence, &[key; 16]));
        }
        slots.set(base, Some(MessageState::Pending));
        slots.park(base);
        let find = |slots: &Slots| (0..4).map(|key| slots.find(&[key; 16])).collect::<Vec<_>>();
        let places = [0, 1, 2, 3].map(|chunk| Some(base + chunk * CHUNK));
        assert_eq!(find(&slots), places);
        assert_eq!(slots.get(base), Some(slot(MessageState::Pending)));
        assert!(slots.forget_chunk(base + CHUNK) && !slots.forget_chunk(base + CHUNK));
        assert_eq!(find(&slots), places, "what is parked is not forgotten");
        assert!(slots.forget_chunk(base + 2 * CHUNK));
        assert_eq!(find(&slots), [places[0], None, places[2], places[3]]);
        assert_eq!(slots.from(1, base + 2 * CHUNK).count() as u64, 1 + CHUNK);
        slots.set(base, Some(MessageState::Applied));
        slots.unpark(base);
        assert_eq!(slots.find(&[0; 16]), None);
        assert_eq!(slots.len(), base + 3 * CHUNK);
        // Runs are the same whether they are remembered or made anew.
        let runs = vec![
            (places[2].unwrap(), 1, MessageState::Applied),
            (places[3].unwrap(), 1, MessageState::Applied),
        ];
        assert_eq!((slots.runs(), slots.runs()), (runs.clone(), runs.clone()));
        slots.set(places[2].unwrap(), Some(MessageState::Pending));
        assert_eq!(slots.runs(), runs[1..]);
    }

    #[test]
    fn what_was_parked_before_the_start_is_known_by_its_key_when_it_goes() {
        let mut slots = Slots::new();
        slots.put(&facts(1, 1), NOTHING);
        let parked = Facts {
            held: Held::Parked,
            ..facts(2, 2)
        };
        slots.put(&parked, NOTHING);
        assert!(slots.claim(2, &[2; 16]) && slots.is_parked(2));
        slots.unpark(2);
        assert!(!slots.is_parked(2));
        assert_eq!(
            (slots.find(&[2; 16]), slots.content(2)),
            (Some(2), Some(([2; 16], [2; 16])))
        );
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
