//! What is known about every message: derived from the journal, from the ERP's answers and from the peer's.
//!
//! One value behind one lock. Every method is short and touches no disk and no network; callers never hold the lock
//! across an await.

mod acks;
mod hash;
mod lane;
mod parked;
mod ranges;
mod slots;
mod tray;
mod trimmed;
mod waiting;

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use api::gateway::MessageState;
use journal::{Facts, Held, KeyHash, body_mark};
use types::Timestamp;

pub use acks::{Acks, Need, Outcome, Stored, Unstored, Waiter};
use hash::KeyMap;
pub use lane::Lane;
pub use ranges::{Digest, ShortHash};
use slots::{NO_LANE, Slot, Slots};
pub use tray::{Bells, Reply, Tray};
pub use trimmed::Unsettled;

/// A message to deliver.
pub const KIND_MESSAGE: u8 = 1;
/// A message whose key was used for another body before: kept, never delivered.
pub const KIND_CONFLICT: u8 = 2;

struct Flight {
    hash: [u8; 32],
    waiters: Vec<Reply>,
}

/// How a message that came in is to be treated.
#[derive(Debug)]
pub enum Admission {
    /// It is new: append it, and report to [`Ledger::acks`].
    New,
    /// It was stored before.
    Duplicate(Stored),
    /// It is being stored at this moment: see [`Ledger::join`].
    InFlight,
    /// Its key was used for another body: append it as [`KIND_CONFLICT`].
    Conflict,
    /// The same, and it was appended so before.
    KnownConflict,
}

/// What is known about every message.
pub struct Ledger {
    names: HashMap<String, u16>,
    conflicts: HashMap<(KeyHash, ShortHash), u64>,
    flights: KeyMap<Flight>,
    slots: Slots,
    /// One per integration, in the order of the settings.
    pub lanes: Vec<Lane>,
    /// Who waits for what.
    pub acks: Acks,
    /// Messages whose state changed since marks were last shipped or written.
    changed: Vec<u64>,
    readable: u64,
    /// Everything up to here was trimmed, but for what is parked.
    floor: u64,
    /// Blocks of messages whose state changed since retention last looked.
    touched: BTreeSet<u64>,
}

impl Ledger {
    /// An empty ledger with a lane for each integration.
    pub fn new(integrations: impl IntoIterator<Item = String>, acks: Acks) -> Self {
        let names: HashMap<_, _> = integrations.into_iter().zip(0..).collect();
        let lanes = names.iter().map(|_| Lane::default()).collect();
        Self {
            names,
            conflicts: HashMap::new(),
            flights: KeyMap::default(),
            slots: Slots::new(),
            lanes,
            acks,
            changed: Vec::new(),
            readable: 0,
            floor: 0,
            touched: BTreeSet::new(),
        }
    }

    /// Decides about a message that came in, and reserves its key if it is new.
    pub fn admit(&mut self, key: KeyHash, hash: &[u8; 32]) -> Admission {
        if let Some(flight) = self.flights.get(&key) {
            return match flight.hash == *hash {
                true => Admission::InFlight,
                false => self.conflict(key, hash),
            };
        }
        match self.known(&key) {
            Some((sequence, known)) if known == body_mark(hash) => Admission::Duplicate(Stored {
                sequence,
                copies: self.acks.copies(sequence),
            }),
            Some(_) => self.conflict(key, hash),
            None => {
                let waiters = Vec::new();
                self.flights.insert(key, Flight { hash: *hash, waiters });
                Admission::New
            }
        }
    }

    /// Waits with whoever stores this key's message at this moment.
    pub fn join(&mut self, key: &KeyHash, reply: Reply) {
        if let Some(flight) = self.flights.get_mut(key) {
            flight.waiters.push(reply);
        }
    }

