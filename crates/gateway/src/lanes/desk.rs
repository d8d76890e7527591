//! One lane of one term: its scheduler with a clock, and what may be asked of it from elsewhere.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use api::gateway::lanes::{Delivery, Hold};
use rand::Rng as _;
use tokio::sync::Notify;
use types::settings::IntegrationSettings;

use super::{
    breaker::Breaker,
    policy::{Moment, Policy},
    scheduler::{Class, Key, Next, Outcome, Resting, Scheduler, Verdict},
};
use crate::lock;

/// One lane of one term.
pub struct Desk {
    /// Which lane.
    pub lane: usize,
    /// Tells the worker to look again.
    pub wake: Notify,
    began: Instant,
    scheduler: Mutex<Scheduler>,
}

impl Desk {
    /// One with nothing in hand.
    pub fn new(lane: usize, settings: &IntegrationSettings, hold: Option<Hold>) -> Arc<Self> {
        let mut scheduler = Scheduler::new(Policy::of(settings), rand::rng().random());
        if let Some(hold) = hold {
            scheduler.pause(hold);
        }
        Arc::new(Self {
            lane,
            wake: Notify::new(),
            began: Instant::now(),
            scheduler: Mutex::new(scheduler),
        })
    }

    fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// As an instant of the clock.
    pub fn at(&self, moment: Moment) -> Instant {
        self.began + moment
    }

    /// Takes a message in hand.
    pub fn add(&self, sequence: u64, key: Key, class: Class, attempts: u32) {
        let mut scheduler = lock(&self.scheduler);
        if attempts > 0 {
            scheduler.remember(sequence, attempts);
        }
        scheduler.add(sequence, key, class);
    }

    /// Messages in hand that could be delivered if there were room.
    pub fn deliverable(&self) -> usize {
        lock(&self.scheduler).deliverable()
    }

    /// What to do now.
    pub fn next(&self) -> Next {
        lock(&self.scheduler).next(self.now())
    }

    /// A delivery ended.
    pub fn finish(&self, sequence: u64, outcome: Outcome) -> Verdict {
        lock(&self.scheduler).finish(sequence, outcome, self.now())
    }

    /// A person pauses the lane.
    pub fn pause(&self, hold: Hold) {
        lock(&self.scheduler).pause(hold);
        self.wake.notify_one();
    }

    /// A person resumes it.
    pub fn resume(&self) {
        lock(&self.scheduler).resume(self.now());
        self.wake.notify_one();
    }

    /// Deliveries under way.
    pub fn under_way(&self) -> usize {
        lock(&self.scheduler).under_way()
    }

    /// Messages that have failed, with the time until they are tried again.
    pub fn resting(&self) -> Vec<(Resting, Moment)> {
        let now = self.now();
        let resting = lock(&self.scheduler).resting();
        resting
            .into_iter()
            .map(|one| (one, one.until.saturating_sub(now)))
            .collect()
    }

    /// Whether it delivers, as people are told.
    pub fn delivery(&self) -> Delivery {
        let now = self.now();
        let ms = |span: Moment| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        match lock(&self.scheduler).breaker() {
            Breaker::Closed { .. } => Delivery::Closed,
            Breaker::Open {
                why, since, until, ..
            } => Delivery::Open {
                why: why.clone(),
                since_ms: ms(now.saturating_sub(*since)),
                again_ms: ms(until.saturating_sub(now)),
            },
            Breaker::Probation { why, since, .. } => Delivery::Probation {
                why: why.clone(),
                since_ms: ms(now.saturating_sub(*since)),
            },
            Breaker::Paused(hold) => Delivery::Paused(hold.clone()),
        }
    }
}
