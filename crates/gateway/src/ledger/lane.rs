//! What waits to be delivered for one integration.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use api::gateway::MessageState;
use tokio::sync::Notify;
use types::Timestamp;

/// One integration's queue and counts.
#[derive(Debug, Default)]
pub struct Lane {
    /// Messages in the journal, conflicts not counted.
    pub accepted: u64,
    /// Applied by the ERP.
    pub delivered: u64,
    /// Refused by the ERP.
    pub rejected: u64,
    /// Same key, other body.
    pub quarantined: u64,
    /// Why delivery does not go on.
    pub detail: Option<String>,
    /// Tells workers that there is something to take.
    pub news: Arc<Notify>,
    pending: BTreeMap<u64, i64>,
    queue: VecDeque<u64>,
    fed: bool,
}

impl Lane {
    pub(super) fn add(&mut self, sequence: u64, time: i64, state: MessageState) {
        match state {
            MessageState::Quarantined => self.quarantined += 1,
            MessageState::Pending | MessageState::Applied | MessageState::Rejected => {
                self.accepted += 1;
                self.pending.insert(sequence, time);
            }
        }
    }

    pub(super) fn remove(&mut self, sequence: u64, state: MessageState) {
        self.pending.remove(&sequence);
        match state {
            MessageState::Quarantined => self.quarantined -= 1,
            MessageState::Pending => self.accepted -= 1,
            MessageState::Applied => {
                self.accepted -= 1;
                self.delivered -= 1;
            }
            MessageState::Rejected => {
                self.accepted -= 1;
                self.rejected -= 1;
            }
        }
    }

    pub(super) fn change(&mut self, sequence: u64, before: MessageState, after: MessageState) {
        for (state, step) in [(before, -1), (after, 1)] {
            let count = match state {
                MessageState::Pending => continue,
                MessageState::Applied => &mut self.delivered,
                MessageState::Rejected => &mut self.rejected,
                MessageState::Quarantined => &mut self.quarantined,
            };
            *count = count.saturating_add_signed(step);
        }
        if after == MessageState::Pending {
            // Lost by the ERP: how old it is no longer matters, only that it waits.
            self.pending.insert(sequence, 0);
        } else {
            self.pending.remove(&sequence);
        }
    }

    /// Messages not yet applied.
    pub fn pending(&self) -> u64 {
        self.pending.len() as u64
    }

    /// When the oldest message that is not yet applied was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        let accepted = self.pending.values().find(|time| **time > 0);
        accepted.map(|time| Timestamp::from_micros(*time))
    }

    pub(super) fn push(&mut self, sequence: u64) {
        if self.fed {
            self.queue.push_back(sequence);
            self.news.notify_one();
        }
    }

    /// Begins to collect what is released, behind nothing.
    pub fn feed(&mut self) {
        self.fed = true;
        self.queue.clear();
    }

    /// Stops collecting and forgets what was collected: another term reconciles.
    pub fn starve(&mut self) {
        self.fed = false;
        self.queue.clear();
        self.detail = None;
    }

    /// Puts what reconciliation found in front of what came in meanwhile.
    pub fn replay(&mut self, lacking: &[u64]) {
        for sequence in lacking.iter().rev() {
            self.queue.push_front(*sequence);
        }
        self.news.notify_one();
    }

    /// Takes the next message to deliver.
    pub fn take(&mut self) -> Option<u64> {
        let taken = self.queue.pop_front();
        if taken.is_some() && !self.queue.is_empty() {
            // One permit is all a Notify keeps: whoever takes wakes the next.
            self.news.notify_one();
        }
        taken
    }

    /// Puts a message back that others may overtake.
    pub fn put_back(&mut self, sequence: u64) {
        self.push(sequence);
    }
}
