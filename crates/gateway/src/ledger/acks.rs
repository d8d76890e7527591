//! Who waits for what to be durable where.

use std::{collections::VecDeque, ops::RangeInclusive};

use journal::KeyHash;
use types::Timestamp;

use super::Reply;
use crate::link::Link;

/// A message that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the journal.
    pub sequence: u64,
    /// In how many regions it is on disk.
    pub copies: u8,
}

/// Why a message was not acknowledged. Whether it is in the journal is unknown: the sender sends it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstored {
    /// This gateway does not lead, or stopped leading meanwhile.
    #[error("this region's gateway does not lead")]
    NotLeading,
    /// The journal cannot take it now.
    #[error("the journal cannot take it: {0}")]
    Journal(String),
}

/// What a waiter is told.
pub type Outcome = Result<Stored, Unstored>;

/// Somebody who waits for one message to be durable.
#[derive(Debug)]
pub struct Waiter {
    /// Its place in the journal.
    pub sequence: u64,
    /// Its key.
    pub key: KeyHash,
    /// Whether it was stored as a conflict: others with its key don't wait for it.
    pub conflict: bool,
    /// Where the answer goes.
    pub reply: Reply,
}

/// What durable means to a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// On disk in both regions, or here alone while the mode is degraded.
    Durable,
    /// On disk here: for messages that the other region offers, which it keeps until then.
    Here,
}

/// Who waits, and how far each region has synced.
#[derive(Debug)]
pub struct Acks {
    durable: VecDeque<Waiter>,
    local: VecDeque<Waiter>,
    released: u64,
    /// Synced here up to this sequence number.
    pub here: u64,
    /// Synced in the other region, as far as it said.
    pub there: u64,
    /// How the other region's copy stands.
    pub link: Link,
    /// Acknowledged on one copy only, ever.
    pub acknowledged_alone: u64,
    /// Since when the degraded mode lasts.
    pub degraded_since: Option<Timestamp>,
}

impl Acks {
    /// Nobody waits.
    pub const fn new(link: Link) -> Self {
        Self {
            durable: VecDeque::new(),
            local: VecDeque::new(),
            released: 0,
            here: 0,
            there: 0,
            link,
            acknowledged_alone: 0,
            degraded_since: None,
        }
    }

    /// In how many regions a message is known to be on disk.
    pub const fn copies(&self, sequence: u64) -> u8 {
        if self.there >= sequence { 2 } else { 1 }
    }

    /// Adds a waiter.
    pub fn wait(&mut self, waiter: Waiter, need: Need) {
        let queue = match need {
            Need::Durable => &mut self.durable,
            Need::Here => &mut self.local,
        };
        if queue.back().is_none_or(|last| last.sequence <= waiter.sequence) {
            return queue.push_back(waiter);
        }
        // A message that was sent again, and has been in the journal for a while.
        let at = queue.partition_point(|before| before.sequence <= waiter.sequence);
        queue.insert(at, waiter);
    }

    /// Whether a message that is on disk here is as durable as an acknowledgement says.
    pub fn is_durable(&self, sequence: u64) -> bool {
        sequence <= self.durable_up_to()
    }

    /// Up to here messages are durable enough to be acknowledged and delivered.
    fn durable_up_to(&self) -> u64 {
        if self.link.waits() {
            self.here.min(self.there)
        } else {
            self.here
        }
    }

    pub(super) fn take_done(&mut self) -> Vec<(Waiter, Stored)> {
        let (durable, here, there) = (self.durable_up_to(), self.here, self.there);
        let pair = self.link != Link::None;
        let mut done = Vec::new();
        for (queue, up_to) in [(&mut self.durable, durable), (&mut self.local, here)] {
            let count = queue.partition_point(|waiter| waiter.sequence <= up_to);
            done.extend(queue.drain(..count).map(|waiter| {
                let sequence = waiter.sequence;
                let copies = if there >= sequence { 2 } else { 1 };
                self.acknowledged_alone += u64::from(pair && copies == 1);
                (waiter, Stored { sequence, copies })
            }));
        }
        done
    }

    pub(super) fn take_all(&mut self) -> Vec<Waiter> {
        self.durable.drain(..).chain(self.local.drain(..)).collect()
    }

    /// Messages that became durable since the last call.
    pub(super) fn newly_released(&mut self) -> RangeInclusive<u64> {
        let from = self.released + 1;
        self.released = self.released.max(self.durable_up_to());
        from..=self.released
    }

    /// Whether a message was released before; what comes back later is not released again.
    pub(super) const fn is_released(&self, sequence: u64) -> bool {
        sequence <= self.released
    }

    /// What is in the journal when leading begins is delivered by reconciliation, not by release.
    pub fn release_from(&mut self, sequence: u64) {
        self.released = sequence;
    }

    pub(super) fn cut(&mut self, sequence: u64) {
        let last = sequence.saturating_sub(1);
        self.here = self.here.min(last);
        self.there = self.there.min(last);
        self.released = self.released.min(last);
    }
}