    /// Waits until a message that is in the journal is durable: whoever sent it first was never told that it is.
    pub fn wait(&mut self, key: KeyHash, sequence: u64, reply: Reply) {
        let waiter = Waiter {
            sequence,
            key,
            conflict: false,
            reply,
        };
        self.acks.wait(waiter, Need::Durable);
    }

    fn conflict(&self, key: KeyHash, hash: &[u8; 32]) -> Admission {
        if self.conflicts.contains_key(&(key, body_mark(hash))) {
            Admission::KnownConflict
        } else {
            Admission::Conflict
        }
    }

    /// Takes in a record that is in the journal now.
    pub fn stored(&mut self, record: &Facts<'_>) {
        let lane = self.names.get(record.stream).copied().unwrap_or(NO_LANE);
        let pending = Slot {
            lane,
            state: Some(MessageState::Pending),
        };
        self.slots.put(record, pending);
        let mut state = MessageState::Pending;
        if record.kind != KIND_MESSAGE || !self.slots.claim(record.sequence, &record.key) {
            state = MessageState::Quarantined;
            self.conflicts.insert((record.key, record.body), record.sequence);
            self.slots.set(record.sequence, Some(state));
        }
        if record.held != Held::Log {
            self.floor = self.floor.max(record.sequence);
        }
        if record.held == Held::Nowhere {
            return self.stored_once(record, usize::from(lane), state);
        }
        self.readable += 1;
        if let Some(lane) = self.lanes.get_mut(usize::from(lane)) {
            lane.add(record.sequence, record.time, state);
            lane.parked += u64::from(record.held == Held::Parked && state == MessageState::Pending);
        }
    }

    /// Records turned out to be damaged: they are as unknown as if the start had not been able to read them.
    pub fn lose(&mut self, sequences: &[u64]) {
        for sequence in sequences {
            self.slots.release(*sequence);
            let Some(slot) = self.slots.get(*sequence) else {
                continue;
            };
            self.slots.set(*sequence, None);
            if let Some(state) = slot.state {
                self.readable -= 1;
                if let Some(lane) = self.lanes.get_mut(usize::from(slot.lane)) {
                    lane.remove(*sequence, state);
                }
            }
        }
        self.conflicts.retain(|_, at| !sequences.contains(at));
    }

    /// Takes in a record of a damaged batch that is whole again: what could not be read before is delivered now, late.
    pub fn came_back(&mut self, record: &Facts<'_>) {
        let sequence = record.sequence;
        if self.state(sequence).is_some() {
            return;
        }
        self.stored(record);
        let Some(slot) = self.slots.get(sequence) else {
            return;
        };
        if slot.state == Some(MessageState::Pending)
            && self.acks.is_released(sequence)
            && let Some(lane) = self.lanes.get_mut(usize::from(slot.lane))
        {
            lane.replay(&[sequence]);
        }
    }

    /// The synced end of this region's journal; completes what it makes complete.
    pub fn synced_here(&mut self, sequence: u64) -> Bells {
        self.acks.here = self.acks.here.max(sequence);
        self.complete()
    }

    /// The synced end of the other region's journal; completes what it makes complete.
    pub fn synced_there(&mut self, sequence: u64) -> Bells {
        self.acks.there = sequence;
        self.complete()
    }

    /// Answers everybody whose message is durable enough, and lets those messages be delivered.
    pub fn complete(&mut self) -> Bells {
        let mut bells = Bells::default();
        for (waiter, stored) in self.acks.take_done() {
            self.answer(waiter, Ok(stored), &mut bells);
        }
        let released = self.acks.newly_released();
        for sequence in released {
            self.queue(sequence);
        }
        bells
    }

    /// Answers everybody with a failure; their messages may or may not be in the journal.
    pub fn fail_all(&mut self, why: &Unstored) -> Bells {
        let mut bells = Bells::default();
        for waiter in self.acks.take_all() {
            self.answer(waiter, Err(why.clone()), &mut bells);
        }
        bells
    }

