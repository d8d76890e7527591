//! How many messages of a lane wait, and since when: a dead lane's backlog costs a few bytes for each second of it.

use std::collections::{BTreeMap, BTreeSet};

/// Messages accepted within this time, in microseconds, count as accepted together.
const TOGETHER: i64 = 1_000_000;

/// Messages accepted one after the other within a second, some of which still wait.
#[derive(Clone, Copy, Debug)]
struct Group {
    time: i64,
    count: u64,
}

/// The messages of one lane that are not yet applied.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By the first sequence number; a group reaches up to where the next begins.
    groups: BTreeMap<u64, Group>,
    count: u64,
    /// Lost by the ERP: how old they are no longer matters, only that they wait.
    again: BTreeSet<u64>,
}

impl Waiting {
    /// Adds a message that was accepted at that time, and does not wait yet.
    pub(super) fn add(&mut self, sequence: u64, time: i64) {
        self.count += 1;
        let is_last = self
            .groups
            .last_key_value()
            .is_none_or(|(last, _)| *last <= sequence);
        let group = self.groups.range_mut(..=sequence).next_back();
        match group {
            // Between two groups, nothing may begin: what lies behind it would change its group.
            Some((_, group)) if !is_last || (group.time..group.time + TOGETHER).contains(&time) => {
                group.count += 1;
            }
            Some(_) | None => {
                self.groups.insert(sequence, Group { time, count: 1 });
            }
        }
    }

    /// Adds a message that was applied once.
    pub(super) fn add_again(&mut self, sequence: u64) {
        self.again.insert(sequence);
    }

    /// A message that waited does not wait any more.
    pub(super) fn remove(&mut self, sequence: u64) {
        if self.again.remove(&sequence) {
            return;
        }
        self.count = self.count.saturating_sub(1);
        if let Some((first, group)) = self.groups.range_mut(..=sequence).next_back() {
            let first = *first;
            group.count = group.count.saturating_sub(1);
            if group.count == 0 {
                self.groups.remove(&first);
            }
        }
    }

    /// How many wait.
    pub(super) fn count(&self) -> u64 {
        self.count + self.again.len() as u64
    }

    /// When the oldest of them was accepted, or up to a second before; those that were applied once do not count.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.groups.first_key_value().map(|(_, group)| group.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_is_counted_and_dated_to_the_second() {
        let mut waiting = Waiting::default();
        let accepted = |sequence: u64| sequence.cast_signed() * 100_000;
        for sequence in 1..=1_000 {
            waiting.add(sequence, accepted(sequence));
        }
        assert_eq!((waiting.count(), waiting.groups.len()), (1_000, 100));
        for sequence in 1..=1_000 {
            let oldest = waiting.oldest().unwrap();
            assert!((accepted(sequence) - TOGETHER..=accepted(sequence)).contains(&oldest));
            waiting.remove(sequence);
        }
        assert_eq!((waiting.count(), waiting.oldest()), (0, None));
    }

    #[test]
    fn what_comes_back_between_others_and_what_was_lost_by_the_erp_is_counted_out_again() {
        let mut waiting = Waiting::default();
        for (sequence, time) in [(10, 1), (20, 5_000_000), (15, 9_000_000), (5, 0)] {
            waiting.add(sequence, time);
        }
        waiting.add_again(3);
        assert_eq!(
            (waiting.count(), waiting.groups.len(), waiting.oldest()),
            (5, 3, Some(0))
        );
        for sequence in [3, 5, 10, 20, 15] {
            waiting.remove(sequence);
        }
        assert_eq!(
            (waiting.count(), waiting.oldest(), waiting.groups.len()),
            (0, None, 0)
        );
    }
}
