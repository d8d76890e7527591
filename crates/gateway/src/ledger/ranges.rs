//! Digests over ranges of the journal, by which it is compared with the ERP's inbox.
//!
//! Order does not matter to them, so that the ERP can compute its own from an index in any order. Counts and 64 bits for
//! each message tell equal from different; nothing is decided by a fingerprint alone where they differ.

use api::gateway::MessageState;
pub use journal::BodyMark as ShortHash;
use journal::KeyHash;

use super::Ledger;

/// Messages of a lane in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many.
    pub count: u64,
    /// XOR of their fingerprints.
    pub xor: i64,
}

/// 64 bits of a message and its body; the addon's `fingerprint.py` computes the same.
pub(super) fn fingerprint(key: &KeyHash, body: &ShortHash) -> i64 {
    let word = |bytes: &[u8], at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(word)
    };
    // The product keeps two messages that swap bodies from looking the same.
    let bound = word(body, 0).wrapping_mul(word(key, 8) | 1);
    word(key, 0).wrapping_add(bound).cast_signed()
}

impl Ledger {
    /// Digest of a lane's deliverable messages from `first` to `last`.
    pub fn digest(&self, lane: usize, first: u64, last: u64) -> Digest {
        let mut digest = Digest::default();
        for (sequence, _) in self.deliverable_in(lane, first, last) {
            digest.count += 1;
            if let Some((key, body)) = self.slots.content(sequence) {
                digest.xor ^= fingerprint(&key, &body);
            }
        }
        digest
    }

    /// Sequence numbers and states of a lane's deliverable messages from `first` to `last`, in order.
    pub fn deliverable(&self, lane: usize, first: u64, last: u64) -> Vec<(u64, MessageState)> {
        self.deliverable_in(lane, first, last).collect()
    }

    fn deliverable_in(
        &self,
        lane: usize,
        first: u64,
        last: u64,
    ) -> impl Iterator<Item = (u64, MessageState)> {
        self.slots
            .from(first, self.floor)
            .take_while(move |(sequence, _)| *sequence <= last)
            .filter(move |(_, slot)| usize::from(slot.lane) == lane)
            .filter_map(|(sequence, slot)| Some((sequence, slot.state?)))
            .filter(|(_, state)| matches!(state, MessageState::Pending | MessageState::Applied))
    }

    /// Where a message is in the journal, and the first half of its body's hash.
    pub fn known(&self, key: &KeyHash) -> Option<(u64, ShortHash)> {
        let sequence = self.slots.find(key)?;
        Some((sequence, self.slots.content(sequence)?.1))
    }
}

#[cfg(test)]
mod tests {
    use journal::{body_hash, body_mark, key_hash};

    use super::*;

    #[test]
    fn the_fingerprint_is_the_addons() {
        // The same numbers stand in the addon's test.
        let (key, body) = (key_hash("acme-edi", "PO-1"), body_hash(b"{}"));
        assert_eq!(fingerprint(&key, &body_mark(&body)), -8_394_223_775_627_081);
    }

    #[test]
    fn swapped_bodies_are_not_the_same() {
        let print = |id: &str, body: &[u8]| fingerprint(&key_hash("a", id), &body_mark(&body_hash(body)));
        assert_ne!(
            print("1", b"x") ^ print("2", b"y"),
            print("1", b"y") ^ print("2", b"x")
        );
    }
}
