//! What waits to be delivered for one integration.

use std::{collections::VecDeque, sync::Arc};

use api::gateway::MessageState;
use tokio::sync::Notify;
use types::Timestamp;

use super::waiting::Waiting;

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
    /// Not yet applied, and kept beside the log because their segments were trimmed.
    pub parked: u64,
    /// Why delivery does not go on.
    pub detail: Option<String>,
    /// Tells workers that there is something to take.
    pub news: Arc<Notify>,
    waiting: Waiting,
    /// Released just now.
    live: VecDeque<u64>,
    /// Delivered again, or late.
    again: VecDeque<u64>,
    fed: bool,
}

impl Lane {
    pub(super) fn add(&mut self, sequence: u64, time: i64, state: MessageState) {
        match state {
            MessageState::Quarantined => self.quarantined += 1,
            MessageState::Pending | MessageState::Applied | MessageState::Rejected => {
                self.accepted += 1;
                self.waiting.add(sequence, time);
            }
        }
    }

    /// Forgets everything but who waits for news.
    pub(super) fn begin_anew(&mut self) {
        *self = Self {
            news: Arc::clone(&self.news),
            ..Self::default()
        };
    }

    /// One that was settled long ago, and is known by its key alone.
    pub(super) fn add_settled(&mut self) {
        self.accepted += 1;
        self.delivered += 1;
    }

    pub(super) fn remove(&mut self, sequence: u64, state: MessageState) {
        match state {
            MessageState::Quarantined => self.quarantined -= 1,
            MessageState::Pending => {
                self.accepted -= 1;
                self.waiting.remove(sequence);
            }
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
            self.waiting.add_again(sequence);
        } else if before == MessageState::Pending {
            self.waiting.remove(sequence);
        }
    }

    /// Messages not yet applied.
    pub fn pending(&self) -> u64 {
        self.waiting.count()
    }

    /// When the oldest message that is not yet applied was accepted, to the second.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.waiting.oldest().map(Timestamp::from_micros)
    }

    pub(super) fn push(&mut self, sequence: u64) {
        if self.fed {
            self.live.push_back(sequence);
            self.news.notify_one();
        }
    }

    /// Begins to collect what is released, behind nothing.
    pub fn feed(&mut self) {
        self.fed = true;
        self.live.clear();
        self.again.clear();
    }

    /// Stops collecting and forgets what was collected: another term reconciles.
    pub fn starve(&mut self) {
        self.fed = false;
        self.live.clear();
        self.again.clear();
        self.detail = None;
    }

    /// Adds what reconciliation found, or what a person wants delivered again.
    pub fn replay(&mut self, sequences: &[u64]) {
        if self.fed {
            self.again.extend(sequences);
            self.news.notify_one();
        }
    }

    /// Whether there is something to take.
    pub fn has_next(&self) -> bool {
        !(self.again.is_empty() && self.live.is_empty())
    }

    /// Takes messages to deliver, in order: up to so many that are delivered again, then up to so many live ones.
    ///
    /// `in_order`: no live one is taken while there is one that is delivered again, because it may have the same key.
    pub fn take(&mut self, again_max: usize, live_max: usize, in_order: bool) -> (Vec<u64>, Vec<u64>) {
        let again: Vec<u64> = self.again.drain(..again_max.min(self.again.len())).collect();
        let live_max = if in_order && !self.again.is_empty() {
            0
        } else {
            live_max
        };
        let live = self.live.drain(..live_max.min(self.live.len())).collect();
        (again, live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_messages_wait_for_replayed_ones_only_where_order_counts() {
        for (in_order, live) in [(true, vec![]), (false, vec![9])] {
            let mut lane = Lane::default();
            lane.push(8);
            lane.feed();
            lane.push(9);
            lane.replay(&[1, 2]);
            assert_eq!(lane.take(1, 5, in_order), (vec![1], live));
        }
    }
}
