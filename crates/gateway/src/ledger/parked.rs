//! Messages that are still needed although their segment is gone: a dead lane's backlog, what a person has still to
//! decide about, and records that are no messages. They are few, and their numbers have gaps.

use std::collections::{BTreeMap, HashMap};

use api::gateway::MessageState;
use journal::{BodyMark, Facts, KeyHash};

use super::slots::Slot;

struct One {
    slot: Slot,
    content: (KeyHash, BodyMark),
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Parked {
    messages: BTreeMap<u64, One>,
    /// Those that are found by their keys.
    keys: HashMap<KeyHash, u64>,
}

impl Parked {
    pub(super) fn last(&self) -> u64 {
        self.messages
            .last_key_value()
            .map_or(0, |(sequence, _)| *sequence)
    }

    pub(super) fn get(&self, sequence: u64) -> Option<Slot> {
        if self.messages.is_empty() {
            return None;
        }
        self.messages.get(&sequence).map(|one| one.slot)
    }

    pub(super) fn set(&mut self, sequence: u64, state: Option<MessageState>) -> bool {
        if self.messages.is_empty() {
            return false;
        }
        let one = self.messages.get_mut(&sequence);
        one.map(|one| one.slot.state = state).is_some()
    }

    pub(super) fn content(&self, sequence: u64) -> Option<(KeyHash, BodyMark)> {
        self.messages.get(&sequence).map(|one| one.content)
    }

    pub(super) fn put(&mut self, record: &Facts<'_>, slot: Slot) {
        self.add(record.sequence, slot, (record.key, record.body), false);
    }

    pub(super) fn add(&mut self, sequence: u64, slot: Slot, content: (KeyHash, BodyMark), found: bool) {
        self.messages.insert(sequence, One { slot, content });
        if found {
            self.keys.insert(content.0, sequence);
        }
    }

    /// What was known of a message that is not parked any more, and whether it was found by its key.
    pub(super) fn remove(&mut self, sequence: u64) -> Option<(Slot, (KeyHash, BodyMark), bool)> {
        let One { slot, content } = self.messages.remove(&sequence)?;
        let found = self.keys.get(&content.0) == Some(&sequence);
        if found {
            self.keys.remove(&content.0);
        }
        Some((slot, content, found))
    }

    /// Makes a message be found by its key; `false`: it is not parked.
    pub(super) fn claim(&mut self, sequence: u64, key: &KeyHash) -> bool {
        let here = self.messages.contains_key(&sequence);
        if here {
            self.keys.insert(*key, sequence);
        }
        here
    }

    pub(super) fn release(&mut self, sequence: u64) {
        if let Some(one) = self.messages.get(&sequence)
            && self.keys.get(&one.content.0) == Some(&sequence)
        {
            self.keys.remove(&one.content.0);
        }
    }

    pub(super) fn find(&self, key: &KeyHash) -> Option<u64> {
        self.keys.get(key).copied()
    }

    pub(super) fn truncate(&mut self, sequence: u64) {
        for (number, _) in self.messages.split_off(&sequence) {
            self.keys.retain(|_, at| *at != number);
        }
    }

    pub(super) fn from(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, Slot)> {
        let range = (first <= last).then(|| self.messages.range(first..=last));
        range
            .into_iter()
            .flatten()
            .map(|(sequence, one)| (*sequence, one.slot))
    }

    pub(super) fn runs(&self) -> Vec<(u64, u64, MessageState)> {
        let decided = self
            .messages
            .iter()
            .filter_map(|(sequence, one)| Some((*sequence, 1, one.slot.state?)));
        decided
            .filter(|(.., state)| *state != MessageState::Pending)
            .collect()
    }
}
