//! What becomes of the ledger when segments of the journal go: which messages are still needed, and which are known by
//! their keys alone.

use std::collections::BTreeSet;

use api::gateway::MessageState;
use journal::Facts;

use super::{Ledger, slots::NO_LANE};

/// Messages whose changes are remembered together; retention needs no more.
const BLOCK: u64 = 64;

/// Messages of a stretch that are still needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Pending, given up and not decided about, kept aside, or no messages at all.
    pub sequences: BTreeSet<u64>,
    /// The lanes that have messages in it.
    pub lanes: BTreeSet<usize>,
    /// Something of it cannot be read.
    pub damaged: bool,
}

impl Ledger {
    /// A message that was trimmed: it was settled, and its key is all that is left of it.
    pub(super) fn stored_once(&mut self, record: &Facts<'_>, lane: usize, state: MessageState) {
        let quarantined = state == MessageState::Quarantined;
        if !quarantined {
            self.slots.set(record.sequence, Some(MessageState::Applied));
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            match quarantined {
                true => lane.quarantined += 1,
                false => lane.add_settled(),
            }
        }
    }

    /// Forgets everything: the log begins anew.
    pub fn begin_anew(&mut self) {
        self.cut(1);
        for lane in &mut self.lanes {
            lane.begin_anew();
        }
    }

    /// The journal begins behind this.
    pub fn begin_at(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
    }

    /// Adds what is still needed of the messages from `first` to `last`.
    pub fn unsettled(&self, first: u64, last: u64, found: &mut Unsettled) {
        let mut next = first;
        for (sequence, slot) in self.slots.from(first, self.floor) {
            if sequence > last {
                break;
            }
            // Parked ones lie apart from each other.
            found.damaged |= slot.state.is_none() || (sequence != next && sequence > self.floor + 1);
            next = sequence + 1;
            let lane = usize::from(slot.lane);
            if slot.lane != NO_LANE && lane < self.lanes.len() {
                found.lanes.insert(lane);
            }
            if slot.lane == NO_LANE || slot.state != Some(MessageState::Applied) {
                found.sequences.insert(sequence);
            }
        }
        found.damaged |= next <= last && last > self.floor;
    }

    /// The journal was trimmed up to here; `parked` are those of them that it still has. To be called with stretches that
    /// are short enough to hold the lock for.
    pub fn trimmed(&mut self, up_to: u64, parked: &BTreeSet<u64>) {
        for sequence in parked.range(self.floor + 1..=up_to) {
            self.slots.park(*sequence);
            if let Some(slot) = self.slots.get(*sequence)
                && slot.state == Some(MessageState::Pending)
                && let Some(lane) = self.lanes.get_mut(usize::from(slot.lane))
            {
                lane.parked += 1;
            }
        }
        let gone = up_to.saturating_sub(self.floor);
        let kept = parked.range(self.floor + 1..=up_to).count() as u64;
        self.readable = self.readable.saturating_sub(gone.saturating_sub(kept));
        self.floor = self.floor.max(up_to);
    }

    /// These were parked, and are needed no longer.
    pub fn shed(&mut self, sequences: impl IntoIterator<Item = u64>) {
        for sequence in sequences {
            if self.slots.is_parked(sequence) {
                self.slots.unpark(sequence);
                self.readable = self.readable.saturating_sub(1);
            }
        }
    }

    /// Forgets some keys of messages up to a sequence number; says whether there may be more.
    pub fn forget_some(&mut self, up_to: u64) -> bool {
        let more = self.slots.forget_chunk(up_to.min(self.floor));
        if !more {
            let conflicts = &self.slots;
            self.conflicts.retain(|_, at| conflicts.get(*at).is_some());
        }
        more
    }

    pub(super) fn touch(&mut self, sequence: u64) {
        self.touched.insert(sequence / BLOCK);
    }

    /// Stretches in which a state changed since the last call.
    pub fn take_touched(&mut self) -> Vec<(u64, u64)> {
        let touched = std::mem::take(&mut self.touched);
        let stretch = |block: u64| (block * BLOCK, block * BLOCK + BLOCK - 1);
        touched.into_iter().map(stretch).collect()
    }
}