    /// Answers one waiter and those who sent the same message meanwhile.
    pub fn answer(&mut self, waiter: Waiter, outcome: Outcome, bells: &mut Bells) {
        let flight = match self.flights.entry(waiter.key) {
            // A conflict record shares its key with the message that holds the flight.
            Entry::Occupied(entry) if !waiter.conflict => Some(entry.remove()),
            Entry::Occupied(_) | Entry::Vacant(_) => None,
        };
        for other in flight.into_iter().flat_map(|flight| flight.waiters) {
            match &outcome {
                // The other region offered it, for whom this disk is enough; whoever came after that waits for both.
                Ok(stored) if !self.acks.is_durable(stored.sequence) => {
                    self.wait(waiter.key, stored.sequence, other);
                }
                Ok(_) | Err(_) => other.send(outcome.clone(), bells),
            }
        }
        waiter.reply.send(outcome, bells);
    }

    /// Everything from `sequence` on was cut off the journal.
    pub fn cut(&mut self, sequence: u64) {
        for (number, slot) in self.slots.from(sequence, self.floor) {
            self.readable -= u64::from(slot.state.is_some());
            if let (Some(lane), Some(state)) = (self.lanes.get_mut(usize::from(slot.lane)), slot.state) {
                lane.remove(number, state);
            }
        }
        self.slots.truncate(sequence);
        self.conflicts.retain(|_, at| *at < sequence);
        self.changed.retain(|at| *at < sequence);
        self.floor = self.floor.min(sequence.saturating_sub(1));
        self.acks.cut(sequence);
    }

    /// Puts a pending message at the end of its lane's queue, if the lane is being fed.
    fn queue(&mut self, sequence: u64) {
        let Some(slot) = self.slots.get(sequence) else {
            return;
        };
        if slot.state == Some(MessageState::Pending)
            && let Some(lane) = self.lanes.get_mut(usize::from(slot.lane))
        {
            lane.push(sequence);
        }
    }

    /// What became of a message.
    pub fn state(&self, sequence: u64) -> Option<MessageState> {
        self.slots.get(sequence)?.state
    }

    /// Where a key is in the journal.
    pub fn find(&self, key: &KeyHash) -> Option<u64> {
        self.slots.find(key)
    }

    /// The same, once nobody waits any more for it to be durable: if it is to be delivered, it is in its lane's queue then.
    pub fn find_settled(&self, key: &KeyHash) -> Option<u64> {
        self.find(key).filter(|_| !self.flights.contains_key(key))
    }

    /// Records what became of a message; says whether that was news.
    pub fn mark(&mut self, sequence: u64, state: MessageState) -> bool {
        let Some(slot) = self.slots.get(sequence) else {
            return false;
        };
        if sequence <= self.floor && !self.slots.is_parked(sequence) {
            // It went because it was settled.
            return false;
        }
        match slot.state {
            Some(before) if before != state => {
                self.slots.set(sequence, Some(state));
                if let Some(lane) = self.lanes.get_mut(usize::from(slot.lane)) {
                    lane.change(sequence, before, state);
                    if sequence <= self.floor {
                        lane.parked -= u64::from(before == MessageState::Pending);
                        lane.parked += u64::from(state == MessageState::Pending);
                    }
                }
                self.changed.push(sequence);
                self.touch(sequence);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Runs of messages in the same state that are no longer pending, for marks.
    pub fn runs(&mut self) -> Vec<(u64, u64, MessageState)> {
        self.slots.runs()
    }

    /// How many sequence numbers there are.
    pub fn len(&self) -> u64 {
        self.slots.len().max(self.floor)
    }

    /// How many records are readable.
    pub const fn readable(&self) -> u64 {
        self.readable
    }

    /// Sequence numbers whose state changed since the last call.
    pub fn take_changed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.changed)
    }
}

/// Age of a time, in milliseconds.
pub fn age_ms(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
